"""Images of a simulated Ark service through the vendor's official SDK.

Usage: ark_images.py BASE_URL KEY SCENARIO, a JSON object: `generate` (arguments of the SDK's call; what it has no name for
in `extra_body`), `refused` (the code that the call must be refused with), `failed` (the code of every image).

Prints what was seen as one JSON object. Ends with a message when anything is not as the SDK's types say.
"""

import base64
import json
import sys
import urllib.request

from byteplussdkarkruntime import Ark
from byteplussdkarkruntime._exceptions import ArkAPIStatusError
from byteplussdkarkruntime.types.images import OptimizePromptOptions, SequentialImageGenerationOptions

SIGNATURES = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}


def check(holds, what):
    if not holds:
        sys.exit(f"not as it must be: {what}")


def generate(client, arguments, refused):
    arguments = dict(arguments)
    for name, kind in (
        ("sequential_image_generation_options", SequentialImageGenerationOptions),
        ("optimize_prompt_options", OptimizePromptOptions),
    ):
        if name in arguments:
            arguments[name] = kind(**arguments[name])
    try:
        answer = client.images.generate(**arguments)
    except ArkAPIStatusError as error:
        check(refused is not None, f"refused: {error}")
        check(error.code == refused, f"{error.code} instead of {refused}")
        check(error.message and error.type, "a refusal has a message and a type")
        print(json.dumps({"refused": error.code, "status": error.status_code, "param": error.param}))
        sys.exit(0)
    check(refused is None, f"taken, instead of refused with {refused}")
    return answer


def read(image, form):
    if form == "b64_json":
        return base64.b64decode(image.b64_json, validate=True)
    with urllib.request.urlopen(image.url) as answer:
        check(answer.headers.get("content-type").startswith("image/"), answer.headers)
        return answer.read()


def main():
    base, key, scenario = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    client = Ark(base_url=base, api_key=key, max_retries=0, timeout=60)
    asked = scenario["generate"]
    answer = generate(client, asked, scenario.get("refused"))
    check(answer.model == asked["model"], answer.model)
    errors = [item.error["code"] for item in answer.data if getattr(item, "error", None)]
    images = [item for item in answer.data if not getattr(item, "error", None)]
    if "failed" in scenario:
        check(not images and errors and set(errors) == {scenario["failed"]}, answer)
    check(answer.usage.generated_images == len(images), answer.usage)
    kind = asked.get("output_format") or "jpeg"
    sizes = []
    for image in images:
        data = read(image, asked.get("response_format", "url"))
        check(data.startswith(SIGNATURES[kind]), f"no {kind}: {data[:8]}")
        sizes.append(image.size)
    pixels = sum(int(size.split("x")[0]) * int(size.split("x")[1]) for size in sizes)
    check(answer.usage.output_tokens == pixels // 256 == answer.usage.total_tokens, answer.usage)
    print(
        json.dumps(
            {
                "sizes": sizes,
                "errors": errors,
                "input_images": answer.usage.input_images,
                "formats": [image.output_format for image in images],
            }
        )
    )


main()
