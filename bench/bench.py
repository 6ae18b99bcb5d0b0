"""Measures a release build of the service against its own ceilings, on one machine, in one run.

Every figure is taken in rounds: the service, then what it is compared with, then the service again, and so on. Each
round gives one ratio, and the report has the median of the ratios and their spread, so that a machine whose speed
drifts does not decide the outcome. Absolute figures belong to the machine that they were measured on; ratios travel.

The load generator (wrk) and the clients run on the same processors as the service.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import polling

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """A program that was started here, and is ended here."""

    def __init__(self, arguments, environment=None, log=None):
        self.log = open(log, "ab") if log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            arguments, env={**os.environ, **(environment or {})}, stdout=self.log, stderr=self.log
        )

    @property
    def pid(self):
        return self.process.pid

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, name="VmRSS"):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text).group(1)) / 1024

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port} after {seconds} s")


class Service:
    """The service with a data folder of its own, a key, and credits for everything."""

    def __init__(self, binary, folder, name="service", settings=None):
        self.binary, self.folder = binary, folder / name
        self.port = free_port()
        self.environment = {
            "MEDIARY_DATA": str(self.folder), "MEDIARY_PORT": str(self.port), "MEDIARY_LOG_LEVEL": "error",
            **(settings or {}),
        }
        self.folder.mkdir()
        self.program = Program([binary, "serve"], self.environment, folder / f"{name}.log")
        wait_until_open(self.port)
        self.command("credits", "grant", "--workspace", "default", "--amount", "1000000")
        self.key = json.loads(self.command("keys", "create", "--name", "bench", "--json"))["key"]
        self.base = f"http://127.0.0.1:{self.port}"

    def command(self, *arguments):
        return subprocess.run(
            [self.binary, *arguments], env={**os.environ, **self.environment}, check=True, capture_output=True, text=True
        ).stdout

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def run_job(self, body, seconds=300):
        job = self.call("POST", "/api/v1/jobs", body)
        end = time.monotonic() + seconds
        while job["status"] in ("queued", "in_progress"):
            if time.monotonic() > end:
                raise SystemExit(f"a job did not end within {seconds} s")
            job = self.call("GET", f"/api/v1/jobs/{job['id']}?wait=10")
        if job["status"] != "completed":
            raise SystemExit(f"a job ended {job['status']}: {job['error']}")
        return job


# What one run of the load generator says.
class Load:
    def __init__(self, text, cpu):
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
        self.p50 = self.latency(text, "50%")
        self.p99 = self.latency(text, "99%")
        number, unit = re.search(r"Transfer/sec:\s+([\d.]+)(\w+)", text).groups()
        self.mib = float(number) * {"B": 2**-20, "KB": 2**-10, "MB": 1, "GB": 1024}[unit]
        self.cpu_us = cpu * 1e6
        self.failures = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
        self.failures += sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", text))

    @staticmethod
    def latency(text, quantile):
        number, unit = re.search(rf"\s{quantile}\s+([\d.]+)(us|ms|s)", text).groups()
        return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def wrk(program, url, seconds, connections=64, headers=(), script=None):
    arguments = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    for header in headers:
        arguments += ["-H", header]
    if script:
        arguments += ["-s", str(script)]
    before = program.cpu_seconds()
    text = subprocess.run([*arguments, url], check=True, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    load = Load(text, (program.cpu_seconds() - before) / max(1, requests))
    if load.failures:
        raise SystemExit(f"{load.failures} requests to {url.split('?')[0]} failed:\n{text}")
    return load


def pairs(rounds, one, other):
    """The two in turn; a first round of each is not counted."""
    one(), other()
    return [(one(), other()) for _ in range(rounds)]


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def count(values):
    return f"{statistics.median(values):,.0f}"


async def open_events(service, job, arrivals, ready):
    """One reader of a job's events: notes when each arrives."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(
        f"GET /api/v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {service.key}\r\n\r\n".encode()
    )
    pending = b""
    ready.release()
    while chunk := await reader.read(65536):
        now = time.monotonic()
        pending += chunk
        *lines, pending = pending.split(b"\n")
        for line in lines:
            if line.startswith(b"id:"):
                arrivals.setdefault(int(line[3:]), []).append(now)
        # The chunk that ends a body.
        if b"0\r" in lines[-2:] or pending.endswith(b"0\r"):
            break
    writer.close()


async def fan_out(service, readers, steps):
    job = service.call(
        "POST", "/api/v1/jobs",
        {"type": "video", "model": "sandbox/video", "prompt": "fan out", "duration": 1,
         "provider": {"options": {"fake-provider": {"delay_ms": 12_000, "progress_steps": steps}}}},
    )["id"]
    arrivals, ready = {}, asyncio.Semaphore(0)
    before, started = service.program.cpu_seconds(), time.monotonic()
    tasks = []
    for _ in range(readers):
        tasks.append(asyncio.create_task(open_events(service, job, arrivals, ready)))
        await ready.acquire()
    opened = time.monotonic() - started
    opening_cpu = service.program.cpu_seconds() - before
    done, late = await asyncio.wait(tasks, timeout=60)
    for task in late:
        task.cancel()
    for task in done:
        task.result()
    cpu = service.program.cpu_seconds() - before - opening_cpu
    whole = {version: times for version, times in arrivals.items() if len(times) == readers}
    # Events that came while readers were still opening say nothing about the fan-out.
    live = {v: t for v, t in whole.items() if min(t) > started + opened}
    if late or not live or any(len(times) != readers for times in arrivals.values()):
        raise SystemExit("the fan-out lost events")
    last = [max(times) - min(times) for times in live.values()]
    return {"ms": statistics.median(last) * 1e3, "cpu_us": cpu / (len(live) * readers) * 1e6}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each measure (5)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of load in each round (4)")
    parser.add_argument("--jobs", type=int, default=1_500, help="jobs of the end-to-end measure (1500)")
    parser.add_argument("--readers", type=int, default=1_000, help="readers of one job's events (1000)")
    parser.add_argument("--binaries", default=str(ROOT / ".build-release/release"), help="where the release build is")
    parser.add_argument("--report", default=str(ROOT / "bench/REPORT.md"), help="what is written")
    parser.add_argument("--polled-jobs", type=int, default=1_000, help="running jobs of each provider (1000)")
    parser.add_argument("--polled-wire", default="", help="only providers whose wire contains this")
    parser.add_argument("--seed", type=int, default=20_261_121, help="what durations and latencies are drawn by")
    parser.add_argument("--only", default="", help="only measures whose name contains this; nothing is written")
    options = parser.parse_args()
    binary = f"{options.binaries}/mediary"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mediary-bench-"))
    programs = []
    rows, notes = [], []

    def wanted(name):
        return options.only in name

    def row(name, ours, reference, ratio, aim=""):
        rows.append((name, ours, reference, ratio, aim))
        print(f"{name:42} {ours:>28} {reference:>28}   ratio {ratio} {aim}", flush=True)

    try:
        hello_port, nginx_port = free_port(), free_port()
        hello = Program([f"{options.binaries}/HelloWorld", str(hello_port)])
        programs.append(hello)
        wait_until_open(hello_port)
        service = Service(binary, folder)
        programs.append(service.program)
        time.sleep(2)
        idle = service.program.memory_mb()

        seconds, rounds = options.seconds, options.rounds
        authorization = f"Authorization: Bearer {service.key}"
        hello_url = f"http://127.0.0.1:{hello_port}/hello"

        def run_hello():
            return wrk(hello, hello_url, seconds)

        def against_hello(name, url, aim="", headers=(), script=None):
            if not wanted(name):
                return
            found = pairs(
                rounds,
                lambda: wrk(service.program, url, seconds, headers=[authorization, *headers], script=script),
                run_hello,
            )
            ours, reference = [a for a, _ in found], [b for _, b in found]
            row(
                name,
                f"{count([a.rate for a in ours])}/s, p50 {statistics.median(a.p50 for a in ours):.1f} ms, "
                f"p99 {statistics.median(a.p99 for a in ours):.0f} ms",
                f"hello-world {count([b.rate for b in reference])}/s",
                spread([a.rate / b.rate for a, b in found]),
                aim,
            )
            notes.append(
                f"{name}: processor time of the server per request "
                f"{statistics.median(a.cpu_us for a in ours):.0f} us, hello-world "
                f"{statistics.median(b.cpu_us for b in reference):.0f} us."
            )

        done = service.run_job(
            {"type": "video", "model": "sandbox/video", "prompt": "one", "duration": 1,
             "provider": {"options": {"fake-provider": {"delay_ms": 0}}}}
        )
        against_hello("status read, completed job", f"{service.base}/api/v1/jobs/{done['id']}", "0.85")
        running = service.call(
            "POST", "/api/v1/jobs",
            {"type": "video", "model": "sandbox/video", "prompt": "one", "duration": 1,
             "provider": {"options": {"fake-provider": {"delay_ms": 600_000}}}},
        )
        time.sleep(1)
        against_hello("status read, running job", f"{service.base}/api/v1/jobs/{running['id']}", "0.85")

        script = folder / "submit.lua"
        later = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 86_400))
        script.write_text(
            f"""
            wrk.method = "POST"
            wrk.headers["Content-Type"] = "application/json"
            local number = 0
            request = function()
              number = number + 1
              return wrk.format(nil, nil, nil, string.format(
                '{{"type":"video","model":"sandbox/video","prompt":"prompt %d of {os.getpid()}","duration":1,"start_after":"{later}"}}',
                number))
            end
            """
        )
        against_hello("durable submit", f"{service.base}/api/v1/jobs", "0.50", script=script)
        against_hello("list, 20 jobs a page", f"{service.base}/api/v1/jobs?limit=20")

        if wanted("event fan-out"):
            found = pairs(
                max(2, rounds // 2),
                lambda: asyncio.run(fan_out(service, options.readers, 8)),
                run_hello,
            )
            row(
                f"event fan-out to {options.readers} readers",
                f"first to last {spread([a['ms'] for a, _ in found], 0)} ms, "
                f"{statistics.median(a['cpu_us'] for a, _ in found):.0f} us each",
                f"hello-world {statistics.median(b.cpu_us for _, b in found):.0f} us each",
                spread([b.cpu_us / a["cpu_us"] for a, b in found]),
            )

        if wanted("end to end"):
            jobs = folder / "jobs.lua"
            jobs.write_text(
                script.read_text().replace(f',"start_after":"{later}"', ',"provider":{"options":{"fake-provider":{"delay_ms":0}}}')
            )
            rates, ratios = [], []
            for turn in range(max(2, rounds // 2)):
                with_jobs = Service(binary, folder, f"jobs-{turn}")
                programs.append(with_jobs.program)
                rate = end_to_end(with_jobs, options.jobs)
                with_jobs.program.end()
                programs.remove(with_jobs.program)
                rates.append(rate)
                ratios.append(rate / run_hello().rate)
            row("sandbox jobs, end to end", f"{count(rates)} jobs/s", "hello-world requests/s", spread(ratios, 3))

        if wanted("artifact"):
            movie = service.run_job(
                {"type": "video", "model": "studio/motion", "prompt": "A long and busy film", "duration": 10,
                 "resolution": "1080p"}
            )
            artifact = movie["artifacts"][0]
            files = folder / "files"
            files.mkdir()
            request = urllib.request.Request(artifact["url"], headers={"Authorization": f"Bearer {service.key}"})
            with urllib.request.urlopen(request) as answer, open(files / "film.mp4", "wb") as out:
                shutil.copyfileobj(answer, out)
            web = start_nginx(folder, files, nginx_port)
            programs.append(web)
            found = pairs(
                rounds,
                lambda: wrk(service.program, artifact["url"], seconds, 8, [authorization]),
                lambda: wrk(hello, f"http://127.0.0.1:{nginx_port}/film.mp4", seconds, 8),
            )
            row(
                f"artifact out, {artifact['bytes'] / 2**20:.1f} MiB, 8 readers",
                f"{count([a.mib for a, _ in found])} MiB/s",
                f"nginx with sendfile {count([b.mib for _, b in found])} MiB/s",
                spread([a.mib / b.mib for a, b in found]),
            )
        polled = []
        if wanted("provider polling"):
            polled = polling.run(
                lambda name, settings: Service(binary, folder, name, settings),
                f"{options.binaries}/provider-simulator", folder, options.polled_jobs, options.seed, options.polled_wire,
            )
        peak = service.program.memory_mb("VmHWM")
        print(f"memory: {idle:.0f} MB idle after the start, {peak:.0f} MB at most during all of this")
        if not options.only:
            write_report(options, rows, notes, idle, peak, polled)
    finally:
        for program in reversed(programs):
            program.end()
        shutil.rmtree(folder, ignore_errors=True)


def end_to_end(service, jobs):
    """How many jobs a second are submitted, generated, stored, billed and told, from the first to the last."""

    async def run():
        started = time.monotonic()
        slots = asyncio.Semaphore(64)

        async def one(number):
            async with slots:
                reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
                body = json.dumps(
                    {"type": "image", "model": "sandbox/image", "prompt": f"picture {number}",
                     "provider": {"options": {"fake-provider": {"delay_ms": 0}}}}
                )
                head = f"Host: localhost\r\nAuthorization: Bearer {service.key}\r\nContent-Type: application/json\r\n"
                writer.write(f"POST /api/v1/jobs HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                job = await read_answer(reader)
                while job["status"] in ("queued", "in_progress"):
                    writer.write(f"GET /api/v1/jobs/{job['id']}?wait=60 HTTP/1.1\r\n{head}\r\n".encode())
                    job = await read_answer(reader)
                writer.close()
                if job["status"] != "completed":
                    raise SystemExit(f"a job ended {job['status']}")

        await asyncio.gather(*(one(number) for number in range(jobs)))
        return jobs / (time.monotonic() - started)

    return asyncio.run(run())


async def read_answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    if not re.match(r"http/1.1 20[02] ", head):
        raise SystemExit(f"unexpected answer: {head.splitlines()[0]}")
    length = int(re.search(r"content-length: (\d+)", head).group(1))
    return json.loads(await reader.readexactly(length))


def start_nginx(folder, files, port):
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"""
        daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        {"user root;" if os.geteuid() == 0 else ""}
        events {{ worker_connections 1024; }}
        http {{
            access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
            client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
            uwsgi_temp_path {folder}; scgi_temp_path {folder};
            server {{ listen 127.0.0.1:{port}; root {files}; }}
        }}
        """
    )
    web = Program([shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", str(configuration)])
    wait_until_open(port)
    return web


def write_report(options, rows, notes, idle, peak, polled):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        "# Benchmark report",
        "",
        "Written by `make bench`. Every row was measured in turn with its reference, in one run on one machine; the ratio",
        "is the median of the rounds, with the lowest and the highest in brackets. Above 1 the service is the faster one.",
        "The load generator and the clients share the processors with the service. Absolute figures say something about",
        "the machine; ratios travel.",
        "",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {os.cpu_count()} processors, {memory:.0f} GiB of memory, Linux "
        f"{platform.release().split('-')[0]}; {options.rounds} rounds of {options.seconds} s; 64 connections unless said "
        "otherwise.",
        "",
        "| measure | service | reference | ratio | aim |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += [
        "",
        f"Memory: {idle:.0f} MB resident, two seconds after the start (aim: below 60 MB); {peak:.0f} MB at most over the "
        "whole run.",
        "",
        "## What is measured",
        "",
        "- **status read**: `GET /api/v1/jobs/{id}` with a key.",
        "- **durable submit**: `POST /api/v1/jobs`, a new job each time, answered after its transaction is on disk with",
        "  `synchronous=FULL`. The jobs start a day later, so that what is measured is admission alone.",
        "- **list**: the newest 20 of all jobs that the submits left behind.",
        "- **event fan-out**: one running job, all readers on its stream; the time from the first reader that has an event",
        "  to the last, and the server's processor time for each event and reader. The ratio compares processor time",
        "  with that of one hello-world request, since the reading client is what limits the rate.",
        "- **end to end**: 64 clients submit an image job to the sandbox provider and wait for its end: submitted, claimed,",
        "  sent, polled, fetched, checked, stored with fsync, billed, told.",
        "- **artifact out**: one film read in a loop over 8 connections, against nginx with sendfile.",
        "",
        "## Processor time",
        "",
    ]
    lines += [f"- {note}" for note in notes]
    if polled:
        lines += polling.table(polled, options.seed, options.polled_jobs)
    pathlib.Path(options.report).write_text("\n".join(lines) + "\n")
    print(f"written: {options.report}")


if __name__ == "__main__":
    sys.exit(main())
