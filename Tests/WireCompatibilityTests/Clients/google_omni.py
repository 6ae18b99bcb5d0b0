"""Drives the simulated Interactions API with the official google-genai SDK, and prints what it saw as one JSON object.

Usage: google_omni.py BASE_URL KEY FOLDER
"""

import base64
import json
import os
import sys
import time

from google import genai
from google.genai import types

base_url, key, folder = sys.argv[1:4]
PROMPT = "A paper boat crosses a puddle"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
IMAGE = {"type": "image", "data": PIXEL, "mime_type": "image/png"}
TEXT = {"type": "text", "text": PROMPT}


def client_with(key, version="v1beta"):
    options = types.HttpOptions(base_url=base_url, api_version=version, timeout=60_000)
    return genai.Client(api_key=key, http_options=options)


client = client_with(key)


def create(input=PROMPT, model="gemini-omni-1.2-flash", background=True, task=None, client=client, **format):
    arguments = {"generation_config": {"video_config": {"task": task}}} if task else {}
    if format or background:
        arguments["response_format"] = {"type": "video", "delivery": "uri", **format}
    return client.interactions.create(model=model, input=input, background=background, **arguments)


def ended(interaction):
    statuses = [interaction.status]
    for _ in range(600):
        if interaction.status not in ("queued", "in_progress", "pondering"):
            return statuses, interaction
        time.sleep(0.1)
        interaction = client.interactions.get(interaction.id)
        if interaction.status != statuses[-1]:
            statuses.append(interaction.status)
    sys.exit(f"never ended: {interaction.id}")


def save(name, data):
    with open(os.path.join(folder, f"{name}.mp4"), "wb") as file:
        file.write(data)
    return len(data)


def generate(name, **arguments):
    statuses, final = ended(create(**arguments))
    video = final.output_video
    if final.status != "completed" or not video:
        sys.exit(f"{name}: {final}")
    if video.data:
        return [statuses, save(name, base64.b64decode(video.data))]
    state = client.files.get(name="files/" + video.uri.split("files/")[1].split(":")[0]).state
    if state != types.FileState.ACTIVE:
        sys.exit(f"{name}: {state}")
    tokens = [entry.tokens for entry in final.usage.output_tokens_by_modality if entry.modality == "video"]
    return [statuses, save(name, client.files.download(file=video.uri)), tokens]


def refusal(**arguments):
    try:
        create(**arguments)
    except Exception as error:  # The SDK has two families of errors; both carry the status and the body.
        return f"{getattr(error, 'status_code', None) or getattr(error, 'code', None)}: {error}"[:300]
    sys.exit(f"not refused: {arguments}")


generated = {
    "text": generate("text", duration="3s", resolution="360p", aspect_ratio="9:16", task="text_to_video"),
    "frame": generate("frame", input=[IMAGE, TEXT], task="image_to_video", duration="4s"),
    "references": generate("references", input=[IMAGE, IMAGE, TEXT], task="reference_to_video", duration="5s"),
    "at_once": generate("at_once", background=False, model="gemini-omni-1.1-flash"),
    "stable_version": generate("stable_version", client=client_with(key, "v1"), duration="3s"),
}

refused = {
    "duration": refusal(duration="8"),
    "too_long": refusal(model="gemini-omni-1.1-flash", duration="12s"),
    "ratio": refusal(aspect_ratio="1:1"),
    "resolution": refusal(resolution="480p"),
    "task": refusal(task="image_to_video"),
    "model": refusal(model="gemini-omni-9-flash"),
    "filtered": refusal(input="[[sim:filtered_input]]"),
    "key": refusal(client=client_with("another-key")),
}

_, filtered = ended(create(input="[[sim:filtered_output]]"))
_, failed = ended(create(input="[[sim:failed]]"))
running = create(duration="15s")
client.interactions.cancel(running.id)
cancelled = client.interactions.get(running.id).status
client.interactions.delete(running.id)
try:
    client.interactions.get(running.id)
    sys.exit("not deleted")
except Exception as error:
    deleted = str(error)
print(
    json.dumps(
        {
            "sdk": genai.__version__,
            "generated": generated,
            "refused": refused,
            "filtered": [filtered.status, filtered.output_video is None, bool(filtered.output_text)],
            "failed": [failed.status, len(failed.errors)],
            "cancelled": cancelled,
            "deleted": deleted,
        }
    )
)
