package import Generation
package import HTTPTransport
package import ProviderKit

/// Veo through the Gemini API.
///
/// Google ended its Veo models here on 2026-10-22 (ai.google.dev/gemini-api/docs/deprecations, 2026-10); the wire lives on
/// in gateways that speak it, which `GEMINI_BASE_URL` points to.
///
/// - Lost answer: nothing can be looked up by anything that we choose, so what became of it stays unknown.
/// - Cancel: the API publishes no such call for Veo.
package struct GeminiVeoAdapter: ValidatingAdapter, OutputAuthorizingAdapter {
    package static let slug = "google-ai-studio-veo"

    package let id = ProviderID(GeminiVeoAdapter.slug)
    package let name = "Google AI Studio (Veo)"
    package let account = "gemini"
    package let models: [ModelCapabilities]

    private let api: GeminiAPI

    init(_ api: GeminiAPI, models: [ModelCapabilities]) {
        self.api = api
        self.models = models
    }

    package var transport: any HTTPTransport { api.http.transport }
    package var trustedOrigins: Set<String> { api.origins }
    package func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)] { [api.key] }

    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        try GooglePictures.check(request)
        _ = try options(request)
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard case .video(let video) = request.content, let model = models.first(where: { $0.slug == request.model })
        else { throw .notOffered }
        let options: GoogleOptions
        do {
            options = try self.options(request)
        } catch {
            throw error.asFailure
        }
        let body = try await VeoWire.body(video, options: options, VeoWire.Dialect(hasChoices: false), context)
        let path = "/v1beta/models/\(ProviderHTTP.encoded(model.providerModel)):predictLongRunning"
        let answer = try await ProviderAnswer(context.send(api.post(path, body)))
        guard answer.isSuccess else { throw .google(answer) }
        let started = try VeoWire.operation(answer)
        return .accepted(ProviderOperation(remoteID: started.id, payload: started.model))
    }

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID), ProviderHTTP.isPlain(operation.payload) else {
            throw .strangeOperation
        }
        let path = "/v1beta/models/\(operation.payload)/operations/\(operation.remoteID)"
        let answer = try await api.http.exchange(api.get(path))
        guard answer.isSuccess else { throw .google(answer) }
        guard let json = answer.json else { throw .unreadable("\(answer.body.count) bytes that are no JSON") }
        return try VeoWire.status(json) { (response) throws(ProviderFailure) in
            guard case .array(let samples)? = response["generateVideoResponse"]?["generatedSamples"] else { return [] }
            var outputs: [ProviderOutput] = []
            for sample in samples {
                guard let uri = sample["video"]?["uri"]?.stringValue else { continue }
                outputs.append(ProviderOutput(.url(try api.download(uri)), mediaType: "video/mp4"))
            }
            return outputs
        }
    }

    /// `personGeneration` depends on the mode: with pictures only adults can be allowed.
    ///
    /// Left out unless it is asked for: what is allowed depends on the region too, and the service knows its own.
    /// Source: ai.google.dev/gemini-api/docs/video#limitations (July 2026).
    private func options(_ request: GenerationRequest) throws(RequestProblem) -> GoogleOptions {
        let persons = request.inputs.isEmpty ? ["allow_all", "allow_adult"] : ["allow_adult"]
        return try GoogleOptions(
            request,
            for: id,
            [
                "personGeneration": .word(persons), "enhancePrompt": .flag,
                "negativePrompt": .text(charactersMax: GoogleModels.negativePromptCharactersMax),
            ]
        )
    }
}

/// The Gemini API's address and key, and its files.
struct GeminiAPI: Sendable {
    static let vendorURL = "https://generativelanguage.googleapis.com"

    let http: ProviderHTTP
    /// The header field that carries the key; never in a URL, which may be logged.
    let key: (name: String, value: String)

    init?(_ settings: ProviderSettings) {
        guard let secret = settings.value("GEMINI_API_KEY") else { return nil }
        key = (name: "x-goog-api-key", value: secret)
        http = ProviderHTTP(baseURL: settings.value("GEMINI_BASE_URL") ?? Self.vendorURL, transport: settings.transport)
    }

    var isVendor: Bool { http.baseURL == Self.vendorURL }
    var origins: Set<String> { Set([http.origin].compactMap { $0 }) }

    func get(_ path: String) -> HTTPRequest { HTTPRequest(.get, http.url(path), headers: [key]) }

    func post(_ path: String, _ body: [UInt8]) -> HTTPRequest {
        HTTPRequest(
            .post,
            http.url(path),
            headers: [key, (name: "Content-Type", value: "application/json")],
            body: body
        )
    }

    /// The id of a file, `…/files/ID:download?alt=media`.
    ///
    /// - Throws: That the answer cannot be read.
    func fileID(_ uri: String) throws(ProviderFailure) -> String {
        guard let range = uri.firstRange(of: "files/") else { throw .unreadable("an output that is no file") }
        let id = String(uri[range.upperBound...].prefix { $0 != ":" && $0 != "?" && $0 != "/" })
        guard ProviderHTTP.isPlain(id) else { throw .unreadable("a file's id of another form") }
        return id
    }

    /// Where a file is downloaded: under our own address, as the SDKs do, whatever host the answer names.
    ///
    /// With the key, and through a redirect that must not carry it on.
    func download(_ uri: String) throws(ProviderFailure) -> String {
        http.url("/v1beta/files/\(try fileID(uri)):download", query: [(name: "alt", value: "media")])
    }
}
