"""The official `elevenlabs` SDK against a simulated provider of its wire: every call that makes or hears sound.

Usage: elevenlabs_wire.py BASE_URL KEY FOLDER
Ends with a message when anything is not as it must be; prints what it saw as JSON. The files are left in FOLDER.
"""

import base64
import io
import json
import os
import struct
import sys

from elevenlabs import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import DialogueInput

base, key, folder = sys.argv[1], sys.argv[2], sys.argv[3]
client = ElevenLabs(base_url=base, api_key=key, timeout=240)
once = {"max_retries": 0}
george, sarah = "JBFqnCBsd6RMkjVDRZzb", "EXAVITQu4vr4xnSDxMaL"
seen = {"files": {}, "refused": {}}


def need(holds, what):
    if not holds:
        sys.exit(f"violation: {what}")


def keep(name, chunks):
    data = b"".join(chunks)
    need(data, f"{name} is empty")
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
    seen["files"][name] = len(data)


def wav(seconds, rate=16000):
    count = int(seconds * rate)
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data" + struct.pack("<I", 2 * count)
    return b"RIFF" + struct.pack("<I", 36 + 2 * count) + head + b"\0\0" * count


def refused(name, call, status, code):
    try:
        result = call()
        if not hasattr(result, "text"):
            b"".join(result)
    except ApiError as error:
        detail = error.body["detail"]
        found = detail["status"] if isinstance(detail, dict) else detail[0]["loc"][-1]
        need((error.status_code, found) == (status, code), f"{name}: {error.status_code} {error.body}")
        seen["refused"][name] = f"{status} {code}"
    else:
        need(False, f"{name} was taken")


def speak(**changes):
    asked = dict(voice_id=george, text="Hello there.", model_id="eleven_flash_v2_5", request_options=once)
    return client.text_to_speech.stream(**{**asked, **changes})


with client.text_to_speech.with_raw_response.convert(
    voice_id=george, text="Hello there.", model_id="eleven_multilingual_v2", request_options=once
) as answer:
    keep("whole.mp3", answer.data)
    seen["cost"] = answer.headers["character-cost"]
    need(answer.headers["content-type"] == "audio/mpeg", answer.headers["content-type"])
for name, form in [("a.mp3", "mp3_22050_32"), ("a.opus", "opus_48000_64"), ("a.pcm", "pcm_24000"), ("a.ulaw", "ulaw_8000")]:
    settings = {"speed": 1.1, "stability": 0.4, "use_speaker_boost": True}
    keep(name, speak(output_format=form, voice_settings=settings, language_code="en", seed=3))
keep("a.wav", client.text_to_speech.convert(voice_id=sarah, text="Hello.", output_format="wav_24000", request_options=once))
timed = client.text_to_speech.convert_with_timestamps(voice_id=george, text="Hi.", request_options=once)
need(base64.b64decode(timed.audio_base_64), "no sound beside the times")
need(len(timed.alignment.characters) == len(timed.alignment.character_end_times_seconds) == 3, "the times of 3 characters")
parts = list(client.text_to_speech.stream_with_timestamps(voice_id=george, text="Hi.", request_options=once))
need(parts and parts[0].audio_base_64, "a stream of times")
lines = [DialogueInput(text="Hi.", voice_id=george), DialogueInput(text="Hello.", voice_id=sarah)]
keep("dialogue.mp3", client.text_to_dialogue.convert(inputs=lines, model_id="eleven_v3", request_options=once))
keep("sound.mp3", client.text_to_sound_effects.convert(text="door slam", duration_seconds=1.5, loop=True, request_options=once))
asked = dict(prompt="lo-fi beat", music_length_ms=5000, model_id="music_v2", force_instrumental=True, request_options=once)
keep("music.mp3", client.music.compose(**asked))
keep("music-stream.mp3", client.music.stream(**asked))
whole = client.music.compose_detailed(prompt="lo-fi beat", music_length_ms=5000, request_options=once)
need(whole.audio and whole.song_id and "composition_plan" in whole.json, "the music with its plan")


def hear(**changes):
    file = ("a.wav", io.BytesIO(wav(6)), "audio/wav")
    return client.speech_to_text.convert(**{**dict(model_id="scribe_v2", file=file, request_options=once), **changes})


heard = hear(diarize=True, timestamps_granularity="word", keyterms=["boat", "at dawn"], tag_audio_events=False)
words = [word for word in heard.words if word.type == "word"]
need(heard.text == "".join(word.text for word in heard.words), "the words are the text")
need(all(a.end <= b.start + 0.001 for a, b in zip(words, words[1:])), "the words follow each other")
seen["heard"] = {
    "text": heard.text, "language": heard.language_code, "words": len(words),
    "speakers": sorted({word.speaker_id for word in words}), "seconds": heard.audio_duration_secs,
}
samples = hear(file=("a.pcm", io.BytesIO(b"\0\0" * 32000), "application/octet-stream"), file_format="pcm_s16le_16", language_code="de")
seen["samples"] = {"language": samples.language_code, "seconds": samples.audio_duration_secs}
need(hear(webhook=True).request_id, "a request for later")

refused("key", lambda: ElevenLabs(base_url=base, api_key="no").text_to_dialogue.convert(inputs=lines, request_options=once), 401, "invalid_api_key")
refused("quota", lambda: speak(text="simulate:quota"), 401, "quota_exceeded")
refused("busy", lambda: speak(text="simulate:rate_limit"), 429, "too_many_concurrent_requests")
refused("voice", lambda: speak(voice_id="alloy"), 404, "voice_not_found")
refused("model", lambda: speak(model_id="eleven_v99"), 404, "model_not_found")
refused("too_long", lambda: speak(text="x" * 40001), 400, "max_character_limit_exceeded")
refused("wav_stream", lambda: speak(output_format="wav_24000"), 400, "invalid_output_format")
refused("language", lambda: speak(model_id="eleven_multilingual_v2", language_code="en"), 400, "invalid_parameters")
refused("speed", lambda: speak(voice_settings={"speed": 2}), 422, "speed")
refused("stability", lambda: speak(model_id="eleven_v3", voice_settings={"stability": 0.4}), 400, "invalid_voice_settings")
refused("filtered", lambda: speak(text="[[sim:filtered_input]]"), 403, "content_against_policy")
refused("sound_length", lambda: client.text_to_sound_effects.convert(text="x", duration_seconds=31, request_options=once), 422, "duration_seconds")
refused("music_length", lambda: client.music.compose(prompt="x", music_length_ms=2000, request_options=once), 422, "music_length_ms")
refused("music_seed", lambda: client.music.compose(prompt="x", seed=1, request_options=once), 400, "invalid_parameters")
refused("music_filtered", lambda: client.music.compose(prompt="[[sim:filtered_input]]", request_options=once), 400, "bad_prompt")
refused("keyterms", lambda: hear(model_id="scribe_v1", keyterms=["boat"]), 400, "invalid_parameters")
refused("no_sound", lambda: hear(file=("a.wav", io.BytesIO(b"nothing"), "audio/wav")), 400, "invalid_audio")
refused("threshold", lambda: hear(diarization_threshold=0.3), 400, "invalid_parameters")
print(json.dumps(seen))
