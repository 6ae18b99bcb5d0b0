import Cryptography
import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// Vertex AI (Gemini Enterprise Agent Platform): Veo, Imagen, and Gemini's images and speech.
///
/// Source: google-genai 2.34.0 and 3.4.0, and docs.cloud.google.com (Veo API reference, 2026). Of images and speech: the
/// files of their wires.
///
/// - Places: Gemini's models are asked for at `VERTEX_GEMINI_LOCATION`, `global` unless it says otherwise, where all of
///   them are; Veo and Imagen at `VERTEX_LOCATION`.
/// - Images and speech are in the answer to their submit, and nowhere else: what is lost of it is lost.
/// - Outputs of Veo: with `VERTEX_STORAGE_URI` they are objects of the operator's bucket; without it they come inside the answer
///   to a poll, tens of megabytes of base64, which are decoded into a file while they arrive.
/// - Lost answer of Veo: with `VERTEX_STORAGE_URI` every attempt has a folder of its own there, in which its output shows up;
///   without it nothing can be looked up.
/// - Cancel: none is documented for Veo.
package struct VertexAdapter: ValidatingAdapter, OutputAuthorizingAdapter, RecoverableAdapter {
    package static let slug = "google-vertex"
    static let storageVendorURL = "https://storage.googleapis.com"

    package let id = ProviderID(VertexAdapter.slug)
    package let name = "Google Vertex"
    package let models: [ModelCapabilities]

    private let project: String
    private let location: String
    private let http: ProviderHTTP
    private let geminiLocation: String
    private let geminiHTTP: ProviderHTTP
    private let storage: VertexStorage?
    private let tokens: AccessTokens
    private let media: InlineMediaFolder

    init?(_ settings: ProviderSettings, media: InlineMediaFolder) {
        guard let path = settings.value("GOOGLE_APPLICATION_CREDENTIALS"),
            let file = FileManager.default.contents(atPath: path), let account = ServiceAccount(keyFile: Array(file)),
            let project = settings.value("VERTEX_PROJECT") ?? account.projectID, ProviderHTTP.isPlain(project)
        else { return nil }
        let location = settings.value("VERTEX_LOCATION") ?? "us-central1"
        let geminiLocation = settings.value("VERTEX_GEMINI_LOCATION") ?? "global"
        guard ProviderHTTP.isPlain(location), ProviderHTTP.isPlain(geminiLocation) else { return nil }
        let vendorURL = Self.vendorURL(location)
        let base = settings.value("VERTEX_BASE_URL")
        http = ProviderHTTP(baseURL: base ?? vendorURL, transport: settings.transport)
        geminiHTTP = ProviderHTTP(
            baseURL: base ?? Self.vendorURL(geminiLocation),
            transport: settings.transport
        )
        self.geminiLocation = geminiLocation
        let isVendor = http.baseURL == vendorURL
        if let uri = settings.value("VERTEX_STORAGE_URI") {
            // Beside another address of Vertex AI, storage is there too.
            let base = isVendor ? Self.storageVendorURL : http.baseURL
            guard
                let found = VertexStorage(uri, http: ProviderHTTP(baseURL: base, transport: settings.transport))
            else { return nil }
            storage = found
        } else {
            storage = nil
        }
        self.project = project
        self.location = location
        self.media = media
        tokens = AccessTokens(account, transport: settings.transport, now: settings.now)
        models = settings.models(ProviderID(Self.slug), GoogleModels.vertexAll, isVendor: isVendor)
    }

    /// Google's own address for a location: one region, several that belong together, or all.
    ///
    /// Source: google-genai 3.4.0 (`_api_client.py`).
    private static func vendorURL(_ location: String) -> String {
        switch location {
        case "global": "https://aiplatform.googleapis.com"
        case "us", "eu": "https://aiplatform.\(location).rep.googleapis.com"
        case _: "https://\(location)-aiplatform.googleapis.com"
        }
    }

    package var account: String { project }
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin, storage?.http.origin].compactMap { $0 }) }

    package func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)] {
        [Self.bearer(try await tokens.token().text)]
    }

    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        try GooglePictures.check(request)
        let options = try options(request)
        switch request.content {
        case .image(let image):
            if isImagen(request.model) { try ImagenWire.check(image, options) } else { try GeminiContent.check(image) }
        case .speech(let speech):
            if case .speech(let parameters)? = models.first(where: { $0.slug == request.model })?.parameters {
                try GeminiSpeech.check(speech, parameters)
            }
        case .video, .transcription, .music, .sound: break
        }
    }

    private func isImagen(_ slug: String) -> Bool {
        models.first { $0.slug == slug }?.providerModel.hasPrefix("imagen-") ?? false
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let model = models.first(where: { $0.slug == request.model }), ProviderHTTP.isPlain(model.providerModel)
        else { throw .notOffered }
        let options: GoogleOptions
        do {
            options = try self.options(request)
        } catch {
            throw error.asFailure
        }
        switch request.content {
        case .video(let video): return try await submit(video, model, options, context)
        case .image(let image) where isImagen(model.slug):
            let body = ImagenWire.body(image, model, options)
            let url = http.url("/v1/\(path(model.providerModel, at: location)):predict")
            let response = try await send(body, to: url, context)
            return try await ImagenWire.submission(response, count: image.n ?? 1, context)
        case .image(let image):
            let body = try await GeminiContent.body(image, model, choosesFormat: true, options: options, context)
            let response = try await send(body, to: gemini(model, "generateContent"), context)
            return try await GeminiContent.submission(response, context)
        case .speech(let speech):
            guard case .speech(let parameters) = model.parameters else { throw .notOffered }
            let body = GeminiSpeech.body(speech, GeminiSpeech.Script(model), parameters)
            let response = try await send(body, to: gemini(model, "streamGenerateContent") + "?alt=sse", context)
            return try await GeminiSpeech.submission(response, format: speech.responseFormat, context)
        case .transcription, .music, .sound: throw .notOffered
        }
    }

    private func gemini(_ model: ModelCapabilities, _ method: String) -> String {
        geminiHTTP.url("/v1beta1/\(path(model.providerModel, at: geminiLocation)):\(method)")
    }

    /// Sends to one of the methods that answer when they are done.
    ///
    /// - Returns: The answer, a success.
    private func send(
        _ body: [UInt8],
        to url: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> HTTPResponse {
        let token = try await tokens.token()
        let response = try await context.send(Self.post(url, body, token.text))
        guard (200...299).contains(response.status) else {
            if response.status == 401 { await tokens.forget(token.text) }
            throw .google(try await ProviderAnswer(response))
        }
        return response
    }

    private func submit(
        _ video: VideoRequest,
        _ model: ModelCapabilities,
        _ options: GoogleOptions,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let dialect = VeoWire.Dialect(
            hasChoices: true,
            storageURI: storage?.uri(of: context.reference)
        )
        let body = try await VeoWire.body(video, options: options, dialect, context)
        let url = http.url("/v1/\(path(model.providerModel, at: location)):predictLongRunning")
        let token = try await tokens.token()
        let answer = try await ProviderAnswer(context.send(Self.post(url, body, token.text)))
        guard answer.isSuccess else {
            if answer.status == 401 { await tokens.forget(token.text) }
            throw .google(answer)
        }
        let started = try VeoWire.operation(answer)
        return .accepted(ProviderOperation(remoteID: started.id, payload: "\(project)/\(location)/\(started.model)"))
    }

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        media.removeOld()
        if operation.version == VertexStorage.version {
            guard let output = storage?.output(operation) else { throw .strangeOperation }
            return .completed([output], ReportedUsage())
        }
        let parts = operation.payload.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, (parts + [operation.remoteID]).allSatisfy(ProviderHTTP.isPlain) else {
            throw .strangeOperation
        }
        let model = "projects/\(parts[0])/locations/\(parts[1])/publishers/google/models/\(parts[2])"
        let body: JSONValue = ["operationName": .string("\(model)/operations/\(operation.remoteID)")]
        let token = try await tokens.token()
        let url = http.url("/v1/\(model):fetchPredictOperation")
        var options = ExchangeOptions(totalTimeoutSeconds: 300)
        options.idleTimeoutSeconds = http.timeoutSeconds
        let response: HTTPResponse
        do {
            response = try await transport.exchange(
                Self.post(url, Array(body.canonicalText.utf8), token.text),
                options: options
            )
        } catch {
            throw ProviderFailure(error)
        }
        guard (200...299).contains(response.status) else {
            throw await refusal(try await ProviderAnswer(response), token)
        }
        let answer = try await InlineMediaReader(keys: ["bytesBase64Encoded"], folder: media.path).read(response.body)
        defer { answer.discard() }
        return try VeoWire.status(answer.json) { (response) throws(ProviderFailure) in
            try outputs(response, of: operation, answer)
        }
    }

    private func outputs(
        _ response: JSONValue,
        of operation: ProviderOperation,
        _ answer: InlineAnswer
    ) throws(ProviderFailure) -> [ProviderOutput] {
        guard case .array(let videos)? = response["videos"] else { return [] }
        var outputs: [ProviderOutput] = []
        for (index, video) in videos.enumerated() {
            let type = video["mimeType"]?.stringValue
            if let uri = video["gcsUri"]?.stringValue {
                guard let url = storage?.download(uri) else {
                    throw .unreadable("an output outside of the operator's bucket")
                }
                outputs.append(ProviderOutput(.url(url), mediaType: type))
            } else if let marker = video["bytesBase64Encoded"]?.stringValue {
                media.removeOld()
                let name = SHA256.hash(Array("\(operation.payload)/\(operation.remoteID)".utf8)).hex
                let path = "\(media.path)/\(name)-\(index).mp4"
                try answer.keep(marker, as: path)
                outputs.append(ProviderOutput(.file(path), mediaType: type))
            }
        }
        return outputs
    }

    // MARK: - Recovery

    /// With a folder of its own in the bucket an attempt can be found, once its output is there: after the longest that a
    /// video is documented to take (6 minutes), and some.
    ///
    /// Nothing shows up of one that failed, so absence proves nothing.
    package func recovery(of request: GenerationRequest) -> RecoveryClass {
        guard storage != nil, case .video = request.content else { return .unrecoverable }
        return .lookUp(settleSeconds: 600, complete: false)
    }

    package func find(
        _ request: GenerationRequest,
        attempt reference: AttemptReference,
        isTaken: @Sendable (String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        guard let storage, case .video = request.content else { return nil }
        let token = try await tokens.token()
        let answer = try await storage.http.exchange(storage.list(reference, headers: [Self.bearer(token.text)]))
        guard answer.isSuccess else { throw await refusal(answer, token) }
        guard let json = answer.json, case .object = json else { throw .unreadable("no list of objects") }
        guard let operation = storage.operation(json, of: reference), await !isTaken(operation.remoteID) else {
            return nil
        }
        return .accepted(operation)
    }

    // MARK: - The wire

    private func path(_ model: String, at location: String) -> String {
        "projects/\(project)/locations/\(location)/publishers/google/models/\(ProviderHTTP.encoded(model))"
    }

    private static func bearer(_ token: String) -> (name: String, value: String) {
        (name: "Authorization", value: "Bearer \(token)")
    }

    private static func post(_ url: String, _ body: [UInt8], _ token: String) -> HTTPRequest {
        HTTPRequest(
            .post,
            url,
            headers: [bearer(token), (name: "Content-Type", value: "application/json")],
            body: body
        )
    }

    /// What a refusal of a question means; a token that was refused is not used again.
    ///
    /// One that was kept may have been withdrawn: with a new one the question may pass.
    private func refusal(_ answer: ProviderAnswer, _ token: AccessTokens.Token) async -> ProviderFailure {
        var failure = ProviderFailure.google(answer)
        guard answer.status == 401 else { return failure }
        await tokens.forget(token.text)
        if !token.isFresh { failure.retry = .backoff }
        return failure
    }

    /// Source: docs.cloud.google.com, Veo API reference, parameters (2026); google-genai 3.4.0 (`ImageConfig`).
    private func options(_ request: GenerationRequest) throws(RequestProblem) -> GoogleOptions {
        let forms: [String: GoogleOptions.Form]
        switch request.content {
        case .video:
            forms = [
                "personGeneration": .word(["allow_adult", "dont_allow", "allow_all"]), "enhancePrompt": .flag,
                "resizeMode": .word(["pad", "crop"]), "compressionQuality": .word(["optimized", "lossless"]),
                "negativePrompt": .text(charactersMax: GoogleModels.negativePromptCharactersMax),
            ]
        case .image where isImagen(request.model): forms = ImagenWire.options
        case .image:
            forms = [
                "personGeneration": .word(["ALLOW_ADULT", "ALLOW_ALL", "ALLOW_NONE"]),
                "prominentPeople": .word(["ALLOW_PROMINENT_PEOPLE", "BLOCK_PROMINENT_PEOPLE"]),
            ]
        case .speech, .transcription, .music, .sound: forms = [:]
        }
        return try GoogleOptions(request, for: id, forms)
    }
}
