"""Speech and transcription through OpenRouter's official SDK."""

import base64
import io
import os
import tempfile
import time
import wave

from openrouter import errors

from openrouter_client import check, main, probe, refused


def script_of(**options):
    return {"options": {"fake-provider": options}}


def sound(seconds=2):
    """Silence in a WAV file: mono, 16 bits, 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(bytes(32000 * seconds))
    return file.getvalue()


def jobs(service):
    return service.exact("/api/v1/jobs?limit=100")["data"]


def speak(service, **arguments):
    return service.sdk.tts.create_speech(
        **{"model": "sandbox/speech", "input": "Good morning to everybody.", **arguments}
    )


def whole(service, answer, media_type):
    """What was sent, which must be what is kept."""
    check(answer.status_code == 200, answer.status_code)
    check(answer.headers["content-type"].split(";")[0] == media_type, answer.headers)
    content = answer.read()
    job = answer.headers["x-generation-id"]
    check(service.raw("GET", f"/api/v1/jobs/{job}/artifacts/0").content == content, "the artifact differs")
    return job, content


def spoken(service):
    job, content = whole(service, speak(service), "audio/pcm")
    check(len(content) > 1000 and len(content) % 2 == 0, len(content))
    shown = service.exact(f"/api/v1/jobs/{job}")
    check(shown["input"]["response_format"] == "pcm" and shown["input"]["voice"] == "alloy", shown["input"])
    job, content = whole(service, speak(service, response_format="mp3", voice="nova", speed=1.5), "audio/mpeg")
    shown = service.exact(f"/api/v1/jobs/{job}")
    check(shown["input"]["speed"] == 1.5 and shown["input"]["voice"] == "nova", shown["input"])


def flowing(service):
    """The first sound is heard long before the last is made; and slowly, beyond the SDK's patience."""
    before = len(jobs(service))
    answer = speak(
        service, response_format="mp3", provider=script_of(delay_ms=6000, stream_ms=700, stream_pieces=4)
    )
    parts = answer.iter_bytes()
    first = next(parts)
    job = answer.headers["x-generation-id"]
    shown = service.exact(f"/api/v1/jobs/{job}")
    # A provider that answers at once has not accepted before it is done.
    check(shown["status"] in ("queued", "in_progress"), shown["status"])
    content = first + b"".join(parts)
    check(service.exact(f"/api/v1/jobs/{job}")["status"] == "completed", "the end came before the job's")
    check(service.raw("GET", f"/api/v1/jobs/{job}/artifacts/0").content == content, "the artifact differs")
    check(len(jobs(service)) == before + 1, "one call has made", len(jobs(service)) - before, "jobs")


def real(service):
    """A sentence of Studio's, whose length is heard in the file."""
    answer = speak(service, model="studio/voice", response_format="pcm", input="One two three four five six seven.")
    job, content = whole(service, answer, "audio/pcm")
    rate = int(answer.headers["content-type"].split("rate=")[1].split(";")[0])
    seconds = len(content) / 2 / rate
    check(1 < seconds < 15, seconds, "s of speech")
    check(max(content) != min(content), "silence")
    answer = speak(service, model="studio/voice", response_format="mp3", input="One two three four five six seven.")
    job, content = whole(service, answer, "audio/mpeg")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "voice.mp3")
        with open(path, "wb") as file:
            file.write(content)
        facts = probe(path)
    check(abs(float(facts["format"]["duration"]) - seconds) < 1, facts["format"], seconds)
    return seconds


def heard(service):
    data = base64.b64encode(sound()).decode()
    audio = {"data": data, "format": "wav"}
    transcribe = service.sdk.stt.create_transcription
    plain = transcribe(model="sandbox/transcription", input_audio=audio, language="en", temperature=0)
    check(plain.text.startswith("This is what the sandbox heard"), plain)
    check(plain.segments is None and plain.words is None, plain)
    check(plain.usage.seconds == 2 and plain.usage.cost > 0, plain.usage)
    full = transcribe(
        model="sandbox/transcription",
        input_audio=audio,
        response_format="verbose_json",
        timestamp_granularities=["segment", "word"],
        diarize=True,
        keyterms=["Mediary"],
        provider=script_of(transcript="Hello there. How are you?"),
    )
    check(full.text == "Hello there. How are you?", full)
    check(full.task == "transcribe" and full.language == "en" and full.duration == 2, full)
    check([word.word for word in full.words][:2] == ["Hello", "there."], full.words)
    check(full.words[0].speaker == 0 and full.words[0].speaker_label, full.words[0])
    check(full.words[-1].end == 2, full.words[-1])
    check(full.segments and full.segments[0].id == 0, full.segments)
    before = len(jobs(service))
    start = time.monotonic()
    transcribe(model="sandbox/transcription", input_audio=audio, provider=script_of(delay_ms=7000))
    check(time.monotonic() - start > 6.5, "it was not slow")
    check(len(jobs(service)) == before + 1, "one call has made several jobs")


def uploaded(service):
    """A form, with the SDK's own names of lists."""
    answer = service.sdk.stt.create_transcription_multipart(
        model="sandbox/transcription",
        file={"file_name": "speech.wav", "content": sound(3), "content_type": "audio/wav"},
        response_format="verbose_json",
        timestamp_granularities=["word"],
        keyterms=["Mediary", "lighthouse"],
        language="en",
        temperature=0.5,
        provider='{"options":{"fake-provider":{"transcript":"Sent as a form."}}}',
        trace='{"trace_id":"t-1"}',
    )
    check(answer.text == "Sent as a form.", answer)
    check(len(answer.words) == 4 and answer.duration == 3, answer)
    shown = jobs(service)[0]
    check(shown["input"]["keyterms"] == ["Mediary", "lighthouse"], shown["input"])
    check(shown["input"]["trace"] == {"trace_id": "t-1"}, shown["input"])
    check(shown["input"]["timestamp_granularities"] == ["word"], shown["input"])
    check(shown["input"]["input_audio"]["media_type"] == "audio/wav", shown["input"])


def failures(service):
    before = len(jobs(service))
    bad = {
        "voice": {"voice": "nobody"}, "response_format": {"response_format": "ogg"}, "input": {"input": ""},
        "model": {"model": "sandbox/image"},
        "input_references": {
            "input_references": [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]
        },
    }
    for field, arguments in bad.items():
        error = refused(errors.BadRequestResponseError, 400, lambda: speak(service, **arguments))
        check(field in error.message, field, "is not named in:", error.message)
    error = refused(errors.BadRequestResponseError, 400, lambda: speak(service, voice="nobody"))
    check("alloy" in error.message and "onyx" in error.message, error.message)
    audio = {"data": base64.b64encode(sound()).decode(), "format": "wav"}
    bad = {
        "response_format": {"response_format": "srt"}, "diarize": {"diarize": True},
        "input_audio": {"input_audio": {"data": "AAAA", "format": "wav"}},
    }
    for field, arguments in bad.items():
        call = {"model": "sandbox/transcription", "input_audio": audio, **arguments}
        error = refused(errors.BadRequestResponseError, 400, lambda: service.sdk.stt.create_transcription(**call))
        check(field in error.message, field, "is not named in:", error.message)
    check(len(jobs(service)) == before, "refusals have left jobs behind")
    error = refused(
        errors.BadRequestResponseError, 400, lambda: speak(service, input="a [[fail:content_policy]] b")
    )
    check(jobs(service)[0]["id"] in error.message, error.message)


def script(service):
    spoken(service)
    flowing(service)
    heard(service)
    uploaded(service)
    failures(service)
    return {"seconds": real(service)}


main(script)
