import Generation

/// `studio/voice`: espeak-ng.
enum StudioVoice {
    /// The voices, and espeak-ng's variants behind them.
    static let voices: [(name: String, variant: String)] = [
        ("female-1", "f2"), ("female-2", "f3"), ("female-3", "f5"),
        ("male-1", "m1"), ("male-2", "m3"), ("male-3", "m7"),
        ("whisper", "whisper"),
    ]

    /// The languages, and espeak-ng's voices behind them.
    static let languages: [(name: String, voice: String)] = [
        ("en", "en-us"), ("en-gb", "en-gb"), ("cs", "cs"), ("da", "da"), ("de", "de"), ("el", "el"), ("es", "es"),
        ("fi", "fi"), ("fr", "fr-fr"), ("hi", "hi"), ("it", "it"), ("nb", "nb"), ("nl", "nl"), ("pl", "pl"),
        ("pt", "pt-br"), ("ro", "ro"), ("ru", "ru"), ("sv", "sv"), ("tr", "tr"), ("uk", "uk"),
    ]

    /// Words a minute at the usual tempo.
    private static let wordsPerMinute = 160.0

    static func plan(_ speech: SpeechRequest, tools: StudioTools, espeak: String) -> StudioPlan? {
        guard let voice = voices.first(where: { $0.name == speech.voice }),
            let language = languages.first(where: { $0.name == speech.language }),
            let format = speech.responseFormat
        else { return nil }
        var plan = StudioPlan()
        plan.texts = [("speech.txt", spoken(speech.input))]
        plan.record.characters = Int64(speech.input.unicodeScalars.count)
        let pace = String(Int(wordsPerMinute * (speech.speed ?? 1)))
        plan.steps = [
            StudioPlan.Step(
                stage: .speech,
                arguments: [espeak, "-b", "1", "-v", "\(language.voice)+\(voice.variant)", "-s", pace]
                    + ["-w", "speech.wav", "-f", "speech.txt"]
            ),
            // A header alone is a text without anything to say.
            StudioPlan.Step(stage: .speech, arguments: ["sh", "-c", "test \"$(wc -c <speech.wav)\" -gt 1000"]),
        ]
        switch format {
        case "mp3":
            guard let ffmpeg = tools.ffmpeg else { return nil }
            plan.record.outputs = [StudioPlan.Record.Output(name: "out-0.mp3", mediaType: "audio/mpeg")]
            plan.steps.append(
                StudioPlan.Step(
                    stage: .render,
                    arguments: [ffmpeg] + StudioPlan.quiet + ["-f", "wav", "-i", "speech.wav", "-c:a", "libmp3lame"]
                        + ["-b:a", "64k"] + StudioPlan.exact + ["-f", "mp3", "out-0.mp3.tmp"],
                    result: "out-0.mp3"
                )
            )
        default:
            plan.record.outputs = [StudioPlan.Record.Output(name: "out-0.wav", mediaType: "audio/wav")]
            plan.steps.append(StudioPlan.Step(stage: .render, arguments: ["mv", "speech.wav", "out-0.wav"]))
        }
        return plan
    }

    /// The text as it is to be read.
    ///
    /// Double brackets would be taken for espeak-ng's phoneme notation, and control characters for commands, so none
    /// of them reaches it.
    static func spoken(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "[") where bytes.last == byte: bytes += [UInt8(ascii: " "), byte]
            case UInt8(ascii: "\n"), UInt8(ascii: "\t"): bytes.append(byte)
            case 0..<0x20: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }
}
