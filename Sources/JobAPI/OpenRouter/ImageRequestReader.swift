import Generation
import JobCore
import JobEngine

/// Reads the body of `POST /images`.
struct ImageRequestReader: Sendable {
    /// How the dialect's images are asked for.
    struct Reading {
        let submission: JobSubmission
        /// Whether the answer is a stream of events.
        let streams: Bool
    }

    static let countMax: Int64 = 10
    /// The dialect's own words; a model may have others.
    static let qualities = ["auto", "low", "medium", "high", "xhigh", "max"]
    /// How many previews a stream has, which in this dialect asks for no number, where the model makes any.
    private static let partialImagesDefault = 1
    private static let list = "GET /api/v1/images/models"

    let directory: DailyDirectory

    /// Reads what is to be made.
    ///
    /// - Throws: `RequestProblem`, or `APIError` with status 404 when the routing preferences leave no endpoint.
    func read(_ body: JSONValue, session: String?, key: APIKey, idempotencyKey: String?) throws -> Reading {
        var request = try MediaRequest(body, for: .image, in: directory.today(for: key), list: Self.list)
        var image = ImageRequest(
            prompt: try request.fields.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax)
        )
        image.n = try request.fields.integer("n", in: 1...Self.countMax).map { Int($0) }
        try readSize(of: &image, &request)
        image.quality = try quality(&request)
        image.background = try request.fields.string("background", charactersMax: 40)
        // What everybody does who is not told otherwise.
        if image.background == "auto", !request.backgrounds.contains("auto") { image.background = nil }
        image.outputFormat = try request.fields.string("output_format", charactersMax: 20)
        image.outputCompression = try request.fields.integer("output_compression", in: 0...100).map { Int($0) }
        image.inputReferences = try request.pictures()
        image.seed = try request.fields.integer("seed")
        let streams = try request.fields.bool("stream") ?? false
        image.partialImages = try partialImages(&request, streams: streams)
        let submission = try request.submission(
            of: .image(image),
            form: streams ? "stream" : "json",
            session: session,
            key: key,
            idempotencyKey: idempotencyKey
        )
        return Reading(submission: submission, streams: streams)
    }

    /// `size` is a tier, as `resolution` is, or a size in pixels.
    private func readSize(of image: inout ImageRequest, _ request: inout MediaRequest) throws(RequestProblem) {
        image.resolution = try request.fields.string("resolution", charactersMax: 20)
        image.aspectRatio = try request.fields.string("aspect_ratio", charactersMax: 20)
        if image.aspectRatio == "auto",
            !request.images.contains(where: { $0.sizes.contains { $0.aspectRatio == "auto" } })
        {
            image.aspectRatio = nil
        }
        guard let text = try request.fields.string("size", charactersMax: 40) else { return }
        if let size = PixelSize(text) {
            image.size = size
            return
        }
        guard Self.isTier(text) else {
            throw RequestProblem(
                .invalidValue,
                field: "size",
                "`size` is \(RequestProblem.shown(.string(text))); it must be a tier such as 2K, or WIDTHxHEIGHT in pixels."
            )
        }
        if let resolution = image.resolution, resolution != text {
            throw RequestProblem(
                .contradiction,
                field: "size",
                "`size` \(text) contradicts `resolution` \(RequestProblem.shown(.string(resolution))); send one of them."
            )
        }
        image.resolution = text
    }

    /// `512`, `1K`, `1.5K`.
    private static func isTier(_ text: String) -> Bool {
        let digits = text.last == "K" ? text.dropLast() : text[...]
        return !digits.isEmpty && digits.utf8.count <= 5
            && digits.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }

    /// A word of the dialect's that the model lacks is passed over; any other is the model's own, or refused with it.
    private func quality(_ request: inout MediaRequest) throws(RequestProblem) -> String? {
        guard let quality = try request.fields.string("quality", charactersMax: 40) else { return nil }
        guard request.entry != nil, Self.qualities.contains(quality),
            !request.images.contains(where: { $0.qualities.contains(quality) })
        else { return quality }
        if quality != "auto" { try request.passed.add("quality", .string(quality), .unsupportedParameter) }
        return nil
    }

    private func partialImages(_ request: inout MediaRequest, streams: Bool) throws(RequestProblem) -> Int? {
        let asked = try request.fields.integer("partial_images", in: 0...3)
        guard streams else {
            if let asked { try request.passed.add("partial_images", .integer(asked), .notApplicable) }
            return nil
        }
        if let asked { return Int(asked) }
        guard request.images.contains(where: { $0.partialImagesMax > 0 }) else { return nil }
        // It can cost tokens: who did not ask for a number is told it.
        try request.passed.add(
            "partial_images",
            .null,
            .nearestValue,
            used: .integer(Int64(Self.partialImagesDefault))
        )
        return Self.partialImagesDefault
    }
}

extension MediaRequest {
    /// What the model's endpoints take, of a model that makes images.
    fileprivate var images: [ImageParameters] { entry?.images ?? [] }

    fileprivate var backgrounds: [String] { images.flatMap(\.backgrounds) }
}
