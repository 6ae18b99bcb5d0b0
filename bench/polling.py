"""Measures how one process polls a thousand running jobs of each provider, within what the provider allows.

Each provider is played by `provider-simulator` over its own wire: durations are log-normal (median 60 s, sigma 0.4),
answers take 20 to 200 ms, all drawn from a printed seed. The simulator counts every request against the limits that the
provider documents; it refuses nothing, so that a violation shows as one.

There are two runs. In the first nothing is changed: as many jobs as the documented slots and submit rates let through. In
the second the operator's file lifts slots and submit rates, so that a thousand jobs run at once; the limits of polling
stay as they are documented. Callbacks are off in both (the service's public address is one that nobody can call), so
that what is seen is polling alone.
"""

import asyncio
import json
import os
import pathlib
import re
import statistics
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

MEDIAN, SIGMA = 60.0, 0.4
# What nobody who answers to it can use: jobs, callbacks off.
SECRET = "bench-simulated-key"


class Wire:
    """A wire, how the program is pointed at it, and how often it may be asked by what its provider documents."""

    def __init__(self, name, provider, model, fields, settings, keys=None, single=None, bulk=None, per_call=0):
        self.name, self.provider, self.model, self.fields = name, provider, model, fields
        self.settings, self.keys = settings, keys or {"api_key": SECRET}
        # Calls in a second: for one job, and for `per_call` jobs; None without a documented limit.
        self.single, self.bulk, self.per_call = single, bulk, per_call

    def floor(self, jobs):
        """Seconds that it takes to look at every job once; 0 where nothing limits it."""
        if self.single is None and (self.bulk is None or not self.per_call):
            return 0.0
        rate = (self.single or 0) + (self.bulk or 0) * self.per_call
        return jobs / rate


WIRES = [
    Wire("openai", "openai", "openai/sora-2", {"duration": 4, "resolution": "720p"},
         lambda url: {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"{url}/v1"}),
    Wire("gemini", "google-ai-studio-veo", "google/veo-3.1", {"duration": 4, "resolution": "720p"},
         lambda url: {"GEMINI_API_KEY": SECRET, "GEMINI_BASE_URL": url}),
    Wire("ark", "byteplus", "bytedance/seedance-1-5-pro", {"duration": 4, "resolution": "480p"},
         lambda url: {"ARK_API_KEY": SECRET, "ARK_BASE_URL": f"{url}/api/v3"}, single=20, bulk=1, per_call=150),
    Wire("dashscope", "alibaba", "alibaba/wan-2.7", {"duration": 2, "resolution": "720p"},
         # Its list tells what runs, not what has ended: each end takes a call of its own.
         lambda url: {"DASHSCOPE_API_KEY": SECRET, "DASHSCOPE_BASE_URL": f"{url}/api/v1"}, single=20),
    Wire("kling", "kling", "kwaivgi/kling-video-o1", {"duration": 5, "resolution": "720p"},
         lambda url: {"KLING_ACCESS_KEY": SECRET, "KLING_SECRET_KEY": SECRET, "KLING_BASE_URL": url},
         keys={"access_key": SECRET, "secret_key": SECRET}),
]


class Simulator:
    def __init__(self, binary, wire, seed, median):
        arguments = [
            binary, wire.name, "--seconds", str(median), "--sigma", str(SIGMA), "--latency", "20-200", "--seed",
            str(seed), "--journal", "counts", "--cheap-media", "--count-limits-only",
        ]
        for name, value in wire.keys.items():
            arguments += ["--set", f"{name}={value}"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise SystemExit(f"the simulator of {wire.name} did not start")

    def ask(self, path):
        with urllib.request.urlopen(f"{self.url}/_simulator/{path}", timeout=120) as answer:
            return json.load(answer)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def milliseconds(text):
    """A time of the API in milliseconds since 1970."""
    whole, fraction = re.fullmatch(r"(.*)\.(\d{3})Z", text).groups()
    return int(time.mktime(time.strptime(whole + " UTC", "%Y-%m-%dT%H:%M:%S %Z")) - time.timezone) * 1000 + int(fraction)


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def submit_all(service, wire, jobs):
    """Submits the jobs over a few connections, and gives back their ids."""
    numbers, ids = iter(range(jobs)), {}

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        for number in numbers:
            body = json.dumps(
                {"type": "video", "model": wire.model, "prompt": f"bench {number}", **wire.fields}
            )
            head = f"Host: localhost\r\nAuthorization: Bearer {service.key}\r\nContent-Type: application/json\r\n"
            writer.write(f"POST /api/v1/jobs HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: (\d+)", answer).group(1))
            job = json.loads(await reader.readexactly(length))
            if b" 202 " not in answer.split(b"\r\n")[0]:
                raise SystemExit(f"{wire.name}: a job was refused: {job}")
            ids[number] = job["id"]
        writer.close()

    await asyncio.gather(*(one() for _ in range(16)))
    return ids


def figure(text, name, **labels):
    """The sum of a metric's values that have these labels."""
    total = 0.0
    for line in text.splitlines():
        found = re.match(rf"{name}(?:\{{(.*)\}})? (\S+)$", line)
        if found and all(f'{key}="{value}"' in (found.group(1) or "") for key, value in labels.items()):
            total += float(found.group(2))
    return total


def metrics(service):
    with urllib.request.urlopen(f"{service.base}/metrics", timeout=60) as answer:
        return answer.read().decode()


def measure(make_service, simulator_binary, folder, wire, jobs, seed, median, lifted):
    simulator = Simulator(simulator_binary, wire, seed, median)
    environment = {**wire.settings(simulator.url), "MEDIARY_PUBLIC_URL": "http://0.0.0.0:1"}
    # Outputs are at another origin than the API, on this machine too.
    environment["MEDIARY_ALLOW_NETWORKS"] = "127.0.0.0/8"
    if lifted:
        path = pathlib.Path(folder) / f"{wire.name}.yaml"
        limits = {"slots": 2 * jobs, "submits_per_minute": 60_000, "submits_per_second": 1_000}
        path.write_text(json.dumps({"models": [{"provider": wire.provider, "model": wire.model, "limits": limits}]}))
        environment["MEDIARY_CONFIG"] = str(path)
    service = make_service(f"polling-{wire.name}-{'lifted' if lifted else 'plain'}", environment)
    try:
        started, cpu = time.monotonic(), service.program.cpu_seconds()
        ids = asyncio.run(submit_all(service, wire, jobs))
        end = time.monotonic() + 600 + 20 * median
        running_most = 0
        while True:
            text = metrics(service)
            running_most = max(running_most, int(figure(text, "mediary_jobs", state="running")))
            over = sum(int(figure(text, "mediary_jobs", state=s)) for s in ("completed", "failed", "cancelled", "expired"))
            if over >= jobs:
                break
            if time.monotonic() > end:
                raise SystemExit(f"{wire.name}: {jobs - over} jobs are not over")
            time.sleep(0.5)
        wall = time.monotonic() - started
        cpu = (service.program.cpu_seconds() - cpu) / wall
        counts = simulator.ask("counts")
        ends = {task["prompt"]: task for task in simulator.ask("tasks")["data"]}
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda item: (item[0], service.call("GET", f"/api/v1/jobs/{item[1]}")), ids.items())
        lags, shares = [], []
        for number, job in found:
            if job["status"] != "completed":
                raise SystemExit(f"{wire.name}: a job ended {job['status']}: {job['error']}")
            task = ends[f"bench {number}"]
            lag = (milliseconds(job["completed_at"]) - task["ends_at"]) / 1000
            lags.append(lag)
            shares.append(lag / max(2, (task["ends_at"] - task["started_at"]) / 10_000))
        limited = {"submit", "slots"} if lifted else set()
        violations = {n: c for n, c in counts["violations"].items() if n.split(":")[0] not in limited}
        return {
            "wire": wire.name, "jobs": jobs, "running": running_most,
            "polls": counts["requests"].get("poll", 0), "bulk": counts["requests"].get("list", 0),
            "violations": sum(violations.values()), "which": violations,
            "p50": statistics.median(lags), "p95": quantile(lags, 0.95), "share": quantile(shares, 0.95),
            "floor": wire.floor(jobs), "cpu": cpu, "seconds": wall,
            # The two parts of the lag, on average: until the end was seen at most, and from there until it was told.
            "unseen": figure(text, "mediary_completion_gap_seconds_sum") / jobs,
            "untold": figure(text, "mediary_completion_lag_seconds_sum") / jobs,
        }
    finally:
        service.program.end()
        simulator.end()


def verdict(found):
    """What the figures are held to, and whether they hold."""
    if found["violations"]:
        return f"BROKEN: {found['which']}"
    if found["cpu"] >= 1:
        return "more than one core"
    if found["share"] <= 1:
        return "promise kept"
    if found["floor"] and found["p95"] <= 1.5 * found["floor"]:
        return f"within 1.5 x the floor of {found['floor']:.1f} s"
    return "LATE"


def run(make_service, simulator_binary, folder, jobs=1_000, seed=20_261_121, only="", plain_jobs=24):
    """Both runs for every provider; a line for each, and the same as Markdown."""
    print(f"provider polling: {jobs} jobs, seed {seed}, durations log-normal (median {MEDIAN:.0f} s, sigma {SIGMA})")
    rows = []
    for lifted in (False, True):
        for wire in WIRES:
            if only not in wire.name:
                continue
            # With the documented slots few jobs run at a time: shorter ones, or it would take an hour.
            count, median = (jobs, MEDIAN) if lifted else (plain_jobs, 6.0)
            found = measure(make_service, simulator_binary, folder, wire, count, seed, median, lifted)
            rows.append((
                wire.name, "lifted" if lifted else "documented", f"{found['jobs']} ({found['running']} at once)",
                found["polls"], found["bulk"], found["violations"], f"{found['p50']:.1f} s", f"{found['p95']:.1f} s",
                f"{found['share']:.2f}", f"{found['unseen']:.1f} s + {found['untold']:.1f} s", f"{found['floor']:.1f} s" if found["floor"] else "none", f"{found['cpu']:.2f}",
                verdict(found),
            ))
            print("  " + "  ".join(str(value) for value in rows[-1]), flush=True)
    return rows


HEADER = (
    "provider", "slots, submits", "jobs", "polls", "bulk calls", "violations", "lag p50", "lag p95",
    "p95 of lag / promise", "mean gap + mean storing", "floor", "cores", "verdict",
)


def table(rows, seed, jobs):
    """The rows as a part of the report."""
    lines = [
        "", "## Provider polling", "",
        f"One process, one simulated provider at a time over its own wire; durations log-normal (median {MEDIAN:.0f} s, sigma "
        f"{SIGMA}), answers after 20 to 200 ms, seed {seed}. The promise is the larger of a tenth of the job's duration and",
        "2 s; the floor is the time that the documented limits need to look at every job once. `documented`: slots and submit",
        "rates as the provider documents them, jobs of a tenth of the length; `lifted`: they are lifted by the operator's file,",
        f"so that {jobs} jobs run at once, while the limits of polling stay. Callbacks are off.", "",
        f"| {' | '.join(HEADER)} |", "|" + "---|" * len(HEADER),
    ]
    return lines + [f"| {' | '.join(str(value) for value in row)} |" for row in rows]
