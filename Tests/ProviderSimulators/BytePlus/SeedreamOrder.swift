import Foundation
import Generation
import MediaInspection

/// One image request, read as strictly as the service reads it: `null` is absent, anything else must be right.
struct SeedreamOrder {
    let modelID: String
    let model: SeedreamModel
    private(set) var prompt = ""
    private(set) var size = PixelSize(width: 2_048, height: 2_048)
    /// How many images are made at most.
    private(set) var count = 1
    private(set) var references = 0
    private(set) var format = "jpeg"
    private(set) var isInline = false

    private static let bodyBytesMax = 64 * 1_024 * 1_024
    /// Pictures of one call, those handed in and those made.
    private static let picturesMax = 15

    init(body: [UInt8]) throws(ArkRefusal) {
        guard body.count <= Self.bodyBytesMax else {
            throw .invalid("image", "the request body must not exceed 64 MB")
        }
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            case .object(let members) = value
        else { throw .invalid("body", "it is no JSON object") }
        var fields = ArkFields(members.filter { $0.value != .null })
        guard let id = try fields.string("model"), !id.isEmpty else { throw .missing("model") }
        guard let model = SeedreamModel.named(id) else { throw .noModel(id) }
        (modelID, self.model) = (id, model)
        guard let prompt = try fields.string("prompt"), !prompt.isEmpty else { throw .missing("prompt") }
        self.prompt = prompt
        try readImages(fields.value("image"))
        try readSize(try fields.string("size") ?? model.tiers[0])
        try readSet(&fields)
        try readRest(&fields)
        if let unknown = fields.unread.first { throw .unsupported(unknown, by: id) }
    }

    /// What a request counts as output: it is not what is billed.
    func tokens(images: Int) -> Int64 { Int64(size.width * size.height / 256 * images) }

    // MARK: - Pictures

    private mutating func readImages(_ value: JSONValue?) throws(ArkRefusal) {
        let urls: [JSONValue]
        switch value {
        case .string?: urls = [value].compactMap(\.self)
        case .array(let items)?: urls = items
        case nil: return
        case .null?, .bool?, .integer?, .number?, .object?:
            throw .invalid("image", "expected a string or an array of strings")
        }
        guard (1...model.references).contains(urls.count) else {
            throw .invalid("image", "1 to \(model.references) images are taken")
        }
        for url in urls {
            guard let url = url.stringValue else { throw .invalid("image", "expected a string") }
            try Self.check(url)
        }
        references = urls.count
    }

    private static func check(_ url: String) throws(ArkRefusal) {
        guard url.hasPrefix("data:") else {
            guard ["https://", "http://"].contains(where: url.hasPrefix) else {
                throw .invalid("image", "it is no URL", code: "InvalidImageURL.InvalidFormat")
            }
            return
        }
        let parts = url.split(separator: ",", maxSplits: 1)
        // In lower-case letters alone.
        let types = ["jpeg", "png", "webp", "bmp", "tiff", "gif", "heic", "heif"]
        guard parts.count == 2, types.contains(where: { parts[0] == "data:image/\($0);base64" }),
            let bytes = Data(base64Encoded: String(parts[1])), bytes.count <= 10 * 1_024 * 1_024,
            let size = try? MediaInspector.imageDimensions(Array(bytes), pixelLimit: .max)
        else { throw .invalid("image", "it is no picture that can be read", code: "InvalidImageURL.InvalidFormat") }
        guard min(size.width, size.height) > 14, size.width * size.height <= 6_000 * 6_000,
            max(size.width, size.height) <= 16 * min(size.width, size.height)
        else { throw .invalid("image", "the picture has \(size.width)x\(size.height)") }
    }

    // MARK: - Parameters

    private mutating func readSize(_ text: String) throws(ArkRefusal) {
        if model.tiers.contains(text), let square = SeedreamModel.square(text) {
            size = square
            return
        }
        guard let asked = PixelSize(text) else {
            throw .invalid("size", "it is neither of \(model.tiers.joined(separator: ", ")) nor WIDTHxHEIGHT")
        }
        let (short, long) = (min(asked.width, asked.height), max(asked.width, asked.height))
        guard model.pixels.contains(asked.width * asked.height), long <= 16 * short else {
            throw .invalid(
                "size",
                "image area must be between \(model.pixels.lowerBound) and \(model.pixels.upperBound) pixels"
            )
        }
        size = asked
    }

    private mutating func readSet(_ fields: inout ArkFields) throws(ArkRefusal) {
        let mode = try fields.word("sequential_image_generation", ["auto", "disabled"])
        if mode != nil, !model.makesSets { throw .unsupported("sequential_image_generation", by: modelID) }
        let options = fields.value("sequential_image_generation_options")
        if options != nil, !model.makesSets {
            throw .unsupported("sequential_image_generation_options", by: modelID)
        }
        guard mode == "auto" else { return }
        let most = options?["max_images"]?.integerValue ?? Int64(Self.picturesMax)
        guard (1...Int64(Self.picturesMax)).contains(most) else {
            throw .invalid("sequential_image_generation_options.max_images", "must be in [1, 15]")
        }
        // Asked for without a number, there are as many as there is room for.
        let isExplicit = options?["max_images"] != nil
        count = isExplicit ? Int(most) : Self.picturesMax - references
        guard count + references <= Self.picturesMax else {
            throw .invalid("image", "input and output images must not exceed 15 together")
        }
    }

    private mutating func readRest(_ fields: inout ArkFields) throws(ArkRefusal) {
        _ = try fields.bool("watermark")
        isInline = try fields.word("response_format", ["url", "b64_json"]) == "b64_json"
        if let asked = try fields.word("output_format", ["png", "jpeg"]) {
            guard model.choosesFormat else { throw .unsupported("output_format", by: modelID) }
            format = asked
        }
        if let options = fields.value("optimize_prompt_options") {
            guard let mode = options["mode"]?.stringValue ?? Optional("standard"), model.rewritingModes.contains(mode)
            else { throw .invalid("optimize_prompt_options.mode", "it is not supported by \(modelID)") }
        }
        // Streams are not played here.
        guard try fields.bool("stream") != true else { throw .unsupported("stream", by: modelID) }
    }
}
