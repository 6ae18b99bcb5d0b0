"""What the scripts that use OpenAI's official SDK share: the client, and assertions that say what they found."""

import json
import subprocess
import sys

import httpx
from openai import OpenAI


def check(holds, *words):
    """Ends the script when something does not hold."""
    if not holds:
        raise AssertionError(" ".join(str(word) for word in words)[:2000])


class Service:
    """The service under test: the SDK pointed at it by URL and key alone, and plain HTTP beside it."""

    def __init__(self, origin, key):
        self.origin, self.key = origin, key
        self.base = origin + "/v1"
        # The SDK as everybody uses it: no time-out and no retries of our own.
        self.sdk = OpenAI(base_url=self.base, api_key=key)

    def raw(self, method, path, **arguments):
        headers = {"Authorization": f"Bearer {self.key}", **arguments.pop("headers", {})}
        return httpx.request(method, self.origin + path, headers=headers, timeout=60, **arguments)

    def native(self, job_id):
        answer = self.raw("GET", f"/api/v1/jobs/{job_id}")
        check(answer.status_code == 200, answer.text)
        return answer.json()

    def newest(self, kind):
        """The newest job of a type, as the native surface shows it."""
        answer = self.raw("GET", f"/api/v1/jobs?limit=1&type={kind}")
        check(answer.status_code == 200, answer.text)
        return answer.json()["data"][0]

    def count(self, kind):
        answer = self.raw("GET", f"/api/v1/jobs?limit=100&type={kind}")
        check(answer.status_code == 200, answer.text)
        return len(answer.json()["data"])


def refused(kind, code, param, call):
    """Calls what must fail with the SDK's own type of error; gives the error."""
    try:
        answer = call()
    except kind as error:
        check(type(error) is kind, type(error), error)
        check(error.code == code, "code", error.code, error)
        check(param is None or error.param == param, "param", error.param, error)
        check(error.request_id, "no request id", error)
        return error
    raise AssertionError(f"answered instead of {kind.__name__}: {answer!r}"[:500])


def probe(path):
    """What ffprobe finds in a file."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    check(result.returncode == 0 and not result.stderr, "ffprobe:", path, result.stderr)
    return json.loads(result.stdout)


def main(script):
    """Runs a script: origin and key, then its own arguments; prints what it gives."""
    origin, key, *arguments = sys.argv[1:]
    json.dump(script(Service(origin, key), *arguments), sys.stdout, default=str)
