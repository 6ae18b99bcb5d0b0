"""Tasks at a simulated Ark service through the vendor's official SDK.

Usage: ark_tasks.py BASE_URL KEY SCENARIO, a JSON object: `create` (arguments of the SDK's call; `content` as items of
type, url and role, `tools` for the body besides), `cancel` (delete right after the create), `refused` (the code that the
create must be refused with), `failed` (the code that the task must fail with).

Prints what was seen as one JSON object. Ends with a message when anything is not as the SDK's types say.
"""

import json
import sys
import time
import urllib.request

from byteplussdkarkruntime import Ark
from byteplussdkarkruntime._exceptions import ArkAPIStatusError

STATES = ("queued", "running", "succeeded", "failed", "cancelled", "expired")


def check(holds, what):
    if not holds:
        sys.exit(f"not as it must be: {what}")


def content(items):
    parts = []
    for item in items:
        if item["type"] == "text":
            parts.append(item)
        else:
            parts.append({"type": item["type"], item["type"]: {"url": item["url"]}, "role": item["role"]})
    return parts


def create(tasks, arguments, refused):
    arguments = dict(arguments)
    tools = arguments.pop("tools", None)
    try:
        task = tasks.create(
            content=content(arguments.pop("content")),
            extra_body={"tools": tools} if tools else None,
            **arguments,
        )
    except ArkAPIStatusError as error:
        check(refused is not None, f"refused: {error}")
        check(error.code == refused, f"{error.code} instead of {refused}")
        check(error.message and error.type, "a refusal has a message and a type")
        print(json.dumps({"refused": error.code, "status": error.status_code}))
        sys.exit(0)
    check(refused is None, f"taken, instead of refused with {refused}")
    check(isinstance(task.id, str) and task.id.startswith("cgt-"), task)
    return task


def main():
    base, key, scenario = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    tasks = Ark(base_url=base, api_key=key, max_retries=0, timeout=30).content_generation.tasks
    created = create(tasks, scenario["create"], scenario.get("refused"))
    if scenario.get("cancel"):
        tasks.delete(task_id=created.id)
        task = tasks.get(task_id=created.id)
        check(task.status == "cancelled", task.status)
        print(json.dumps({"status": task.status}))
        return
    seen, deadline = [], time.time() + 60
    while True:
        task = tasks.get(task_id=created.id)
        check(task.status in STATES and task.id == created.id, task)
        check(task.model == scenario["create"]["model"], task.model)
        if task.status not in seen:
            seen.append(task.status)
        if task.status not in ("queued", "running"):
            break
        check(time.time() < deadline, "the task does not end")
        time.sleep(0.1)
    if "failed" in scenario:
        check(task.status == "failed" and task.error.code == scenario["failed"] and task.error.message, task)
        print(json.dumps({"seen": seen, "error": task.error.code}))
        return
    check(task.status == "succeeded", task)
    for name in ("created_at", "updated_at", "resolution", "ratio", "seed", "framespersecond", "generate_audio"):
        check(getattr(task, name, None) is not None, f"{name} is missing")
    identifier = scenario["create"].get("safety_identifier")
    check(task.safety_identifier == identifier, task.safety_identifier)
    check(created.safety_identifier == identifier, created)
    check(task.usage.completion_tokens > 0, task.usage)
    with urllib.request.urlopen(task.content.video_url) as answer:
        video = answer.read()
        check(answer.headers.get("content-type") == "video/mp4", answer.headers)
    check(video[4:8] == b"ftyp", "the video is no MP4")
    last = getattr(task.content, "last_frame_url", None)
    if scenario["create"].get("return_last_frame"):
        with urllib.request.urlopen(last) as answer:
            check(answer.read(), "the last frame is empty")
    else:
        check(last is None, last)
    listed = tasks.list(page_num=1, page_size=10, task_ids=[created.id, "cgt-other"], status="succeeded")
    check(listed.total == 1 and [item.id for item in listed.items] == [created.id], listed)
    check(listed.items[0].safety_identifier == identifier, listed.items[0])
    tasks.delete(task_id=created.id)
    try:
        tasks.get(task_id=created.id)
        check(False, "a deleted task is still there")
    except ArkAPIStatusError as error:
        check(error.status_code == 404, error)
    print(
        json.dumps(
            {
                "seen": seen,
                "tokens": task.usage.completion_tokens,
                "ratio": task.ratio,
                "duration": getattr(task, "duration", None),
                "frames": getattr(task, "frames", None),
            }
        )
    )


main()
