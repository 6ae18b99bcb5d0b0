package import Generation
package import HTTPTransport
package import ProviderKit

/// The Gemini API: videos of Gemini Omni through interactions, images, speech and music by `generateContent`.
///
/// Source: google-genai 3.4.0 (`_gaos/types/interactions`); ai.google.dev/gemini-api/docs/omni (copy of 2026-09-21);
/// what others measured live between 2026-09 and 2026-10 is named where it is used. Of the others: the files of their
/// wires.
///
/// - Lost answer: there is no list of interactions, and what `generateContent` made is only in its answer, so what became
///   of it stays unknown.
/// - Without `background` the call for a video would last as long as the generation.
package struct GeminiAdapter: ValidatingAdapter, OutputAuthorizingAdapter, CancellableAdapter {
    package static let slug = "google-ai-studio"

    package let id = ProviderID(GeminiAdapter.slug)
    package let name = "Google AI Studio"
    package let account = "gemini"
    package let models: [ModelCapabilities]

    let api: GeminiAPI
    let media: InlineMediaFolder

    init(_ api: GeminiAPI, models: [ModelCapabilities], media: InlineMediaFolder) {
        self.api = api
        self.models = models
        self.media = media
    }

    package var transport: any HTTPTransport { api.http.transport }
    package var trustedOrigins: Set<String> { api.origins }
    package func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)] { [api.key] }

    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        try GooglePictures.check(request)
        // There are no options of its own: sampling, system instructions and negative prompts do not count for media.
        _ = try GoogleOptions(request, for: id, [:])
        switch request.content {
        case .image(let image):
            try GeminiContent.check(image)
            try GooglePictures.check(request, bytesMax: Self.inlineBytesMax)
        case .speech(let speech):
            if let parameters = speechParameters(of: request) { try GeminiSpeech.check(speech, parameters) }
        case .music(let music): try GeminiMusic.check(music)
        case .video, .transcription, .sound: break
        }
    }

    /// A request may have 20 MB, in base64 (ai.google.dev/gemini-api/docs/image-understanding, 2026).
    private static let inlineBytesMax: Int64 = 14_000_000

    private func speechParameters(of request: GenerationRequest) -> SpeechParameters? {
        guard case .speech(let parameters)? = models.first(where: { $0.slug == request.model })?.parameters else {
            return nil
        }
        return parameters
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let model = models.first(where: { $0.slug == request.model }) else { throw .notOffered }
        switch request.content {
        case .video(let video): return try await submit(video, model, context)
        case .image(let image):
            let options: GoogleOptions
            do {
                try validate(request)
                options = try GoogleOptions(request, for: id, [:])
            } catch {
                throw error.asFailure
            }
            let body = try await GeminiContent.body(image, model, choosesFormat: false, options: options, context)
            let response = try await send(body, to: model, "generateContent", context)
            return try await GeminiContent.submission(response, context)
        case .speech(let speech):
            guard case .speech(let parameters) = model.parameters else { throw .notOffered }
            let body = GeminiSpeech.body(speech, GeminiSpeech.Script(model), parameters)
            let response = try await send(body, to: model, "streamGenerateContent", context)
            return try await GeminiSpeech.submission(response, format: speech.responseFormat, context)
        case .music(let music):
            let response = try await send(GeminiMusic.body(music), to: model, "generateContent", context)
            return try await GeminiMusic.submission(response, context)
        case .transcription, .sound: throw .notOffered
        }
    }

    /// Sends to one of the methods that answer when they are done.
    ///
    /// - Returns: The answer, a success.
    private func send(
        _ body: [UInt8],
        to model: ModelCapabilities,
        _ method: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> HTTPResponse {
        let path = "/v1beta/models/\(ProviderHTTP.encoded(model.providerModel)):\(method)"
        let query = method == "streamGenerateContent" ? "?alt=sse" : ""
        let response = try await context.send(api.post(path + query, body))
        guard (200...299).contains(response.status) else { throw .google(try await ProviderAnswer(response)) }
        return response
    }

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        media.removeOld()
        let request = api.get(try Self.path(operation))
        var options = ExchangeOptions(totalTimeoutSeconds: 300)
        options.idleTimeoutSeconds = api.http.timeoutSeconds
        let response: HTTPResponse
        do {
            response = try await transport.exchange(request, options: options)
        } catch {
            throw ProviderFailure(error)
        }
        guard (200...299).contains(response.status) else { throw .google(try await ProviderAnswer(response)) }
        // A poll may hold the video itself, though a URI was asked for (docs/omni, mid-2026).
        let answer = try await InlineMediaReader(keys: ["data"], folder: media.path).read(response.body)
        defer { answer.discard() }
        return try await standing(answer, of: operation)
    }

    /// Asks the provider to stop.
    ///
    /// One that has ended by then keeps its outcome: the provider refuses with 400, which is no failure.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        let answer = try await api.http.exchange(api.post(try Self.path(operation) + "/cancel", []))
        guard !answer.isSuccess else { return }
        let failure = ProviderFailure.google(answer)
        if answer.status == 400, failure.code == .invalidRequest { return }
        throw failure
    }

    private static func path(_ operation: ProviderOperation) throws(ProviderFailure) -> String {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        return "/v1beta/interactions/\(operation.remoteID)"
    }
}
