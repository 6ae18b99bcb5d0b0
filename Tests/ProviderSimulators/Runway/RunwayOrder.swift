import Generation

/// The body of one request, read as the service's validator reads it.
struct RunwayOrder {
    let schema: RunwaySchema
    let prompt: String
    private(set) var seconds: Int64 = 0
    private(set) var size = PixelSize(width: 1_280, height: 720)
    private(set) var hasAudio = false
    private(set) var references = 0

    private static let pictureBytesMax = 5_242_880
    /// The shortest side of each kind of resolution; a wide picture is a little flatter.
    private static let tiers = [(2_160, 1_600), (1_080, 850), (720, 600), (480, 0)]

    /// Reads a body that came to a path: `text_to_video`, `image_to_video` or `text_to_image`.
    init(_ body: JSONValue?, path: String) throws(FieldComplaint) {
        var fields = try StrictFields(body)
        let name = try fields.text("model")
        guard let schema = RunwaySchema.named(name), (schema.kind == .image) == (path == "text_to_image") else {
            throw FieldComplaint(field: "model", words: "Invalid input")
        }
        self.schema = schema
        let isFromPicture = path == "image_to_video"
        let ratios = isFromPicture ? schema.image : schema.text
        guard !ratios.isEmpty else { throw FieldComplaint(field: "model", words: "Invalid input") }
        prompt = try fields.text("promptText", most: schema.prompt)
        if let seed = try fields.integer("seed", in: 0...4_294_967_295), schema.kind == .hailuo {
            throw FieldComplaint(field: "seed", words: "Unrecognized key, \(seed)")
        }
        if schema.kind == .gen4 || schema.kind == .image, let moderation = fields.value("contentModeration") {
            var inner = try StrictFields(moderation, "contentModeration")
            _ = try inner.word("publicFigureThreshold", of: ["auto", "low"])
            try inner.finish()
        }
        var shape = 16.0 / 9
        if isFromPicture { shape = try Self.frames(&fields, schema) ?? shape }
        try readReferences(&fields, isFromPicture: isFromPicture)
        try readSize(&fields, ratios, shape, isFromPicture: isFromPicture)
        if schema.kind != .image { seconds = try Self.duration(&fields, schema) }
        hasAudio = schema.kind == .hailuo
        if schema.kind == .veo || schema.kind == .seedance { hasAudio = try fields.bool("audio") ?? true }
        if schema.kind == .veo { _ = try fields.string("negativePrompt", most: 1_000) }
        try fields.finish()
    }

    /// What is charged, in credits.
    var credits: Double {
        let shortest = min(size.width, size.height)
        let lines =
            schema.kind == .hailuo
            ? (shortest > 800 ? 1_440 : 768) : Self.tiers.first { shortest >= $0.1 }?.0 ?? 480
        var price = schema.credits.first { $0.lines == lines }?.credits ?? schema.credits.first?.credits ?? 0
        if let silent = schema.silent, !hasAudio { price = silent }
        let extra = schema.kind == .hailuo ? Double(references) * 2 : 0
        return max(schema.minimum, price * Double(schema.kind == .image ? 1 : seconds) + extra)
    }

    private static func duration(
        _ fields: inout StrictFields,
        _ schema: RunwaySchema
    ) throws(FieldComplaint) -> Int64 {
        if schema.kind == .seedance, fields.value("duration") == "auto" { return 7 }
        let seconds = try fields.integer("duration", in: schema.durations)
        if let only = schema.only, let seconds, !only.contains(seconds) {
            throw FieldComplaint(field: "duration", words: "Invalid input")
        }
        guard seconds != nil || schema.model != "gen4.5" else {
            throw FieldComplaint(field: "duration", words: "Required")
        }
        return seconds ?? schema.only?.last ?? 5
    }

    /// The pictures of `promptImage`, and the shape of the first.
    private static func frames(
        _ fields: inout StrictFields,
        _ schema: RunwaySchema
    ) throws(FieldComplaint) -> Double? {
        let items: [JSONValue]
        if case .string(let uri)? = fields.value("promptImage") {
            items = [["uri": .string(uri), "position": "first"]]
        } else {
            items = try fields.array("promptImage", most: 2)
        }
        var positions: [String] = []
        var shape: Double?
        for item in items {
            var inner = try StrictFields(item, "promptImage")
            let uri = try inner.text("uri")
            guard let position = try inner.word("position", of: schema.hasLast ? ["first", "last"] : ["first"]) else {
                throw FieldComplaint(field: "promptImage.position", words: "Required")
            }
            try inner.finish()
            positions.append(position)
            if let size = try picture(uri, "promptImage"), position == "first" {
                shape = Double(size.width) / Double(size.height)
            }
        }
        guard positions.contains("first"), Set(positions).count == positions.count else {
            throw FieldComplaint(field: "promptImage", words: "A first frame is required")
        }
        return shape
    }

    private mutating func readReferences(
        _ fields: inout StrictFields,
        isFromPicture: Bool
    ) throws(FieldComplaint) {
        let name = schema.kind == .image ? "referenceImages" : "references"
        guard schema.references > 0, !isFromPicture else { return }
        let items = try fields.array(name, most: schema.references)
        for item in items {
            var inner = try StrictFields(item, name)
            _ = try Self.picture(inner.text("uri"), name)
            if schema.kind == .image { _ = try inner.string("tag", most: 16) }
            try inner.finish()
        }
        guard items.count >= schema.referencesMin else { throw FieldComplaint(field: name, words: "Required") }
        references = items.count
    }

    private mutating func readSize(
        _ fields: inout StrictFields,
        _ ratios: [String],
        _ shape: Double,
        isFromPicture: Bool
    ) throws(FieldComplaint) {
        let ratio = try fields.word("ratio", of: ratios)
        guard schema.kind != .hailuo else {
            let resolution = try fields.word("resolution", of: ["768p", "2k", "768P", "2K"]) ?? "768p"
            guard ratio != "adaptive" || isFromPicture || references > 0 else {
                throw FieldComplaint(field: "ratio", words: "adaptive needs references")
            }
            let sides = (ratio ?? "").split(separator: ":").compactMap { Double($0) }
            let wanted = sides.count == 2 ? sides[0] / sides[1] : shape
            let lines = resolution.lowercased() == "2k" ? 1_440.0 : 768
            func even(_ side: Double) -> Int { Int((side / 2).rounded()) * 2 }
            size =
                wanted >= 1
                ? PixelSize(width: even(lines * wanted), height: Int(lines))
                : PixelSize(width: Int(lines), height: even(lines / wanted))
            return
        }
        guard let ratio = ratio ?? (schema.kind == .seedance ? "1280:720" : nil),
            let size = PixelSize(ratio.split(separator: ":").joined(separator: "x"))
        else { throw FieldComplaint(field: "ratio", words: "Required") }
        self.size = size
    }

    private static func picture(_ uri: String, _ field: String) throws(FieldComplaint) -> PixelSize? {
        if uri.hasPrefix("runway://") { return nil }
        guard !uri.hasPrefix("data:") || uri.utf8.count <= pictureBytesMax else {
            throw FieldComplaint(field: field, words: "The data URI is too large")
        }
        return try StrictFields.picture(uri, field)
    }
}
