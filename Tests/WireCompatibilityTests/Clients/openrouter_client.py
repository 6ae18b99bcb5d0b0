"""What the scripts that use OpenRouter's official SDK share: the client, and assertions that say what they found."""

import base64
import json
import struct
import subprocess
import sys
import time
import zlib
from decimal import Decimal

import httpx
from openrouter import OpenRouter

TERMINAL = {"completed", "failed", "cancelled", "expired"}
STATUSES = TERMINAL | {"pending", "in_progress"}


def check(holds, *words):
    """Ends the script when something does not hold."""
    if not holds:
        raise AssertionError(" ".join(str(word) for word in words))


class Service:
    """The service under test: the SDK pointed at it by URL and key alone, and plain HTTP beside it."""

    def __init__(self, origin, key):
        self.origin, self.key = origin, key
        self.base = origin + "/api/v1"
        # The SDK as everybody uses it: no time-out and no retries of our own.
        self.sdk = OpenRouter(server_url=self.base + "/", api_key=key)

    def raw(self, method, path, **arguments):
        headers = {"Authorization": f"Bearer {self.key}", **arguments.pop("headers", {})}
        return httpx.request(method, self.origin + path, headers=headers, timeout=30, **arguments)

    def exact(self, path):
        """The JSON of an answer with its numbers as they were written."""
        answer = self.raw("GET", path)
        check(answer.status_code == 200, path, answer.status_code, answer.text)
        return json.loads(answer.text, parse_float=Decimal)

    def generate(self, model="sandbox/video", **arguments):
        """Submits, and holds the answer against the contract."""
        start = time.monotonic()
        job = self.sdk.video_generation.generate(
            model=model, **{"prompt": "a lighthouse at dusk", "duration": 4, **arguments}
        )
        seconds = time.monotonic() - start
        check(seconds < 4, "the submission took", seconds, "s")
        check(job.status == "pending", job)
        check(job.polling_url == f"{self.base}/videos/{job.id}", job)
        return job

    def wait(self, job_id, seconds=60):
        """The loop of OpenRouter's own examples, quicker."""
        end = time.monotonic() + seconds
        seen = []
        while True:
            job = self.sdk.video_generation.get_generation(job_id=job_id)
            check(job.status in STATUSES, "unknown status", job.status)
            if not seen or seen[-1] != job.status:
                seen.append(job.status)
            if job.status in TERMINAL:
                return job, seen
            check(time.monotonic() < end, job_id, "is not over:", seen)
            time.sleep(0.05)

    def run(self, **arguments):
        """A job from its submission to its success."""
        job, _ = self.wait(self.generate(**arguments).id)
        check(job.status == "completed", job)
        return job

    def adjustments(self, job_id):
        return self.exact(f"/api/v1/jobs/{job_id}")["adjustments"]


def refused(kind, status, call):
    """Calls what must fail with the SDK's own type of error; gives the error."""
    try:
        answer = call()
    except kind as error:
        check(error.status_code == status, kind.__name__, error.status_code)
        check(error.data.error.code == status, error.data)
        check(error.data.error.message, error.data)
        return error.data.error
    raise AssertionError(f"answered instead of {status}: {answer!r}"[:500])


def probe(path):
    """What ffprobe finds in a file."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    check(result.returncode == 0 and not result.stderr, "ffprobe:", result.stderr)
    return json.loads(result.stdout)


def picture(color):
    """A data URL with a small PNG."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes(color) * 16 for _ in range(16))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def main(script):
    """Runs a script: origin and key, then its own arguments; prints what it gives."""
    origin, key, *arguments = sys.argv[1:]
    json.dump(script(Service(origin, key), *arguments), sys.stdout, default=str)
