package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks Runway's wire: tasks that are created on the path of what they are made from, retrieved, and deleted.
///
/// Sources: the official client runwayml 5.24.0, docs.dev.runwayml.com (errors, task failures); read on 2026-11-22.
///
/// There is no list, no callback, and no place for a word of ours: a submit whose answer is lost is lost.
package struct RunwayAdapter: ValidatingAdapter, CancellableAdapter {
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("runway")

    package let id = RunwayAdapter.provider
    package let account = "runway"
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin].compactMap(\.self)) }

    /// The version of the interface, which every request names.
    private static let version = "2024-11-06"

    private let key: String
    private let http: ProviderHTTP

    init(key: String, http: ProviderHTTP, models: [ModelCapabilities]) {
        self.key = key
        self.http = http
        self.models = models
    }

    // MARK: - Submitting

    /// Refuses options that the model lacks, a prompt that is too long as the vendor counts, and a frame that is missing.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        let model = model(of: request)
        _ = try RunwayOptions(of: request, RunwayFamily(of: model))
        // The vendor counts in code units of UTF-16, of which a character can have two.
        if let most = model?.promptCharactersMax, request.prompt.utf16.count > most {
            throw RequestProblem(
                .invalidValue,
                field: "prompt",
                "`prompt` has \(request.prompt.utf16.count) units of UTF-16; `\(request.model)` takes at most \(most)."
            )
        }
        guard case .video(let video) = request.content else { return }
        try Self.check(video, model, request.model)
    }

    /// Refuses what the model makes from pictures alone.
    private static func check(
        _ video: VideoRequest,
        _ model: ModelCapabilities?,
        _ slug: String
    ) throws(RequestProblem) {
        if model?.wire[RunwayFamily.needsFrame] != nil, !video.frameImages.contains(where: { $0.role == .first }) {
            throw RequestProblem(
                .missingField,
                field: "frame_images",
                "`frame_images` is required: `\(slug)` makes videos from a first frame alone."
            )
        }
        guard video.frameImages.isEmpty, video.inputReferences.isEmpty, let ratio = video.aspectRatio else { return }
        let shapes =
            switch RunwayFamily(of: model) {
            case .gen4: RunwaySizes.gen4Text
            case .hailuo: RunwaySizes.shapes
            case .veo, .seedance, .image: [ratio]
            }
        guard shapes.contains(ratio) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "aspect_ratio",
                "`aspect_ratio` is \(RequestProblem.shown(.string(ratio))), which `\(slug)` does not make from text alone; allowed: \(RequestProblem.list(shapes))."
            )
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let body = try await RunwayBody(request, model(of: request), context)
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url(body.path),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: body.bytes
            )
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else {
            throw ProviderFailure(refusal: answer, hiding: [key, context.reference.token])
        }
        guard let id = answer.json?["id"]?.stringValue, ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status) without a task id")
        }
        return .accepted(ProviderOperation(remoteID: id))
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        RunwayTask.status(try await task(operation))
    }

    // MARK: - Stopping

    /// Stops a task that has not ended.
    ///
    /// The same call deletes what has ended, so it is made only for a task that was just seen under way. One that ends in
    /// between is deleted, and `status` then says that it is not found: its client wanted it stopped.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        let task = try await task(operation)
        guard case .pending = RunwayTask.status(task) else { return }
        let answer = try await http.exchange(HTTPRequest(.delete, url(of: operation), headers: headers))
        guard answer.isSuccess || answer.status == 404 else { throw ProviderFailure(refusal: answer, hiding: [key]) }
    }

    // MARK: - The wire

    private var headers: [(name: String, value: String)] {
        [(name: "Authorization", value: "Bearer \(key)"), (name: "X-Runway-Version", value: Self.version)]
    }

    private func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }

    private func url(of operation: ProviderOperation) -> String { http.url("/v1/tasks/\(operation.remoteID)") }

    private func task(_ operation: ProviderOperation) async throws(ProviderFailure) -> JSONValue {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let answer = try await http.exchange(HTTPRequest(.get, url(of: operation), headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        guard let task = answer.json, task["id"]?.stringValue == operation.remoteID, task["status"] != nil else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are not the task")
        }
        return task
    }
}
