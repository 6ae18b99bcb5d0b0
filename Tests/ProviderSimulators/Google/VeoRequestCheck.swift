import Generation

/// A request of `predictLongRunning` for a video, held against what the two doors document.
///
/// Source: ai.google.dev/gemini-api/docs/video (copies of April to July 2026), google-genai 2.34.0 and 3.4.0 for which
/// fields each door has, docs.cloud.google.com Veo pages.
struct VeoRequestCheck {
    /// Which of the two doors it came through.
    enum Door {
        case gemini
        case vertex
    }

    /// What a model can do.
    struct Model {
        let hasFourK: Bool
        let takesReferences: Bool
    }

    var prompt = ""
    var seconds = 8
    var width = 1_280
    var height = 720
    var hasAudio = true
    var storageURI: String?

    init(_ body: JSONValue?, door: Door, model: Model) throws(GoogleWire.Refusal) {
        let top = try GoogleWire.only(
            door == .gemini ? ["instances", "parameters"] : ["instances", "parameters", "labels"],
            in: body,
            field: "body"
        )
        guard case .array(let instances)? = top["instances"], instances.count == 1 else {
            throw GoogleWire.Refusal("Exactly one instance is needed.")
        }
        let pictures = try readInstance(instances[0], door: door, model: model)
        let parameters =
            top["parameters"] == nil
            ? [:] : try GoogleWire.only(Self.parameters(door), in: top["parameters"], field: "parameters")
        try readSize(parameters, model: model)
        try readDuration(parameters, hasReferences: pictures.references)
        try readOthers(parameters, door: door, hasPictures: pictures.any)
    }

    private static func parameters(_ door: Door) -> Set<String> {
        let both: Set = [
            "sampleCount", "durationSeconds", "aspectRatio", "resolution", "negativePrompt", "personGeneration",
            "enhancePrompt",
        ]
        switch door {
        case .gemini: return both
        case .vertex:
            return both.union([
                "storageUri", "seed", "generateAudio", "resizeMode", "compressionQuality", "fps", "pubsubTopic",
            ])
        }
    }

    private mutating func readInstance(
        _ value: JSONValue,
        door: Door,
        model: Model
    ) throws(GoogleWire.Refusal) -> (any: Bool, references: Bool) {
        let instance = try GoogleWire.only(
            ["prompt", "image", "lastFrame", "referenceImages"],
            in: value,
            field: "instances[0]"
        )
        prompt = instance["prompt"]?.stringValue ?? ""
        guard !prompt.isEmpty || instance["image"] != nil else { throw GoogleWire.Refusal("A prompt is needed.") }
        if let image = instance["image"] { try Self.image(image, door: door, field: "image") }
        if let last = instance["lastFrame"] {
            guard instance["image"] != nil else { throw GoogleWire.Refusal("`lastFrame` needs `image`.") }
            try Self.image(last, door: door, field: "lastFrame")
        }
        guard let given = instance["referenceImages"] else { return (instance["image"] != nil, false) }
        guard case .array(let references) = given, (1...3).contains(references.count) else {
            throw GoogleWire.Refusal("`referenceImages` takes 1 to 3 images.")
        }
        guard model.takesReferences else {
            throw GoogleWire.Refusal("`referenceImages` isn't supported by this model.")
        }
        guard instance["image"] == nil else {
            throw GoogleWire.Refusal("`referenceImages` cannot be used with `image` or `lastFrame`.")
        }
        for reference in references {
            let members = try GoogleWire.only(["image", "referenceType"], in: reference, field: "referenceImages")
            // The 3.x SDK writes it in capitals.
            guard members["referenceType"]?.stringValue?.lowercased() == "asset" else {
                throw GoogleWire.Refusal("Only reference images of type asset are supported by this model.")
            }
            try Self.image(members["image"] ?? .null, door: door, field: "referenceImages")
        }
        return (true, true)
    }

    private static func image(_ value: JSONValue, door: Door, field: String) throws(GoogleWire.Refusal) {
        let names: Set<String> =
            door == .gemini ? ["bytesBase64Encoded", "mimeType"] : ["bytesBase64Encoded", "mimeType", "gcsUri"]
        let image = try GoogleWire.only(names, in: value, field: field)
        let type = image["mimeType"]?.stringValue ?? ""
        if let uri = image["gcsUri"]?.stringValue {
            guard uri.hasPrefix("gs://"), image["bytesBase64Encoded"] == nil else {
                throw GoogleWire.Refusal("`\(field)` takes gcsUri or bytesBase64Encoded.")
            }
            return
        }
        guard let base64 = image["bytesBase64Encoded"]?.stringValue else {
            throw GoogleWire.Refusal(
                "Input instance with `image` should contain both `bytesBase64Encoded` and `mimeType` in strings."
            )
        }
        _ = try GoogleWire.picture(base64: base64, mimeType: type, field: field)
    }

    private mutating func readSize(
        _ parameters: [String: JSONValue],
        model: Model
    ) throws(GoogleWire.Refusal) {
        let isPortrait: Bool
        switch parameters["aspectRatio"] ?? "16:9" {
        case "16:9": isPortrait = false
        case "9:16": isPortrait = true
        case _: throw GoogleWire.Refusal("`aspectRatio` must be 16:9 or 9:16.")
        }
        switch parameters["resolution"] ?? "720p" {
        case "720p": (width, height) = (1_280, 720)
        case "1080p": (width, height) = (1_920, 1_080)
        case "4k" where model.hasFourK: (width, height) = (3_840, 2_160)
        case _: throw GoogleWire.Refusal("`resolution` isn't supported by this model.")
        }
        if isPortrait { (width, height) = (height, width) }
    }

    private mutating func readDuration(
        _ parameters: [String: JSONValue],
        hasReferences: Bool
    ) throws(GoogleWire.Refusal) {
        // The documentation shows text, the SDKs send numbers.
        switch parameters["durationSeconds"] ?? 8 {
        case .integer(let value): seconds = Int(clamping: value)
        case .string(let text): seconds = Int(text) ?? 0
        case .null, .bool, .number, .array, .object: seconds = 0
        }
        guard [4, 6, 8].contains(seconds) else {
            throw GoogleWire.Refusal("`durationSeconds` must be 4, 6 or 8.")
        }
        guard seconds == 8 || min(width, height) <= 720 else {
            throw GoogleWire.Refusal("`durationSeconds` must be 8 when resolution is 1080p or 4k.")
        }
        guard hasReferences else { return }
        guard seconds == 8 else {
            throw GoogleWire.Refusal("`durationSeconds` must be 8 when reference images are given.")
        }
        guard width > height else {
            throw GoogleWire.Refusal("`aspectRatio` must be 16:9 when reference images are given.")
        }
    }

    private mutating func readOthers(
        _ parameters: [String: JSONValue],
        door: Door,
        hasPictures: Bool
    ) throws(GoogleWire.Refusal) {
        let samples = parameters["sampleCount"]?.integerValue ?? 1
        guard samples == 1 || (door == .vertex && (1...4).contains(samples)) else {
            throw GoogleWire.Refusal("`sampleCount` must be 1.")
        }
        if let person = parameters["personGeneration"] {
            let allowed: [JSONValue] =
                switch (door, hasPictures) {
                case (.gemini, true): ["allow_adult"]
                case (.gemini, false): ["allow_all", "allow_adult"]
                case (.vertex, _): ["allow_all", "allow_adult", "dont_allow"]
                }
            guard allowed.contains(person) else {
                throw GoogleWire.Refusal("\(person.stringValue ?? "") for personGeneration is currently not supported.")
            }
        }
        for name in ["negativePrompt", "pubsubTopic", "storageUri"] where parameters[name] != nil {
            guard parameters[name]?.stringValue != nil else { throw GoogleWire.Refusal("`\(name)` must be a string.") }
        }
        for name in ["enhancePrompt", "generateAudio"] where parameters[name] != nil {
            guard parameters[name]?.boolValue != nil else { throw GoogleWire.Refusal("`\(name)` must be a bool.") }
        }
        if let seed = parameters["seed"] {
            guard let value = seed.integerValue, (0...4_294_967_295).contains(value) else {
                throw GoogleWire.Refusal("`seed` must be a uint32.")
            }
        }
        if let mode = parameters["resizeMode"], mode != "crop", mode != "pad" {
            throw GoogleWire.Refusal("`resizeMode` must be crop or pad.")
        }
        if let quality = parameters["compressionQuality"], quality != "optimized", quality != "lossless" {
            throw GoogleWire.Refusal("`compressionQuality` must be optimized or lossless.")
        }
        hasAudio = parameters["generateAudio"]?.boolValue ?? true
        storageURI = parameters["storageUri"]?.stringValue
        guard storageURI?.hasPrefix("gs://") ?? true else {
            throw GoogleWire.Refusal("`storageUri` must be a gs:// URI.")
        }
    }
}
