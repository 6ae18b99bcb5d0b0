import Generation
import MediaInspection

/// A sound to be transcribed, read and held to what the service takes; and what it hears.
///
/// Source: `speech_to_text/raw_client.py` of the official SDK elevenlabs 2.78.0, read on 2026-11-21.
struct ElevenHearing {
    let modelID: String
    /// Whether the answer goes to a webhook instead.
    let isLater: Bool
    let seconds: Double
    /// The language to be told of.
    let language: String
    private let granularity: String
    private let hasSpeakers: Bool

    private static let models: Set<String> = ["scribe_v1", "scribe_v2", "scribe_v2_medical", "scribe_v3"]
    private static let flags = [
        "tag_audio_events", "diarize", "webhook", "use_multi_channel", "no_verbatim", "use_speaker_library",
        "detect_speaker_roles",
    ]
    private static let texts = [
        "source_url", "cloud_storage_url", "webhook_id", "webhook_metadata", "entity_detection", "entity_redaction",
        "entity_redaction_mode", "multichannel_output_style", "numbers_format", "transcript_edit",
        "secondary_language_codes", "additional_formats",
    ]

    init(_ request: SimulatedRequest) throws(ElevenRefusal) {
        guard let form = MultipartParts(request.header("Content-Type") ?? "", request.body) else {
            throw ElevenRefusal(400, "invalid_content_type", "The Content-Type header is missing or invalid.")
        }
        let fields = ElevenForm(form)
        guard let model = fields.text("model_id") else { throw .missing("model_id") }
        guard Self.models.contains(model) else {
            throw ElevenRefusal(400, "invalid_model_id", "'\(model)' is not a valid model_id.")
        }
        modelID = model
        var flags: [String: Bool] = [:]
        for name in Self.flags { flags[name] = try fields.flag(name) }
        hasSpeakers = flags["diarize"] ?? false
        isLater = flags["webhook"] ?? false
        granularity = fields.text("timestamps_granularity") ?? "word"
        guard ["none", "word", "character"].contains(granularity) else {
            throw .wrong("timestamps_granularity", "Input should be 'none', 'word' or 'character'")
        }
        language = fields.text("language_code") ?? "eng"
        guard (2...3).contains(language.count), language.allSatisfy(\.isLetter) else {
            throw ElevenRefusal(400, "invalid_parameters", "'\(language)' is no language code.", param: "language_code")
        }
        _ = try fields.number("temperature", 0...2)
        _ = try fields.number("seed", 0...2_147_483_647)
        let speakers = try fields.number("num_speakers", 1...32)
        if try fields.number("diarization_threshold", 0...1) != nil, !hasSpeakers || speakers != nil {
            throw .parameter("diarization_threshold", "It can only be set when diarize=True and num_speakers=None.")
        }
        try Self.check(fields.all("keyterms"), model)
        let known =
            Self.flags + Self.texts + [
                "model_id", "file", "timestamps_granularity", "language_code", "temperature", "seed", "num_speakers",
                "diarization_threshold", "keyterms", "file_format",
            ]
        if let other = form.all.first(where: { !known.contains($0.name) }) { throw .unknown(other.name) }
        guard let file = form.first("file") else { throw .missing("file") }
        seconds = try Self.length(of: file.bytes, fields.text("file_format") ?? "other")
    }

    private static func check(_ terms: [String], _ model: String) throws(ElevenRefusal) {
        guard !terms.isEmpty else { return }
        guard model != "scribe_v1" else {
            throw .parameter(
                "keyterms",
                "The 'keyterms' parameter is only supported with the 'scribe_v2' model. You specified 'scribe_v1'."
            )
        }
        guard terms.count <= 1_000 else { throw .parameter("keyterms", "At most 1000 keyterms are supported.") }
        for term in terms {
            let words = term.split(separator: " ").count
            guard term.count <= 50, (1...5).contains(words), !term.contains(where: { "<>{}[]\\".contains($0) }) else {
                throw .parameter("keyterms", "A keyterm is invalid.")
            }
        }
    }

    private static func length(of bytes: [UInt8], _ form: String) throws(ElevenRefusal) -> Double {
        switch form {
        case "pcm_s16le_16": return Double(bytes.count) / 32_000
        case "other": break
        case _: throw .wrong("file_format", "Input should be 'pcm_s16le_16' or 'other'")
        }
        guard let facts = try? MediaInspector.inspect(bytes: bytes), facts.hasAudio != false else {
            throw ElevenRefusal(400, "invalid_audio", "The provided audio is invalid or corrupted.")
        }
        return facts.duration.map { Double($0.milliseconds) / 1_000 } ?? 1
    }

    /// Words as long as the sound lasts, two and a half in a second.
    private static let sentences = [
        ["The", "boat", "leaves", "at", "dawn."], ["Nobody", "was", "awake", "to", "see", "it."],
        ["Was", "it", "the", "wind?"],
    ]

    /// What is answered.
    func answer(id: String) -> JSONValue {
        var words: [JSONValue] = []
        var text = ""
        let spoken = Self.sentences.enumerated().flatMap { sentence in
            sentence.element.map { (word: $0, speaker: "speaker_\(sentence.offset % 2)") }
        }
        var index = 0
        while Double(index + 1) * 0.4 <= max(0.4, seconds) + 0.001 {
            let time = Double(index) * 0.4
            let (word, speaker) = spoken[index % spoken.count]
            if index > 0 {
                text += " "
                words.append(item(" ", time - 0.05, time, "spacing", speaker))
            }
            text += word
            words.append(item(word, time, min(seconds, time + 0.35), "word", speaker))
            index += 1
        }
        return [
            "language_code": .string(language), "language_probability": .number(0.98), "text": .string(text),
            "words": .array(words), "transcription_id": .string(id), "audio_duration_secs": .number(seconds),
        ]
    }

    private func item(_ text: String, _ start: Double, _ end: Double, _ type: String, _ speaker: String) -> JSONValue {
        var fields: [String: JSONValue] = ["text": .string(text), "type": .string(type), "logprob": .number(-0.1)]
        if granularity != "none" {
            fields["start"] = .number((start * 1_000).rounded() / 1_000)
            fields["end"] = .number((end * 1_000).rounded() / 1_000)
        }
        if hasSpeakers { fields["speaker_id"] = .string(speaker) }
        if granularity == "character" { fields["characters"] = [] }
        return .object(fields)
    }
}

/// The fields of a form, as text.
struct ElevenForm {
    private let form: MultipartParts

    init(_ form: MultipartParts) { self.form = form }

    func all(_ name: String) -> [String] {
        form.all.filter { $0.name == name }.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    func text(_ name: String) -> String? { all(name).first }

    func flag(_ name: String) throws(ElevenRefusal) -> Bool? {
        guard let text = text(name) else { return nil }
        guard let flag = Bool(text) else { throw .wrong(name, "Input should be a valid boolean") }
        return flag
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(ElevenRefusal) -> Double? {
        guard let text = text(name) else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw .wrong(name, "Input should be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }
}
