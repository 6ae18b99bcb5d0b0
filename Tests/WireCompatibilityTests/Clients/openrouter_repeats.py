"""Many submissions by OpenRouter's official SDK, whose connections are cut: it repeats them by itself, without a key."""

import threading

from openrouter_client import Service, check, main


def script(service, proxy, runs, clients):
    runs, clients = int(runs), int(clients)
    jobs, problems, lock = [], [], threading.Lock()

    def client(number):
        # The SDK as everybody uses it, at the proxy instead of the service.
        sdk = Service(proxy, service.key).sdk
        for run in range(number, runs, clients):
            try:
                job = sdk.video_generation.generate(
                    model="sandbox/video",
                    # Some requests are equal to many others that are under way at the same time.
                    prompt=f"run {0 if run % 3 == 0 else run % 40}",
                    duration=1,
                    provider={"options": {"fake-provider": {"delay_ms": 5}}},
                    http_headers={"X-Run": str(run)},
                )
                with lock:
                    jobs.append(job.id)
            except Exception as error:  # noqa: BLE001
                with lock:
                    problems.append(f"run {run}: {error!r}"[:300])

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not problems, len(problems), "problems, such as", problems[:3])
    return {"answered": len(jobs), "different": len(set(jobs))}


main(script)
