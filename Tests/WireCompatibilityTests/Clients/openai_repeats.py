"""Many images by OpenAI's official SDK, whose connections are cut: it repeats them by itself, without a key."""

import threading

from openai import OpenAI

from openai_client import check, main


def script(service, proxy, runs, clients):
    runs, clients = int(runs), int(clients)
    images, problems, lock = [], [], threading.Lock()

    def client(number):
        # The SDK as everybody uses it, with its two repeats, at the proxy instead of the service.
        sdk = OpenAI(base_url=proxy + "/v1", api_key=service.key)
        for run in range(number, runs, clients):
            try:
                made = sdk.images.generate(
                    model="sandbox/image",
                    # Some requests are equal to many others that are under way at the same time.
                    prompt=f"run {0 if run % 3 == 0 else run % 20}",
                    extra_headers={"X-Run": str(run)},
                )
                with lock:
                    images.append(len(made.data[0].b64_json))
            except Exception as error:  # noqa: BLE001
                with lock:
                    problems.append(f"run {run}: {error!r}"[:300])

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not problems, len(problems), "problems, such as", problems[:3])
    return {"answered": len(images)}


main(script)
