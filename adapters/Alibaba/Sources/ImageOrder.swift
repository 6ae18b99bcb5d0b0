import Foundation
import Generation
import MediaInspection
import ProviderKit

/// An image request in the provider's words.
///
/// Sources: Model Studio's API references of Qwen-Image, Z-Image and Wan images (2026), and what dashscope 2.0.2 sends.
struct ImageOrder: Sendable {
    private static let mediaTypes = ["image/jpeg", "image/png", "image/bmp", "image/webp"]
    /// The longest negative prompt; what is over it would be cut off in silence.
    private static let negativePromptCharactersMax = 500
    private static let seeds: ClosedRange<Int64> = 0...2_147_483_647

    let family: ImageFamily
    /// The provider's model.
    let model: String
    let image: ImageRequest
    let options: ImageOptions
    private let offer: ImageParameters

    /// Reads a request that was resolved against one of these models.
    ///
    /// - Throws: `RequestProblem` for what the provider would refuse for its form alone.
    init(_ request: GenerationRequest, slug: String, models: [ModelCapabilities]) throws(RequestProblem) {
        guard let capabilities = models.first(where: { $0.slug == request.model }),
            let family = ImageFamily(of: capabilities), case .image(let offer) = capabilities.parameters,
            case .image(let image) = request.content
        else {
            throw RequestProblem(
                .unknownModel,
                field: "model",
                "`\(RequestProblem.shortened(request.model))` is not served here any more; allowed: \(RequestProblem.list(models.map(\.slug)))."
            )
        }
        self.family = family
        self.image = image
        self.offer = offer
        model = capabilities.providerModel
        options = try ImageOptions(request, slug: slug, model: capabilities)
        try checkPictures()
        try checkSize(request.model)
        try checkNegativePrompt(slug)
        if let seed = image.seed, !Self.seeds.contains(seed) {
            throw RequestProblem(
                .unsupportedValue,
                field: "seed",
                "`seed` is \(seed); `\(request.model)` takes \(Self.seeds.lowerBound) to \(Self.seeds.upperBound)."
            )
        }
    }

    private func checkPictures() throws(RequestProblem) {
        for (path, input) in GenerationRequest(model: "", content: .image(image)).inputs {
            // What is not stored yet is looked at when it is sent.
            guard case .stored(let stored) = input else { continue }
            guard Self.mediaTypes.contains(stored.mediaType) else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: path,
                    "`\(path)` is \(stored.mediaType); allowed: \(RequestProblem.list(Self.mediaTypes))."
                )
            }
            guard stored.bytes <= family.pictureBytesMax else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` has \(stored.bytes) bytes; the provider takes at most \(family.pictureBytesMax)."
                )
            }
        }
    }

    private func checkSize(_ slug: String) throws(RequestProblem) {
        // With pictures 4K is not made.
        if family == .wan27, !image.inputReferences.isEmpty, let size = image.size,
            size.width * size.height > 2_048 * 2_048
        {
            throw RequestProblem(
                .contradiction,
                field: "size",
                "`\(slug)` makes \(size) from text alone; with `input_references` at most 2K."
            )
        }
    }

    private func checkNegativePrompt(_ slug: String) throws(RequestProblem) {
        if let text = image.negativePrompt, text.unicodeScalars.count > Self.negativePromptCharactersMax {
            throw RequestProblem(
                .invalidValue,
                field: "negative_prompt",
                "`negative_prompt` has \(text.unicodeScalars.count) characters; the provider takes at most \(Self.negativePromptCharactersMax)."
            )
        }
        guard image.negativePrompt == nil || options.negativePrompt == nil else {
            throw RequestProblem(
                .contradiction,
                field: "negative_prompt",
                "`negative_prompt` and `provider.options.\(slug).negative_prompt` say the same thing; send one of them."
            )
        }
    }

    // MARK: - The body

    /// The body of the submit, with the pictures inside.
    ///
    /// - Parameter context: What reads the pictures.
    /// - Returns: The body.
    /// - Throws: `ProviderFailure` when one cannot be read; nothing was sent.
    func body(_ context: AttemptContext) async throws(ProviderFailure) -> JSONValue {
        var pictures: [JSONValue] = []
        var shape: (width: Int, height: Int)?
        for reference in image.inputReferences {
            let (url, bytes) = try await Self.dataURL(reference, context)
            pictures.append(["image": url])
            // The last one decides, as with the provider itself.
            shape = (try? MediaInspector.imageDimensions(bytes, pixelLimit: .max)).map { ($0.width, $0.height) }
        }
        var parameters = self.parameters
        if family.sendsSize { parameters["size"] = size(shape).map { .string("\($0.width)*\($0.height)") } }
        let negative = (image.negativePrompt ?? options.negativePrompt).map { JSONValue.string($0) }
        let input: JSONValue
        if family == .wanOlder {
            var fields: [String: JSONValue] = ["prompt": .string(image.prompt)]
            fields["negative_prompt"] = negative
            input = .object(fields)
        } else {
            parameters["negative_prompt"] = negative
            let text: [JSONValue] = [["text": .string(image.prompt)]]
            let content = family.takesPicturesFirst ? pictures + text : text + pictures
            input = ["messages": [["role": "user", "content": .array(content)]]]
        }
        return ["model": .string(model), "input": input, "parameters": .object(parameters)]
    }

    private var parameters: [String: JSONValue] {
        var parameters: [String: JSONValue] = [:]
        if family != .qwenEditFirst { parameters["prompt_extend"] = .bool(options.promptExtend) }
        // Else it answers with texts and images in turns, as a stream.
        if family == .wan26Edit { parameters["enable_interleave"] = false }
        if family.sendsCount { parameters["n"] = .integer(Int64(image.n ?? 1)) }
        if family != .zImage { parameters["watermark"] = .bool(options.watermark) }
        parameters["seed"] = image.seed.map { .integer($0) }
        parameters["thinking_mode"] = options.thinkingMode.map { .bool($0) }
        return parameters
    }

    /// The size to ask for: always one, since the provider makes and bills 2K where none is said.
    private func size(_ shape: (width: Int, height: Int)?) -> PixelSize? {
        if let size = image.size { return size }
        let tier = offer.sizes.first { $0.resolution == image.resolution && $0.followsInput }
        let largest = tier ?? offer.sizes.first
        guard let shape, let largest, let free = offer.freeSizes else { return largest?.size }
        let pixels = largest.size.width * largest.size.height
        return ImageSizes.following(width: shape.width, height: shape.height, pixels: pixels, free)
    }

    private static func dataURL(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> (url: JSONValue, bytes: [UInt8]) {
        guard case .stored(let stored) = input else {
            throw .notSent(.invalidRequest, "A picture of the request was not stored before it was sent.")
        }
        let bytes = try await context.bytes(of: stored)
        return (.string("data:\(stored.mediaType);base64,\(Data(bytes).base64EncodedString())"), bytes)
    }
}
