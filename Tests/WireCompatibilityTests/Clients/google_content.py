"""Drives a simulated door of Gemini's images and speech with the official google-genai SDK, and prints what it saw as
one JSON object.

Usage: google_content.py gemini|vertex BASE_URL KEY_OR_TOKEN FOLDER
"""

import json
import os
import struct
import sys
import zlib

from google import genai
from google.genai import errors, types

door, base_url, secret, folder = sys.argv[1:5]
PROMPT = "A brass lighthouse"
SPEECH = "gemini-3.8-flash-tts"
EARLIER = "gemini-2.5-flash-preview-tts"


def client_with(secret, location="global"):
    options = types.HttpOptions(base_url=base_url, timeout=60_000)
    if door == "gemini":
        return genai.Client(vertexai=False, api_key=secret, http_options=options)
    from google.oauth2.credentials import Credentials

    return genai.Client(
        vertexai=True,
        project="demo-project",
        location=location,
        credentials=Credentials(token=secret),
        http_options=options,
    )


client = client_with(secret)


def picture(shade):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes([shade]) * 64 for _ in range(36))
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 36, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return types.Part.from_bytes(data=data, mime_type="image/png")


def save(name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def media(answer):
    parts = answer.candidates[0].content.parts if answer.candidates and answer.candidates[0].content else []
    return [part.inline_data for part in parts or [] if part.inline_data and not part.thought]


def tokens(usage):
    details = {entry.modality.value: entry.token_count for entry in usage.candidates_tokens_details or []}
    return {"input": usage.prompt_token_count, "thoughts": usage.thoughts_token_count, **details}


def image(name, model="gemini-3.1-flash-image", contents=PROMPT, **config):
    settings = types.GenerateContentConfig(
        response_modalities=["IMAGE"], image_config=types.ImageConfig(**config) if config else None, seed=7
    )
    answer = client.models.generate_content(model=model, contents=contents, config=settings)
    found = media(answer)
    if len(found) != 1:
        sys.exit(f"{name}: {answer}")
    save(name, found[0].data)
    return [found[0].mime_type, answer.candidates[0].finish_reason.value, tokens(answer.usage_metadata)]


def voice(name):
    return types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=name))


def spoken(*speakers):
    if len(speakers) == 1:
        speech = types.SpeechConfig(voice_config=voice(speakers[0]))
    else:
        configs = [
            types.SpeakerVoiceConfig(speaker=f"Speaker {index + 1}", voice_config=voice(name))
            for index, name in enumerate(speakers)
        ]
        speech = types.SpeechConfig(
            multi_speaker_voice_config=types.MultiSpeakerVoiceConfig(speaker_voice_configs=configs)
        )
    return types.GenerateContentConfig(response_modalities=["AUDIO"], speech_config=speech)


def line(text, speaker=None, style=None):
    return types.Part(text=text, speech_metadata=types.SpeechMetadata(speaker=speaker, style=style))


def streamed(name, model, contents, config):
    pieces, samples, last = 0, b"", None
    for answer in client.models.generate_content_stream(model=model, contents=contents, config=config):
        last = answer
        for found in media(answer):
            pieces += 1
            samples += found.data
            kind = found.mime_type
    save(name, samples)
    return [pieces, kind, tokens(last.usage_metadata)]


def refusal(model="gemini-3.1-flash-image", contents=PROMPT, config=None, client=client):
    config = config or types.GenerateContentConfig(response_modalities=["IMAGE"])
    try:
        client.models.generate_content(model=model, contents=contents, config=config)
    except errors.APIError as error:
        return f"{error.code} {error.status}"
    sys.exit(f"not refused: {model} {contents} {config}")


def blocked(prompt):
    config = types.GenerateContentConfig(response_modalities=["IMAGE"])
    answer = client.models.generate_content(model="gemini-3.1-flash-image", contents=prompt, config=config)
    if media(answer):
        sys.exit(f"not blocked: {answer}")
    feedback = answer.prompt_feedback
    return feedback.block_reason.value if feedback else answer.candidates[0].finish_reason.value


def shaped(**config):
    return types.GenerateContentConfig(response_modalities=["IMAGE"], image_config=types.ImageConfig(**config))


report = {
    "sdk": genai.__version__,
    "images": {
        "text": image("text.img", aspect_ratio="16:9", image_size="2K"),
        "first": image("first.img", model="gemini-2.5-flash-image"),
        "edit": image("edit.img", contents=[PROMPT, picture(40), picture(90)], aspect_ratio="9:16", image_size="512"),
        "pro": image("pro.img", model="gemini-3-pro-image", aspect_ratio="1:1", image_size="1K"),
    },
    "speech": {
        "one": streamed("one.pcm", SPEECH, line("A boat crosses the lake.", style="whispering"), spoken("Puck")),
        "two": streamed(
            "two.pcm", SPEECH, [line("Hello.", "Speaker 1"), line("Good day.", "Speaker 2")], spoken("Kore", "Leda")
        ),
        "earlier": streamed(
            "earlier.pcm", EARLIER, "Speaker 1: Hello.\nSpeaker 2: Good day.", spoken("Kore", "Leda")
        ),
    },
    "blocked": [blocked("[[sim:filtered_input]]"), blocked("[[sim:filtered_output]]"), blocked("[[sim:failed]]")],
    "refused": {
        "model": refusal(model="gemini-9-image"),
        "ratio": refusal(config=shaped(aspect_ratio="5:1")),
        "size": refusal(config=shaped(image_size="2k")),
        "tier": refusal(model="gemini-2.5-flash-image", config=shaped(image_size="1K")),
        "modality": refusal(config=types.GenerateContentConfig(response_modalities=["AUDIO"])),
        "voice": refusal(model=SPEECH, config=spoken("Nobody")),
        "prompted": refusal(model=EARLIER, contents=line("Hello.", style="slow"), config=spoken("Kore")),
        "temperature": refusal(
            model=SPEECH,
            config=spoken("Kore").model_copy(update={"temperature": 1.0}),
        ),
        "key": refusal(client=client_with("another-key")),
    },
}
# A call that does not stream gives a file.
whole = client.models.generate_content(model=SPEECH, contents=PROMPT, config=spoken("Kore"))
save("whole.wav", media(whole)[0].data)
report["whole"] = media(whole)[0].mime_type

if door == "gemini":
    config = types.GenerateContentConfig(response_modalities=["AUDIO", "TEXT"])
    song = client.models.generate_content(model="lyria-3-clip-preview", contents="A shanty", config=config)
    save("song.mp3", media(song)[0].data)
    report["music"] = [media(song)[0].mime_type, bool(song.text)]

if door == "vertex":
    regional = client_with(secret, "us-central1")

    def imagen(name, **config):
        answer = regional.models.generate_images(
            model=config.pop("model", "imagen-4.0-generate-001"),
            prompt=config.pop("prompt", PROMPT),
            config=types.GenerateImagesConfig(include_rai_reason=True, **config),
        )
        found = [entry for entry in answer.generated_images if entry.image and entry.image.image_bytes]
        for index, entry in enumerate(found):
            save(f"{name}-{index}.img", entry.image.image_bytes)
        reasons = [entry.rai_filtered_reason for entry in answer.generated_images if entry.rai_filtered_reason]
        return [len(found), [entry.image.mime_type for entry in found][:1], bool(reasons)]

    def imagen_refusal(**config):
        try:
            imagen("refused", **config)
        except errors.APIError as error:
            return f"{error.code} {error.status}"
        sys.exit(f"not refused: {config}")

    report["imagen"] = {
        "four": imagen("four", number_of_images=4, aspect_ratio="16:9", negative_prompt="text"),
        "large": imagen(
            "large",
            image_size="2K",
            seed=7,
            add_watermark=False,
            output_mime_type="image/jpeg",
            output_compression_quality=80,
        ),
        "filtered": imagen("filtered", prompt="[[sim:filtered_output]]"),
        "five": imagen_refusal(number_of_images=5),
        "marked": imagen_refusal(seed=7),
        "prompt": imagen_refusal(prompt="[[sim:filtered_input]]"),
        "model": imagen_refusal(model="imagen-9"),
    }
    report["formats"] = image(
        "jpeg.img", model="gemini-2.5-flash-image", output_mime_type="image/jpeg", output_compression_quality=70
    )
print(json.dumps(report))
