import Foundation
import Generation
import MediaInspection

/// What a right body of `POST /images/generations` or `/images/edits` asks for.
struct OpenAIImageOrder {
    let prompt: String
    let model: String
    let count: Int
    let size: PixelSize
    let quality: String
    let format: String
    let background: String
    /// How many previews a stream is to have; nil without a stream.
    let previews: Int?
    /// How many pictures were handed in, a mask counting as one.
    let pictures: Int

    private static let later = [
        "gpt-image-2.5-sunburst", "gpt-image-2.5-sunburst-2026-09-08", "gpt-image-2.5-flare",
        "gpt-image-2.5-flare-2026-09-08",
    ]
    private static let free = later + ["gpt-image-2", "gpt-image-2-2026-04-21"]
    private static let fixed = ["gpt-image-1.5", "gpt-image-1-mini", "gpt-image-1", "chatgpt-image-latest"]
    private static let sizes = ["1024x1024", "1536x1024", "1024x1536"]
    private static let both = [
        "prompt", "model", "n", "size", "quality", "background", "output_format", "output_compression", "stream",
        "partial_images", "user", "safety_identifier", "moderation",
    ]
    private static let pictureTypes = ["image/png", "image/jpeg", "image/webp"]

    init(_ fields: OpenAIFields, isEdit: Bool) throws {
        let files = isEdit ? ["image", "image[]", "images", "mask", "input_fidelity"] : []
        try fields.refuseUnknown(Self.both + files)
        prompt = try fields.text("prompt", max: 32_000)
        guard let model = try fields.string("model") else {
            throw OpenAIRefusal(400, "Missing required parameter: 'model'.", param: "model")
        }
        guard (Self.free + Self.fixed).contains(model) else {
            throw OpenAIRefusal(404, "The model '\(model)' does not exist.", param: "model", code: "model_not_found")
        }
        self.model = model
        count = try fields.integer("n", in: 1...10) ?? 1
        size = try Self.size(fields, model)
        let ladder = ["low", "medium", "high"] + (Self.later.contains(model) ? ["xhigh", "max"] : [])
        let quality = try fields.choice("quality", of: ladder + ["auto"]) ?? "auto"
        self.quality = quality == "auto" ? "high" : quality
        format = try fields.choice("output_format", of: ["png", "jpeg", "webp"]) ?? "png"
        let background = try fields.choice("background", of: ["auto", "opaque", "transparent"]) ?? "auto"
        self.background = background == "auto" ? "opaque" : background
        guard background != "transparent" || format != "jpeg" else {
            throw OpenAIRefusal(
                400,
                "Transparent background is not supported for JPEG output format.",
                param: "background",
                code: "invalid_value"
            )
        }
        let compression = try fields.integer("output_compression", in: 0...100)
        guard compression ?? 100 == 100 || format != "png" else {
            throw OpenAIRefusal(
                400,
                "Compression less than 100 is not supported for PNG output format.",
                param: "output_compression",
                code: "invalid_value"
            )
        }
        _ = try fields.choice("moderation", of: ["auto", "low"])
        let isStream = try fields.bool("stream")
        let previews = try fields.integer("partial_images", in: 0...3)
        guard isStream || previews ?? 0 == 0 else {
            throw OpenAIRefusal(
                400,
                "'partial_images' is only supported with streaming.",
                param: "partial_images",
                code: "invalid_value"
            )
        }
        self.previews = isStream ? previews ?? 0 : nil
        pictures = isEdit ? try Self.pictures(fields, model) : 0
    }

    private static func size(_ fields: OpenAIFields, _ model: String) throws -> PixelSize {
        let usual = PixelSize(width: 1_024, height: 1_024)
        guard let text = try fields.string("size"), text != "auto" else { return usual }
        if sizes.contains(text) { return PixelSize(text) ?? usual }
        guard free.contains(model), let size = PixelSize(text) else {
            throw OpenAIRefusal.value("size", text, sizes + ["auto"])
        }
        let (short, long) = (min(size.width, size.height), max(size.width, size.height))
        guard short % 16 == 0, long % 16 == 0, long <= 3_840, long <= 3 * short,
            (655_360...8_294_400).contains(short * long)
        else { throw OpenAIRefusal(400, "Invalid value: '\(text)'.", param: "size", code: "invalid_value") }
        return size
    }

    // MARK: - Pictures

    private static func pictures(_ fields: OpenAIFields, _ model: String) throws -> Int {
        if let fidelity = try fields.choice("input_fidelity", of: ["high", "low"]), free.contains(model) {
            throw OpenAIRefusal(
                400,
                "The model '\(model)' does not support the 'input_fidelity' parameter ('\(fidelity)').",
                param: "input_fidelity",
                code: "invalid_input_fidelity_model"
            )
        }
        var images: [PixelSize] = []
        var mask: PixelSize?
        if fields.isJSON {
            guard case .array(let references)? = fields.json("images") else { throw missing }
            images = try references.map { try referenced($0, "images") }
            mask = try fields.json("mask").map { try referenced($0, "mask") }
        } else {
            let files = fields.files.filter { ["image", "image[]"].contains($0.field) }
            images = try files.map { try measured($0.bytes, $0.mediaType, "image") }
            if let file = fields.files.first(where: { $0.field == "mask" }) {
                mask = try measured(file.bytes, file.mediaType, "mask")
            }
        }
        guard let first = images.first else { throw missing }
        guard images.count <= 16 else {
            throw OpenAIRefusal(400, "At most 16 images are taken.", param: "image", code: "array_above_max_length")
        }
        guard let mask else { return images.count }
        guard mask == first else {
            throw OpenAIRefusal(
                400,
                "Invalid mask image format - mask size does not match image size",
                param: "mask",
                code: "invalid_value"
            )
        }
        return images.count + 1
    }

    private static let missing = OpenAIRefusal(
        400,
        "Missing required parameter: 'image'.",
        param: "image",
        code: "missing_required_parameter"
    )

    private static func referenced(_ reference: JSONValue, _ field: String) throws -> PixelSize {
        guard let url = reference["image_url"]?.stringValue, url.hasPrefix("data:"),
            let comma = url.firstIndex(of: ","), let data = Data(base64Encoded: String(url[url.index(after: comma)...]))
        else { throw OpenAIRefusal(400, "Invalid image_url.", param: field, code: "invalid_value") }
        let type = url.dropFirst("data:".count).prefix { $0 != ";" && $0 != "," }
        return try measured(Array(data), String(type), field)
    }

    private static func measured(_ bytes: [UInt8], _ type: String?, _ field: String) throws -> PixelSize {
        let types = field == "mask" ? ["image/png"] : pictureTypes
        guard let type, types.contains(type) else {
            throw OpenAIRefusal(
                400,
                "Invalid file '\(field)': unsupported mimetype ('\(type ?? "application/octet-stream")').",
                param: field,
                code: "unsupported_file_mimetype"
            )
        }
        guard bytes.count < (field == "mask" ? 4_000_000 : 50_000_000) else {
            throw OpenAIRefusal(413, "Image exceeds the size limit.", param: field)
        }
        guard let found = try? MediaInspector.imageDimensions(bytes, pixelLimit: 100_000_000) else {
            throw OpenAIRefusal(400, "Invalid image file or mode for '\(field)'.", param: field, code: "invalid_image")
        }
        return PixelSize(width: found.width, height: found.height)
    }

    // MARK: - Tokens

    /// What one image counts for: the tables and the calculator of the vendor's guide.
    var tokens: Int64 {
        if Self.fixed.contains(model) {
            let isSquare = size.width == size.height
            return switch quality {
            case "low": isSquare ? 272 : size.width > size.height ? 400 : 408
            case "medium": isSquare ? 1_056 : size.width > size.height ? 1_568 : 1_584
            case _: isSquare ? 4_160 : size.width > size.height ? 6_208 : 6_240
            }
        }
        let ladder =
            Self.later.contains(model)
            ? ["low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96] : ["low": 16, "medium": 48, "high": 96]
        let factor = Double(ladder[quality] ?? 96)
        let ratio = Double(min(size.width, size.height)) / Double(max(size.width, size.height))
        let other = (factor * ratio).rounded()
        return Int64((factor * other * (2_000_000 + Double(size.width * size.height)) / 4_000_000).rounded(.up))
    }
}
