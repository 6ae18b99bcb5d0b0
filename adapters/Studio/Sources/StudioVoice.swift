import Generation

/// `studio/voice` by espeak-ng, and `studio/voice-natural` by hibari.
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

    /// The neural voice, which speaks American English.
    static let narrator = "heart"

    /// An audio format, and how ffmpeg makes it of speech.
    struct Format {
        let name: String
        let suffix: String
        let mediaType: String
        let muxer: String
        /// What makes it; empty where the speech is what it is already.
        let encoder: [String]
    }

    /// The formats; the first is the default, and the only one without ffmpeg.
    static let formats = [
        Format(name: "wav", suffix: "wav", mediaType: "audio/wav", muxer: "wav", encoder: []),
        Format(
            name: "mp3",
            suffix: "mp3",
            mediaType: "audio/mpeg",
            muxer: "mp3",
            encoder: ["-c:a", "libmp3lame", "-b:a", "64k"]
        ),
        Format(
            name: "opus",
            suffix: "ogg",
            mediaType: "audio/ogg",
            muxer: "ogg",
            encoder: ["-ar", "48000", "-c:a", "libopus", "-b:a", "32k"]
        ),
        Format(
            name: "aac",
            suffix: "aac",
            mediaType: "audio/aac",
            muxer: "adts",
            encoder: ["-c:a", "aac", "-b:a", "64k"]
        ),
        Format(
            name: "flac",
            suffix: "flac",
            mediaType: "audio/flac",
            muxer: "flac",
            encoder: ["-c:a", "flac"]
        ),
        Format(
            name: "pcm",
            suffix: "pcm",
            mediaType: "audio/pcm;rate=24000;channels=1",
            muxer: "s16le",
            encoder: ["-ar", "24000", "-ac", "1", "-c:a", "pcm_s16le"]
        ),
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
        plan.steps = speaking(
            voice: voice.variant,
            language: language.voice,
            speed: speech.speed ?? 1,
            espeak: espeak
        )
        return finish(plan, as: format, ffmpeg: tools.ffmpeg)
    }

    /// The same by the neural voice.
    static func narration(
        _ speech: SpeechRequest,
        studio: StudioSpeech,
        tools: StudioTools
    ) -> StudioPlan? {
        guard speech.voice == narrator, let format = speech.responseFormat else { return nil }
        var plan = StudioPlan()
        plan.texts = [("speech.txt", spoken(speech.input)), ("narrate.py", StudioScripts.narrate)]
        plan.record.characters = Int64(speech.input.unicodeScalars.count)
        plan.steps = [
            StudioPlan.Step(
                stage: .render,
                arguments: [
                    studio.python, "-I", "-B", "narrate.py", String(speech.speed ?? 1), "1", "speech.wav",
                ]
            ),
            hasSound,
        ]
        return finish(plan, as: format, ffmpeg: tools.ffmpeg)
    }

    /// The commands that speak a video's text into `speech.wav`.
    static func speaking(_ narration: StudioOptions.Narration, espeak: String) -> [StudioPlan.Step]? {
        guard let voice = voices.first(where: { $0.name == narration.voice }),
            let language = languages.first(where: { $0.name == narration.language })
        else { return nil }
        return speaking(voice: voice.variant, language: language.voice, speed: 1, espeak: espeak)
    }

    /// The commands that speak `speech.txt` into `speech.wav`.
    private static func speaking(
        voice: String,
        language: String,
        speed: Double,
        espeak: String
    ) -> [StudioPlan.Step] {
        let pace = String(Int(wordsPerMinute * speed))
        return [
            StudioPlan.Step(
                stage: .speech,
                arguments: [espeak, "-b", "1", "-v", "\(language)+\(voice)", "-s", pace]
                    + ["-w", "speech.wav", "-f", "speech.txt"]
            ),
            hasSound,
        ]
    }

    /// A header alone is a text without anything to say.
    private static let hasSound = StudioPlan.Step(
        stage: .speech,
        arguments: ["sh", "-c", "test \"$(wc -c <speech.wav)\" -gt 1000"]
    )

    /// The plan with the step that turns `speech.wav` into the output; nil for a format that needs what is missing.
    private static func finish(_ plan: StudioPlan, as format: String, ffmpeg: String?) -> StudioPlan? {
        var plan = plan
        guard let output = formats.first(where: { $0.name == format }) else { return nil }
        let name = "out-0.\(output.suffix)"
        plan.record.outputs = [StudioPlan.Record.Output(name: name, mediaType: output.mediaType)]
        guard !output.encoder.isEmpty else {
            plan.steps.append(StudioPlan.Step(stage: .render, arguments: ["mv", "speech.wav", name]))
            return plan
        }
        guard let ffmpeg else { return nil }
        plan.steps.append(
            StudioPlan.Step(
                stage: .render,
                arguments: [ffmpeg] + StudioPlan.quiet + ["-f", "wav", "-i", "speech.wav"] + output.encoder
                    + StudioPlan.exact + ["-f", output.muxer, "\(name).tmp"],
                result: name
            )
        )
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
