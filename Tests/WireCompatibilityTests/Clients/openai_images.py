"""OpenAI's official SDK makes and changes images: buffered, as links, on a stream, as forms."""

import base64
import struct

import httpx
import openai

from openai_client import check, main, refused

PNG = b"\x89PNG\r\n\x1a\n"


def png_size(data):
    check(data.startswith(PNG), "no PNG:", data[:20])
    return struct.unpack(">II", data[16:24])


def script(service, folder):
    images = service.sdk.images

    made = images.generate(model="sandbox/image", prompt="a lighthouse", n=2, size="1024x1024", quality="auto")
    check(len(made.data) == 2 and made.created > 1_700_000_000, made)
    for image in made.data:
        check(image.url is None, image.url)
        png_size(base64.b64decode(image.b64_json, validate=True))
    check(made.output_format == "png" and made.size, made.output_format, made.size)
    job = service.newest("image")
    check(job["status"] == "completed" and job["input"]["size"] == "1024x1024", job)

    # A real picture, of the very size that was asked for.
    real = images.generate(model="studio/still", prompt="Good morning", size="1536x1024", output_format="png")
    check(png_size(base64.b64decode(real.data[0].b64_json)) == (1536, 1024), real.size)
    check(real.size == "1536x1024", real.size)

    # A link opens without a key.
    linked = images.generate(model="studio/still", prompt="A link", size="512x512", response_format="url")
    fetched = httpx.get(linked.data[0].url)
    check(fetched.status_code == 200 and fetched.headers["content-type"] == "image/png", fetched)
    check(png_size(fetched.content) == (512, 512), "size")
    check(httpx.get(linked.data[0].url.split("?")[0]).status_code == 401, "opens without anything")

    # A stream: previews, then the image.
    with images.generate(model="sandbox/image", prompt="a stream", stream=True, partial_images=2) as stream:
        events = list(stream)
    kinds = [event.type for event in events]
    check(kinds[-1] == "image_generation.completed", kinds)
    check(set(kinds[:-1]) <= {"image_generation.partial_image"}, kinds)
    for event in events:
        png_size(base64.b64decode(event.b64_json))
        check(event.created_at and event.size and event.quality and event.background and event.output_format, event.type)
    previews = [event.partial_image_index for event in events[:-1]]

    # Changes: one picture, several, with a mask.
    picture = fetched.content
    edited = images.edit(model="sandbox/image", image=("a.png", picture, "image/png"), prompt="red")
    check(len(edited.data) == 1, edited)
    edited = images.edit(
        model="sandbox/image", image=[("a.png", picture), ("b.png", picture)], prompt="red", n=2, size="1024x1024"
    )
    check(len(edited.data) == 2, edited)
    check(len(service.newest("image")["input"]["input_references"]) == 2, service.newest("image"))
    edited = images.edit(
        model="sandbox/image", image=("a.png", picture), mask=("mask.png", open(f"{folder}/mask.png", "rb")), prompt="red"
    )
    check(service.newest("image")["input"]["mask"], service.newest("image"))
    with images.edit(model="sandbox/image", image=("a.png", picture), prompt="x", stream=True) as stream:
        check([event.type for event in stream][-1] == "image_edit.completed", "edit stream")

    # What nobody knows is told; what is wrong is named; what fails is not repeated.
    told = images.generate(model="sandbox/image", prompt="x", moderation="low", extra_body={"mood": "calm"})
    adjusted = {entry["parameter"] for entry in told.adjustments}
    check(adjusted == {"moderation", "mood"}, adjusted)
    wrong = [
        (openai.BadRequestError, "invalid_value", "n", {"n": 5}),
        (openai.BadRequestError, "invalid_value", "size", {"size": "3x3"}),
        (openai.BadRequestError, "unsupported_parameter", "quality", {"quality": "high"}),
        (openai.BadRequestError, "unsupported_parameter", "background", {"background": "transparent"}),
        (openai.BadRequestError, "invalid_value", "output_format", {"output_format": "webp"}),
        (openai.NotFoundError, "model_not_found", "model", {"model": "gpt-image-9"}),
        (openai.BadRequestError, "invalid_value", "model", {"model": "sandbox/video"}),
    ]
    count = service.count("image")
    for kind, code, param, change in wrong:
        refused(kind, code, param, lambda: images.generate(**{"model": "sandbox/image", "prompt": "x", **change}))
    refused(
        openai.BadRequestError,
        "invalid_value",
        "image[0]",
        lambda: images.edit(model="sandbox/image", image=("a.png", b"hello", "image/png"), prompt="x"),
    )
    check(service.count("image") == count, "a refused request made a job")
    failures = [
        (openai.BadRequestError, "moderation_blocked", "content_policy"),
        (openai.UnprocessableEntityError, "invalid_request", "invalid_request"),
    ]
    for kind, code, how in failures:
        refused(kind, code, None, lambda: images.generate(model="sandbox/image", prompt=f"x [[fail:{how}]]"))
    check(service.count("image") == count + len(failures), "a failed job was repeated")
    return {"previews": previews, "jobs": count}


main(script)
