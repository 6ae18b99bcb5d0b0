package import Generation
package import HTTPTransport
package import ProviderKit

/// Wan videos and images behind Model Studio's asynchronous task API, and Qwen images, which are answered at once.
///
/// A submit starts a task, `GET /tasks/{id}` tells how it stands, and what it made lies at signed addresses for 24 hours.
/// The provider offers callbacks for a whole account alone (EventBridge), so tasks are polled.
package struct AlibabaAdapter: ValidatingAdapter, CancellableAdapter, RecoverableAdapter, BulkStatusAdapter {
    /// The slug of the one instance.
    package static let instance = ProviderID("alibaba")
    private static let submitPath = "/services/aigc/video-generation/video-synthesis"

    package let id = AlibabaAdapter.instance
    package let account = "default"
    package let models: [ModelCapabilities]
    package let trustedOrigins: Set<String>
    let http: ProviderHTTP
    let now: @Sendable () -> Int64
    private let key: String

    package var transport: any HTTPTransport { http.transport }

    /// The account may ask 20 times in a second (asynchronous task management, 12 October 2026).
    ///
    /// Whether lists and cancels count with single questions is not said, so they share it here; one is left for cancels.
    package let pollLimits = PollLimits(singlePerSecond: 15, bulkPerSecond: 4)

    /// Half of the longest list that is asked for: others of the account have running tasks too.
    package let operationsPerCall = 500

    /// Makes an adapter.
    ///
    /// - Parameters:
    ///   - http: The provider's address.
    ///   - key: The API key.
    ///   - models: What is offered.
    ///   - now: The time, in milliseconds since 1970.
    package init(
        http: ProviderHTTP,
        key: String,
        models: [ModelCapabilities],
        now: @escaping @Sendable () -> Int64
    ) {
        self.http = http
        self.key = key
        self.models = models
        self.now = now
        trustedOrigins = http.origin.map { [$0] } ?? []
    }

    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        if case .image = request.content {
            _ = try order(request)
        } else {
            _ = try wan(request)
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        if case .image = request.content { return try await images(request, context) }
        let wan: WanRequest
        do {
            wan = try self.wan(request)
        } catch {
            throw .notSent(.invalidRequest, error.message, details: error.field)
        }
        let body = try await wan.body(context)
        // Without this header the call counts as a synchronous one, which these models refuse.
        var headers = headers + [("Content-Type", "application/json"), ("X-DashScope-Async", "enable")]
        if wan.options.needsStorage { headers.append(("X-DashScope-OssResourceResolve", "enable")) }
        let response = try await context.send(
            HTTPRequest(.post, http.url(Self.submitPath), headers: headers, body: Array(body.canonicalText.utf8))
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else { throw .refusal(answer) }
        guard let id = answer.json.flatMap({ WanTask($0).id }), ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status), no usable output.task_id in \(answer.body.count) bytes")
        }
        return .accepted(operation(id, wan, submittedAt: now()))
    }

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        let task = try await task(operation.remoteID)
        if let ticket = ImageTicket(payload: operation.payload) { return try task.standing(ticket, now: now()) }
        return try task.standing(WanTicket(payload: operation.payload), now: now())
    }

    /// Asks the provider to stop: it does so for a task that still waits in its queue.
    ///
    /// One that runs is not stopped and ends as it would; that is no failure.
    ///
    /// - Throws: `ProviderFailure` when the question itself failed.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        let path = try path(of: operation.remoteID) + "/cancel"
        let answer = try await http.exchange(HTTPRequest(.post, http.url(path), headers: headers))
        guard !answer.isSuccess, answer.json?["code"]?.stringValue != "UnsupportedOperation" else { return }
        throw .refusal(answer)
    }

    /// Which of several tasks are running, by one question.
    ///
    /// The list shows no more than that: everything else, finished or waiting, is asked for by itself. A list of running
    /// tasks needs no window of time, whose zone the documentation does not name.
    package func statuses(
        of operations: [ProviderOperation]
    ) async throws(ProviderFailure) -> [String: OperationStatus] {
        // All that run in the account, the newest first: those that are asked for may be the oldest of them.
        let size = 1_000
        let query = [("status", "RUNNING"), ("page_no", "1"), ("page_size", "\(size)")]
        let answer = try await http.exchange(HTTPRequest(.get, http.url("/tasks/", query: query), headers: headers))
        guard answer.isSuccess else {
            // The longest page is not documented. Without the list each task is still asked for by itself.
            if answer.status == 400 { return [:] }
            throw .refusal(answer)
        }
        guard let lines = WanListing.lines(answer.json) else { throw .unreadable("a list without data") }
        let asked = Set(operations.map(\.remoteID))
        let running = lines.filter { $0.status == "RUNNING" && asked.contains($0.id) }
        return Dictionary(running.map { ($0.id, .pending(progress: nil)) }) { first, _ in first }
    }

    // MARK: - The wire

    var headers: [(name: String, value: String)] { [("Authorization", "Bearer \(key)")] }

    /// A request in the provider's words.
    func wan(_ request: GenerationRequest) throws(RequestProblem) -> WanRequest {
        try WanRequest(request, slug: id.slug, models: models)
    }

    func operation(_ id: String, _ wan: WanRequest, submittedAt: Int64) -> ProviderOperation {
        let ticket = WanTicket(model: wan.model, resolution: wan.resolution, submittedAt: submittedAt)
        return ProviderOperation(remoteID: id, payload: ticket.payload)
    }

    /// Asks for one task.
    func task(_ id: String) async throws(ProviderFailure) -> WanTask {
        let path = try path(of: id)
        let answer = try await http.exchange(HTTPRequest(.get, http.url(path), headers: headers))
        guard answer.isSuccess else { throw .refusal(answer) }
        guard let json = answer.json else { throw .unreadable("status \(answer.status), no JSON") }
        let task = WanTask(json)
        guard task.id == id else { throw .unreadable("the answer is about another task, or about none") }
        return task
    }

    private func path(of id: String) throws(ProviderFailure) -> String {
        guard ProviderHTTP.isPlain(id) else { throw .strangeOperation }
        return "/tasks/\(id)"
    }
}
