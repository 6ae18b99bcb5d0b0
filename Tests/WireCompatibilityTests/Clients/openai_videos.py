"""OpenAI's official SDK makes, reads, lists, downloads and deletes videos, and lists models."""

import openai

from openai_client import check, main, probe, refused


def script(service, folder):
    videos = service.sdk.videos

    # Models: by our slugs and by the operator's names.
    listed = {model.id: model for model in service.sdk.models.list()}
    check({"sandbox/video", "sandbox/image", "sora-2"} <= set(listed), sorted(listed))
    for name in ["sandbox/video", "sora-2"]:
        check(service.sdk.models.retrieve(name).id == name, name)
    refused(openai.NotFoundError, "model_not_found", "model", lambda: service.sdk.models.retrieve("no/such"))

    # The program that everybody has: create and poll, then download.
    video = videos.create_and_poll(model="sora-2", prompt="a lighthouse at dusk", seconds="4", size="1280x720")
    check(video.status == "completed", video)
    check(video.progress == 100 and video.seconds == "4" and video.size == "1280x720", video)
    check(video.object == "video" and video.error is None and video.completed_at, video)
    check(video.prompt == "a lighthouse at dusk", video)
    content = videos.download_content(video.id)
    path = f"{folder}/video.mp4"
    content.write_to_file(path)
    check(abs(float(probe(path)["format"]["duration"]) - 4) < 0.5, probe(path)["format"])
    refused(openai.BadRequestError, "invalid_value", "variant", lambda: videos.download_content(video.id, variant="thumbnail"))

    # The first picture as a file, and as an object.
    with open(f"{folder}/frame.png", "rb") as picture:
        framed = videos.create(model="sandbox/video", prompt="waves", seconds="4", input_reference=picture)
    frames = service.native(framed.id)["input"]["frame_images"]
    check(frames[0]["frame_type"] == "first_frame" and frames[0]["image_url"]["media_type"] == "image/png", frames)
    framed = videos.poll(framed.id)
    check(framed.status == "completed", framed)

    # What nobody knows is told; what is wrong is named.
    told = videos.create(model="sandbox/video", prompt="x", extra_body={"mood": "calm"})
    check(told.adjustments[0]["parameter"] == "mood", told)
    videos.poll(told.id)
    wrong = [
        (openai.BadRequestError, "invalid_value", "seconds", {"seconds": "5000"}),
        (openai.BadRequestError, "invalid_value", "size", {"size": "1x1"}),
        (openai.NotFoundError, "model_not_found", "model", {"model": "sora-9"}),
        (openai.BadRequestError, "invalid_value", "model", {"model": "sandbox/image"}),
    ]
    for kind, code, param, change in wrong:
        refused(kind, code, param, lambda: videos.create(**{"model": "sandbox/video", "prompt": "x", **change}))

    # A job that fails is answered as one, and has nothing to download.
    failed = videos.create_and_poll(model="sandbox/video", prompt="x [[fail:content_policy]]")
    check(failed.status == "failed" and failed.error.code == "moderation_blocked", failed)
    refused(openai.NotFoundError, "no_output", None, lambda: videos.download_content(failed.id))

    # Lists, which the SDK pages through by itself.
    everything = [entry.id for entry in videos.list(limit=2)]
    check(everything == [failed.id, told.id, framed.id, video.id], everything)
    check([entry.id for entry in videos.list(limit=3, order="asc")] == everything[::-1], everything)

    refused(openai.BadRequestError, "unsupported_parameter", "video_id", lambda: videos.remix(video.id, prompt="at night"))

    deleted = videos.delete(video.id)
    check(deleted.deleted and deleted.id == video.id and deleted.object == "video.deleted", deleted)
    refused(openai.NotFoundError, "unknown_video", None, lambda: videos.retrieve(video.id))
    check(video.id not in [entry.id for entry in videos.list()], "still listed")
    refused(openai.NotFoundError, "unknown_video", None, lambda: videos.retrieve("video_123"))

    stranger = openai.OpenAI(base_url=service.base, api_key="sk-med-v1-nobody")
    refused(openai.AuthenticationError, "invalid_api_key", None, lambda: stranger.models.list())
    return {"videos": len(everything)}


main(script)
