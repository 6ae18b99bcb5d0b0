package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks the wires of MiniMax: videos as tasks, of two interfaces, speech and music in one call each.
///
/// Sources: litellm 1.109.1 (`llms/minimax`, of the vendor's reference), examples of answers of the vendor's own pages
/// (platform.minimaxi.com, video-generation-v2-regeneration), docs.comfy.org; read on 2026-11-22. There is no official
/// client for videos.
///
/// Neither interface takes an idempotency key or repeats a word of ours: a submit whose answer is lost is lost. What the
/// account has made is listed by the second one.
package struct MiniMaxAdapter: ValidatingAdapter, ListingAdapter, CancellableAdapter {
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("minimax")

    package let id = MiniMaxAdapter.provider
    package let name = "MiniMax"
    package let account: String
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin].compactMap(\.self)) }

    static let pageSize = 50

    let key: String
    let http: ProviderHTTP

    init(key: String, account: String, http: ProviderHTTP, models: [ModelCapabilities]) {
        self.key = key
        self.account = account
        self.http = http
        self.models = models
    }

    // MARK: - Submitting

    /// Refuses options that the model lacks, and pictures and sounds that do not go together.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        let model = model(of: request)
        let video: VideoRequest
        switch request.content {
        case .video(let asked): video = asked
        case .speech(let speech):
            _ = try MiniMaxSoundOptions(of: request, model)
            return try MiniMaxVoices.check(speech.voice, field: "voice", request.model)
        case .music:
            _ = try MiniMaxSoundOptions(of: request, model)
            return
        case .image, .transcription, .sound: return
        }
        _ = try MiniMaxOptions(of: request, MiniMaxFamily(of: model))
        if let sound = video.mediaReferences.first(where: { $0.kind == .audio }), video.inputReferences.isEmpty,
            video.mediaReferences.allSatisfy({ $0.kind == .audio })
        {
            throw RequestProblem(
                .contradiction,
                field: "input_references[\(sound.position)]",
                "`input_references` has sounds alone; `\(request.model)` takes them along with pictures or videos."
            )
        }
        if video.aspectRatio == MiniMaxSizes.adaptive, video.inputReferences.isEmpty, video.mediaReferences.isEmpty {
            throw RequestProblem(
                .unsupportedValue,
                field: "aspect_ratio",
                "`aspect_ratio` is adaptive, and there are no pictures whose shape the video could follow; allowed: \(RequestProblem.list(MiniMaxSizes.ratios))."
            )
        }
        if model?.wire[MiniMaxFamily.needsFrame] != nil, !video.frameImages.contains(where: { $0.role == .first }) {
            throw RequestProblem(
                .missingField,
                field: "frame_images",
                "`frame_images` is required: `\(request.model)` makes videos from a first frame alone."
            )
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard case .video(let video) = request.content else { return try await sound(request, context) }
        let model = model(of: request)
        let family = MiniMaxFamily(of: model)
        let body = try await MiniMaxBody.bytes(of: request, video, model, context)
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url("/\(family.rawValue)/video_generation"),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: body
            )
        )
        let answer = try await ProviderAnswer(response)
        let hidden = [key, context.reference.token]
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: hidden) }
        if let failure = ProviderFailure.refused(answer.json?["base_resp"], hiding: hidden) { throw failure }
        guard let id = answer.json?["task_id"]?.code, ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status) without a task id")
        }
        return .accepted(MiniMaxOperation(family, seconds: video.duration).operation(id))
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let known = MiniMaxOperation(operation)
        return switch known.family {
        case .h3: MiniMaxTask.status(try await task(operation))
        case .hailuo: try await hailuo(operation.remoteID, known)
        }
    }

    /// A task of the second interface.
    private func task(_ operation: ProviderOperation) async throws(ProviderFailure) -> JSONValue {
        let url = http.url("/v2/query/video_generation/\(operation.remoteID)")
        let answer = try await http.exchange(HTTPRequest(.get, url, headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        if let failure = ProviderFailure.refused(answer.json?["base_resp"], isQuestion: true) { throw failure }
        guard let task = answer.json?["task"], task["id"]?.code == operation.remoteID, task["status"] != nil else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are not the task")
        }
        return task
    }

    /// A task of the first interface; once it is done, where its file is.
    private func hailuo(
        _ id: String,
        _ known: MiniMaxOperation
    ) async throws(ProviderFailure) -> OperationStatus {
        let answer = try await ask("/v1/query/video_generation", [(name: "task_id", value: id)])
        guard let json = answer.json, json["task_id"]?.code == id, let word = json["status"]?.stringValue else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are not the task")
        }
        let base = json["base_resp"]
        switch word {
        case "Preparing", "Queueing": return .pending(progress: nil, isQueued: true)
        case "Fail":
            return .failed(ProviderFailure(task: base?["status_code"]?.code, base?["status_msg"]?.stringValue))
        case "Success": break
        case _:
            if let failure = ProviderFailure.refused(base, isQuestion: true) { throw failure }
            return .pending(progress: nil)
        }
        let usage = ReportedUsage(milliseconds: known.seconds.map { Int64($0) * 1_000 })
        guard let file = json["file_id"]?.code, ProviderHTTP.isPlain(file) else { return .completed([], usage) }
        let place = try await ask("/v1/files/retrieve", [(name: "file_id", value: file)])
        if let failure = ProviderFailure.refused(place.json?["base_resp"]) { throw failure }
        guard let url = place.json?["file"]?["download_url"] else {
            throw .unreadable("status \(place.status), \(place.body.count) bytes that are no file")
        }
        return .completed(MiniMaxTask.outputs(url), usage)
    }

    /// Asks the first interface; a refusal that has no task in it is a failure.
    private func ask(
        _ path: String,
        _ query: [(name: String, value: String)]
    ) async throws(ProviderFailure) -> ProviderAnswer {
        let answer = try await http.exchange(HTTPRequest(.get, http.url(path, query: query), headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        if answer.json?["status"]?.stringValue?.isEmpty ?? true,
            let failure = ProviderFailure.refused(answer.json?["base_resp"], isQuestion: true)
        {
            throw failure
        }
        return answer
    }

    // MARK: - Stopping

    /// Stops a task of H3 that still waits in the provider's queue; any other is left as it is.
    ///
    /// The same call deletes the record of a task that has ended, so it is made only for one that was just seen waiting. A
    /// task that started in between is refused: it runs on, and `status` says so.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        guard MiniMaxOperation(operation).family == .h3,
            try await task(operation)["status"]?.stringValue == "queued"
        else { return }
        let url = http.url("/v2/video_generation/\(operation.remoteID)")
        let answer = try await http.exchange(HTTPRequest(.delete, url, headers: headers))
        guard !answer.isSuccess, answer.status != 400 else { return }
        let failure = ProviderFailure(refusal: answer, hiding: [key])
        guard failure.code != .notFound else { return }
        throw failure
    }

    // MARK: - The wire

    var headers: [(name: String, value: String)] { [(name: "Authorization", value: "Bearer \(key)")] }

    func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }
}
