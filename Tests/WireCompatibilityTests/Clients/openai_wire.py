"""The official `openai` SDK against a simulated provider of its Videos API: every call that has no file but a video.

Usage: openai_wire.py BASE_URL FOLDER, where FOLDER holds right.png (1280x720) and wrong.png (another size).
Ends with a message when anything is not as it must be; prints what it saw as JSON.
"""

import base64
import json
import os
import sys
import time
import urllib.request
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)
import openai  # noqa: E402

base, folder = sys.argv[1], sys.argv[2]
client = openai.OpenAI(base_url=f"{base}/v1", api_key="sk-test", max_retries=0, timeout=60)
small = dict(model="sora-2", seconds="4", size="1280x720")
seen = {}


def need(holds, what):
    if not holds:
        sys.exit(f"violation: {what}")


def refused(kind, status, code, param, call):
    try:
        call()
    except openai.APIStatusError as error:
        found = (type(error).__name__, error.status_code, error.code, error.param)
        need(found == (kind, status, code, param), f"expected {(kind, status, code, param)}, found {found}")
        need(error.body["message"], "an error without a message")
        seen[kind] = seen.get(kind, 0) + 1
    else:
        need(False, f"{kind} {status} {code} was not raised")


def administer(path, body):
    data = json.dumps(body).encode()
    urllib.request.urlopen(urllib.request.Request(f"{base}/_simulator/{path}", data=data, method="POST")).read()


def until_over(video):
    words, last = [], -1
    for _ in range(600):
        if video.status in ("completed", "failed"):
            return video, words
        need(video.status in ("queued", "in_progress"), f"status {video.status}")
        need(isinstance(video.progress, int) and video.progress >= last, f"progress {video.progress} after {last}")
        last = video.progress
        words.append(video.status)
        time.sleep(0.1)
        video = client.videos.retrieve(video.id)
    sys.exit("violation: the video never ended")


def check_shape(video):
    need(video.object == "video" and isinstance(video.seconds, str), "the shape of a video")
    need(isinstance(video.created_at, int) and isinstance(video.progress, int), "the numbers of a video")


# A text alone, followed by hand, and all that can be fetched of it.
first = client.videos.create(prompt="A paper boat", **small)
check_shape(first)
need(first.status == "queued" and first.prompt == "A paper boat", "the answer to a submit")
refused("NotFoundError", 404, None, None, lambda: client.videos.download_content(first.id))
refused("BadRequestError", 400, None, None, lambda: client.videos.delete(first.id))
video, words = until_over(first)
need(video.status == "completed" and video.progress == 100, "the end of a video")
need(video.completed_at >= video.created_at and video.expires_at > video.completed_at, "the times of a video")
need("in_progress" in words, "a video is under way before it is done")
for variant, kind in (("video", "video/mp4"), ("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")):
    content = client.videos.download_content(video.id, variant=variant)
    need(content.response.headers["content-type"] == kind, f"the type of {variant}")
    data = content.read()
    need(len(data) > 0, f"{variant} is empty")
    if variant == "video":
        need(data[4:8] == b"ftyp", "the video is no MP4")
        seen["bytes"] = len(data)

# The SDK's own helper, with a picture as a file, and the same in the object's two forms.
picture = os.path.join(folder, "right.png")
with open(picture, "rb") as file:
    helped = client.videos.create_and_poll(prompt="With a frame", input_reference=file, poll_interval_ms=100, **small)
need(helped.status == "completed", "the helper's video")
with open(picture, "rb") as file:
    url = "data:image/png;base64," + base64.b64encode(file.read()).decode()
for reference in ({"image_url": url}, {"image_url": "https://example.com/boat.png"}, {"file_id": "file-1"}):
    made = client.videos.create(prompt="By URL", extra_body={"input_reference": reference}, **small)
    check_shape(made)

# The larger model, its sizes, and the lengths that came later.
pro = client.videos.create(prompt="Pro", model="sora-2-pro", seconds="20", size="1920x1080")
need((pro.model, pro.seconds, pro.size) == ("sora-2-pro", "20", "1920x1080"), "what the larger model echoes")

# A remix, the list in pages and both orders, and what deleting leaves.
remix = client.videos.remix(video.id, prompt="At night")
need(remix.remixed_from_video_id == video.id and remix.prompt == "At night", "a remix")
newest = [entry.id for entry in client.videos.list(limit=2)]
oldest = [entry.id for entry in client.videos.list(order="asc", limit=3)]
need(len(newest) == 7 and newest == oldest[::-1] and newest[0] == remix.id, f"the pages of the list: {newest}")
page = client.videos.list(limit=2)
need(len(page.data) == 2 and page.has_more and page.last_id == newest[1], "one page of the list")
gone = client.videos.delete(video.id)
need(gone.deleted is True and gone.object == "video.deleted" and gone.id == video.id, "the answer to a deletion")
refused("NotFoundError", 404, None, None, lambda: client.videos.retrieve(video.id))

# What is wrong with requests.
create = client.videos.create
refused("BadRequestError", 400, "invalid_value", "seconds", lambda: create(prompt="x", seconds="5"))
refused("BadRequestError", 400, "invalid_value", "size", lambda: create(prompt="x", size="1792x1024"))
refused("BadRequestError", 400, "invalid_value", "model", lambda: create(prompt="x", model="sora-9"))
refused("BadRequestError", 400, "unknown_parameter", "seed", lambda: create(prompt="x", extra_body={"seed": "1"}))
refused("BadRequestError", 400, "invalid_type", "input_reference", lambda: create(
    prompt="x", extra_body={"input_reference": "https://example.com/boat.png"}))
with open(os.path.join(folder, "wrong.png"), "rb") as file:
    refused("BadRequestError", 400, None, None, lambda: create(prompt="x", input_reference=file, **small))
refused("BadRequestError", 400, "unsupported_file_mimetype", "input_reference", lambda: create(
    prompt="x", input_reference=("x.bin", b"123", "application/octet-stream")))
refused("BadRequestError", 400, "moderation_blocked", None, lambda: create(prompt="[[sim:filtered_input]]"))
post = lambda body: client.post("/videos", body=body, cast_to=object)  # As JSON, which the SDK itself never sends.
refused("BadRequestError", 400, "invalid_type", "seconds", lambda: post({"prompt": "x", "seconds": 4}))
refused("BadRequestError", 400, "missing_required_parameter", "prompt", lambda: post({"seconds": "4"}))
need(post({"prompt": "x", "seconds": "8", "characters": [{"id": "char_1"}]})["seconds"] == "8", "JSON is taken")
stranger = openai.OpenAI(base_url=f"{base}/v1", api_key="nobody", max_retries=0)
refused("AuthenticationError", 401, "invalid_api_key", None, lambda: stranger.videos.list())

# Failures, of videos and of the provider.
for outcome, code in (("failed", "video_generation_failed"), ("filtered_output", "moderation_blocked")):
    failed, _ = until_over(create(prompt=f"[[sim:{outcome}]]"))
    need(failed.status == "failed" and failed.error.code == code and failed.error.message, f"the error of {outcome}")
administer("faults", {"fault": "status", "status": 429, "retry_after": 3, "on": "submit"})
refused("RateLimitError", 429, "rate_limit_exceeded", None, lambda: create(prompt="x"))
administer("faults", {"fault": "status", "status": 500, "on": "poll"})
refused("InternalServerError", 500, "server_error", None, lambda: client.videos.retrieve(remix.id))

# With its retries on, as programs use it.
administer("faults", {"fault": "status", "status": 429, "retry_after": 1, "on": "submit"})
patient = openai.OpenAI(base_url=f"{base}/v1", api_key="sk-test", max_retries=2)
need(patient.videos.create(prompt="Again").status == "queued", "the SDK's own retry")

print(json.dumps({"sdk": openai.__version__, **seen}))
