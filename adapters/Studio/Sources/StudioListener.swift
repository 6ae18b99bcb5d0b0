import Foundation
import Generation

/// `studio/transcribe`: a recognizer in a Python process of its own, like every engine here.
enum StudioListener {
    /// The longest sound, in seconds: heard at some seven times the speed of speech on two cores (measured 2026-11-21),
    /// it stays within a runner's bounds.
    static let secondsMax = 1_800

    /// What the sounds of each media type are read by.
    ///
    /// Named, as with pictures: what is probed could be a playlist.
    static let demuxers: [(mediaType: String, arguments: [String])] = [
        ("audio/wav", ["-f", "wav"]), ("audio/mpeg", ["-f", "mp3"]), ("audio/flac", ["-f", "flac"]),
        ("audio/ogg", ["-f", "ogg"]), ("audio/mp4", ["-f", "mov"]), ("audio/webm", ["-f", "matroska"]),
        ("audio/aac", ["-f", "aac"]), ("video/mp4", ["-f", "mov"]), ("video/webm", ["-f", "matroska"]),
        ("audio/pcm", ["-f", "s16le", "-ar", "16000", "-ac", "1"]),
    ]

    /// What the recognizer is to do, as its script reads it.
    private struct Wishes: Encodable {
        let words: Bool
        let prompt: String?
        let keyterms: [String]
        let temperature: Double?
    }

    static func plan(
        _ transcription: TranscriptionRequest,
        speech: StudioSpeech,
        recognizer: StudioSpeech.Recognizer,
        ffmpeg: String
    ) -> StudioPlan? {
        guard case .stored(let input) = transcription.inputAudio,
            let demuxer = demuxers.first(where: { $0.mediaType == input.mediaType })
        else { return nil }
        let wishes = Wishes(
            words: transcription.timestampGranularities.contains(.word),
            prompt: transcription.prompt,
            keyterms: transcription.keyterms,
            temperature: transcription.temperature
        )
        guard let json = try? JSONEncoder().encode(wishes) else { return nil }
        var plan = StudioPlan()
        plan.inputs = [StudioPlan.Input(name: "input-0", input: input)]
        plan.texts = [
            ("recognize.py", StudioScripts.recognize),
            ("wishes.json", String(decoding: json, as: UTF8.self)),
        ]
        // Its progress is the time that it has come to.
        plan.record.frames = input.milliseconds.map { Int(clamping: $0) }
        plan.record.outputs = [
            StudioPlan.Record.Output(name: "out-0.json", mediaType: "application/json")
        ]
        let decoding = [
            "-protocol_whitelist", "file", "-i", "input-0", "-map", "0:a:0", "-vn", "-sn", "-dn", "-t",
            String(secondsMax), "-ar", "16000", "-ac", "1", "-c:a", "pcm_s16le",
        ]
        plan.steps = [
            StudioPlan.Step(
                stage: .inputs,
                arguments: [ffmpeg] + StudioPlan.quiet + demuxer.arguments + decoding + StudioPlan.exact
                    + ["-f", "wav", "audio.wav.tmp"],
                result: "audio.wav"
            ),
            StudioPlan.Step(
                stage: .render,
                arguments: [
                    speech.python, "-I", "-B", "recognize.py", recognizer.rawValue, "out-0.json.tmp",
                ],
                result: "out-0.json"
            ),
        ]
        return plan
    }
}
