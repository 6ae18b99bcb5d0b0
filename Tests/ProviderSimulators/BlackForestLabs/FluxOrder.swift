import Foundation
import Generation
import MediaInspection

/// The body of one request, read as strictly as the service reads it: `null` is absent, anything else must be right.
struct FluxOrder {
    let schema: FluxSchema
    let prompt: String
    let format: String
    let seed: Int64?
    /// The sizes of the pictures that came along, in order.
    private(set) var pictures: [PixelSize] = []
    private(set) var size: PixelSize
    let webhookURL: String?
    let webhookSecret: String?

    private static let bodyBytesMax = 100_000_000
    private static let pictureBytesMax = 20 * 1_024 * 1_024
    private static let picturePixelsMax = 20_000_000
    private static let pixelsMax = 2_048 * 2_048

    init(_ body: [UInt8], _ schema: FluxSchema) throws(FluxRefusal) {
        guard body.count <= Self.bodyBytesMax, let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            case .object(let members) = value
        else { throw .invalid("body", "JSON decode error", type: "json_invalid") }
        var fields = FluxFields(members.filter { $0.value != .null })
        self.schema = schema
        prompt = try fields.string("prompt") ?? ""
        if prompt.isEmpty, schema.family == .flux2 || schema.family == .kontext {
            throw .invalid("prompt", "Field required", type: "missing")
        }
        format = try fields.word("output_format", of: schema.formats) ?? "jpeg"
        seed = try fields.integer("seed")
        webhookURL = try fields.string("webhook_url")
        webhookSecret = try fields.string("webhook_secret")
        if let webhookURL, !webhookURL.hasPrefix("http") || webhookURL.utf8.count > 2_083 {
            throw .invalid("webhook_url", "Input should be a valid URL", type: "url_parsing")
        }
        size = PixelSize(width: 1_024, height: 1_024)
        try readPictures(&fields)
        try readOptions(&fields)
        try readSize(&fields)
        if let unknown = fields.unread.first {
            throw .invalid(unknown, "Extra inputs are not permitted", type: "extra_forbidden")
        }
    }

    // MARK: - Pictures

    private mutating func readPictures(_ fields: inout FluxFields) throws(FluxRefusal) {
        switch schema.family {
        case .flux2, .kontext:
            let names = ["input_image"] + (2...max(2, schema.pictures)).map { "input_image_\($0)" }
            for name in names.prefix(schema.pictures) {
                guard let text = try fields.string(name) else { continue }
                pictures.append(try Self.picture(text, name))
            }
        case .pro, .ultra:
            if let text = try fields.string("image_prompt") { pictures.append(try Self.picture(text, "image_prompt")) }
        case .fill:
            guard let text = try fields.string("image") else {
                throw .invalid("image", "Field required", type: "missing")
            }
            let picture = try Self.picture(text, "image")
            pictures = [picture]
            guard let text = try fields.string("mask") else { return }
            let mask = try Self.picture(text, "mask")
            guard mask == picture else {
                throw .invalid("mask", "The mask must have the dimensions of the image", type: "value_error")
            }
        }
    }

    /// A picture as base64, without the head of a `data:` URL; what is behind a URL is taken as it is.
    private static func picture(_ text: String, _ field: String) throws(FluxRefusal) -> PixelSize {
        if text.hasPrefix("https://") || text.hasPrefix("http://") { return PixelSize(width: 1_024, height: 1_024) }
        guard let bytes = Data(base64Encoded: text), bytes.count <= pictureBytesMax,
            let size = try? MediaInspector.imageDimensions(Array(bytes), pixelLimit: .max)
        else { throw .invalid(field, "Invalid base64 encoding or image", type: "value_error") }
        guard size.width * size.height <= picturePixelsMax else {
            throw .invalid(field, "Image dimensions exceed 20 megapixels", type: "value_error")
        }
        return PixelSize(width: size.width, height: size.height)
    }

    // MARK: - Options and sizes

    private mutating func readOptions(_ fields: inout FluxFields) throws(FluxRefusal) {
        _ = try fields.integer("safety_tolerance", in: schema.tolerances(isEdit: !pictures.isEmpty))
        if schema.upsamples { _ = try fields.bool("prompt_upsampling") }
        if let steps = schema.steps { _ = try fields.integer("steps", in: steps) }
        if let guidance = schema.guidance { _ = try fields.number("guidance", in: guidance) }
        if schema.family == .ultra {
            _ = try fields.bool("raw")
            _ = try fields.number("image_prompt_strength", in: 0...1)
        }
    }

    private mutating func readSize(_ fields: inout FluxFields) throws(FluxRefusal) {
        switch schema.family {
        case .flux2:
            let width = try fields.integer("width") ?? 0
            let height = try fields.integer("height") ?? 0
            guard width > 0 || height > 0 else {
                if let picture = pictures.first { size = Self.fitted(picture) }
                return
            }
            try check("width", width, step: 16, in: 64...65_536)
            try check("height", height, step: 16, in: 64...65_536)
            guard width * height <= Int64(Self.pixelsMax) else {
                throw .invalid("width", "width * height exceeds 4MP", type: "value_error")
            }
            size = PixelSize(width: Int(width), height: Int(height))
        case .pro:
            let width = try fields.integer("width") ?? 1_024
            let height = try fields.integer("height") ?? 768
            try check("width", width, step: 32, in: 256...1_440)
            try check("height", height, step: 32, in: 256...1_440)
            size = PixelSize(width: Int(width), height: Int(height))
        case .kontext, .ultra:
            let pixels = schema.family == .kontext ? 1_024 * 1_024 : Self.pixelsMax
            let own = pictures.first.map { Double($0.width) / Double($0.height) } ?? 1
            let ratio = try Self.ratio(fields.string("aspect_ratio")) ?? (schema.family == .kontext ? own : 16.0 / 9)
            size = Self.size(ratio, pixels: pixels)
        case .fill: size = pictures.first ?? size
        }
    }

    private func check(
        _ name: String,
        _ side: Int64,
        step: Int64,
        in range: ClosedRange<Int64>
    ) throws(FluxRefusal) {
        guard range.contains(side) else {
            throw .invalid(
                name,
                "Input should be \(range.lowerBound) to \(range.upperBound)",
                type: "greater_than_equal"
            )
        }
        guard side.isMultiple(of: step) else {
            throw .invalid(name, "Input should be a multiple of \(step)", type: "multiple_of")
        }
    }

    /// `16:9` as a number, within 21:9 and 9:21.
    private static func ratio(_ text: String?) throws(FluxRefusal) -> Double? {
        guard let text else { return nil }
        let sides = text.split(separator: ":").compactMap { Double($0) }
        guard sides.count == 2, sides.allSatisfy({ $0 > 0 }), (9.0 / 21...21.0 / 9).contains(sides[0] / sides[1]) else {
            throw .invalid("aspect_ratio", "Aspect ratio must be between 21:9 and 9:21", type: "value_error")
        }
        return sides[0] / sides[1]
    }

    /// The sides of a ratio with about so many pixels, in steps of 32.
    private static func size(_ ratio: Double, pixels: Int) -> PixelSize {
        let height = (Double(pixels) / ratio).squareRoot()
        func step(_ side: Double) -> Int { max(64, Int((side / 32).rounded()) * 32) }
        return PixelSize(width: step(height * ratio), height: step(height))
    }

    /// The size of a picture in steps of 16, within four megapixels.
    private static func fitted(_ picture: PixelSize) -> PixelSize {
        let scale = min(1, (Double(pixelsMax) / Double(picture.width * picture.height)).squareRoot())
        func step(_ side: Int) -> Int { max(64, Int(Double(side) * scale / 16) * 16) }
        return PixelSize(width: step(picture.width), height: step(picture.height))
    }
}

/// The members of a body, and which were not read.
struct FluxFields {
    private let members: [String: JSONValue]
    private var read: Set<String> = []

    init(_ members: [String: JSONValue]) { self.members = members }

    var unread: [String] { members.keys.filter { !read.contains($0) }.sorted() }

    private mutating func value(_ name: String) -> JSONValue? {
        read.insert(name)
        return members[name]
    }

    mutating func string(_ name: String) throws(FluxRefusal) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else {
            throw .invalid(name, "Input should be a valid string", type: "string_type")
        }
        return text
    }

    mutating func word(_ name: String, of words: [String]) throws(FluxRefusal) -> String? {
        guard let text = try string(name) else { return nil }
        guard words.contains(text) else {
            throw .invalid(name, "Input should be \(words.joined(separator: ", "))", type: "enum", input: .string(text))
        }
        return text
    }

    mutating func bool(_ name: String) throws(FluxRefusal) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolValue else {
            throw .invalid(name, "Input should be a valid boolean", type: "bool_type")
        }
        return flag
    }

    mutating func integer(
        _ name: String,
        in range: ClosedRange<Int64> = Int64.min...Int64.max
    ) throws(FluxRefusal) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.wholeNumber else {
            throw .invalid(name, "Input should be a valid integer", type: "int_type")
        }
        guard range.contains(number) else {
            throw .invalid(name, "Input should be \(range.lowerBound) to \(range.upperBound)", type: "less_than_equal")
        }
        return number
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(FluxRefusal) -> Double? {
        guard let value = value(name) else { return nil }
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let fraction): number = fraction
        case .null, .bool, .string, .array, .object:
            throw .invalid(name, "Input should be a valid number", type: "float_type")
        }
        guard range.contains(number) else {
            throw .invalid(name, "Input should be \(range.lowerBound) to \(range.upperBound)", type: "less_than_equal")
        }
        return number
    }
}
