"""A real video by Studio through OpenRouter's official SDK, into the file that is named."""

from openrouter_client import check, main, probe


def script(service, path):
    job = service.run(model="studio/motion", prompt="Waves", duration=2, resolution="360p", aspect_ratio="16:9")
    answer = service.sdk.video_generation.get_video_content(job_id=job.id)
    with open(path, "wb") as file:
        for part in answer.iter_bytes():
            file.write(part)
    facts = probe(path)
    video = next(stream for stream in facts["streams"] if stream["codec_type"] == "video")
    check(video["codec_name"] == "h264", video)
    check((video["width"], video["height"]) == (640, 360), video)
    check(any(stream["codec_type"] == "audio" for stream in facts["streams"]), "a model that can make sound does")
    check(abs(float(facts["format"]["duration"]) - 2) < 0.2, facts["format"])
    check(job.usage.cost > 0, job.usage)
    return {"cost": job.usage.cost}


main(script)
