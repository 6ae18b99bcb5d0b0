import Generation
import HTTPTransport
import ProviderKit

/// OpenAI's Images API: one paid request, answered with the pictures themselves, as base64 in JSON or in events.
///
/// Sources: openai 3.54.0 on PyPI, `types/images_response.py`, `image_gen_*_event.py` and `image_edit_*_event.py`, and the
/// image generation guide, read on 2026-11-21.
struct OpenAIImages {
    let door: ProviderDoor

    private static let maskType = "image/png"
    /// The longest mask, in bytes: the documents' 4 MB.
    private static let maskBytesMax = 4_000_000

    /// Refuses what the vendor would refuse for its form.
    static func validate(_ image: ImageRequest) throws(RequestProblem) {
        if case .stored(let mask)? = image.mask, mask.mediaType != maskType || mask.bytes > maskBytesMax {
            throw RequestProblem(
                .unsupportedValue,
                field: "mask",
                "`mask` is \(mask.mediaType) of \(mask.bytes) bytes; taken is image/png of at most \(maskBytesMax)."
            )
        }
        guard let compression = image.outputCompression, image.outputFormat == "png", compression != 100 else { return }
        throw RequestProblem(
            .contradiction,
            field: "output_compression",
            "`output_compression` is \(compression), which `output_format` png does not have; choose jpeg or webp, or leave it out."
        )
    }

    func submit(
        _ image: ImageRequest,
        of request: GenerationRequest,
        model: ModelCapabilities,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let options: OpenAIOptions
        do {
            options = try OpenAIOptions(request, model: model, provider: ProviderID("openai"))
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        let body = OpenAIImageBody(image, model: model, options: options)
        let send: HTTPRequest
        if image.inputReferences.isEmpty {
            send = door.post("/images/generations", body.json)
        } else {
            let form = try await form(body, image, context)
            send = door.post("/images/edits", type: form.contentType, form.bytes)
        }
        let response = try await context.send(send)
        guard response.isSuccess else { throw OpenAIFailures.refused(try await ProviderAnswer(response)) }
        // A server of the dialect may answer whole though a stream was asked for.
        guard !response.isEventStream else { return try await streamed(response, context) }
        // Servers of the dialect may store what they make, and name it; the vendor's own no longer do.
        let answer = try await PicturesAnswer(response.body, context)
        return .completed(answer.outputs, Self.usage(answer.json["usage"]))
    }

    // MARK: - Files

    private func form(
        _ body: OpenAIImageBody,
        _ image: ImageRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> MultipartBody {
        var files: [OpenAIImageBody.File] = []
        for (index, input) in image.inputReferences.enumerated() {
            files.append(try await file(input, named: "image\(index + 1)", context))
        }
        var mask: OpenAIImageBody.File?
        if let input = image.mask { mask = try await self.mask(input, context) }
        return body.form(files, mask: mask, boundary: context.reference.externalID)
    }

    private func file(
        _ input: MediaInput,
        named name: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> OpenAIImageBody.File {
        guard case .stored(let stored) = input else { throw .notSent(.invalidRequest, "A reference is not there.") }
        guard OpenAIImageBody.mediaTypes.contains(stored.mediaType) else {
            throw .notSent(.invalidRequest, "A reference is \(stored.mediaType); PNG, JPEG and WebP are taken.")
        }
        let ending = stored.mediaType.split(separator: "/").last ?? ""
        return OpenAIImageBody.File(
            name: "\(name).\(ending)",
            mediaType: stored.mediaType,
            bytes: try await context.bytes(of: stored)
        )
    }

    /// The mask: transparent where the picture is to change, as clients send masks here.
    private func mask(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> OpenAIImageBody.File {
        let file = try await file(input, named: "mask", context)
        guard file.mediaType == Self.maskType else {
            throw .notSent(.invalidRequest, "The mask is \(file.mediaType); only PNG is taken.")
        }
        guard file.bytes.count <= Self.maskBytesMax else {
            throw .notSent(
                .invalidRequest,
                "The mask has \(file.bytes.count) bytes; at most \(Self.maskBytesMax) are taken."
            )
        }
        return file
    }

    // MARK: - Answers

    private func streamed(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var done: Submission?
        try await response.body.readEvents { event throws(ProviderFailure) in
            done = try await take(event, context)
            return done == nil
        }
        guard let done else { throw .unreadable("a stream without its image") }
        return done
    }

    /// Takes one event; what it completes, if it is the last.
    private func take(
        _ event: ServerSentEvent,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission? {
        let answer = try await PicturesAnswer.reader(context).read(HTTPBody(pieces: event.data))
        do throws(ProviderFailure) {
            let json = answer.json
            if let failure = OpenAIFailures.broken(json) { throw failure }
            let type = json["type"]?.stringValue ?? event.event ?? ""
            let medium = PicturesAnswer.medium(of: json, in: answer)
            if type.hasSuffix(".partial_image") {
                if let medium {
                    let index = json["partial_image_index"]?.count.map { Int($0) } ?? 0
                    context.preview(medium.path, index: index, mediaType: PicturesAnswer.mediaType(json) ?? "image/png")
                }
                return nil
            }
            guard type.hasSuffix(".completed") else {
                answer.discard()
                return nil
            }
            var outputs: [ProviderOutput] = []
            if let medium { outputs.append(try context.seal(medium.path, mediaType: PicturesAnswer.mediaType(json))) }
            return .completed(outputs, Self.usage(json["usage"]))
        } catch {
            answer.discard()
            throw error
        }
    }

    private static func usage(_ json: JSONValue?) -> ReportedUsage {
        var usage = ReportedUsage()
        let input = json?["input_tokens_details"]
        usage.inputTextTokens = input?["text_tokens"]?.count ?? json?["input_tokens"]?.count
        usage.inputImageTokens = input?["image_tokens"]?.count
        let output = json?["output_tokens_details"]
        usage.outputImageTokens = output?["image_tokens"]?.count ?? json?["output_tokens"]?.count
        usage.outputTextTokens = output?["text_tokens"]?.count
        return usage
    }
}
