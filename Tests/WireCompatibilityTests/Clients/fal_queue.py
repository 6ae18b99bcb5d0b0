"""The official `fal_client` SDK against a simulated queue of its wire: submit, status, result, run, stream, cancel.

Usage: fal_queue.py BASE_URL KEY
Ends with a message when anything is not as it must be; prints what it saw as JSON.
"""

import json
import sys

import fal_client
import httpx
from fal_client import client as wire

base, key = sys.argv[1], sys.argv[2]
# The SDK can be given other hosts, not another scheme.
wire.QUEUE_URL_FORMAT, wire.RUN_URL_FORMAT, wire.REST_URL = f"{base}/", f"{base}/run/", base
wire.MAX_ATTEMPTS = 1
client = fal_client.SyncClient(key=key, default_timeout=60)
app = "fal-ai/flux/schnell"
asked = {"prompt": "a brass lighthouse", "image_size": "landscape_16_9", "num_images": 1, "seed": 7}
seen = {"statuses": [], "refused": {}}


def need(holds, what):
    if not holds:
        sys.exit(f"violation: {what}")


def picture(result):
    image = result["images"][0]
    data = httpx.get(image["url"], timeout=60).content
    need(data[:3] == b"\xff\xd8\xff" and image["content_type"] == "image/jpeg", f"no JPEG: {image}")
    return [image["width"], image["height"]]


def refused(name, call):
    try:
        call()
    except fal_client.FalClientHTTPError as error:
        detail = error.response.json().get("detail")
        kind = f" {detail[0]['type']}" if isinstance(detail, list) else ""
        seen["refused"][name] = f"{error.status_code}{kind}"
    else:
        need(False, f"{name} was taken")


handle = client.submit(app, arguments=asked)
for url in (handle.status_url, handle.response_url, handle.cancel_url):
    need("/fal-ai/flux/requests/" in url, f"the model's whole path is kept: {url}")
for event in handle.iter_events(with_logs=True, interval=0.05):
    name = type(event).__name__
    if not seen["statuses"] or seen["statuses"][-1] != name:
        seen["statuses"].append(name)
seen["size"] = picture(handle.get())

events = []
result = client.subscribe(app, arguments=asked, with_logs=True, on_queue_update=events.append)
need(events and picture(result) == seen["size"], "subscribe")
need(picture(client.run(app, arguments=asked)) == seen["size"], "run")
seen["stream"] = len(list(client.stream(app, arguments=asked)))

slow = client.submit("fal-ai/kling-video/v3/pro/text-to-video", arguments={"prompt": "slow", "duration": "5"})
slow.cancel()
try:
    slow.get()
except fal_client.FalClientHTTPError as error:
    seen["cancelled"] = error.status_code

filtered = client.submit(app, arguments={**asked, "prompt": "x [[sim:filtered_input]]"})
refused("filtered", filtered.get)
refused("key", lambda: fal_client.SyncClient(key="wrong").submit(app, arguments=asked))
refused("app", lambda: client.submit("fal-ai/nothing", arguments=asked))
refused("field", lambda: client.submit(app, arguments={**asked, "sizee": 1}))
refused("missing", lambda: client.submit(app, arguments={"seed": 7}))
print(json.dumps(seen))
