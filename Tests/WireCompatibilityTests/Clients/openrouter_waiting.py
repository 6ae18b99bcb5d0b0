"""Images and speech by OpenRouter's official SDK, whose connections are cut while it waits: it repeats the calls by
itself, without a key."""

import base64
import threading

from openrouter_client import Service, check, main


def script(service, proxy, runs, clients):
    runs, clients = int(runs), int(clients)
    jobs, problems, lock = [], [], threading.Lock()

    def image(sdk, run):
        answer = sdk.images.generate(
            model="sandbox/image",
            # Some requests are equal to others that are under way at the same time.
            prompt=f"run {0 if run % 3 == 0 else run % 10}",
            provider={"options": {"fake-provider": {"delay_ms": 1500}}},
            http_headers={"X-Run": str(run)},
        )
        check(base64.b64decode(answer.data[0].b64_json).startswith(b"\x89PNG"), answer)

    def speech(sdk, run):
        answer = sdk.tts.create_speech(
            model="sandbox/speech",
            input=f"run {0 if run % 3 == 0 else run % 10}",
            provider={"options": {"fake-provider": {"delay_ms": 1500, "stream_ms": 50, "stream_pieces": 4}}},
            http_headers={"X-Run": str(run)},
        )
        content = answer.read()
        job = answer.headers["x-generation-id"]
        kept = service.raw("GET", f"/api/v1/jobs/{job}/artifacts/0").content
        check(content == kept and content, job, len(content), len(kept))
        with lock:
            jobs.append(job)

    def client(number):
        # The SDK as everybody uses it, at the proxy instead of the service.
        sdk = Service(proxy, service.key).sdk
        for run in range(number, runs, clients):
            try:
                (image if run % 2 else speech)(sdk, run)
            except Exception as error:  # noqa: BLE001
                with lock:
                    problems.append(f"run {run}: {error!r}"[:300])

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not problems, len(problems), "problems, such as", problems[:3])
    return {"spoken": len(jobs), "different": len(set(jobs))}


main(script)
