"""Drives the images of the simulated DashScope with the official SDK, and prints what it saw as one JSON object.

Usage: dashscope_images.py BASE_URL KEY
"""

import json
import os
import struct
import sys
import time
import urllib.request

base_url, key = sys.argv[1:3]
# Read when the module is loaded.
os.environ["DASHSCOPE_HTTP_BASE_URL"] = base_url
os.environ["DASHSCOPE_API_KEY"] = key

from dashscope import ImageSynthesis, MultiModalConversation  # noqa: E402
from dashscope.aigc.image_generation import ImageGeneration  # noqa: E402
from dashscope.api_entities.dashscope_response import Message  # noqa: E402

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PROMPT = "A brass lighthouse at dusk"


def fail(what, response):
    sys.exit(f"{what}: {response}")


def size(url):
    with urllib.request.urlopen(url) as answer:
        data = answer.read()
        if answer.headers.get("content-type") != "image/png" or not data.startswith(b"\x89PNG"):
            sys.exit(f"{url}: {answer.headers}")
    return "{}*{}".format(*struct.unpack(">II", data[16:24]))


def parts(output):
    return [part["image"] for choice in output["choices"] for part in choice["message"]["content"]]


def at_once(model, prompt=PROMPT, images=(), texts_first=False, **parameters):
    content = [{"image": image} for image in images]
    content = [{"text": prompt}] + content if texts_first else content + [{"text": prompt}]
    return MultiModalConversation.call(model=model, messages=[{"role": "user", "content": content}], **parameters)


def made(what, response):
    if response.status_code != 200 or response.code:
        fail(what, response)
    urls = parts(response.output)
    return {"sizes": [size(url) for url in urls], "count": response.usage["image_count"]}


def task(model, prompt=PROMPT, images=(), **parameters):
    content = [{"text": prompt}] + [{"image": image} for image in images]
    return ImageGeneration.async_call(model=model, messages=[Message(role="user", content=content)], **parameters)


def older(model, prompt=PROMPT, **parameters):
    return ImageSynthesis.async_call(model=model, prompt=prompt, **parameters)


def ended(kind, submitted):
    if submitted.status_code != 200 or not submitted.output.task_id or submitted.output.task_status != "PENDING":
        fail("submit", submitted)
    states = []
    for _ in range(400):
        response = kind.fetch(submitted)
        if response.status_code != 200:
            fail("fetch", response)
        state = response.output.task_status
        if not states or states[-1] != state:
            states.append(state)
        if state not in ("PENDING", "RUNNING", "SUSPENDED"):
            return states, response
        time.sleep(0.1)
    fail("never ended", submitted)


def task_made(submitted):
    states, response = ended(ImageGeneration, submitted)
    if states[-1] != "SUCCEEDED":
        fail("task", response)
    return {
        "states": states,
        "sizes": [size(url) for url in parts(response.output)],
        "count": response.usage["image_count"],
    }


def older_made(submitted):
    states, response = ended(ImageSynthesis, submitted)
    if states[-1] != "SUCCEEDED":
        fail("older task", response)
    results = response.output.results
    return {
        "states": states,
        "sizes": [size(result.url) for result in results if result.get("url")],
        "codes": [result.get("code") for result in results if result.get("code")],
        "prompts": sorted({result.orig_prompt for result in results if result.get("url")}),
        "count": response.usage.image_count,
    }


def refusal(response):
    if response.status_code == 200 and not response.code:
        fail("not refused", response)
    if not response.code or not response.message or not response.request_id:
        fail("a refusal without a part", response)
    return f"{response.status_code} {response.code}"


report = {
    "made": {
        "qwen": made("qwen", at_once("qwen-image-2.0", n=2, size="512*768", negative_prompt="fog", seed=7)),
        "qwen_edit": made("qwen_edit", at_once("qwen-image-edit-plus", images=[PIXEL, PIXEL], size="512*512")),
        "qwen_default": made("qwen_default", at_once("qwen-image-3.0", prompt_extend=False)),
        "qwen_max": made("qwen_max", at_once("qwen-image-max", size="928*1664", n=1)),
        "z_image": made("z_image", at_once("z-image-turbo", size="1024*768", prompt_extend=False)),
        "wan_at_once": made(
            "wan_at_once", at_once("wan2.7-image", images=[PIXEL], texts_first=True, n=1, size="768*768")
        ),
        "wan_task": task_made(task("wan2.7-image-pro", images=[PIXEL], n=2, size="1024*768", watermark=False)),
        # What the SDK does not say is the provider's default, which costs four images.
        "wan_default": task_made(task("wan2.7-image", size="1K")),
        "wan26": task_made(task("wan2.6-t2i", n=1, size="1280*1280", negative_prompt="fog")),
        "older": older_made(older("wan2.2-t2i-flash", n=2, size="512*640", negative_prompt="fog", seed=1)),
        "older_partial": older_made(older("wan2.5-t2i-preview", PROMPT + "[[sim:one_filtered]]", n=2, size="768*768")),
    },
    "refused": {
        "tier": refusal(at_once("qwen-image-2.0", size="2K")),
        "size_with_x": refusal(at_once("qwen-image-2.0", size="1024x1024")),
        "too_large": refusal(at_once("qwen-image-2.0", size="4096*4096")),
        "fixed_size": refusal(at_once("qwen-image-max", size="1024*1024")),
        "too_many": refusal(at_once("qwen-image-max", n=2)),
        "no_picture": refusal(at_once("qwen-image-edit-max")),
        "text_first": refusal(at_once("qwen-image-2.0", images=[PIXEL], texts_first=True)),
        "pictures_first": refusal(at_once("wan2.7-image", images=[PIXEL])),
        "no_negative_prompt": refusal(task("wan2.7-image", negative_prompt="fog")),
        "too_large_with_pictures": refusal(task("wan2.7-image-pro", images=[PIXEL], size="4096*2304")),
        "wrong_door": refusal(task("qwen-image-2.0")),
        "older_door": refusal(older("wan2.7-image")),
        "unknown_model": refusal(at_once("qwen-image-9")),
        "filtered": refusal(at_once("qwen-image-2.0", "[[sim:filtered_input]]")),
        "filtered_output": refusal(at_once("qwen-image-2.0", "[[sim:filtered_output]]")),
    },
}

final = ended(ImageGeneration, task("wan2.7-image", "[[sim:filtered_output]]", n=1, size="768*768"))[1]
report["filtered_task"] = [final.output.task_status, final.output.code]

cancelled = task("wan2.7-image", n=1, size="768*768")
if ImageGeneration.cancel(cancelled).status_code != 200:
    fail("cancel", cancelled)
report["cancelled"] = ended(ImageGeneration, cancelled)[0]
report["unknown_task"] = ImageGeneration.fetch("00000000-0000-4000-8000-000000000000").output.task_status
listed = ImageGeneration.list(model_name="wan2.6-t2i", status="SUCCEEDED", page_no=1, page_size=50)
report["listed"] = [line["model_name"] for line in listed.output["data"]]
print(json.dumps(report))
