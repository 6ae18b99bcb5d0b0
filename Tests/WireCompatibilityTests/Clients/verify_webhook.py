"""Verifies one delivery of a webhook with the code of others, and with the documented rule written out.

Reads {"secret": ..., "headers": {lower-case name: value}, "body": <base64>} from the file that it is given, and prints
the event as JSON. Any deviation ends it with a message and status 1.
"""

import base64
import hashlib
import hmac
import json
import sys
import time

from standardwebhooks import Webhook, WebhookVerificationError

with open(sys.argv[1], encoding="utf-8") as file:
    delivery = json.load(file)
secret, headers = delivery["secret"], delivery["headers"]
body = base64.b64decode(delivery["body"])

# Standard Webhooks: the reference library, which also checks the age.
event = Webhook(secret).verify(body, headers)

# It must be able to refuse: another body, another id, another secret.
other_secret = "whsec_" + base64.b64encode(bytes(32)).decode()
for wrong_secret, wrong_body, wrong_headers in [
    (secret, body + b" ", headers),
    (secret, body, {**headers, "webhook-id": headers["webhook-id"] + "x"}),
    (other_secret, body, headers),
]:
    try:
        Webhook(wrong_secret).verify(wrong_body, wrong_headers)
    except WebhookVerificationError:
        continue
    sys.exit("a forged delivery passes")

# OpenRouter: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "t,rawBody")>, at most 300 s old.
parts = dict(part.split("=", 1) for part in headers["x-openrouter-signature"].split(","))
if set(parts) != {"t", "v1"}:
    sys.exit(f"unexpected parts {sorted(parts)}")
if abs(time.time() - int(parts["t"])) > 300:
    sys.exit("the timestamp is off")
expected = hmac.new(secret.encode(), parts["t"].encode() + b"," + body, hashlib.sha256).hexdigest()
if not hmac.compare_digest(expected, parts["v1"]):
    sys.exit("the signature does not match")

if list(event) != ["type", "created_at", "data"]:
    sys.exit(f"unexpected keys {list(event)}")
if headers["x-openrouter-idempotency-key"] != f"{event['data']['id']}-{event['data']['status']}":
    sys.exit("the idempotency key does not match")
json.dump(event, sys.stdout)
