"""Every refusal as the type of error that OpenRouter's official SDK has for it."""

from openrouter import errors

from openrouter_client import check, main, refused


def script(service, poor_key, limited_key):
    def generate(**arguments):
        return lambda: service.sdk.video_generation.generate(
            **{"model": "sandbox/video", "prompt": "p", "duration": 4, **arguments}
        )

    before = len(service.exact("/api/v1/jobs?limit=100")["data"])
    bad_requests = {
        "duration": {"duration": 0},
        "resolution": {"resolution": "540p"},
        "aspect_ratio": {"aspect_ratio": "21:9"},
        "size": {"size": "1x1"},
        "prompt": {"prompt": ""},
        "callback_url": {"callback_url": "http://example.com/hook"},
        "previous_job_id": {"previous_job_id": "job_00000000000000000000000000"},
        "upscale_factor": {"upscale_factor": 2},
        "creativity": {"creativity": 1},
        "session_id": {"session_id": "s" * 257},
        "model": {"model": "sandbox/image"},
        "provider.options.fake-provider.fail": {"provider": {"options": {"fake-provider": {"fail": "perhaps"}}}},
        "frame_images[0].image_url.url": {
            "frame_images": [
                {
                    "type": "image_url",
                    "frame_type": "first_frame",
                    "image_url": {"url": "data:image/png;base64,AAAA"},
                }
            ]
        },
    }
    for field, arguments in bad_requests.items():
        error = refused(errors.BadRequestResponseError, 400, generate(**arguments))
        check(field in error.message, field, "is not named in:", error.message)
    # Values that the model lacks are told with those that it has.
    error = refused(errors.BadRequestResponseError, 400, generate(resolution="4K"))
    check("720p" in error.message and "1080p" in error.message, error.message)

    error = refused(errors.NotFoundResponseError, 404, generate(model="sandbox/vidoe"))
    check("sandbox/video" in error.message, error.message)
    refused(errors.NotFoundResponseError, 404, generate(model="sandbox/video:free"))
    for job_id in ["job_00000000000000000000000000", "gen-vid-1790000000-7Qk2mZp9Lr4Tn8Vb1Xc0"]:
        for call in [service.sdk.video_generation.get_generation, service.sdk.video_generation.get_video_content]:
            refused(errors.NotFoundResponseError, 404, lambda: call(job_id=job_id))

    stranger = type(service)(service.origin, "sk-med-v1-" + "0" * 64)
    for call in [
        lambda: stranger.sdk.video_generation.generate(model="sandbox/video", prompt="p"),
        lambda: stranger.sdk.video_generation.get_generation(job_id="job_00000000000000000000000000"),
        lambda: stranger.sdk.video_generation.get_video_content(job_id="job_00000000000000000000000000"),
        lambda: stranger.sdk.credits.get_credits(),
        lambda: stranger.sdk.api_keys.get_current_key_metadata(),
    ]:
        refused(errors.UnauthorizedResponseError, 401, call)

    for key in [poor_key, limited_key]:
        other = type(service)(service.origin, key)
        call = lambda: other.sdk.video_generation.generate(model="sandbox/video", prompt="p", duration=60)
        error = refused(errors.PaymentRequiredResponseError, 402, call)
        check("USD" in error.message, error.message)

    # A body beyond all bounds is refused while it is still being sent.
    huge = {"type": "image_url", "frame_type": "first_frame", "image_url": {"url": "data:," + "A" * (70 << 20)}}
    refused(errors.PayloadTooLargeResponseError, 413, generate(frame_images=[huge]))

    # Errors that the SDK has no type for here arrive with their status.
    headers = {"Idempotency-Key": "once"}
    service.generate(seed=1, http_headers=headers)
    try:
        service.generate(seed=2, http_headers=headers)
        raise AssertionError("another request under the same key is accepted")
    except errors.OpenRouterError as error:
        check(error.status_code == 422, error)
    answer = service.raw("GET", "/api/v1/videos/job_00000000000000000000000000/content?index=x")
    check(answer.status_code == 400, answer.text)
    for slugs in [{"only": ["google-vertex"]}, {"ignore": ["fake-provider"]}]:
        body = {"model": "sandbox/video", "prompt": "p", "provider": slugs}
        answer = service.raw("POST", "/api/v1/videos", json=body)
        check(answer.status_code == 404, answer.text)
        check(answer.json()["error"]["metadata"]["reason"] == "no_endpoints", answer.text)
    jobs = service.exact("/api/v1/jobs?limit=100")["data"]
    check(len(jobs) == before + 1, "refusals have left", len(jobs) - before - 1, "jobs behind")
    return {"refused": len(bad_requests)}


main(script)
