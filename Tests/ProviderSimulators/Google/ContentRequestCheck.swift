import Foundation
import Generation

/// A request of `generateContent` for an image, speech or music, held against the SDK's types and the documentation.
///
/// Source: google-genai 3.4.0 (`GenerateContentConfig` for either door), ai.google.dev/gemini-api/docs/image-generation
/// and /docs/speech-generation, docs.cloud.google.com: migrate to Gemini 3.8 TTS (2026-10).
struct ContentRequestCheck {
    /// Which of the two doors it came through.
    enum Door {
        case gemini
        case vertex
    }

    /// What a model makes.
    enum Model {
        /// With the output tokens of one image, by tier, the default first.
        case image(tiers: [(name: String, tokens: Int)], hasStrips: Bool, picturesMax: Int)
        /// Whether the text is spoken word for word.
        case speech(isVerbatim: Bool)
        /// Of so many seconds.
        case music(seconds: Int)
    }

    static let models: [String: Model] = [
        "gemini-2.5-flash-image": .image(tiers: [("1K", 1_290)], hasStrips: false, picturesMax: 3),
        "gemini-3.1-flash-image": .image(
            tiers: [("1K", 1_120), ("512", 747), ("2K", 1_680), ("4K", 2_520)],
            hasStrips: true,
            picturesMax: 14
        ),
        "gemini-nano-banana-2.1": .image(
            tiers: [("1K", 1_120), ("2K", 1_680), ("4K", 2_520)],
            hasStrips: true,
            picturesMax: 14
        ),
        "gemini-3.1-flash-lite-image": .image(tiers: [("1K", 1_120)], hasStrips: false, picturesMax: 14),
        "gemini-3-pro-image": .image(
            tiers: [("1K", 1_120), ("2K", 1_120), ("4K", 2_000)],
            hasStrips: false,
            picturesMax: 14
        ),
        "gemini-3.8-flash-tts": .speech(isVerbatim: true), "gemini-3.8-flash-lite-tts": .speech(isVerbatim: true),
        "gemini-3.1-flash-tts-preview": .speech(isVerbatim: false),
        "gemini-2.5-flash-preview-tts": .speech(isVerbatim: false),
        "gemini-2.5-pro-preview-tts": .speech(isVerbatim: false), "lyria-3-clip-preview": .music(seconds: 30),
        "lyria-3-pro-preview": .music(seconds: 95), "lyria-3.5": .music(seconds: 120),
    ]

    private static let voices: Set<String> = [
        "Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe", "Charon", "Despina",
        "Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore", "Laomedeia", "Leda", "Orus", "Puck",
        "Pulcherrima", "Rasalgethi", "Sadachbia", "Sadaltager", "Schedar", "Sulafat", "Umbriel", "Vindemiatrix",
        "Zephyr", "Zubenelgenubi",
    ]
    /// Of the 1K tier.
    private static let shapes: [String: (width: Int, height: Int)] = [
        "1:1": (1_024, 1_024), "2:3": (848, 1_264), "3:2": (1_264, 848), "3:4": (896, 1_200), "4:3": (1_200, 896),
        "4:5": (928, 1_152), "5:4": (1_152, 928), "9:16": (768, 1_376), "16:9": (1_376, 768), "21:9": (1_584, 672),
        "1:4": (512, 2_048), "4:1": (2_048, 512), "1:8": (384, 3_072), "8:1": (3_072, 384),
    ]
    private static let firstShapes: [String: (width: Int, height: Int)] = [
        "1:1": (1_024, 1_024), "2:3": (832, 1_248), "3:2": (1_248, 832), "3:4": (864, 1_184), "4:3": (1_184, 864),
        "4:5": (896, 1_152), "5:4": (1_152, 896), "9:16": (768, 1_344), "16:9": (1_344, 768), "21:9": (1_536, 672),
    ]

    let door: Door
    let name: String
    let model: Model
    /// All texts together.
    var prompt = ""
    var pictures = 0
    var width = 1_024
    var height = 1_024
    var imageTokens = 0
    /// What the server was asked to encode images as; nil for its own choice.
    var format: String?
    var speakers = 0
    /// The texts that are spoken.
    var lines: [String] = []

    init(_ body: JSONValue?, door: Door, name: String, model: Model) throws(GoogleWire.Refusal) {
        self.door = door
        self.name = name
        self.model = model
        let top = try GoogleWire.only(
            ["contents", "generationConfig", "safetySettings", "labels"],
            in: body.map(Self.spelled),
            field: "body"
        )
        guard case .array(let contents)? = top["contents"], contents.count == 1 else {
            throw GoogleWire.Refusal("* GenerateContentRequest.contents: contents is not specified.")
        }
        let config = try GoogleWire.only(
            [
                "responseModalities", "imageConfig", "speechConfig", "seed", "candidateCount", "temperature", "topP",
                "topK", "maxOutputTokens",
            ],
            in: top["generationConfig"] ?? [:],
            field: "generation_config"
        )
        try readContent(contents[0])
        if let seed = config["seed"], seed.integerValue.map({ Int32(exactly: $0) == nil }) ?? true {
            throw GoogleWire.Refusal("Invalid value at 'generation_config.seed' (TYPE_INT32).")
        }
        if let count = config["candidateCount"], count != 1 {
            throw GoogleWire.Refusal("Multiple candidates is not enabled for this model.")
        }
        switch model {
        case .image(let tiers, let hasStrips, let picturesMax):
            try readImage(config, tiers: tiers, hasStrips: hasStrips)
            guard pictures <= picturesMax else { throw GoogleWire.Refusal("Too many images: \(pictures).") }
        case .speech(let isVerbatim): try readSpeech(config, isVerbatim: isVerbatim, contents[0])
        case .music: try readMusic(config)
        }
    }

    /// The server takes `mime_type` for `mimeType`, and the SDK sends both.
    private static func spelled(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .number, .string: return value
        case .array(let elements): return .array(elements.map(spelled))
        case .object(let members):
            var camel: [String: JSONValue] = [:]
            for (name, value) in members {
                let words = name.split(separator: "_", omittingEmptySubsequences: false)
                let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
                camel[String(words.first ?? "") + rest.joined()] = spelled(value)
            }
            return .object(camel)
        }
    }

    private mutating func readContent(_ value: JSONValue) throws(GoogleWire.Refusal) {
        let content = try GoogleWire.only(["role", "parts"], in: value, field: "contents[0]")
        guard content["role"] == "user" || (door == .gemini && content["role"] == nil) else {
            throw GoogleWire.Refusal("Please use a valid role: user, model.")
        }
        guard case .array(let parts)? = content["parts"], !parts.isEmpty else {
            throw GoogleWire.Refusal("Unable to submit request because it must have a part.")
        }
        for value in parts {
            let part = try GoogleWire.only(
                ["text", "inlineData", "speechMetadata"],
                in: value,
                field: "contents[0].parts[0]"
            )
            if let text = part["text"]?.stringValue { prompt += prompt.isEmpty ? text : "\n\(text)" }
            guard let data = part["inlineData"] else { continue }
            let picture = try GoogleWire.only(["mimeType", "data"], in: data, field: "inline_data")
            _ = try GoogleWire.picture(
                base64: picture["data"]?.stringValue ?? "",
                mimeType: picture["mimeType"]?.stringValue ?? "",
                field: "inline_data.data"
            )
            pictures += 1
        }
        guard !prompt.isEmpty else { throw GoogleWire.Refusal("A text is needed.") }
    }

    // MARK: Images

    private mutating func readImage(
        _ config: [String: JSONValue],
        tiers: [(name: String, tokens: Int)],
        hasStrips: Bool
    ) throws(GoogleWire.Refusal) {
        guard config["responseModalities"] == ["IMAGE"] || config["responseModalities"] == ["TEXT", "IMAGE"] else {
            throw GoogleWire.Refusal("The requested combination of response modalities is not supported by the model.")
        }
        guard config["speechConfig"] == nil else { throw GoogleWire.Refusal("Speech is not enabled for this model.") }
        let own: Set<String> =
            door == .gemini ? [] : ["personGeneration", "prominentPeople", "imageOutputOptions"]
        let image = try GoogleWire.only(
            own.union(["aspectRatio", "imageSize"]),
            in: config["imageConfig"] ?? [:],
            field: "generation_config.image_config"
        )
        let ratio = image["aspectRatio"]?.stringValue ?? "1:1"
        let known = name == "gemini-2.5-flash-image" ? Self.firstShapes : Self.shapes
        guard let shape = known[ratio], hasStrips || !["1:4", "4:1", "1:8", "8:1"].contains(ratio) else {
            throw GoogleWire.Refusal("aspect_ratio must be one of the supported values: '\(ratio)'.")
        }
        let size = image["imageSize"]?.stringValue ?? tiers[0].name
        guard let tier = tiers.first(where: { $0.name == size }), image["imageSize"] == nil || tiers.count > 1 else {
            throw GoogleWire.Refusal("image_size is not supported by this model: '\(size)'.")
        }
        imageTokens = tier.tokens
        let (times, parts) = size == "512" ? (1, 2) : (Int(size.dropLast()) ?? 1, 1)
        (width, height) = (shape.width * times / parts, shape.height * times / parts)
        guard let options = image["imageOutputOptions"] else { return }
        let output = try GoogleWire.only(
            ["mimeType", "compressionQuality"],
            in: options,
            field: "image_output_options"
        )
        guard let type = output["mimeType"]?.stringValue, ["image/png", "image/jpeg"].contains(type) else {
            throw GoogleWire.Refusal("Unsupported output mime type.")
        }
        if let quality = output["compressionQuality"] {
            guard type == "image/jpeg", let value = quality.integerValue, (0...100).contains(value) else {
                throw GoogleWire.Refusal("compression_quality is for image/jpeg, 0 to 100.")
            }
        }
        format = String(type.dropFirst("image/".count))
    }

    private func readMusic(_ config: [String: JSONValue]) throws(GoogleWire.Refusal) {
        // Of late they may be left out.
        guard let modalities = config["responseModalities"] else { return }
        guard modalities == ["AUDIO", "TEXT"] || modalities == ["AUDIO"], config["speechConfig"] == nil,
            config["imageConfig"] == nil
        else { throw GoogleWire.Refusal("The requested combination of response modalities is not supported.") }
    }

    // MARK: Speech

    private mutating func readSpeech(
        _ config: [String: JSONValue],
        isVerbatim: Bool,
        _ content: JSONValue
    ) throws(GoogleWire.Refusal) {
        guard config["responseModalities"] == ["AUDIO"] else {
            throw GoogleWire.Refusal(
                "The requested combination of response modalities (TEXT) is not supported by the model."
            )
        }
        guard pictures == 0, config["imageConfig"] == nil else {
            throw GoogleWire.Refusal("Image input modality is not enabled for this model.")
        }
        if isVerbatim, let name = ["temperature", "topP", "topK"].first(where: { config[$0] != nil }) {
            throw GoogleWire.Refusal("\(name) is not supported by this model.")
        }
        guard prompt.utf8.count / 4 <= 8_192 else {
            throw GoogleWire.Refusal("The input token count exceeds the maximum number of tokens allowed (8192).")
        }
        let speech = try GoogleWire.only(
            ["voiceConfig", "multiSpeakerVoiceConfig", "languageCode"],
            in: config["speechConfig"] ?? [:],
            field: "generation_config.speech_config"
        )
        guard speech["voiceConfig"] == nil || speech["multiSpeakerVoiceConfig"] == nil else {
            throw GoogleWire.Refusal("voice_config and multi_speaker_voice_config exclude each other.")
        }
        var names: Set<String> = []
        if let voice = speech["voiceConfig"] { try Self.voice(voice, isVerbatim: isVerbatim) }
        if let several = speech["multiSpeakerVoiceConfig"] {
            let config = try GoogleWire.only(["speakerVoiceConfigs"], in: several, field: "multi_speaker_voice_config")
            guard case .array(let configs)? = config["speakerVoiceConfigs"], configs.count == 2 else {
                throw GoogleWire.Refusal("multi_speaker_voice_config must have exactly two speakers.")
            }
            for value in configs {
                let one = try GoogleWire.only(["speaker", "voiceConfig"], in: value, field: "speaker_voice_configs")
                try Self.voice(one["voiceConfig"], isVerbatim: isVerbatim)
                names.insert(one["speaker"]?.stringValue ?? "")
            }
            guard names.count == 2, !names.contains("") else { throw GoogleWire.Refusal("Speakers need names.") }
        }
        speakers = max(1, names.count)
        guard case .array(let parts)? = content["parts"] else { return }
        for part in parts {
            lines.append(part["text"]?.stringValue ?? "")
            guard let value = part["speechMetadata"] else { continue }
            guard isVerbatim else {
                throw GoogleWire.Refusal("speech_metadata is not supported by this model.")
            }
            let metadata = try GoogleWire.only(["speaker", "style"], in: value, field: "speech_metadata")
            if let speaker = metadata["speaker"]?.stringValue, !names.contains(speaker) {
                throw GoogleWire.Refusal("The speaker \(speaker) has no voice.")
            }
        }
    }

    private static func voice(_ value: JSONValue?, isVerbatim: Bool) throws(GoogleWire.Refusal) {
        let voice = try GoogleWire.only(["prebuiltVoiceConfig", "voice"], in: value, field: "voice_config")
        if let prebuilt = voice["prebuiltVoiceConfig"] {
            let name = try GoogleWire.only(["voiceName"], in: prebuilt, field: "prebuilt_voice_config")["voiceName"]
            guard let name = name?.stringValue, voices.contains(name) else {
                throw GoogleWire.Refusal("Voice name \(name?.stringValue ?? "") is not supported.")
            }
        } else {
            guard isVerbatim, let id = voice["voice"]?.stringValue, voices.contains(id) || id.hasPrefix("voice_") else {
                throw GoogleWire.Refusal("Voice not found.")
            }
        }
    }
}
