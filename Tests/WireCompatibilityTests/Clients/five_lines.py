"""The same five lines for every model: the SDK, a model, a prompt, the wait, the file."""

import sys
import time

from openrouter import OpenRouter

origin, key, model, path = sys.argv[1:5]
options = dict(zip(sys.argv[5::2], sys.argv[6::2]))
options = {name: int(value) if value.isdigit() else value for name, value in options.items()}

client = OpenRouter(server_url=origin + "/api/v1/", api_key=key)
job = client.video_generation.generate(model=model, prompt="A lighthouse at dusk", **options)
while job.status in ("pending", "in_progress"):
    time.sleep(0.2)
    job = client.video_generation.get_generation(job_id=job.id)
if job.status == "completed":
    with open(path, "wb") as file:
        for part in client.video_generation.get_video_content(job_id=job.id).iter_bytes():
            file.write(part)
print('{"status": "%s", "cost": %s}' % (job.status, job.usage.cost if job.usage else 0))
