"""The official `openai` SDK against a simulated self-hosted server of the same dialect.

Usage: openai_compatible.py BASE_URL FLAVOR FOLDER, where FOLDER holds a.png (832x480) and sound.wav (six seconds).
Ends with a message when anything is not as it must be; prints what it saw as JSON.
"""

import base64
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)
import openai  # noqa: E402

base, flavor, folder = sys.argv[1:4]
client = openai.OpenAI(base_url=f"{base}/v1", api_key="anything", max_retries=0, timeout=60)
seen = {"sdk": openai.__version__}


def need(holds, what):
    if not holds:
        sys.exit(f"violation: {what}")


def refused(kind, status, call):
    try:
        call()
    except openai.APIStatusError as error:
        need((type(error).__name__, error.status_code) == (kind, status), f"expected {kind} {status}, found {error!r}")
        need(error.body, "an error without a body")
        seen[kind] = seen.get(kind, 0) + 1
    else:
        need(False, f"{kind} {status} was not raised")


def path(name):
    return os.path.join(folder, name)


need([model.object for model in client.models.list()] == ["model"], "the list of models")

if flavor in ("vllm-omni", "sglang", "localai"):
    made = client.images.generate(
        model="any", prompt="A paper boat", n=2, size="832x480", response_format="b64_json", extra_body={"seed": 7}
    )
    need(len(made.data) == 2 and made.created > 0, "two pictures")
    for picture in made.data:
        need(base64.b64decode(picture.b64_json)[:8] == b"\x89PNG\r\n\x1a\n", "a PNG")
    refused("BadRequestError", 400, lambda: client.images.generate(model="any", prompt="x", size="big"))
    refused("BadRequestError", 400, lambda: client.images.generate(model="any", prompt="[[sim:filtered_input]]"))
    refused("InternalServerError", 500, lambda: client.images.generate(
        model="any", prompt="[[sim:failed]]", response_format="b64_json"))

if flavor in ("vllm-omni", "sglang"):
    with open(path("a.png"), "rb") as file:
        edited = client.images.edit(model="any", image=file, prompt="At night", response_format="b64_json")
    need(len(edited.data) == 1, "an edit")
    with open(path("a.png"), "rb") as file:
        video = client.videos.create(
            model="any", prompt="A paper boat", size="832x480", input_reference=file,
            extra_body={"seconds": "2", "fps": "16"},
        )
    need(video.object == "video" and video.status == "queued", "the answer to a submit")
    refused("NotFoundError", 404, lambda: client.videos.download_content(video.id))
    for _ in range(600):
        video = client.videos.retrieve(video.id)
        if video.status in ("completed", "failed"):
            break
        need(video.status in ("queued", "in_progress") and 0 <= video.progress <= 100, f"status {video.status}")
        time.sleep(0.05)
    need(video.status == "completed" and video.progress == 100, "the end of a video")
    need(client.videos.download_content(video.id).read()[4:8] == b"ftyp", "the video is no MP4")
    need([entry.id for entry in client.videos.list()] == [video.id], "the list")
    need(client.videos.delete(video.id).deleted is True, "the answer to a deletion")
    refused("NotFoundError", 404, lambda: client.videos.retrieve(video.id))
    failed = client.videos.create(model="any", prompt="[[sim:failed]]")
    time.sleep(0.6)
    if flavor == "vllm-omni":
        # A failed video is answered with a status of its own.
        refused("InternalServerError", 500, lambda: client.videos.retrieve(failed.id))
    else:
        need(client.videos.retrieve(failed.id).error.message, "the error of a video")

for container, start in (("wav", b"RIFF"), ("flac", b"fLaC"), ("opus", b"OggS")):
    speech = client.audio.speech.create(model="any", voice="af_heart", input="A boat.", response_format=container)
    need(speech.read()[:4] == start, f"speech as {container}")
refused("BadRequestError", 400, lambda: client.audio.speech.create(model="any", voice="bob", input="x"))

with open(path("sound.wav"), "rb") as file:
    heard = client.audio.transcriptions.create(
        model="any", file=file, response_format="verbose_json", timestamp_granularities=["segment", "word"]
    )
need(heard.text and heard.duration > 5 and len(heard.segments) == 2 and heard.words, "a transcript with times")
with open(path("sound.wav"), "rb") as file:
    need(client.audio.transcriptions.create(model="any", file=file).text, "a transcript")

print(json.dumps(seen))
