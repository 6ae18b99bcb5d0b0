"""Images through OpenRouter's official SDK: at once, slowly, as a stream, and everything that a request can say."""

import asyncio
import base64
import os
import tempfile
import time
from decimal import Decimal

from openrouter import OpenRouter, errors

from openrouter_client import check, main, picture, probe, refused

PNG = b"\x89PNG\r\n\x1a\n"


def script_of(**options):
    return {"options": {"fake-provider": options}}


def generate(service, **arguments):
    return service.sdk.images.generate(**{"model": "sandbox/image", "prompt": "a lighthouse at dusk", **arguments})


def decoded(image):
    check(image.media_type == "image/png", image.media_type)
    content = base64.b64decode(image.b64_json, validate=True)
    check(content.startswith(PNG), content[:16])
    return content


def jobs(service):
    return service.exact("/api/v1/jobs?limit=100")["data"]


def plain(service):
    answer = generate(service, n=2, size="1024x1024", seed=7, user="u", session_id="s", trace={"trace_id": "t"})
    check(len(answer.data) == 2, answer)
    contents = [decoded(image) for image in answer.data]
    check(abs(answer.created - time.time()) < 3600, answer.created)
    check(answer.usage.cost == 0.02 and answer.usage.is_byok is False, answer.usage)
    check(answer.usage.total_tokens == 0, answer.usage)
    job = jobs(service)[0]
    check(Decimal(job["usage"]["cost"]) == Decimal("0.02"), job["usage"])
    check(job["input"]["seed"] == 7 and job["input"]["user"] == "u" and job["input"]["session_id"] == "s", job["input"])
    for index, content in enumerate(contents):
        kept = service.raw("GET", f"/api/v1/jobs/{job['id']}/artifacts/{index}")
        check(kept.content == content, "the artifact is not what was sent")


def slowly(service):
    """Longer than the SDK's own patience, which is five seconds: one request, one job."""
    before = len(jobs(service))
    start = time.monotonic()
    answer = generate(service, provider=script_of(delay_ms=7000))
    check(time.monotonic() - start > 6.5, "it was not slow")
    decoded(answer.data[0])
    check(len(jobs(service)) == before + 1, "one call has made", len(jobs(service)) - before, "jobs")


def streamed(service):
    seen = []
    with generate(service, stream=True, provider=script_of(delay_ms=3000, stream_ms=300)) as events:
        for event in events:
            seen.append(event)
    kinds = [event.type for event in seen]
    check(kinds == ["image_generation.partial_image", "image_generation.completed"], kinds)
    check(seen[0].partial_image_index == 0, seen[0])
    check(base64.b64decode(seen[0].b64_json).startswith(PNG), "the preview is no picture")
    decoded(seen[1])
    check(seen[1].usage.cost == 0.01, seen[1].usage)
    # A model without previews streams what there is.
    with generate(service, stream=True, n=2, model="studio/still", size="512x512") as events:
        kinds = [event.type for event in events]
    check(kinds == ["image_generation.completed"] * 2, kinds)


def guided(service):
    references = [{"type": "image_url", "image_url": {"url": picture((0, 255, 0))}}]
    decoded(generate(service, input_references=references).data[0])
    shown = jobs(service)[0]["input"]["input_references"]
    check(len(shown) == 1 and "sha256" in shown[0]["image_url"], shown)


def adjusted(service):
    answer = generate(
        service,
        quality="max",
        background="transparent",
        output_compression=50,
        size="1K",
        aspect_ratio="auto",
        output_format="png",
        provider={"sort": "price", "allow_fallbacks": False},
    )
    decoded(answer.data[0])
    told = {one["parameter"]: one["reason"] for one in jobs(service)[0]["adjustments"]}
    lacks = {name: "unsupported_parameter" for name in ("quality", "background", "output_compression")}
    check(told == lacks, told)


def failures(service):
    bad = {
        "n": {"n": 11}, "size": {"size": "huge"}, "prompt": {"prompt": ""}, "model": {"model": "sandbox/video"},
        "output_format": {"output_format": "svg"},
        "input_references[0].image_url.url": {
            "input_references": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
        },
    }
    before = len(jobs(service))
    for field, arguments in bad.items():
        error = refused(errors.BadRequestResponseError, 400, lambda: generate(service, **arguments))
        check(field in error.message, field, "is not named in:", error.message)
    refused(errors.NotFoundResponseError, 404, lambda: generate(service, model="sandbox/picture"))
    check(len(jobs(service)) == before, "refusals have left jobs behind")
    # An accepted job that fails: told once, and not repeated.
    error = refused(
        errors.BadRequestResponseError, 400, lambda: generate(service, prompt="a [[fail:content_policy]] b")
    )
    check(jobs(service)[0]["id"] in error.message, error.message)
    try:
        generate(service, provider=script_of(fail="no_media"))
        raise AssertionError("a job without media is answered")
    except errors.OpenRouterError as error:
        check(error.status_code in (400, 422), error.status_code, error.body)
    check(len(jobs(service)) == before + 2, "failures were repeated")
    credits = service.sdk.credits.get_credits().data
    return credits.total_usage


def lists(service):
    models = {model.id: model for model in service.sdk.images.list_models().data}
    check({"sandbox/image", "studio/still"} <= set(models), models)
    sandbox = models["sandbox/image"]
    check(sandbox.architecture.output_modalities == ["image"], sandbox)
    check(sandbox.architecture.input_modalities == ["text", "image"], sandbox)
    check(sandbox.supported_parameters["n"].max == 4, sandbox.supported_parameters)
    check("1K" in sandbox.supported_parameters["resolution"].values, sandbox.supported_parameters)
    check(sandbox.supported_parameters["seed"].type == "boolean", sandbox.supported_parameters)
    check(sandbox.supports_streaming is True and models["studio/still"].supports_streaming is False, models)
    for slug in models:
        author, name = slug.split("/")
        found = service.sdk.images.list_model_endpoints(author=author, slug=name)
        check(found.id == slug and found.endpoints, found)
        check(all(line.cost_usd >= 0 for one in found.endpoints for line in one.pricing), found)
    endpoint = service.sdk.images.list_model_endpoints(author="sandbox", slug="image").endpoints[0]
    line = endpoint.pricing[0]
    check((line.billable, line.unit, line.cost_usd) == ("output_image", "image", 0.01), line)
    check(endpoint.provider_slug == "fake-provider" and "delay_ms" in endpoint.allowed_passthrough_parameters, endpoint)
    refused(
        errors.NotFoundResponseError,
        404,
        lambda: service.sdk.images.list_model_endpoints(author="sandbox", slug="video"),
    )
    return sorted(models)


def real(service):
    """A picture of Studio's, opened."""
    answer = generate(service, model="studio/still", size="512x512")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "still.png")
        with open(path, "wb") as file:
            file.write(decoded(answer.data[0]))
        stream = probe(path)["streams"][0]
    check((stream["width"], stream["height"]) == (512, 512), stream)


async def at_once(service):
    async with OpenRouter(server_url=service.base, api_key=service.key) as sdk:
        async def one(seed):
            answer = await sdk.images.generate_async(model="sandbox/image", prompt="p", seed=seed)
            return decoded(answer.data[0])

        await asyncio.gather(*[one(seed) for seed in range(8)])


def script(service):
    plain(service)
    slowly(service)
    streamed(service)
    guided(service)
    adjusted(service)
    failures(service)
    real(service)
    asyncio.run(at_once(service))
    return {"models": lists(service)}


main(script)
