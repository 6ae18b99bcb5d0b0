"""The official `replicate` SDK against a simulated API of its wire: create, reload, wait, run, cancel, list, stream.

Usage: replicate_predictions.py BASE_URL KEY
Ends with a message when anything is not as it must be; prints what it saw as JSON.
"""

import json
import os
import sys
import time

os.environ["REPLICATE_POLL_INTERVAL"] = "0.05"

import httpx
import replicate
from replicate.exceptions import ReplicateError

base, key = sys.argv[1], sys.argv[2]
client = replicate.Client(api_token=key, base_url=base, timeout=60)
model = "black-forest-labs/flux-schnell"
asked = {"prompt": "a brass lighthouse", "aspect_ratio": "16:9", "seed": 7, "num_outputs": 2, "output_format": "jpg"}
seen = {"statuses": [], "refused": {}}


def need(holds, what):
    if not holds:
        sys.exit(f"violation: {what}")


def create(**changes):
    return client.models.predictions.create(model=model, input={**asked, **changes}, wait=False)


def refused(name, call):
    try:
        call()
    except ReplicateError as error:
        need(error.detail, f"{name}: no words")
        seen["refused"][name] = str(error.status)
    else:
        need(False, f"{name} was taken")


prediction = create()
need(prediction.input == asked and prediction.urls["cancel"], "the input is not echoed")
end = time.time() + 60
while True:
    if not seen["statuses"] or seen["statuses"][-1] != prediction.status:
        seen["statuses"].append(prediction.status)
    if prediction.status in ("succeeded", "failed", "canceled"):
        break
    need(time.time() < end, "not done in time")
    time.sleep(0.05)
    prediction.reload()
seen["outputs"] = len(prediction.output)
need(httpx.get(prediction.output[0], timeout=60).content[:3] == b"\xff\xd8\xff", "no JPEG")

seen["waited"] = client.models.predictions.create(model=model, input=asked, wait=30).status
version = client.predictions.create(version=f"{model}:5599ed30703defd1", input=asked, wait=False)
version.wait()
need(version.status == "succeeded", "a version")
need(len(client.run(model, input=asked)) == 2, "run")

slow = create(prompt="slow")
slow.cancel()
slow.reload()
seen["cancelled"] = slow.status
seen["listed"] = slow.id in [one.id for one in client.predictions.list().results]

streamed = client.models.predictions.create(model=model, input=asked, stream=True, wait=False)
seen["events"] = [event.event.value for event in streamed.stream()]

file = client.files.create(open(__file__, "rb"))
need(file.urls["get"].startswith(base), "an upload")

filtered = create(prompt="x [[sim:filtered_input]]")
filtered.wait()
need("E005" in filtered.error, "a filtered prompt says so")
seen["refused"]["filtered"] = filtered.status
refused("key", lambda: replicate.Client(api_token="wrong", base_url=base).predictions.list())
refused("busy", lambda: create(prompt="x [[fault:submit:status:429]]"))
refused("model", lambda: client.models.predictions.create(model="nobody/nothing", input=asked, wait=False))
refused("field", lambda: create(sizee=1))
refused("missing", lambda: client.models.predictions.create(model=model, input={"seed": 7}, wait=False))
print(json.dumps(seen))
