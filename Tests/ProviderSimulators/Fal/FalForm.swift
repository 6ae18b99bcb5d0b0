import Foundation
import Generation
import MediaInspection

/// The body of one request, read as strictly as a model of the host reads it: `null` is absent, anything else must be right.
struct FalForm {
    let schema: FalSchema
    let prompt: String
    private(set) var count = 1
    private(set) var format: String
    private(set) var seed: Int64?
    private(set) var size = PixelSize(width: 1_024, height: 768)
    private(set) var seconds = 0
    let hasAudio: Bool
    /// The sizes of the pictures that came along, in order.
    private(set) var pictures: [PixelSize] = []

    init(_ body: [UInt8], _ schema: FalSchema) throws(FalRefusal) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body)), case .object(let all) = value
        else { throw .invalid("body", "JSON decode error", type: "json_invalid") }
        let members = all.filter { $0.value != .null }
        self.schema = schema
        for name in members.keys.sorted() where schema.fields[name] == nil {
            throw .invalid(name, "Extra inputs are not permitted", type: "extra_forbidden")
        }
        for (name, kind) in schema.fields.sorted(by: { $0.key < $1.key }) {
            pictures += try Self.check(name, kind, members[name])
        }
        prompt = members["prompt"]?.stringValue ?? members["text"]?.stringValue ?? ""
        hasAudio = members["generate_audio"]?.boolValue ?? (schema.fields["generate_audio"] != nil)
        format = members["output_format"]?.stringValue ?? "jpeg"
        if case .images(let plain) = schema.makes { format = members["output_format"]?.stringValue ?? plain }
        seed = members["seed"]?.wholeNumber
        count = Int(members["num_images"]?.wholeNumber ?? 1)
        func word(_ name: String) -> String? { members[name]?.stringValue ?? schema.defaults[name] }
        switch schema.makes {
        case .images: size = imageSize(members["image_size"], word("aspect_ratio"), word("resolution") ?? word("tier"))
        case .video:
            let length = word("duration").map { $0 == "auto" ? "5" : $0 } ?? "5"
            seconds = Int(length.filter(\.isNumber)) ?? 5
            size = videoSize(word("aspect_ratio"), word("resolution") ?? "720p")
        case .audio: seconds = max(1, prompt.count / 15)
        }
    }

    // MARK: - Fields

    /// Checks one field.
    ///
    /// - Returns: The sizes of its pictures.
    private static func check(
        _ name: String,
        _ kind: FalSchema.Kind,
        _ value: JSONValue?
    ) throws(FalRefusal) -> [PixelSize] {
        guard let value else {
            switch kind {
            case .text(true), .picture(true), .pictures(_, true):
                throw .invalid(name, "Field required", type: "missing")
            case .text, .picture, .pictures, .words, .flag, .whole, .number, .size: return []
            }
        }
        switch kind {
        case .text:
            guard value.stringValue != nil else {
                throw .invalid(name, "Input should be a valid string", type: "string_type", input: value)
            }
        case .words(let words):
            guard let text = value.stringValue, words.contains(text) else {
                throw .invalid(name, "Input should be \(words.joined(separator: ", "))", type: "one_of", input: value)
            }
        case .flag:
            guard value.boolValue != nil else {
                throw .invalid(name, "Input should be a valid boolean", type: "bool_type", input: value)
            }
        case .whole(let range):
            guard let number = value.wholeNumber, range.contains(number) else {
                throw .invalid(name, "Input should be \(range)", type: "greater_than", input: value)
            }
        case .number(let range):
            guard let number = number(value), range.contains(number) else {
                throw .invalid(name, "Input should be \(range)", type: "greater_than", input: value)
            }
        case .size(let others): try checkSize(name, value, others)
        case .picture: return [try picture(name, value)]
        case .pictures(let most, _):
            guard case .array(let items) = value, !items.isEmpty, items.count <= most else {
                throw .invalid(name, "List should have 1 to \(most) items", type: "too_long")
            }
            var sizes: [PixelSize] = []
            for item in items { sizes.append(try picture(name, item)) }
            return sizes
        }
        return []
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let whole): Double(whole)
        case .number(let fraction): fraction
        case .null, .bool, .string, .array, .object: nil
        }
    }

    private static let presets = [
        "square_hd": PixelSize(width: 1_024, height: 1_024), "square": PixelSize(width: 512, height: 512),
        "portrait_4_3": PixelSize(width: 768, height: 1_024), "portrait_16_9": PixelSize(width: 576, height: 1_024),
        "landscape_4_3": PixelSize(width: 1_024, height: 768), "landscape_16_9": PixelSize(width: 1_024, height: 576),
    ]

    private static func checkSize(_ name: String, _ value: JSONValue, _ others: [String]) throws(FalRefusal) {
        if let text = value.stringValue, presets[text] != nil || others.contains(text) { return }
        guard let width = value["width"]?.wholeNumber, let height = value["height"]?.wholeNumber,
            (1...14_142).contains(width), (1...14_142).contains(height)
        else { throw .invalid(name, "Input should be a preset or an ImageSize", type: "image_size", input: value) }
        guard others.contains("auto_2K") else { return }
        let isLarge = (2_560 * 1_440...4_096 * 4_096).contains(width * height)
        let isBetween = (1_920...4_096).contains(width) && (1_920...4_096).contains(height)
        guard isLarge || isBetween else { throw .invalid(name, "Image size is out of range", type: "image_too_small") }
    }

    /// A picture as a `data:` URL; what is behind another URL is taken as it is.
    private static func picture(_ name: String, _ value: JSONValue) throws(FalRefusal) -> PixelSize {
        guard let text = value.stringValue else {
            throw .invalid(name, "Input should be a valid URL", type: "url_type")
        }
        if text.hasPrefix("https://") || text.hasPrefix("http://") { return PixelSize(width: 1_024, height: 1_024) }
        guard text.hasPrefix("data:image/"), let comma = text.firstIndex(of: ","), text[..<comma].hasSuffix(";base64"),
            let bytes = Data(base64Encoded: String(text[text.index(after: comma)...])),
            let size = try? MediaInspector.imageDimensions(Array(bytes), pixelLimit: .max)
        else { throw .invalid(name, "Failed to load the image", type: "image_load_error") }
        return PixelSize(width: size.width, height: size.height)
    }

    // MARK: - Sizes

    private func imageSize(_ asked: JSONValue?, _ ratio: String?, _ tier: String?) -> PixelSize {
        if let width = asked?["width"]?.wholeNumber, let height = asked?["height"]?.wholeNumber {
            return PixelSize(width: Int(width), height: Int(height))
        }
        if let preset = asked?.stringValue.flatMap({ Self.presets[$0] }) { return preset }
        let side: Double =
            switch asked?.stringValue ?? tier ?? "1K" {
            case "0.5K": 512
            case "2K", "auto_2K": 2_048
            case "4K", "auto_4K": 4_096
            case _: 1_024
            }
        let own = pictures.first.map { Double($0.width) / Double($0.height) } ?? 1
        return Self.size(Self.number(ratio) ?? own, pixels: side * side)
    }

    private func videoSize(_ ratio: String?, _ tier: String) -> PixelSize {
        let lines: Double = tier == "480p" ? 480 : tier == "1080p" ? 1_080 : tier == "4k" ? 2_160 : 720
        let own = pictures.first.map { Double($0.width) / Double($0.height) } ?? 16.0 / 9
        let shape = Self.number(ratio) ?? own
        let (wide, high) = shape >= 1 ? (lines * shape, lines) : (lines, lines / shape)
        func even(_ side: Double) -> Int { Int((side / 2).rounded()) * 2 }
        return PixelSize(width: even(wide), height: even(high))
    }

    private static func number(_ ratio: String?) -> Double? {
        let sides = ratio?.split(separator: ":").compactMap { Double($0) } ?? []
        return sides.count == 2 && sides[1] > 0 ? sides[0] / sides[1] : nil
    }

    private static func size(_ ratio: Double, pixels: Double) -> PixelSize {
        let height = (pixels / ratio).squareRoot()
        func step(_ side: Double) -> Int { max(64, Int((side / 16).rounded()) * 16) }
        return PixelSize(width: step(height * ratio), height: step(height))
    }
}
