"""Drives the simulated DashScope with the official SDK, and prints what it saw as one JSON object.

Usage: dashscope_videos.py BASE_URL KEY FOLDER
"""

import json
import os
import sys
import time
import urllib.request

base_url, key, folder = sys.argv[1:4]
# Read when the module is loaded.
os.environ["DASHSCOPE_HTTP_BASE_URL"] = base_url
os.environ["DASHSCOPE_API_KEY"] = key

from dashscope import VideoSynthesis  # noqa: E402

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FIRST = {"type": "first_frame", "url": PIXEL}
LAST = {"type": "last_frame", "url": "https://example.com/last.png"}
REFERENCE = {"type": "reference_image", "url": PIXEL}
PROMPT = "A paper boat crosses a puddle"


def fail(what, response):
    sys.exit(f"{what}: {response}")


def submit(model, prompt=PROMPT, **arguments):
    arguments.setdefault("duration", 2)
    response = VideoSynthesis.async_call(model=model, prompt=prompt, **arguments)
    if response.status_code == 200 and (
        not response.request_id or not response.output.task_id or response.output.task_status != "PENDING"
    ):
        fail("submit", response)
    return response


def ended(task):
    states = []
    for _ in range(400):
        response = VideoSynthesis.fetch(task)
        if response.status_code != 200:
            fail("fetch", response)
        state = response.output.task_status
        if not states or states[-1] != state:
            states.append(state)
        if state not in ("PENDING", "RUNNING", "SUSPENDED"):
            return states, response
        time.sleep(0.1)
    fail("never ended", task)


def download(url, name):
    with urllib.request.urlopen(url) as answer:
        data = answer.read()
        if answer.headers.get("content-type") != "video/mp4":
            sys.exit(f"{name}: {answer.headers}")
    with open(os.path.join(folder, f"{name}.mp4"), "wb") as file:
        file.write(data)
    return len(data)


def generate(name, model, **arguments):
    response = submit(model, **arguments)
    if response.status_code != 200:
        fail(name, response)
    states, final = ended(response)
    if states[-1] != "SUCCEEDED" or final.output.orig_prompt != PROMPT:
        fail(name, final)
    usage = final.usage
    return {
        "states": states,
        "bytes": download(final.output.video_url, name),
        "duration": usage.duration,
        "resolution": usage.SR,
        "count": usage.video_count,
        "shape": usage.get("size") or usage.get("ratio"),
        "rewritten": final.output.get("actual_prompt") is not None,
    }


def refusal(response):
    if response.status_code == 200:
        fail("not refused", response)
    if not response.code or not response.message or not response.request_id:
        fail("a refusal without a part", response)
    return f"{response.status_code} {response.code}"


report = {
    "generated": {
        "text27": generate("text27", "wan2.7-t2v", resolution="720P", ratio="9:16", seed=7, negative_prompt="text"),
        "frames27": generate("frames27", "wan2.7-i2v", resolution="720P", media=[dict(FIRST), dict(LAST)]),
        "references27": generate(
            "references27", "wan2.7-r2v", resolution="720P", ratio="1:1", media=[dict(REFERENCE), dict(REFERENCE)]
        ),
        "text26": generate("text26", "wan2.6-t2v", size="1280*720", shot_type="single"),
        "frame26": generate("frame26", "wan2.6-i2v", resolution="720P", img_url=PIXEL),
        "references26": generate("references26", "wan2.6-r2v", size="960*960", reference_urls=[PIXEL]),
        "text30": generate("text30", "wan3.0-video", resolution="480P", ratio="adaptive", prompt_extend=True),
    },
    "refused": {
        "lower_case": refusal(submit("wan2.7-t2v", resolution="720p")),
        "size_with_x": refusal(submit("wan2.6-t2v", size="1280x720")),
        "old_protocol": refusal(submit("wan2.7-i2v", resolution="720P", img_url=PIXEL)),
        "ratio_with_frame": refusal(submit("wan2.7-i2v", resolution="720P", ratio="16:9", media=[dict(FIRST)])),
        "float_duration": refusal(submit("wan2.7-t2v", duration=2.5)),
        "text_duration": refusal(submit("wan2.7-t2v", duration="5")),
        "too_long": refusal(submit("wan2.7-t2v", duration=16)),
        "last_alone": refusal(submit("wan2.7-i2v", media=[dict(LAST)])),
        "mixed": refusal(submit("wan3.0-video", media=[dict(FIRST), dict(REFERENCE)])),
        "filtered": refusal(submit("wan2.7-t2v", prompt="[[sim:filtered_input]]")),
        "unknown_model": refusal(submit("wan9.9-t2v")),
    },
}

filtered = submit("wan2.7-t2v", prompt="[[sim:filtered_output]]")
final = VideoSynthesis.wait(filtered)
report["filtered_output"] = [final.output.task_status, final.output.code]

cancelled = submit("wan2.7-t2v")
if VideoSynthesis.cancel(cancelled).status_code != 200:
    fail("cancel", cancelled)
report["cancelled"] = ended(cancelled)[0]
report["refused"]["cancel_again"] = refusal(VideoSynthesis.cancel(cancelled))

report["unknown_task"] = VideoSynthesis.fetch("00000000-0000-4000-8000-000000000000").output.task_status

listed = VideoSynthesis.list(model_name="wan2.7-t2v", status="SUCCEEDED", page_no=1, page_size=50)
if listed.status_code != 200:
    fail("list", listed)
report["listed"] = [line["model_name"] for line in listed.output["data"]]
day = time.gmtime(time.time() + 8 * 3600)
window = {"start_time": time.strftime("%Y%m%d%H0000", day), "end_time": time.strftime("%Y%m%d%H5959", day)}
report["listed_by_time"] = VideoSynthesis.list(**window).status_code

report["refused"]["key"] = refusal(VideoSynthesis.async_call(model="wan2.7-t2v", prompt=PROMPT, api_key="sk-other"))
print(json.dumps(report))
