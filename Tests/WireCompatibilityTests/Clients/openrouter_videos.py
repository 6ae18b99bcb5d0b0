"""Videos through OpenRouter's official SDK: submit, poll, fetch, and everything that a request can say."""

import asyncio
import os
import tempfile
from decimal import Decimal

from openrouter import OpenRouter, errors

from openrouter_client import check, main, picture, probe, refused


def frame(role, color):
    return {"type": "image_url", "image_url": {"url": picture(color)}, "frame_type": role}


def fetch(service, job, folder, index=0):
    """The content as the SDK gives it, in a file."""
    answer = service.sdk.video_generation.get_video_content(job_id=job.id, index=index)
    check(answer.status_code == 200, answer.status_code)
    check(answer.headers["content-type"] == "video/mp4", answer.headers)
    path = os.path.join(folder, f"{job.id}.mp4")
    with open(path, "wb") as file:
        for part in answer.iter_bytes():
            file.write(part)
    check(os.path.getsize(path) == int(answer.headers["content-length"]), "cut")
    return path


def follow(service, folder):
    """One job, looked at in each of its stages."""
    options = {"options": {"fake-provider": {"parameters": {"delay_ms": 2000, "progress_steps": 4}}}}
    job = service.generate(provider=options, resolution="720p", aspect_ratio="16:9", seed=7, generate_audio=True)
    early = refused(
        errors.ConflictResponseError,
        409,
        lambda: service.sdk.video_generation.get_video_content(job_id=job.id),
    )
    check("pending" in early.message or "in_progress" in early.message, early)
    done, seen = service.wait(job.id)
    check(done.status == "completed", done)
    check(seen[-2:] == ["in_progress", "completed"], seen)
    check(done.id == job.id and done.generation_id == job.id, done)
    check(done.polling_url == job.polling_url, done)
    check(done.error is None, done)
    check(done.unsigned_urls == [f"{job.polling_url}/content?index=0"], done.unsigned_urls)
    check(done.usage.is_byok is False, done.usage)

    # Money is a number, and to the last digit what the ledger has.
    exact = service.exact(f"/api/v1/videos/{job.id}")["usage"]["cost"]
    native = service.exact(f"/api/v1/jobs/{job.id}")
    check(Decimal(exact) == Decimal(native["usage"]["cost"]), exact, native["usage"])
    check(Decimal(0) < Decimal(exact) <= Decimal("0.2"), exact)
    check(done.usage.cost == float(exact), done.usage, exact)
    check(native["input"]["seed"] == 7 and native["input"]["size"] == "1280x720", native["input"])
    check(native["input"]["provider"]["options"]["fake-provider"]["delay_ms"] == 2000, native["input"])
    check(native["adjustments"] == [], native["adjustments"])

    facts = probe(fetch(service, done, folder))
    check(any(stream["codec_type"] == "video" for stream in facts["streams"]), facts)
    check(abs(float(facts["format"]["duration"]) - 4) < 0.2, facts["format"])
    url = done.unsigned_urls[0].removeprefix(service.origin)
    whole = service.raw("GET", url)
    part = service.raw("GET", url, headers={"Range": "bytes=10-19", "If-Range": whole.headers["etag"]})
    check(part.status_code == 206 and part.content == whole.content[10:20], part.status_code)
    head = service.raw("HEAD", url)
    check(head.headers["content-length"] == str(len(whole.content)) and not head.content, head.headers)
    refused(
        errors.NotFoundResponseError,
        404,
        lambda: service.sdk.video_generation.get_video_content(job_id=job.id, index=5),
    )
    return seen


def pictures(service):
    """First and last frame, and references, as data URLs."""
    both = service.run(frame_images=[frame("first_frame", (255, 0, 0)), frame("last_frame", (0, 0, 255))])
    shown = service.exact(f"/api/v1/jobs/{both.id}")["input"]["frame_images"]
    check([one["frame_type"] for one in shown] == ["first_frame", "last_frame"], shown)
    check(all("sha256" in one["image_url"] for one in shown), shown)
    references = [
        {"type": "image_url", "image_url": {"url": picture((0, 255, 0))}},
        {"type": "video_url", "video_url": {"url": "https://example.com/clip.mp4"}},
    ]
    guided = service.run(input_references=references)
    check(len(service.exact(f"/api/v1/jobs/{guided.id}")["input"]["input_references"]) == 1, "one picture is kept")
    told = service.adjustments(guided.id)
    check([one["parameter"] for one in told] == ["input_references[1]"], told)
    winner = service.run(frame_images=[frame("first_frame", (9, 9, 9))], input_references=references[:1])
    told = service.adjustments(winner.id)
    check([(one["parameter"], one["reason"]) for one in told] == [("input_references", "not_applicable")], told)


def words(service):
    """What travels along: user, session, trace with names of one's own, headers."""
    job = service.generate(
        user="end-user",
        session_id="session",
        trace={"trace_id": "t-1", "span_name": "s", "own": {"deep": [1, "two"]}},
        http_headers={"X-Session-Id": "from the header"},
        size="720x1280",
    )
    shown = service.exact(f"/api/v1/jobs/{job.id}")["input"]
    check(shown["user"] == "end-user" and shown["session_id"] == "session", shown)
    check(shown["trace"] == {"trace_id": "t-1", "span_name": "s", "own": {"deep": [1, "two"]}}, shown)
    check(shown["aspect_ratio"] == "9:16", shown)
    headers = {"Idempotency-Key": "the-same"}
    first = service.generate(seed=1, http_headers=headers)
    again = service.generate(seed=1, http_headers=headers)
    check(first.id == again.id, first, again)
    # Under the slug itself, without `parameters`.
    flat = service.generate(provider={"options": {"fake-provider": {"delay_ms": 1}, "google-vertex": {"x": 1}}})
    told = service.adjustments(flat.id)
    check([one["parameter"] for one in told] == ["provider.options.google-vertex"], told)
    # What the SDK would not send: fields that nobody knows, and explicit nulls.
    body = {"model": "sandbox/video:nitro", "prompt": "p", "duration": 4, "seed": None, "style": "noir", "deep": {"a": 1}}
    answer = service.raw("POST", "/api/v1/videos", json=body)
    check(answer.status_code == 202 and set(answer.json()) == {"id", "polling_url", "status"}, answer.text)
    told = {one["parameter"]: one["reason"] for one in service.adjustments(answer.json()["id"])}
    check(told == {"model": "model_alias", "style": "unknown_field", "deep": "unknown_field"}, told)


def failures(service):
    """Jobs that were accepted and fail: a status and a sentence, never an exception."""
    scripts = [
        {"prompt": "a [[fail:content_policy]] b"},
        {"provider": {"options": {"fake-provider": {"parameters": {"fail": "invalid_request"}}}}},
        {"provider": {"options": {"fake-provider": {"fail": "no_media"}}}},
    ]
    for script in scripts:
        job, _ = service.wait(service.generate(**script).id)
        check(job.status == "failed", script, job)
        check(isinstance(job.error, str) and job.error, job)
        check(not job.unsigned_urls and not job.usage, job)
        gone = refused(
            errors.ConflictResponseError,
            409,
            lambda: service.sdk.video_generation.get_video_content(job_id=job.id),
        )
        check("failed" in gone.message and job.error in gone.message, gone)
    # One that recovers is no failure.
    service.run(provider={"options": {"fake-provider": {"fail": "unavailable", "fail_times": 1}}})
    slow = service.generate(provider={"options": {"fake-provider": {"delay_ms": 60000}}})
    answer = service.raw("POST", f"/api/v1/jobs/{slow.id}/cancel")
    check(answer.status_code == 200, answer.text)
    stopped, _ = service.wait(slow.id)
    check(stopped.status == "cancelled" and stopped.error, stopped)


async def at_once(service):
    """The asynchronous twins, several at a time."""
    async with OpenRouter(server_url=service.base, api_key=service.key) as sdk:

        async def one(seed):
            job = await sdk.video_generation.generate_async(model="sandbox/video", prompt="p", duration=4, seed=seed)
            while True:
                job = await sdk.video_generation.get_generation_async(job_id=job.id)
                if job.status not in ("pending", "in_progress"):
                    break
                await asyncio.sleep(0.05)
            check(job.status == "completed", job)
            answer = await sdk.video_generation.get_video_content_async(job_id=job.id)
            content = await answer.aread()
            check(content[4:8] == b"ftyp", content[:16])
            return job.id

        ids = await asyncio.gather(*[one(seed) for seed in range(8)])
    check(len(set(ids)) == 8, ids)


def script(service):
    with tempfile.TemporaryDirectory() as folder:
        seen = follow(service, folder)
    pictures(service)
    words(service)
    failures(service)
    asyncio.run(at_once(service))
    return {"seen": seen}


main(script)
