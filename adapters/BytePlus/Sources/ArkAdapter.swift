import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks the Ark wire: videos as tasks that are created, retrieved, listed and deleted, and images in one call.
///
/// Sources: the official SDK byteplus-python-sdk-v2 3.0.63 (`byteplussdkarkruntime/resources/content_generation`) and the
/// vendor's pages ModelArk 1520757 (create), 1521309 (retrieve), 1521675 (list), 1521720 (delete); read on 2026-11-21.
package struct ArkAdapter: ValidatingAdapter, RecoverableAdapter, ListingAdapter, CancellableAdapter, BulkStatusAdapter,
    CallbackAdapter
{
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("byteplus")

    package let id = ArkAdapter.provider
    package let name = "BytePlus"
    package let account: String
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin].compactMap(\.self)) }
    /// Per account: 20 questions for one task in a second, one for a list (ModelArk 1330310, 2026-11-21).
    package let pollLimits = PollLimits(singlePerSecond: 20, bulkPerSecond: 1)
    /// The list takes 500, but their ids stand in the URL: this many make 6.5 kB, which every server takes.
    package let operationsPerCall = 150

    /// How long a lost create is looked for, and how many pages of how many tasks are read in one look.
    private static let settleSeconds: Int64 = 180
    private static let pagesMax = 4
    static let pageSize = 500
    /// How much older than the attempt a page may be before older ones are left unread: clocks differ.
    private static let slackSeconds: Int64 = 3_600

    private static let tasks = "/contents/generations/tasks"

    let key: String
    let http: ProviderHTTP

    init(key: String, region: ArkRegion, http: ProviderHTTP, models: [ModelCapabilities]) {
        self.key = key
        self.http = http
        self.models = models
        account = region.account
    }

    // MARK: - Submitting

    /// Refuses options that the model lacks, and commands in the prompt that would change what is paid for.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        if case .image(let image) = request.content {
            _ = try SeedreamBody.fields(of: request, image, model(of: request))
            return
        }
        let family = ArkFamily(of: model(of: request))
        _ = try ArkOptions(of: request, family)
        if case .video(let video) = request.content, let sound = video.mediaReferences.first,
            video.inputReferences.isEmpty, video.mediaReferences.allSatisfy({ $0.kind == .audio })
        {
            throw RequestProblem(
                .contradiction,
                field: "input_references[\(sound.position)]",
                "`input_references` has sounds alone; `\(request.model)` takes them along with pictures or videos."
            )
        }
        guard family.readsCommands else { return }
        try ArkCommands.check(request.prompt)
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let video: VideoRequest
        switch request.content {
        case .video(let asked): video = asked
        case .image(let image): return try await images(request, image, context)
        case .speech, .transcription, .music, .sound:
            throw .notSent(.invalidRequest, "This provider makes videos and images alone.")
        }
        let body = try await ArkBody.bytes(of: request, video, model(of: request), context)
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url(Self.tasks),
                headers: headers + [
                    (name: "Content-Type", value: "application/json"),
                    (name: "X-Client-Request-Id", value: context.reference.externalID),
                ],
                body: body
            )
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else {
            // The address of the callback holds the attempt's token.
            throw ProviderFailure(refusal: answer, hiding: [context.reference.token])
        }
        guard let id = answer.json?["id"]?.stringValue, ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status) without a task id")
        }
        return .accepted(ProviderOperation(remoteID: id))
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        ArkTask.status(try await task(operation))
    }

    /// Asks for many tasks in one call; what the list does not show is left to `status`.
    package func statuses(
        of operations: [ProviderOperation]
    ) async throws(ProviderFailure) -> [String: OperationStatus] {
        let ids = operations.map(\.remoteID).filter(ProviderHTTP.isPlain)
        guard !ids.isEmpty else { return [:] }
        let filter = ids.map { (name: "filter.task_ids", value: $0) }
        let items = try await list([("page_num", "1"), ("page_size", String(ids.count))] + filter).items
        var found: [String: OperationStatus] = [:]
        for item in items {
            guard let id = item["id"]?.stringValue, ids.contains(id) else { continue }
            found[id] = ArkTask.status(item)
        }
        return found
    }

    /// Reads which task a callback is about: its body is the task object.
    package func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation? {
        guard let task = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            let id = task["id"]?.stringValue, ProviderHTTP.isPlain(id), task["status"]?.stringValue != nil
        else { return nil }
        // A task repeats whose it is: one that says so of another attempt is not this one's.
        if let owner = task["safety_identifier"]?.stringValue, owner.hasPrefix("job_"), owner != attempt.externalID {
            return nil
        }
        return ProviderOperation(remoteID: id)
    }

    // MARK: - Stopping

    /// Stops a task that still waits in the provider's queue; any other is left as it is.
    ///
    /// The same call deletes the record of a task that has ended, so it is made only for one that was just seen waiting. A
    /// task that started in between is refused (409 `InvalidAction.RunningTaskDeletion`): it runs on, and `status` says so.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        guard try await task(operation)["status"]?.stringValue == "queued" else { return }
        let answer = try await http.exchange(HTTPRequest(.delete, url(of: operation), headers: headers))
        guard answer.isSuccess || answer.status == 409 || answer.status == 404 else {
            throw ProviderFailure(refusal: answer)
        }
    }

    // MARK: - Finding again

    /// B where the request leaves room for a token of ours, else C.
    ///
    /// The list is not declared complete: that it repeats the token stands in the SDK's types, and was not seen on the wire.
    package func recovery(of request: GenerationRequest) -> RecoveryClass {
        guard case .video(let video) = request.content else { return .unrecoverable }
        let reference = AttemptReference(externalID: "", token: "", number: 1, sentAtMilliseconds: 0)
        guard let token = token(of: request, video, reference), token.isUnique else { return .unrecoverable }
        return .lookUp(settleSeconds: Self.settleSeconds, complete: false)
    }

    /// Looks through the account's tasks, newest first, for the one with the attempt's token.
    package func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        guard case .video(let video) = request.content, let token = token(of: request, video, attempt), token.isUnique
        else { return nil }
        let oldest = attempt.sentAtMilliseconds / 1_000 - Self.slackSeconds
        for page in 1...Self.pagesMax {
            let query = [("page_num", String(page)), ("page_size", String(Self.pageSize))]
            let (items, total) = try await list(query)
            for item in items where token.isOf(item) {
                guard let id = item["id"]?.stringValue, ProviderHTTP.isPlain(id) else { continue }
                if await isTaken(id) { continue }
                return .accepted(ProviderOperation(remoteID: id))
            }
            let isPast = items.allSatisfy { ($0["created_at"]?.wholeNumber ?? .max) < oldest }
            if items.count < Self.pageSize || page * Self.pageSize >= total || isPast { return nil }
        }
        return nil
    }

    private func token(
        of request: GenerationRequest,
        _ video: VideoRequest,
        _ attempt: AttemptReference
    ) -> ArkToken? {
        let family = ArkFamily(of: model(of: request))
        // Such options are refused before anything is sent, so there is nothing to find.
        guard let options = try? ArkOptions(of: request, family) else { return nil }
        return ArkToken(of: attempt, video, options, family)
    }

    // MARK: - The wire

    var headers: [(name: String, value: String)] { [(name: "Authorization", value: "Bearer \(key)")] }

    func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }

    private func url(of operation: ProviderOperation) -> String { http.url("\(Self.tasks)/\(operation.remoteID)") }

    private func task(_ operation: ProviderOperation) async throws(ProviderFailure) -> JSONValue {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let answer = try await http.exchange(HTTPRequest(.get, url(of: operation), headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer) }
        guard let task = answer.json, task["id"]?.stringValue == operation.remoteID, task["status"] != nil else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are not the task")
        }
        return task
    }

    func list(
        _ query: [(name: String, value: String)]
    ) async throws(ProviderFailure) -> (items: [JSONValue], total: Int) {
        let answer = try await http.exchange(HTTPRequest(.get, http.url(Self.tasks, query: query), headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer) }
        guard let json = answer.json, case .array(let items)? = json["items"] else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are no list of tasks")
        }
        return (items, json["total"]?.wholeNumber.map { Int(clamping: $0) } ?? items.count)
    }
}
