"""OpenAI's official SDK speaks and listens: every format, streams and events."""

import base64
import json
import wave

import openai

from openai_client import check, main, probe, refused

CODECS = {"mp3": "mp3", "opus": "opus", "aac": "aac", "flac": "flac", "wav": "pcm_s16le"}


def script(service, folder):
    audio = service.sdk.audio
    text = "Good morning. The lighthouse stands at dusk, and the sea is calm."

    # Speech in every format, as its bytes tell; without one it is MP3.
    for form, codec in {None: "mp3", **CODECS}.items():
        arguments = {"response_format": form} if form else {}
        spoken = audio.speech.create(model="studio/voice", voice="female-1", input=text, **arguments)
        path = f"{folder}/speech.{form or 'default'}"
        spoken.write_to_file(path)
        facts = probe(path)
        check(facts["streams"][0]["codec_name"] == codec, form, facts["streams"][0])
        check(2 < float(facts["format"]["duration"]) < 12, form, facts["format"]["duration"])
    raw = audio.speech.create(model="studio/voice", voice="female-1", input=text, response_format="pcm").read()
    check(len(raw) % 2 == 0 and 2 < len(raw) / 48_000 < 12, "pcm of", len(raw))

    # As it comes: chunks of bytes, and events.
    with audio.speech.with_streaming_response.create(
        model="studio/voice", voice="female-1", input=text, response_format="wav"
    ) as streamed:
        check(streamed.headers["content-type"].startswith("audio/wav"), streamed.headers)
        heard = b"".join(streamed.iter_bytes())
    check(heard[:4] == b"RIFF", heard[:12])
    with audio.speech.with_streaming_response.create(
        model="studio/voice", voice="female-1", input=text, response_format="mp3", stream_format="sse"
    ) as streamed:
        check(streamed.headers["content-type"].startswith("text/event-stream"), streamed.headers)
        events = [json.loads(line[6:]) for line in streamed.iter_lines() if line.startswith("data: ")]
    check([event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1), events[-1])
    check(events[-1]["type"] == "speech.audio.done" and "total_tokens" in events[-1]["usage"], events[-1])
    path = f"{folder}/events.mp3"
    with open(path, "wb") as file:
        for event in events[:-1]:
            file.write(base64.b64decode(event["audio"]))
    check(probe(path)["streams"][0]["codec_name"] == "mp3", "events")

    speak = {"model": "studio/voice", "voice": "female-1", "input": "x"}
    for code, param, change in [
        ("invalid_value", "voice", {"voice": "nobody"}),
        ("unsupported_parameter", "instructions", {"instructions": "softly"}),
        ("invalid_value", "response_format", {"response_format": "bmp"}),
        ("invalid_value", "speed", {"speed": 3.9}),
        ("invalid_value", "model", {"model": "sandbox/video"}),
    ]:
        refused(openai.BadRequestError, code, param, lambda: audio.speech.create(**{**speak, **change}))

    # Transcripts in every form.
    path = f"{folder}/speech.wav"
    with wave.open(path) as file:
        seconds = file.getnframes() / file.getframerate()
    listen = audio.transcriptions.create
    with open(path, "rb") as file:
        plain = listen(model="sandbox/transcription", file=file, language="en", temperature=0)
    check(plain.text and plain.usage.type == "duration", plain)
    check(abs(plain.usage.seconds - seconds) <= 1, plain.usage, seconds)
    with open(path, "rb") as file:
        verbose = listen(
            model="sandbox/transcription",
            file=file,
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
    check(verbose.text == plain.text and abs(verbose.duration - seconds) < 0.2, verbose.duration, seconds)
    check(verbose.segments and verbose.words, verbose)
    check(verbose.words[0].word and verbose.segments[0].end > 0, verbose.words[0])
    for form, start in [("text", plain.text[:10]), ("srt", "1\n00:00:0"), ("vtt", "WEBVTT\n")]:
        written = listen(model="sandbox/transcription", file=("a.wav", open(path, "rb")), response_format=form)
        check(isinstance(written, str) and written.startswith(start), form, repr(written))
    told = listen(model="sandbox/transcription", file=("a.wav", open(path, "rb")), response_format="diarized_json",
                  chunking_strategy="auto")
    check(told.segments and told.segments[0].type == "transcript.text.segment", told)
    events = list(listen(model="sandbox/transcription", file=("a.wav", open(path, "rb")), stream=True))
    check([event.type for event in events] == ["transcript.text.delta", "transcript.text.done"], events)
    check(events[-1].text == plain.text, events[-1])
    # The format that a file's bytes tell, whatever it is called.
    check(listen(model="sandbox/transcription", file=("a.mp3", open(f"{folder}/speech.mp3", "rb"))).text, "mp3")

    hear = {"model": "sandbox/transcription"}
    for code, param, change in [
        ("invalid_value", "timestamp_granularities", {"timestamp_granularities": ["word"]}),
        ("unsupported_parameter", "include", {"include": ["logprobs"]}),
        ("invalid_value", "model", {"model": "sandbox/image"}),
        ("invalid_value", "file", {"file": ("a.wav", b"hello")}),
    ]:
        arguments = {"file": ("a.wav", open(path, "rb")), **hear, **change}
        refused(openai.BadRequestError, code, param, lambda: listen(**arguments))
    return {"seconds": seconds}


main(script)
