"""Drives a simulated door of Veo with the official google-genai SDK, and prints what it saw as one JSON object.

Usage: google_veo.py gemini|vertex BASE_URL KEY_OR_TOKEN FOLDER

The SDK speaks to the Gemini API's Veo up to 2.x only.
"""

import json
import os
import struct
import sys
import time
import zlib

from google import genai
from google.genai import errors, types

door, base_url, secret, folder = sys.argv[1:5]
PROMPT = "A paper boat crosses a puddle"


def client_with(secret):
    version = "v1beta" if door == "gemini" else "v1"
    options = types.HttpOptions(base_url=base_url, api_version=version, timeout=60_000)
    if door == "gemini":
        return genai.Client(vertexai=False, api_key=secret, http_options=options)
    from google.oauth2.credentials import Credentials

    return genai.Client(
        vertexai=True,
        project="demo-project",
        location="us-central1",
        credentials=Credentials(token=secret),
        http_options=options,
    )


client = client_with(secret)
MODEL = "veo-3.1-generate-preview" if door == "gemini" else "veo-3.1-generate-001"
LITE = "veo-3.1-lite-generate-preview" if door == "gemini" else "veo-3.1-lite-generate-001"


def picture(shade):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes([shade]) * 64 for _ in range(36))
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 36, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return types.Image(image_bytes=data, mime_type="image/png")


def reference(shade):
    return types.VideoGenerationReferenceImage(image=picture(shade), reference_type="asset")


def start(model=MODEL, prompt=PROMPT, image=None, client=client, **config):
    config.setdefault("duration_seconds", 4)
    return client.models.generate_videos(
        model=model,
        source=types.GenerateVideosSource(prompt=prompt, image=image),
        config=types.GenerateVideosConfig(number_of_videos=1, **config),
    )


def ended(operation):
    for _ in range(600):
        if operation.done:
            return operation
        time.sleep(0.1)
        operation = client.operations.get(operation)
    sys.exit(f"never ended: {operation.name}")


def generate(name, **arguments):
    operation = ended(start(**arguments))
    if operation.error or not operation.response or not operation.response.generated_videos:
        sys.exit(f"{name}: {operation}")
    video = operation.response.generated_videos[0].video
    if video.uri and video.uri.startswith("gs://"):
        return video.uri
    data = client.files.download(file=video) if door == "gemini" else video.video_bytes
    path = os.path.join(folder, f"{name}.mp4")
    with open(path, "wb") as file:
        file.write(data)
    return len(data)


def refusal(**arguments):
    try:
        start(**arguments)
    except errors.APIError as error:
        return f"{error.code} {error.status}"
    sys.exit(f"not refused: {arguments}")


generated = {
    "text": generate("text", resolution="720p", aspect_ratio="9:16", negative_prompt="text"),
    "frames": generate(
        "frames",
        image=picture(10),
        last_frame=picture(20),
        resolution="1080p",
        duration_seconds=8,
        person_generation="allow_adult",
    ),
    "references": generate("references", reference_images=[reference(1), reference(2)], duration_seconds=8),
    "lite": generate("lite", model=LITE, duration_seconds=6),
}
if door == "vertex":
    generated["silent"] = generate("silent", generate_audio=False, seed=7)
    generated["stored"] = generate("stored", output_gcs_uri="gs://bucket/out/")

refused = {
    "duration": refusal(duration_seconds=5),
    "long_resolution": refusal(resolution="1080p"),
    "lite_4k": refusal(model=LITE, resolution="4k", duration_seconds=8),
    "short_references": refusal(reference_images=[reference(1)]),
    "portrait_references": refusal(reference_images=[reference(1)], duration_seconds=8, aspect_ratio="9:16"),
    "references_and_frame": refusal(reference_images=[reference(1)], image=picture(1), duration_seconds=8),
    "four_references": refusal(reference_images=[reference(i) for i in range(4)], duration_seconds=8),
    "model": refusal(model="veo-9"),
    "key": refusal(client=client_with("another-secret")),
}

filtered = ended(start(prompt="[[sim:filtered_output]]")).response
failed = ended(start(prompt="[[sim:failed]]"))
print(
    json.dumps(
        {
            "sdk": genai.__version__,
            "generated": generated,
            "refused": refused,
            "filtered": [filtered.rai_media_filtered_count, len(filtered.rai_media_filtered_reasons)],
            "failed": failed.error["code"],
        }
    )
)
