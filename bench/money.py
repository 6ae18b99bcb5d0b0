"""Ten thousand jobs with random outcomes, from many clients at once, while the service is killed again and again.

A part of the jobs goes to a provider that is played by `provider-simulator`: it tells how each generation ended twice, at
the callback address, while the service asks for it as well; after a kill the same end is told or read once more.

What must hold at the end: the ledger sums to zero, each hold is settled or voided exactly once, no key and no budget has
spent a nano-dollar too much, every accepted job is there and over, and the audit finds nothing. Prints one table; exits 1
when anything does not hold. The seed decides what is asked for; when it happens is the machine's own.

Usage: python3 bench/money.py [--binary .build/debug/mediary] [--jobs 10000] [--clients 16] [--kills 20] [--seed N]
"""

import argparse
import collections
import http.client
import itertools
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

NANO = 10**9
KLEIN = "black-forest-labs/flux.2-klein-4b"


class Provider:
    """Black Forest Labs' wire on this machine; every generation takes a second."""

    KEY = "bench-simulated-key"

    def __init__(self, binary):
        self.process = subprocess.Popen(
            [binary, "bfl", "--seconds", "1", "--cheap-media", "--no-limits", "--journal", "counts",
             "--set", f"api_key={self.KEY}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise SystemExit("the simulator does not start")

    def counts(self):
        with urllib.request.urlopen(f"{self.url}/_simulator/counts", timeout=60) as answer:
            return json.load(answer)

    def end(self):
        self.process.kill()
        self.process.wait()


class Service:
    def __init__(self, binary, folder, provider):
        self.binary = str(pathlib.Path(binary).resolve())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            **os.environ, "MEDIARY_DATA": f"{folder}/data", "MEDIARY_PORT": str(self.port),
            "MEDIARY_LOG_LEVEL": "error", "MEDIARY_CONFIG": f"{folder}/config.yaml",
            "BFL_API_KEY": Provider.KEY, "BFL_BASE_URL": provider.url, "MEDIARY_ALLOW_NETWORKS": "127.0.0.0/8",
        }
        pathlib.Path(f"{folder}/config.yaml").write_text(
            "fees: {inference_percent: 5, markup: [{percent: \"12.5\"}]}\n"
            "models:\n" + "".join(
                f"  - {{provider: {provider}, model: {model}, limits: {{slots: 400}}}}\n"
                for provider, model in (
                    ("fake-provider", "sandbox/image"), ("fake-provider", "sandbox/video"), ("black-forest-labs", KLEIN)
                )
            )
        )
        self.log = open(f"{folder}/service.log", "ab")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.binary, "serve"], env=self.environment, stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the service does not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def command(self, *arguments, check=True):
        done = subprocess.run(
            [self.binary, *arguments], env=self.environment, check=check, capture_output=True, text=True
        )
        return done.stdout

    def call(self, key, method, path, body=None, headers=None):
        """One request; nil when the service is not there, or goes away meanwhile."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body),
                {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **(headers or {})},
            )
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()


def request(dice, serial):
    """A job that ends well, badly, late, or twice.

    What is refused at the submit is of class B or C: in class A the refusal of a resend says nothing about a first send that
    a kill cut off, and such a job waits for the bound on looking, which is longer than this run.
    """
    if dice.random() < 0.1:
        # The marker has the provider tell the end twice.
        outcome = dice.choice(["", "", "", "[[sim:failed]]", "[[sim:filtered_output]]"])
        prompt = f"[[fault:other:duplicate_completion]][[job:{serial}]]{outcome} a boat"
        return {"type": "image", "model": KLEIN, "prompt": prompt, "expires_after_seconds": 600}, {}
    script = {"delay_ms": dice.choice([0, 0, 5, 50])}
    kind = dice.random()
    if kind < 0.12:
        script["fail"] = dice.choice(["invalid_request", "content_policy", "no_media"])
        script["recovery"] = dice.choice(["B", "C"])
    elif kind < 0.18:
        script["fail"], script["fail_times"], script["recovery"] = "unavailable", 1, dice.choice(["B", "C"])
    elif kind < 0.26:
        script["lost_answer"], script["recovery"] = True, dice.choice(["A", "A'", "B", "C"])
    elif kind < 0.30:
        script[dice.choice(["truncate", "wrong_type"])] = True
    elif kind < 0.34:
        script["delay_ms"], script["cancellable"] = 3_000, True
    elif kind < 0.40:
        script["sync"] = True
    if dice.random() < 0.7:
        body = {"type": "image", "model": "sandbox/image", "size": "256x256", "n": dice.randint(1, 2)}
    else:
        body = {"type": "video", "model": "sandbox/video", "duration": dice.randint(1, 3)}
    if script.get("sync") and body["type"] == "video":
        del script["sync"]
    return {
        **body, "prompt": f"job {dice.getrandbits(64):x}", "expires_after_seconds": 600,
        "provider": {"options": {"fake-provider": script}},
    }, script


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", default=".build/debug/mediary")
    options.add_argument("--jobs", type=int, default=10_000)
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options = options.parse_args()
    began = time.monotonic()
    seen = collections.Counter()
    accepted, lock = {}, threading.Lock()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        provider = Provider(str(pathlib.Path(options.binary).resolve().parent / "provider-simulator"))
        service = Service(options.binary, folder, provider)
        service.start()
        keys = []
        for number in range(8):
            workspace = f"team-{number % 4}"
            # Every second key has a limit that is reached: refusals at its edge are what a race would get wrong.
            limit = ["--limit", f"{options.jobs / 320:.2f}"] if number % 2 else []
            made = service.command("keys", "create", "--name", f"k{number}", "--workspace", workspace, *limit, "--json")
            keys.append((json.loads(made)["key"], workspace))
            service.command("credits", "grant", "--workspace", workspace, "--amount", "5000")
        for number in range(2):
            # A budget that is reached as well.
            service.command("workspaces", "budget", "daily", f"{options.jobs / 140:.2f}", "--workspace", f"team-{number}")
        left, stop = [options.jobs], threading.Event()
        serials = itertools.count()

        def client(number):
            dice = random.Random(f"{options.seed} {number}")
            mine = []
            while True:
                with lock:
                    if left[0] == 0:
                        break
                    left[0] -= 1
                    serial = next(serials)
                key, workspace = dice.choice(keys)
                body, script = request(dice, serial)
                headers = {"Idempotency-Key": f"{options.seed}-{serial}"}
                for attempt in range(400):
                    answer = service.call(key, "POST", "/api/v1/jobs", body, headers)
                    if answer and answer[0] not in (500, 502, 503):
                        break
                    seen["sent again: no answer"] += 1
                    time.sleep(0.1)
                if not answer:
                    raise SystemExit("a submit is never answered")
                status, job = answer
                if status == 202:
                    with lock:
                        accepted[job["id"]] = key
                    mine.append((job["id"], key, script))
                    if dice.random() < 0.1:
                        again = service.call(key, "POST", "/api/v1/jobs", body, headers)
                        if again and again[1].get("id") not in (None, job["id"]):
                            raise SystemExit("a repeat made another job")
                        seen["repeated on purpose"] += 1
                    if "cancellable" in script or dice.random() < 0.03:
                        service.call(key, "POST", f"/api/v1/jobs/{job['id']}/cancel")
                        seen["asked to cancel"] += 1
                else:
                    # What was refused is no job: another one takes its place.
                    with lock:
                        seen[f"refused with {status}"] += 1
                        left[0] += 1

        def killer():
            dice = random.Random(f"{options.seed} kill")
            for _ in range(options.kills):
                if stop.wait(dice.uniform(0.5, 6)):
                    return
                service.kill()
                seen["kill -9"] += 1
                service.start()

        clients = [threading.Thread(target=client, args=(number,)) for number in range(options.clients)]
        for thread in clients:
            thread.start()
        death = threading.Thread(target=killer)
        death.start()
        for thread in clients:
            thread.join()
        death.join()
        submitted = time.monotonic() - began
        database = sqlite3.connect(f"file:{folder}/data/mediary.sqlite?mode=ro", uri=True)
        told = time.monotonic()
        for _ in range(1_200):
            open_jobs = database.execute("SELECT count(*) FROM jobs WHERE finished_at IS NULL").fetchone()[0]
            if open_jobs == 0:
                break
            if time.monotonic() - told > 20:
                told = time.monotonic()
                print(f"{open_jobs} jobs are not over yet", file=sys.stderr, flush=True)
            time.sleep(0.5)
        counts = provider.counts()
        provider.end()
        service.process.send_signal(signal.SIGTERM)
        service.process.wait()
        audit = json.loads(service.command("audit", "--json", check=False))
        states = dict(database.execute("SELECT state, count(*) FROM jobs GROUP BY state"))
        stored = {row[0] for row in database.execute("SELECT lower(hex(id)) FROM jobs")}
        total = database.execute("SELECT sum(balance_nano) FROM accounts").fetchone()[0]
        holds = dict(database.execute("SELECT state, count(*) FROM holds GROUP BY state"))
        limits = database.execute("SELECT name, committed_nano, limit_nano FROM api_keys WHERE limit_nano IS NOT NULL")
        limits = limits.fetchall()
        budgets = database.execute(
            "SELECT budget.workspace, sum(committed_nano), budget.limit_nano FROM workspace_budgets AS budget"
            " JOIN api_keys ON api_keys.workspace = budget.workspace GROUP BY 1"
        ).fetchall()
        twice = database.execute(
            "SELECT count(*) FROM (SELECT cause FROM transfers WHERE id LIKE 'settle:%' GROUP BY cause HAVING count(*) > 1)"
        ).fetchone()[0]
        database.close()
    problems = []
    if options.jobs >= 1_000 and counts["ends_told_again"] == 0:
        problems.append("no completion was told twice")
    if open_jobs:
        problems.append(f"{open_jobs} jobs are not over")
    if len(stored) != len(accepted):
        problems.append(f"{len(accepted)} jobs were accepted, {len(stored)} are stored")
    if total != 0:
        problems.append(f"the accounts sum to {total}")
    if set(holds) - {"posted", "voided"} or sum(holds.values()) != len(stored) or twice:
        problems.append(f"holds: {holds}, settled twice: {twice}")
    for name, spent, limit in limits + budgets:
        if spent > limit:
            problems.append(f"{name} has spent {spent - limit} nano-dollars too much")
    if audit["findings"]:
        problems.append(f"the audit finds {audit['findings'][:5]}")
    print(f"seed {options.seed}, {options.clients} clients, {options.jobs} jobs")
    rows = [
        ("jobs accepted", len(accepted)), *[(f"  {state}", count) for state, count in sorted(states.items())],
        *sorted(seen.items()), *[(f"holds {state}", count) for state, count in sorted(holds.items())],
        ("sum over all accounts, nano-dollars", total), ("settled twice", twice),
        *[(f"spent of the limit of {n}, USD", f"{s / NANO:.9f} of {l / NANO}") for n, s, l in limits + budgets],
        ("generations at the played provider", counts["tasks"]),
        ("callbacks it posted, ends told again", f"{counts['callbacks']}, {counts['ends_told_again']}"),
        ("audit findings", len(audit["findings"])),
        ("seconds to submit, in all", f"{submitted:.0f}, {time.monotonic() - began:.0f}"),
    ]
    for name, value in rows:
        print(f"  {name:<38} {value}")
    for problem in problems:
        print(f"WRONG: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
