import Generation
import JobCore
import JobEngine

/// Reads the bodies of `POST /v1/images/generations` and `POST /v1/images/edits`.
struct OpenAIImageReader: Sendable {
    /// How an image is handed over.
    enum ResponseFormat: String, CaseIterable, Sendable {
        /// As base64 in the answer.
        case base64 = "b64_json"
        /// As a URL that is good for a while.
        case url
    }

    /// A request with what is said about its answer.
    struct Reading {
        let submission: JobSubmission
        let responseFormat: ResponseFormat
        /// Whether the images, and previews of them, are sent as they come.
        let isStream: Bool
        /// Whether pictures were to be changed.
        let isEdit: Bool
    }

    /// How forms are read.
    static let form: DialectBodies.Form = {
        var form = DialectBodies.Form(limits: MultipartLimits(fileBytesMax: 20 * 1_048_576, filesMax: 18))
        form.types.numbers = ["n", "output_compression", "partial_images"]
        form.types.flags = ["stream"]
        return form
    }()

    /// What native fields are called here.
    static func names(isForm: Bool) -> DialectNames {
        let pictures = isForm ? "image" : "images"
        return DialectNames(names: [
            "mask.": "mask", "input_references[": "\(pictures)[]", "input_references": pictures,
        ])
    }

    private static let picturesMax = 16

    let directory: DailyDirectory

    /// Reads a request for images.
    ///
    /// - Parameters:
    ///   - body: Its fields.
    ///   - form: The form that they came in, if they did.
    ///   - isEdit: Whether pictures are to be changed.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The request. A model that does not exist is left to be refused with the submission.
    /// - Throws: `RequestProblem`.
    func read(
        _ body: JSONValue,
        _ form: MultipartForm?,
        isEdit: Bool,
        key: APIKey,
        idempotencyKey: String?
    ) throws(RequestProblem) -> Reading {
        var dialect = try DialectFields(body, form)
        let (model, entry) = try dialect.model(.image, in: directory.today(for: key))
        var parameters: ImageParameters?
        if case .image(let offered)? = entry?.model.parameters { parameters = offered }
        var image = ImageRequest(
            prompt: try dialect.fields.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax)
        )
        image.n = try dialect.fields.integer("n", in: 1...1_000).map { Int($0) }
        image.size = try dialect.size()
        image.quality = try dialect.word("quality", of: parameters?.qualities)
        image.background = try dialect.word("background", of: parameters?.backgrounds)
        image.outputFormat = try dialect.fields.string("output_format", charactersMax: 20)
        image.outputCompression = try compression(&dialect, image.outputFormat, parameters)
        if isEdit { try pictures(&dialect, into: &image) }
        var responseFormat = try dialect.fields.word("response_format", as: ResponseFormat.self) ?? .base64
        let isStream = try dialect.fields.bool("stream") ?? false
        let previews = try dialect.fields.integer("partial_images", in: 0...3)
        if isStream {
            if responseFormat == .url {
                // A stream carries the images themselves.
                try dialect.passed.add("response_format", "url", .notApplicable, used: "b64_json")
                responseFormat = .base64
            }
            image.partialImages = previews.flatMap { $0 == 0 ? nil : Int($0) }
        } else if let previews, previews > 0 {
            try dialect.passed.add("partial_images", .integer(previews), .notApplicable)
        }
        let user = try dialect.fields.string("user", charactersMax: 512)
        let options = try dialect.finish(entry, files: isEdit ? ["image", "mask"] : [])
        return Reading(
            submission: dialect.submission(
                GenerationRequest(model: model, content: .image(image), providerOptions: options),
                answerForm: isStream ? "stream" : responseFormat.rawValue,
                user: user,
                key: key,
                idempotencyKey: idempotencyKey
            ),
            responseFormat: responseFormat,
            isStream: isStream,
            isEdit: isEdit
        )
    }

    /// The level of compression: that of a format without loss, which is 100 for all clients that send it always, is
    /// passed over.
    private func compression(
        _ dialect: inout DialectFields,
        _ format: String?,
        _ parameters: ImageParameters?
    ) throws(RequestProblem) -> Int? {
        guard let level = try dialect.fields.integer("output_compression", in: 0...100) else { return nil }
        guard level == 100, parameters?.compression == false else { return Int(level) }
        try dialect.passed.add("output_compression", .integer(level), .unsupportedParameter)
        return nil
    }

    /// The pictures to be changed, and the mask: files of a form, or `images` and `mask` of a JSON body.
    private func pictures(_ dialect: inout DialectFields, into image: inout ImageRequest) throws(RequestProblem) {
        image.inputReferences = dialect.uploads("image")
        for (value, path) in try dialect.fields.array("images", countMax: Self.picturesMax) ?? [] {
            image.inputReferences.append(try dialect.picture(value, path))
        }
        guard !image.inputReferences.isEmpty else {
            throw RequestProblem(
                .missingField,
                field: dialect.form == nil ? "images" : "image",
                dialect.form == nil
                    ? "`images` is required: an array of objects with `image_url`."
                    : "`image` is required: a file, or several as `image[]`."
            )
        }
        guard image.inputReferences.count <= Self.picturesMax else {
            throw RequestProblem(
                .invalidValue,
                field: "image",
                "`image` has \(image.inputReferences.count) pictures; at most \(Self.picturesMax) are allowed."
            )
        }
        let masks = dialect.uploads("mask")
        let named = dialect.fields.value("mask")
        guard masks.count + (named == nil ? 0 : 1) <= 1 else {
            throw RequestProblem(.contradiction, field: "mask", "`mask` is given more than once.")
        }
        if let mask = masks.first { image.mask = mask }
        if let named { image.mask = try dialect.picture(named, "mask") }
    }
}
