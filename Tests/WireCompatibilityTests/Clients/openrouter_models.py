"""What there is, through OpenRouter's official SDK: models, endpoints, providers, credits, the key."""

from decimal import Decimal

import httpx
from openrouter import OpenRouter, errors

from openrouter_client import check, main, refused

GRAMMAR = (
    "duration_seconds", "text_to_video_duration_seconds", "image_to_video_duration_seconds", "video_tokens", "generate"
)


def videos(sdk):
    """The list of video models: the SDK refuses it when any key is missing."""
    models = {model.id: model for model in sdk.video_generation.list_videos_models().data}
    check("sandbox/video" in models, models)
    for model in models.values():
        check(model.pricing_skus, model.id, "has no prices, or none that the SDK reads")
        for key, price in model.pricing_skus.items():
            check(key.startswith(GRAMMAR), key)
            check(isinstance(price, str) and Decimal(price) >= 0, key, price)
        check(model.canonical_slug.startswith(model.id), model)
        check(model.created > 1_700_000_000, model)
        check(model.supported_durations and model.supported_sizes, model)
    sandbox = models["sandbox/video"]
    check(sandbox.pricing_skus == {"duration_seconds": "0.05"}, sandbox.pricing_skus)
    check(sandbox.supported_frame_images == ["first_frame", "last_frame"], sandbox)
    check(sandbox.generate_audio is True and sandbox.seed is True, sandbox)
    check("delay_ms" in sandbox.allowed_passthrough_parameters, sandbox)
    return models


def models(sdk, videos):
    """Lists, filters, pages; and each model by itself."""
    check(sdk.models.list().result.data == [], "no text model is here")
    page = sdk.models.list(output_modalities="all").result
    all_models = {model.id: model for model in page.data}
    check(page.total_count == len(all_models) > 2, page.total_count)
    check(page.links.next is None, page.links)
    paged = []
    page = sdk.models.list(output_modalities="all", limit=2, sort="newest")
    while page is not None:
        check(len(page.result.data) <= 2, page.result)
        paged += [model.id for model in page.result.data]
        page = page.next()
    check(sorted(paged) == sorted(all_models), paged)
    only_videos = {model.id for model in sdk.models.list(output_modalities="video").result.data}
    check(only_videos == set(videos), only_videos)
    check(sdk.models.count(output_modalities="all").data.count == len(all_models), "count")
    check(sdk.models.count(output_modalities="video").data.count == len(videos), "count of videos")
    found = sdk.models.list(output_modalities="all", q="sandbox", supported_parameters="seed", providers="fake-provider")
    found = [model.id for model in found.result.data]
    check({"sandbox/image", "sandbox/video"} <= set(found) and "sandbox/speech" not in found, found)
    for modality, slug in [
        ("image", "sandbox/image"), ("speech", "sandbox/speech"), ("transcription", "sandbox/transcription"),
        ("audio", "sandbox/music"), ("audio", "sandbox/sound"),
    ]:
        found = sdk.models.list(output_modalities=modality).result.data
        check(slug in {model.id for model in found}, modality, found)
        check(sdk.models.count(output_modalities=modality).data.count == len(found), modality)
    for slug, listed in all_models.items():
        author, name = slug.split("/")
        model = sdk.models.get(author=author, slug=name).data
        check(model == listed, slug)
        first = "audio" if model.architecture.output_modalities == ["transcription"] else "text"
        check(model.architecture.input_modalities[0] == first, model.architecture)
        check(model.links.details == f"/api/v1/models/{slug}/endpoints", model.links)
        endpoints = sdk.endpoints.list(author=author, slug=name).data
        check(endpoints.id == slug and len(endpoints.endpoints) == 1, endpoints)
        endpoint = endpoints.endpoints[0]
        check(endpoint.model_id == model.canonical_slug, endpoint)
        check(endpoint.latency_last_30m is None and endpoint.uptime_last_1d is None, endpoint)
    speech = all_models["sandbox/speech"]
    check(speech.supported_voices and speech.architecture.output_modalities == ["speech"], speech)
    variant = sdk.models.get(author="sandbox", slug="video:floor").data
    check(variant.id == "sandbox/video", variant)
    refused(errors.NotFoundResponseError, 404, lambda: sdk.models.get(author="sandbox", slug="nothing"))
    refused(errors.NotFoundResponseError, 404, lambda: sdk.endpoints.list(author="sandbox", slug="nothing"))
    refused(errors.BadRequestResponseError, 400, lambda: sdk.models.list(sort="nonsense"))
    return all_models


def money(service, limited_key):
    """Credits and keys, before and after a video."""
    before = service.sdk.credits.get_credits().data
    check(before.total_credits == 100, before)
    limited = type(service)(service.origin, limited_key)
    first = limited.sdk.api_keys.get_current_key_metadata().data
    check(first.limit == 0.5 and first.limit_remaining == 0.5 and first.usage == 0, first)
    check(first.is_management_key is True, first)
    job = limited.run()
    second = limited.sdk.api_keys.get_current_key_metadata().data
    for figure in [second.usage, second.usage_daily, second.usage_weekly, second.usage_monthly]:
        check(figure == job.usage.cost, second)
    exact = limited.exact("/api/v1/key")["data"]
    check(exact["usage"] + exact["limit_remaining"] == Decimal("0.5"), exact)
    after = service.sdk.credits.get_credits().data
    check(abs(after.total_usage - before.total_usage - job.usage.cost) < 1e-9, before, after)
    own = service.sdk.api_keys.get_current_key_metadata().data
    check(own.limit is None and own.limit_remaining is None and own.is_management_key is False, own)


def script(service, limited_key):
    names = videos(service.sdk)
    found = models(service.sdk, names)
    providers = {provider.slug: provider.name for provider in service.sdk.providers.list().data}
    check(providers["fake-provider"] == "Fake Provider", providers)
    # Lists want no key, but a key that is wrong is told.
    with OpenRouter(server_url=service.base, api_key="sk-med-v1-wrong") as stranger:
        calls = [stranger.video_generation.list_videos_models, stranger.models.list, stranger.providers.list]
        for call in calls:
            try:
                call()
            except errors.OpenRouterError as error:
                check(error.status_code == 401, error)
                continue
            raise AssertionError(f"{call} takes a wrong key")
    for path in ["/videos/models", "/models?output_modalities=all", "/providers", "/models/count"]:
        check(httpx.get(service.base + path).status_code == 200, path)
    money(service, limited_key)
    return {"models": sorted(found), "providers": providers}


main(script)
