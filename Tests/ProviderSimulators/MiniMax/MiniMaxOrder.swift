import Generation

/// The body of one request for a video, read as the vendor documents it: the simulator's own table, which no adapter is
/// read from.
///
/// Sources, read on 2026-11-22: limits of both interfaces as a public client checks them (verified there 2026-10-05),
/// docs.comfy.org (pictures of H3), developer.civitai.com (inputs of H3).
struct MiniMaxOrder {
    let model: String
    let prompt: String
    let resolution: String
    let seconds: Int64
    let size: PixelSize
    /// What the second interface repeats.
    private(set) var ratio = "16:9"
    private(set) var images = 0
    private(set) var videos = 0

    private static let shapes: [String: Double] = [
        "16:9": 16.0 / 9, "9:16": 9.0 / 16, "1:1": 1, "4:3": 4.0 / 3, "3:4": 3.0 / 4, "21:9": 21.0 / 9,
    ]

    // MARK: - Hailuo

    init(hailuo body: JSONValue?) throws(FieldComplaint) {
        var fields = try StrictFields(body)
        let name = try fields.text("model")
        model = name
        guard ["MiniMax-Hailuo-2.3", "MiniMax-Hailuo-2.3-Fast", "MiniMax-Hailuo-02"].contains(name) else {
            throw FieldComplaint(field: "model", words: "does not exist")
        }
        prompt = try fields.string("prompt", most: 2_000) ?? ""
        let hasSmall = name.hasSuffix("02")
        resolution =
            try fields.word("resolution", of: hasSmall ? ["512P", "768P", "1080P"] : ["768P", "1080P"]) ?? "768P"
        seconds = try fields.integer("duration", in: 6...10) ?? 6
        guard seconds == 6 || seconds == 10, seconds == 6 || resolution != "1080P" else {
            throw FieldComplaint(field: "duration", words: "does not support \(seconds) at \(resolution)")
        }
        for name in ["prompt_optimizer", "fast_pretreatment", "aigc_watermark"] { _ = try fields.bool(name) }
        let lines = resolution == "1080P" ? 1_080 : resolution == "512P" ? 512 : 768
        var shape = 16.0 / 9
        let first = try fields.string("first_frame_image")
        if let first, let picture = try Self.picture(first, "first_frame_image", 301) {
            shape = Double(picture.width) / Double(picture.height)
        }
        if name.hasSuffix("02"), let last = try fields.string("last_frame_image") {
            guard first != nil else { throw FieldComplaint(field: "last_frame_image", words: "needs a first one") }
            _ = try Self.picture(last, "last_frame_image", 301)
        }
        guard first != nil || !name.hasSuffix("Fast") else {
            throw FieldComplaint(field: "first_frame_image", words: "is required")
        }
        guard first != nil || !prompt.isEmpty else { throw FieldComplaint(field: "prompt", words: "is required") }
        size = Self.size(lines: lines, shape)
        images = first == nil ? 0 : 1
        try fields.finish()
    }

    // MARK: - H3

    init(h3 body: JSONValue?) throws(FieldComplaint) {
        var fields = try StrictFields(body)
        model = try fields.text("model")
        guard model == "MiniMax-H3" || model == "MiniMax-H3-Max" else {
            throw FieldComplaint(field: "model", words: "does not exist")
        }
        let isMax = model == "MiniMax-H3-Max"
        resolution = try fields.word("resolution", of: isMax ? ["480P", "768P"] : ["768P", "2K"]) ?? "768P"
        seconds = try fields.integer("duration", in: (isMax ? 5 : 4)...15) ?? 5
        _ = try fields.bool("aigc_watermark")
        let ratio = try fields.word("ratio", of: Self.shapes.keys.sorted() + ["adaptive"])
        let content = try Content(fields.array("content", most: 16))
        (prompt, images, videos) = (content.prompt, content.images, content.videos)
        guard content.images + content.videos > 0 || ratio != "adaptive" else {
            throw FieldComplaint(field: "ratio", words: "must not be adaptive for text-to-video")
        }
        let lines = resolution == "2K" ? 1_440 : resolution == "480P" ? 480 : 768
        let named =
            content.hasFrames ? "adaptive" : ratio ?? (content.images + content.videos > 0 ? "adaptive" : "16:9")
        self.ratio = named
        size = Self.size(lines: lines, Self.shapes[named] ?? content.shape)
        try fields.finish()
    }

    /// The items of `content`.
    private struct Content {
        private(set) var prompt = ""
        private(set) var images = 0
        private(set) var videos = 0
        private(set) var hasFrames = false
        private(set) var shape = 16.0 / 9

        init(_ items: [JSONValue]) throws(FieldComplaint) {
            var roles: [String: Int] = [:]
            for item in items {
                var fields = try StrictFields(item, "content")
                let type = try fields.word("type", of: ["text", "image_url", "video_url", "audio_url"]) ?? ""
                if type == "text" {
                    guard prompt.isEmpty else {
                        throw FieldComplaint(field: "content", words: "has more than one text")
                    }
                    prompt = try fields.text("text", most: 7_000)
                } else {
                    try take(type, &fields, &roles)
                }
                try fields.finish()
            }
            guard !prompt.isEmpty else {
                throw FieldComplaint(field: "content", words: "must include a non-empty text item (prompt is required)")
            }
            func count(_ role: String) -> Int { roles[role] ?? 0 }
            let references = count("reference_image") + count("reference_video") + count("reference_audio")
            hasFrames = count("first_frame") + count("last_frame") > 0
            guard count("first_frame") <= 1, count("last_frame") <= count("first_frame") else {
                throw FieldComplaint(field: "content", words: "has a last_frame without a first_frame")
            }
            guard !hasFrames || references == 0 else {
                throw FieldComplaint(field: "content", words: "has frames and references")
            }
            guard count("reference_image") <= 9, count("reference_video") <= 3, count("reference_audio") <= 3 else {
                throw FieldComplaint(field: "content", words: "has too many references")
            }
            guard count("reference_audio") == 0 || references > count("reference_audio") else {
                throw FieldComplaint(field: "content", words: "has audio references alone")
            }
            images = count("first_frame") + count("last_frame") + count("reference_image")
            videos = count("reference_video")
        }

        private mutating func take(
            _ type: String,
            _ fields: inout StrictFields,
            _ roles: inout [String: Int]
        ) throws(FieldComplaint) {
            let allowed =
                switch type {
                case "image_url": ["first_frame", "last_frame", "reference_image"]
                case "video_url": ["reference_video"]
                case _: ["reference_audio"]
                }
            guard let role = try fields.word("role", of: allowed) else {
                throw FieldComplaint(field: "role", words: "is required")
            }
            var media = try StrictFields(fields.value(type), type)
            let url = try media.text("url")
            try media.finish()
            roles[role, default: 0] += 1
            guard type == "image_url" else {
                guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
                    throw FieldComplaint(field: type, words: "must be a public URL")
                }
                return
            }
            if let picture = try MiniMaxOrder.picture(url, role, 256), roles[role] == 1, role != "last_frame" {
                shape = Double(picture.width) / Double(picture.height)
            }
        }
    }

    /// A picture, held to the vendor's limits.
    private static func picture(_ text: String, _ field: String, _ shortest: Int) throws(FieldComplaint) -> PixelSize? {
        guard let size = try StrictFields.picture(text, field) else { return nil }
        let shape = Double(size.width) / Double(size.height)
        guard min(size.width, size.height) >= shortest, (0.4...2.5).contains(shape) else {
            throw FieldComplaint(field: field, words: "has \(size), which is not supported")
        }
        return size
    }

    /// The sides of a shape, the shorter of which has so many lines.
    private static func size(lines: Int, _ shape: Double) -> PixelSize {
        func even(_ side: Double) -> Int { Int((side / 2).rounded()) * 2 }
        return shape >= 1
            ? PixelSize(width: even(Double(lines) * shape), height: lines)
            : PixelSize(width: lines, height: even(Double(lines) / shape))
    }
}
