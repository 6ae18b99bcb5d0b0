import Generation

/// A call that makes sound, read and held to what the service takes.
///
/// Source: `text_to_speech`, `text_to_dialogue`, `text_to_sound_effects` and `music` of the official SDK elevenlabs 2.78.0,
/// read on 2026-11-21.
struct ElevenOrder {
    enum Call: Equatable {
        case speech
        case dialogue
        case sound
        case music
    }

    let call: Call
    /// What is spoken or described.
    let text: String
    /// The word of the wire for codec, rate and kilobits.
    let format: String
    let modelID: String
    /// How long it will be.
    let seconds: Double

    private static let speechModels: [String: Int] = [
        "eleven_v4": 10_000, "eleven_v4_turbo": 10_000, "eleven_v3": 5_000, "eleven_v3_conversational": 5_000,
        "eleven_multilingual_v2": 10_000, "eleven_flash_v2_5": 40_000, "eleven_flash_v2": 30_000,
        "eleven_turbo_v2_5": 40_000, "eleven_turbo_v2": 30_000,
    ]
    private static let soundModels: Set<String> = ["eleven_text_to_sound_v2", "eleven_text_to_sound_v3"]
    private static let musicModels: Set<String> = ["music_v1", "music_v2", "music_v2_5"]

    private static let compressed = [
        "mp3_22050_32", "mp3_24000_48", "mp3_44100_32", "mp3_44100_64", "mp3_44100_96", "mp3_44100_128",
        "mp3_44100_192", "opus_48000_32", "opus_48000_64", "opus_48000_96", "opus_48000_128", "opus_48000_192",
        "ulaw_8000", "alaw_8000",
    ]
    private static let rates = ["8000", "16000", "22050", "24000", "32000", "44100", "48000"]
    private static let ofStreams = Set(compressed + rates.map { "pcm_\($0)" })
    private static let ofFiles = ofStreams.union(rates.map { "wav_\($0)" })
    private static let ofMusic = ofStreams.union(
        ["auto"] + ["128", "192", "240", "320"].map { "mp3_48000_\($0)" }
    )

    init(_ call: Call, _ request: SimulatedRequest, voice: String? = nil, isStream: Bool) throws(ElevenRefusal) {
        guard case .object(let fields)? = request.json else {
            throw ElevenRefusal(400, "malformed_json", "The request body contains invalid JSON.")
        }
        var body = ElevenFields(fields)
        self.call = call
        let known = ["output_format", "enable_logging"] + (call == .speech ? ["optimize_streaming_latency"] : [])
        if let other = request.query.first(where: { !known.contains($0.name) }) {
            throw .unknown(other.name, in: "query")
        }
        let formats = call == .music ? Self.ofMusic : isStream || call == .dialogue ? Self.ofStreams : Self.ofFiles
        let asked = request.queryItem("output_format") ?? (call == .music ? "auto" : "mp3_44100_128")
        guard formats.contains(asked) else {
            throw ElevenRefusal(400, "invalid_output_format", "output_format \(asked) is not supported here.")
        }
        switch call {
        case .speech: (text, modelID, seconds) = try Self.speech(&body, voice)
        case .dialogue: (text, modelID, seconds) = try Self.dialogue(&body)
        case .sound: (text, modelID, seconds) = try Self.sound(&body)
        case .music: (text, modelID, seconds) = try Self.music(&body)
        }
        format = asked == "auto" ? (modelID == "music_v1" ? "mp3_44100_128" : "mp3_48000_192") : asked
        try body.finish()
    }

    private static func speech(
        _ body: inout ElevenFields,
        _ voice: String?
    ) throws(ElevenRefusal) -> (String, String, Double) {
        guard let voice, isVoice(voice) else {
            throw ElevenRefusal(404, "voice_not_found", "A voice with voice_id \(voice ?? "") was not found.")
        }
        let text = try body.text("text")
        let model = try body.string("model_id") ?? "eleven_multilingual_v2"
        try check(text, model)
        if try body.string("language_code") != nil, model == "eleven_multilingual_v2" {
            throw .parameter("language_code", "Model 'eleven_multilingual_v2' does not support language_code.")
        }
        var speed = 1.0
        if let settings = try body.object("voice_settings") {
            var reader = ElevenFields(settings, "voice_settings.")
            for name in ["stability", "similarity_boost", "style", "clone_strength"] {
                let value = try reader.number(name, 0...1)
                if name == "stability", let value, model == "eleven_v3", ![0, 0.5, 1].contains(value) {
                    throw ElevenRefusal(400, "invalid_voice_settings", "Must be one of: [0.0, 0.5, 1.0]")
                }
            }
            _ = try reader.bool("use_speaker_boost")
            speed = try reader.number("speed", 0.7...1.2) ?? 1
            try reader.finish()
        }
        _ = try body.number("seed", 0...4_294_967_295)
        for name in ["previous_text", "next_text"] { _ = try body.string(name) }
        for name in ["previous_request_ids", "next_request_ids", "pronunciation_dictionary_locators"] {
            _ = try body.list(name, most: 3)
        }
        _ = try body.word("apply_text_normalization", ["auto", "on", "off"])
        for name in ["use_pvc_as_ivc", "apply_language_text_normalization"] { _ = try body.bool(name) }
        return (text, model, length(of: text) / speed)
    }

    private static func dialogue(_ body: inout ElevenFields) throws(ElevenRefusal) -> (String, String, Double) {
        guard let inputs = try body.list("inputs", most: 100), !inputs.isEmpty else { throw .missing("inputs") }
        var texts: [String] = []
        var voices: Set<String> = []
        for input in inputs {
            guard let text = input["text"]?.stringValue, let voice = input["voice_id"]?.stringValue else {
                throw .missing("inputs")
            }
            guard isVoice(voice) else {
                throw ElevenRefusal(404, "voice_not_found", "A voice with voice_id \(voice) was not found.")
            }
            texts.append(text)
            voices.insert(voice)
        }
        guard voices.count <= 10 else { throw .parameter("inputs", "At most 10 unique voices are supported.") }
        let model = try body.string("model_id") ?? "eleven_v3"
        guard ["eleven_v3", "eleven_v4", "eleven_v4_turbo"].contains(model) else {
            throw ElevenRefusal(400, "unsupported_model", "The specified model is not supported for this operation.")
        }
        if let settings = try body.object("settings") {
            var reader = ElevenFields(settings, "settings.")
            for name in ["stability", "similarity", "clone_strength"] { _ = try reader.number(name, 0...1) }
            try reader.finish()
        }
        _ = try body.string("language_code")
        _ = try body.number("seed", 0...4_294_967_295)
        _ = try body.word("apply_text_normalization", ["auto", "on", "off"])
        let text = texts.joined(separator: "\n")
        try check(text, model)
        return (text, model, length(of: text))
    }

    private static func sound(_ body: inout ElevenFields) throws(ElevenRefusal) -> (String, String, Double) {
        let text = try body.text("text")
        guard text.unicodeScalars.count <= 450 else {
            throw ElevenRefusal(400, "text_too_long", "The text has more than 450 characters.")
        }
        let model = try body.string("model_id") ?? "eleven_text_to_sound_v2"
        guard soundModels.contains(model) else { throw noModel(model) }
        let seconds = try body.number("duration_seconds", 0.5...30)
        _ = try body.number("prompt_influence", 0...1)
        _ = try body.bool("loop")
        return (text, model, seconds ?? 3)
    }

    private static func music(_ body: inout ElevenFields) throws(ElevenRefusal) -> (String, String, Double) {
        let plan = try body.object("composition_plan")
        guard let prompt = try body.string("prompt") ?? (plan == nil ? nil : "a plan"), !prompt.isEmpty else {
            throw .missing("prompt")
        }
        let model = try body.string("model_id") ?? "music_v1"
        guard musicModels.contains(model) else { throw noModel(model) }
        let milliseconds = try body.whole("music_length_ms", 3_000...600_000)
        if try body.whole("seed", 0...2_147_483_647) != nil, plan == nil {
            throw .parameter("seed", "seed cannot be used in conjunction with prompt.")
        }
        for name in [
            "force_instrumental", "respect_sections_durations", "store_for_inpainting", "sign_with_c2pa",
            "with_timestamps", "with_waveform_visual",
        ] {
            _ = try body.bool(name)
        }
        _ = try body.string("finetune_id")
        return (prompt, model, Double(milliseconds ?? 30_000) / 1_000)
    }

    private static func check(_ text: String, _ model: String) throws(ElevenRefusal) {
        guard let max = speechModels[model] else { throw noModel(model) }
        let count = text.unicodeScalars.count
        guard count <= max else {
            throw ElevenRefusal(
                400,
                "max_character_limit_exceeded",
                "This request's text has \(count) characters and exceeds the character limit of \(max) characters."
            )
        }
        if text.contains("simulate:quota") { throw .quota }
        if text.contains("simulate:rate_limit") { throw .status(429) }
    }

    private static func noModel(_ id: String) -> ElevenRefusal {
        ElevenRefusal(404, "model_not_found", "A model with model ID \(id) does not exist.")
    }

    private static func isVoice(_ id: String) -> Bool {
        id.utf8.count == 20 && !id.hasPrefix("missing")
            && id.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || ("0"..."9").contains($0) }
    }

    /// Fifteen characters a second, and at least half of one.
    private static func length(of text: String) -> Double { max(0.5, Double(text.unicodeScalars.count) / 15) }
}

/// The members of a body, each held to its type; those that nobody read are refused.
struct ElevenFields {
    private let fields: [String: JSONValue]
    private let prefix: String
    private var read: Set<String> = []

    init(_ fields: [String: JSONValue], _ prefix: String = "") {
        self.fields = fields
        self.prefix = prefix
    }

    private mutating func value(_ name: String) -> JSONValue? {
        read.insert(name)
        return fields[name].flatMap { $0 == .null ? nil : $0 }
    }

    mutating func string(_ name: String) throws(ElevenRefusal) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw .wrong(prefix + name, "Input should be a valid string") }
        return text
    }

    /// A text that must be there.
    mutating func text(_ name: String) throws(ElevenRefusal) -> String {
        guard let text = try string(name) else { throw .missing(prefix + name) }
        guard !text.isEmpty else { throw ElevenRefusal(400, "empty_text", "The text field cannot be empty.") }
        return text
    }

    mutating func word(_ name: String, _ words: [String]) throws(ElevenRefusal) -> String? {
        guard let text = try string(name) else { return nil }
        guard words.contains(text) else { throw .wrong(prefix + name, "Input should be one of \(words)") }
        return text
    }

    mutating func bool(_ name: String) throws(ElevenRefusal) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolValue else { throw .wrong(prefix + name, "Input should be a valid boolean") }
        return flag
    }

    mutating func number(_ name: String, _ range: ClosedRange<Double>) throws(ElevenRefusal) -> Double? {
        guard let value = value(name) else { return nil }
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let fraction): number = fraction
        case .null, .bool, .string, .array, .object: throw .wrong(prefix + name, "Input should be a valid number")
        }
        guard range.contains(number) else {
            throw .wrong(prefix + name, "Input should be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    mutating func whole(_ name: String, _ range: ClosedRange<Int64>) throws(ElevenRefusal) -> Int64? {
        guard let value = value(name) else { return nil }
        guard case .integer(let number) = value else { throw .wrong(prefix + name, "Input should be a valid integer") }
        guard range.contains(number) else {
            throw .wrong(prefix + name, "Input should be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    mutating func list(_ name: String, most: Int) throws(ElevenRefusal) -> [JSONValue]? {
        guard let value = value(name) else { return nil }
        guard case .array(let values) = value else { throw .wrong(prefix + name, "Input should be a valid list") }
        guard values.count <= most else { throw .wrong(prefix + name, "List should have at most \(most) items") }
        return values
    }

    mutating func object(_ name: String) throws(ElevenRefusal) -> [String: JSONValue]? {
        guard let value = value(name) else { return nil }
        guard case .object(let members) = value else { throw .wrong(prefix + name, "Input should be an object") }
        return members
    }

    func finish() throws(ElevenRefusal) {
        if let name = fields.keys.filter({ !read.contains($0) }).min() { throw .unknown(prefix + name) }
    }
}
