import Generation

/// The body of one request, read as the host documents it: the simulator's own table, which no adapter is read from.
///
/// Sources, read on 2026-11-22: docs.together.ai (videos-overview, serverless-models, images), `types/video_create_params.py`
/// and `image_generate_params.py` of together 3.1.1.
struct TogetherOrder {
    let model: String
    private(set) var prompt = ""
    private(set) var seconds: Int64 = 0
    private(set) var size = PixelSize(width: 1_024, height: 1_024)
    private(set) var count: Int64 = 1
    private(set) var format = "jpeg"
    private(set) var isBase64 = false
    private(set) var hasAudio = false
    /// What is charged, in US dollars.
    private(set) var cost = 0.0

    private struct Video {
        let durations: [Int64]
        let lines: [Int]
        let ratios: [Double]
        var isInWords = false
        var needsFrame = false
        var takesFrames = 2
        var perSecond: [Int: Double] = [:]
        var silent: Double?
        var flat: Double?
    }

    private static let wide = [16.0 / 9, 9.0 / 16]
    private static let videos: [String: Video] = [
        "google/veo-3.1": Video(
            durations: [4, 6, 8],
            lines: [720, 1_080],
            ratios: wide,
            perSecond: [720: 0.4, 1_080: 0.4],
            silent: 0.2
        ),
        "google/veo-3.1-lite": Video(
            durations: [4, 6, 8],
            lines: [720, 1_080],
            ratios: wide,
            perSecond: [720: 0.05, 1_080: 0.08]
        ),
        "Wan-AI/wan2.7-t2v": Video(
            durations: [5, 10, 15],
            lines: [720, 1_080],
            ratios: [],
            isInWords: true,
            takesFrames: 0,
            perSecond: [720: 0.1, 1_080: 0.15]
        ),
        "Wan-AI/wan2.7-i2v": Video(
            durations: [5, 10, 15],
            lines: [720, 1_080],
            ratios: [],
            isInWords: true,
            needsFrame: true,
            perSecond: [720: 0.1, 1_080: 0.15]
        ),
        "minimax/hailuo-02": Video(
            durations: [6, 10],
            lines: [768, 1_080],
            ratios: [1_366.0 / 768, 16.0 / 9],
            takesFrames: 1,
            flat: 0.49
        ),
    ]

    private static let images: [String: (pixels: Int, pictures: String?, isNegative: Bool)] = [
        "black-forest-labs/FLUX.2-pro": (4_194_304, "reference_images", false),
        "black-forest-labs/FLUX.2-max": (4_194_304, "reference_images", false),
        "black-forest-labs/FLUX.1.1-pro": (2_100_000, nil, false),
        "black-forest-labs/FLUX.1-kontext-pro": (2_100_000, "image_url", false),
        "black-forest-labs/FLUX.1-kontext-max": (2_100_000, "image_url", false),
        "black-forest-labs/FLUX.1-schnell": (2_100_000, nil, false),
        "ByteDance-Seed/Seedream-4.0": (16_777_216, "reference_images", false),
        "ByteDance/Seedream-5.0-lite": (16_777_216, nil, false),
        "Qwen/Qwen-Image-2.0": (4_194_304, nil, true), "Qwen/Qwen-Image-2.0-Pro": (4_194_304, nil, true),
        "google/gemini-3-pro-image": (20_000_000, "reference_images", false),
    ]

    // MARK: - Videos

    /// Reads the body of a video job; nil for a model that there is not.
    init?(video body: JSONValue?) throws(FieldComplaint) {
        var fields = try StrictFields(body)
        model = try fields.text("model")
        guard let schema = Self.videos[model] else { return nil }
        prompt = try fields.text("prompt", most: 32_000)
        guard let text = try fields.string("seconds"), let number = Int64(text), schema.durations.contains(number)
        else {
            throw FieldComplaint(field: "seconds", words: "is not supported by this model")
        }
        seconds = number
        _ = try fields.integer("seed", in: 0...2_147_483_647)
        _ = try fields.string("negative_prompt", most: 5_000)
        hasAudio = schema.flat == nil
        if schema.perSecond[720] == 0.4 || schema.perSecond[720] == 0.05 {
            hasAudio = try fields.bool("generate_audio") ?? true
        }
        var shape = 16.0 / 9
        let frames = try Self.frames(&fields, schema)
        if let first = frames.shape { shape = first }
        guard frames.count > 0 || !schema.needsFrame else {
            throw FieldComplaint(field: "media.frame_images", words: "is required by this model")
        }
        let lines = try readSize(&fields, schema, shape, isFramed: frames.count > 0)
        cost = schema.flat ?? (schema.perSecond[lines] ?? 0) * Double(seconds)
        if let silent = schema.silent, !hasAudio { cost = silent * Double(seconds) }
        try fields.finish()
    }

    private mutating func readSize(
        _ fields: inout StrictFields,
        _ schema: Video,
        _ shape: Double,
        isFramed: Bool
    ) throws(FieldComplaint) -> Int {
        if schema.isInWords {
            let resolution = try fields.word("resolution", of: ["720P", "1080P"]) ?? "1080P"
            let ratio = isFramed ? nil : try fields.word("ratio", of: ["16:9", "9:16", "1:1", "4:3", "3:4"])
            let sides = (ratio ?? "").split(separator: ":").compactMap { Double($0) }
            let lines = resolution == "720P" ? 720 : 1_080
            let wanted = sides.count == 2 ? sides[0] / sides[1] : shape
            func even(_ side: Double) -> Int { Int((side / 2).rounded()) * 2 }
            size =
                wanted >= 1
                ? PixelSize(width: even(Double(lines) * wanted), height: lines)
                : PixelSize(width: lines, height: even(Double(lines) / wanted))
            return lines
        }
        let width = try fields.integer("width", in: 1...4_096) ?? 1_366
        let height = try fields.integer("height", in: 1...4_096) ?? 768
        size = PixelSize(width: Int(width), height: Int(height))
        let isKnown = schema.ratios.contains { abs($0 - Double(width) / Double(height)) < 0.01 }
        guard isKnown, schema.lines.contains(Int(min(width, height))) else {
            throw FieldComplaint(field: "width", words: "and height \(size) are not supported by this model")
        }
        return Int(min(width, height))
    }

    private static func frames(
        _ fields: inout StrictFields,
        _ schema: Video
    ) throws(FieldComplaint) -> (count: Int, shape: Double?) {
        guard let value = fields.value("media") else { return (0, nil) }
        var media = try StrictFields(value, "media")
        var shape: Double?
        var places: [String] = []
        for item in try media.array("frame_images", most: schema.takesFrames) {
            var inner = try StrictFields(item, "frame_images")
            let picture = try inner.text("input_image")
            places.append(try inner.word("frame", of: ["first", "last"]) ?? "first")
            try inner.finish()
            if picture.hasPrefix("https://") { continue }
            guard let size = try StrictFields.picture("data:image/png;base64,\(picture)", "input_image") else {
                continue
            }
            if places.last == "first" { shape = Double(size.width) / Double(size.height) }
        }
        try media.finish()
        guard places.isEmpty || places.contains("first"), Set(places).count == places.count else {
            throw FieldComplaint(field: "frame_images", words: "must have one first frame")
        }
        return (places.count, shape)
    }

    // MARK: - Images

    /// Reads the body of an image request; nil for a model that there is not.
    init?(image body: JSONValue?) throws(FieldComplaint) {
        var fields = try StrictFields(body)
        model = try fields.text("model")
        guard let schema = Self.images[model] else { return nil }
        prompt = try fields.text("prompt")
        count = try fields.integer("n", in: 1...4) ?? 1
        let width = try fields.integer("width", in: 64...6_144) ?? 1_024
        let height = try fields.integer("height", in: 64...6_144) ?? 1_024
        guard width.isMultiple(of: 8), height.isMultiple(of: 8), width * height <= schema.pixels else {
            throw FieldComplaint(field: "width", words: "and height are not supported by this model")
        }
        size = PixelSize(width: Int(width), height: Int(height))
        format = try fields.word("output_format", of: ["jpeg", "png"]) ?? "jpeg"
        isBase64 = try fields.word("response_format", of: ["base64", "url"]) == "base64"
        _ = try fields.integer("seed", in: 0...2_147_483_647)
        _ = try fields.integer("steps", in: 1...50)
        _ = try fields.number("guidance_scale", in: 0...20)
        _ = try fields.bool("disable_safety_checker")
        if schema.isNegative { _ = try fields.string("negative_prompt") }
        if schema.pictures == "image_url", let picture = try fields.string("image_url") {
            _ = try StrictFields.picture(picture, "image_url")
        }
        if schema.pictures == "reference_images" {
            for picture in try fields.array("reference_images", most: 14) {
                _ = try StrictFields.picture(picture.stringValue ?? "", "reference_images")
            }
        }
        try fields.finish()
    }
}
