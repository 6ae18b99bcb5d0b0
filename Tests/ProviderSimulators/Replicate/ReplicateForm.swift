import Foundation
import Generation
import MediaInspection

/// One input, read as strictly as the host reads it: `null` is absent, anything else must be right.
struct ReplicateForm {
    let prompt: String
    private(set) var count = 1
    let format: String
    private(set) var size: PixelSize
    let seconds: Int
    let hasAudio: Bool
    /// The sizes of the pictures that came along, in order.
    private(set) var pictures: [PixelSize] = []

    init(
        _ input: JSONValue?,
        _ schema: ReplicateSchema,
        file: (String) -> [UInt8]?
    ) throws(ReplicateRefusal) {
        guard case .object(let all)? = input else {
            throw ReplicateRefusal(
                status: 422,
                title: "Input validation failed",
                detail: "- input is required\n"
            )
        }
        let members = all.filter { $0.value != .null }
        for name in members.keys.sorted() where schema.fields[name] == nil {
            throw .invalid(
                name,
                "Additional property \(name) is not allowed",
                type: "additional_property_not_allowed"
            )
        }
        for (name, kind) in schema.fields.sorted(by: { $0.key < $1.key }) {
            pictures += try Self.check(name, kind, members[name], file)
        }
        prompt = members["prompt"]?.stringValue ?? ""
        count = Int(members["num_outputs"]?.wholeNumber ?? 1)
        format = members["output_format"]?.stringValue ?? schema.format
        seconds = Int(members["duration"]?.wholeNumber ?? 8)
        hasAudio = schema.isVideo && (members["generate_audio"]?.boolValue ?? true)
        size = PixelSize(width: 1_024, height: 1_024)
        func word(_ name: String) -> String? { members[name]?.stringValue ?? schema.defaults[name] }
        if schema.isVideo {
            guard [4, 6, 8].contains(seconds) else {
                throw .invalid("duration", "must be 4, 6 or 8", type: "enum")
            }
            let hasReferences = members["reference_images"] != nil
            guard !hasReferences || (seconds == 8 && word("aspect_ratio") == "16:9") else {
                throw .invalid("reference_images", "only work with 16:9 and 8 seconds", type: "value")
            }
            let (long, short) = word("resolution") == "720p" ? (1_280, 720) : (1_920, 1_080)
            size =
                word("aspect_ratio") == "9:16"
                ? PixelSize(width: short, height: long) : PixelSize(width: long, height: short)
        } else if let width = members["width"]?.wholeNumber, let height = members["height"]?.wholeNumber {
            guard word("aspect_ratio") == "custom" else {
                throw .invalid("width", "is only used with aspect_ratio custom", type: "value")
            }
            size = PixelSize(width: Int(width), height: Int(height))
        } else {
            let side: Double =
                switch word("size") ?? word("resolution") ?? "1K" {
                case "2K", "4 MP": 2_048
                case "4K": 4_096
                case _: 1_024
                }
            let own = pictures.first.map { Double($0.width) / Double($0.height) } ?? 1
            size = Self.size(Self.number(word("aspect_ratio")) ?? own, pixels: side * side)
        }
    }

    private static func check(
        _ name: String,
        _ kind: ReplicateSchema.Kind,
        _ value: JSONValue?,
        _ file: (String) -> [UInt8]?
    ) throws(ReplicateRefusal) -> [PixelSize] {
        guard let value else {
            if case .text(true) = kind { throw .invalid(name, "\(name) is required", type: "required") }
            return []
        }
        switch kind {
        case .text:
            guard value.stringValue != nil else { throw .invalid(name, "must be a string", type: "type") }
        case .words(let words):
            guard let text = value.stringValue, words.contains(text) else {
                throw .invalid(name, "must be one of \(words.joined(separator: ", "))", type: "enum")
            }
        case .flag:
            guard value.boolValue != nil else { throw .invalid(name, "must be a boolean", type: "type") }
        case .whole(let range):
            guard let number = value.wholeNumber, range.contains(number) else {
                throw .invalid(name, "must be an integer of \(range)", type: "number_gte")
            }
        case .number(let range):
            let number: Double?
            switch value {
            case .integer(let whole): number = Double(whole)
            case .number(let fraction): number = fraction
            case .null, .bool, .string, .array, .object: number = nil
            }
            guard let number, range.contains(number) else {
                throw .invalid(name, "must be a number of \(range)", type: "number_gte")
            }
        case .picture: return [try picture(name, value, file)]
        case .pictures(let most):
            guard case .array(let items) = value, items.count <= most else {
                throw .invalid(name, "must be at most \(most) items", type: "array_max_items")
            }
            var sizes: [PixelSize] = []
            for item in items { sizes.append(try picture(name, item, file)) }
            return sizes
        }
        return []
    }

    /// A picture as a `data:` URL of moderate length, or among the files that were uploaded; any other URL as it is.
    private static func picture(
        _ name: String,
        _ value: JSONValue,
        _ file: (String) -> [UInt8]?
    ) throws(ReplicateRefusal) -> PixelSize {
        guard let text = value.stringValue else {
            throw .invalid(name, "must be a URI", type: "format")
        }
        let bytes: [UInt8]
        if text.hasPrefix("data:image/"), let comma = text.firstIndex(of: ","),
            text[..<comma].hasSuffix(";base64"),
            let data = Data(base64Encoded: String(text[text.index(after: comma)...])),
            data.count <= 256_000
        {
            bytes = Array(data)
        } else if let stored = file(text) {
            bytes = stored
        } else if text.hasPrefix("https://") {
            return PixelSize(width: 1_024, height: 1_024)
        } else {
            throw .invalid(name, "Does not match format 'uri'", type: "format")
        }
        guard let size = try? MediaInspector.imageDimensions(bytes, pixelLimit: .max) else {
            throw .invalid(name, "is no image", type: "format")
        }
        return PixelSize(width: size.width, height: size.height)
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
