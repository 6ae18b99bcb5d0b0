"""The official `openai` SDK against a simulated provider of its Images and Audio APIs.

Usage: openai_media.py BASE_URL FOLDER, where FOLDER holds a.png and b.png (1024x1024), mask.png (the same size),
small.png (another size) and sound.wav (six seconds). What comes back is written into it.
Ends with a message when anything is not as it must be; prints what it saw as JSON.
"""

import base64
import json
import os
import sys
import urllib.request
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)
import openai  # noqa: E402

base, folder = sys.argv[1], sys.argv[2]
client = openai.OpenAI(base_url=f"{base}/v1", api_key="sk-test", max_retries=0, timeout=60)
image = dict(model="gpt-image-2", size="1024x1024", quality="low")
seen = {}


def need(holds, what):
    if not holds:
        sys.exit(f"violation: {what}")


def path(name):
    return os.path.join(folder, name)


def read(name):
    with open(path(name), "rb") as file:
        return file.read()


def keep(name, data):
    with open(path(name), "wb") as file:
        file.write(data)


def administer(body):
    data = json.dumps(body).encode()
    urllib.request.urlopen(urllib.request.Request(f"{base}/_simulator/faults", data=data, method="POST")).read()


def refused(kind, status, code, param, call):
    try:
        call()
    except openai.APIStatusError as error:
        found = (type(error).__name__, error.status_code, error.code, error.param)
        need(found == (kind, status, code, param), f"expected {(kind, status, code, param)}, found {found}")
        need(error.body["message"], "an error without a message")
        seen[kind] = seen.get(kind, 0) + 1
        return error
    else:
        need(False, f"{kind} {status} {code} was not raised")


def pictures(answer, count, name):
    need(isinstance(answer.created, int) and len(answer.data) == count, f"{name}: {len(answer.data)} images")
    for index, one in enumerate(answer.data):
        keep(f"{name}-{index}.{answer.output_format}", base64.b64decode(one.b64_json, validate=True))
    usage = answer.usage
    need(usage.total_tokens == usage.input_tokens + usage.output_tokens, f"{name}: the sum of tokens")
    details = usage.input_tokens_details
    need(details.text_tokens + details.image_tokens == usage.input_tokens, f"{name}: the parts of the input")
    return usage


# Images from text: each format, several at once, any size, and what the answer says of them.
plain = client.images.generate(prompt="A paper boat", **image)
need(pictures(plain, 1, "plain").output_tokens == 196, "the tokens of a small picture of low quality")
need((plain.size, plain.quality, plain.output_format) == ("1024x1024", "low", "png"), "what the answer says")
two = client.images.generate(prompt="Two", n=2, **{**image, "size": "1536x1024", "quality": "high"})
need(pictures(two, 2, "two").output_tokens == 2 * 5488, "the tokens of two pictures")
for kind in ("jpeg", "webp"):
    made = client.images.generate(prompt=kind, output_format=kind, output_compression=60, **image)
    pictures(made, 1, kind)
free = client.images.generate(prompt="Free", model="gpt-image-2.5-flare", size="1280x720", quality="max")
pictures(free, 1, "free")
need((free.size, free.quality) == ("1280x720", "max"), "a free size")
old = client.images.generate(prompt="Old", model="gpt-image-1.5", size="1024x1536", quality="medium")
need(pictures(old, 1, "old").output_tokens == 1584, "the tokens of an earlier model")

# Edits: one picture, several with a mask, and the same as JSON, which the SDK itself never sends.
one = client.images.edit(image=("a.png", read("a.png"), "image/png"), prompt="Make it red", **image)
need(pictures(one, 1, "edit").input_tokens_details.image_tokens > 0, "the tokens of a picture")
several = client.images.edit(
    image=[("a.png", read("a.png"), "image/png"), ("b.png", read("b.png"), "image/png")],
    mask=("mask.png", read("mask.png"), "image/png"), prompt="Merge", **image)
pictures(several, 1, "masked")
url = "data:image/png;base64," + base64.b64encode(read("a.png")).decode()
body = {"prompt": "As JSON", "images": [{"image_url": url}], "mask": {"image_url": url}, **image}
need(len(client.post("/images/edits", body=body, cast_to=object)["data"]) == 1, "an edit as JSON")


def stream(events, prefix, previews):
    found, last = 0, None
    for event in events:
        if event.type == f"{prefix}.partial_image":
            need(event.partial_image_index == found, "the previews' numbers")
            need(base64.b64decode(event.b64_json)[:4] == b"\x89PNG", "a preview that is no picture")
            found += 1
        else:
            need(event.type == f"{prefix}.completed", f"event {event.type}")
            last = event
    need(last is not None and found == previews, f"{found} previews")
    keep(f"{prefix}.png", base64.b64decode(last.b64_json))
    need(last.usage.output_tokens == 196 + 100 * previews, "the tokens of previews")


stream(client.images.generate(prompt="Stream", stream=True, partial_images=2, **image), "image_generation", 2)
stream(client.images.edit(image=("a.png", read("a.png"), "image/png"), prompt="Stream", stream=True,
                          partial_images=1, **image), "image_edit", 1)

# Speech: every format as bytes, as they come, and as events with what they cost.
speak = dict(model="gpt-4o-mini-tts", voice="coral", input="Hello there, little boat.")
for kind in ("mp3", "opus", "aac", "flac", "wav", "pcm"):
    with client.audio.speech.with_streaming_response.create(response_format=kind, **speak) as answer:
        need(answer.headers["content-type"] == {"mp3": "audio/mpeg"}.get(kind, f"audio/{kind}"), f"the type of {kind}")
        need(answer.headers.get("content-length") is None, "sound that is being made has no length")
        keep(f"speech.{kind}", b"".join(answer.iter_bytes(4096)))
client.audio.speech.create(**{**speak, "model": "tts-1-hd"}).write_to_file(path("hd.mp3"))
sound, usage = b"", None
with client.audio.speech.with_streaming_response.create(stream_format="sse", speed=1.5, **speak) as answer:
    need(answer.headers["content-type"].startswith("text/event-stream"), "the type of events")
    for line in answer.iter_lines():
        if line.startswith("data:"):
            event = json.loads(line[5:])
            if event["type"] == "speech.audio.delta":
                sound += base64.b64decode(event["audio"])
            else:
                need(event["type"] == "speech.audio.done", f"event {event['type']}")
                usage = event["usage"]
need(usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0, "the tokens of speech")
keep("events.mp3", sound)

# Transcriptions: each form, in each of the ways that models are billed.
hear = client.audio.transcriptions.create


def file(name="sound.wav"):
    return (name, read("sound.wav"), "audio/wav")


plain = hear(model="gpt-4o-transcribe", file=file(), response_format="json")
need(plain.text and plain.usage.type == "tokens" and plain.usage.input_token_details.audio_tokens > 50, "tokens heard")
hinted = hear(model="gpt-transcribe", file=file(), keywords=["boat"], languages=["en"])
need(hinted.text and hinted.languages[0].code == "en" and hinted.usage.seconds == 6, "hints")
verbose = hear(model="whisper-1", file=file(), response_format="verbose_json",
               timestamp_granularities=["word", "segment"], language="en", temperature=0)
need(len(verbose.segments) == 2 and len(verbose.words) == 14 and verbose.duration == 6, "times")
need(verbose.usage.seconds == 6, "seconds")
speakers = hear(model="gpt-4o-transcribe-diarize", file=file(), response_format="diarized_json",
                chunking_strategy="auto")
need([part.speaker for part in speakers.segments] == ["A", "B"] and speakers.duration == 6, "speakers")
for kind, start in (("text", "A paper"), ("srt", "1\n00:00:00,000 --> 00:00:04,000\nA"), ("vtt", "WEBVTT\n\n00:00")):
    need(hear(model="whisper-1", file=file(), response_format=kind).startswith(start), kind)
text, last = "", None
for event in hear(model="gpt-4o-mini-transcribe", file=file(), stream=True):
    if event.type == "transcript.text.delta":
        text += event.delta
    else:
        last = event
need(last.type == "transcript.text.done" and last.text == text == plain.text, "a transcript in events")

# What is wrong with requests.
draw, edit, say = client.images.generate, client.images.edit, client.audio.speech.create
bad = "BadRequestError"
refused(bad, 400, "invalid_value", "size", lambda: draw(prompt="x", model="gpt-image-2", size="100x100"))
refused(bad, 400, "invalid_value", "size", lambda: draw(prompt="x", model="gpt-image-1.5", size="1280x720"))
refused(bad, 400, "invalid_value", "quality", lambda: draw(prompt="x", model="gpt-image-2", quality="max"))
refused(bad, 400, "invalid_value", "n", lambda: draw(prompt="x", model="gpt-image-2", n=11))
refused(bad, 400, "unknown_parameter", "response_format", lambda: draw(
    prompt="x", model="gpt-image-2", response_format="b64_json"))
refused(bad, 400, "invalid_value", "partial_images", lambda: draw(prompt="x", partial_images=1, **image))
refused(bad, 400, "invalid_value", "output_compression", lambda: draw(prompt="x", output_compression=5, **image))
refused(bad, 400, "invalid_value", "background", lambda: draw(
    prompt="x", background="transparent", output_format="jpeg", **image))
refused("NotFoundError", 404, "model_not_found", "model", lambda: draw(prompt="x", model="dall-e-3"))
refused(bad, 400, "invalid_value", "mask", lambda: edit(
    image=("a.png", read("a.png"), "image/png"), mask=("m.png", read("small.png"), "image/png"), prompt="x", **image))
refused(bad, 400, "unsupported_file_mimetype", "image", lambda: edit(
    image=("a.bin", read("a.png"), "application/octet-stream"), prompt="x", **image))
filtered = refused(bad, 400, "moderation_blocked", None, lambda: draw(prompt="[[sim:filtered_output]]", **image))
need(filtered.type == "image_generation_user_error", "the type of a filtered image")
need(filtered.body["moderation_details"]["moderation_stage"] == "output", "where it was filtered")
refused(bad, 400, "invalid_value", "voice", lambda: say(model="tts-1", voice="marin", input="x"))
refused(bad, 400, "unsupported_value", "stream_format", lambda: say(
    model="tts-1", voice="alloy", input="x", stream_format="sse"))
refused(bad, 400, "string_above_max_length", "input", lambda: say(**{**speak, "input": "x" * 4097}))
refused(bad, 400, "invalid_value", "response_format", lambda: hear(
    model="gpt-4o-transcribe", file=file(), response_format="srt"))
refused(bad, 400, "invalid_value", "file", lambda: hear(model="whisper-1", file=("a.wav", b"no sound", "audio/wav")))
refused(bad, 400, "invalid_value", "file", lambda: hear(model="whisper-1", file=file("sound.bin")))
stranger = openai.OpenAI(base_url=f"{base}/v1", api_key="nobody", max_retries=0)
refused("AuthenticationError", 401, "invalid_api_key", None, lambda: stranger.images.generate(prompt="x", **image))
administer({"fault": "status", "status": 429, "retry_after": 3, "on": "submit"})
refused("RateLimitError", 429, "rate_limit_exceeded", None, lambda: draw(prompt="x", **image))
refused("InternalServerError", 500, None, None, lambda: draw(prompt="[[sim:failed]]", **image))

# With its retries on, as programs use it.
administer({"fault": "status", "status": 429, "retry_after": 1, "on": "submit"})
patient = openai.OpenAI(base_url=f"{base}/v1", api_key="sk-test", max_retries=2)
need(len(patient.images.generate(prompt="Again", **image).data) == 1, "the SDK's own retry")

print(json.dumps({"sdk": openai.__version__, **seen}))
