package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks Together AI's wire: videos as jobs that are created and retrieved, images in one call.
///
/// Sources: the official client together 3.1.1 (`resources/videos.py`, `resources/images.py`) and docs.together.ai; read on
/// 2026-11-22.
///
/// Nothing can be stopped, listed, or sent under a key of ours: a submit whose answer is lost is lost.
package struct TogetherAdapter: ValidatingAdapter {
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("together")

    package let id = TogetherAdapter.provider
    package let name = "Together AI"
    package let account = "together"
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin].compactMap(\.self)) }

    private let key: String
    private let http: ProviderHTTP

    init(key: String, http: ProviderHTTP, models: [ModelCapabilities]) {
        self.key = key
        self.http = http
        self.models = models
    }

    /// Refuses options that the model lacks.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        _ = try TogetherOptions(of: request, model(of: request))
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let body = try await TogetherBody(request, model(of: request), context)
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url(body.path),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: body.bytes
            )
        )
        guard (200...299).contains(response.status) else {
            throw ProviderFailure(
                refusal: try await ProviderAnswer(response),
                hiding: [key, context.reference.token]
            )
        }
        if case .image(let image) = request.content {
            return try await TogetherImages.submission(response, image, context)
        }
        let answer = try await ProviderAnswer(response)
        guard let id = answer.json?["id"]?.stringValue, ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status) without a job id")
        }
        return .accepted(ProviderOperation(remoteID: id))
    }

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let url = http.url("/v2/videos/\(operation.remoteID)")
        let answer = try await http.exchange(HTTPRequest(.get, url, headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        guard let job = answer.json, job["id"]?.stringValue == operation.remoteID, job["status"] != nil else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are not the job")
        }
        return TogetherVideo.status(job)
    }

    private var headers: [(name: String, value: String)] { [(name: "Authorization", value: "Bearer \(key)")] }

    private func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }
}
