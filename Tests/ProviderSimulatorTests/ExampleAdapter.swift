import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// The other side of the example wire: proves that the suite of adapters can be passed.
struct ExampleAdapter: RecoverableAdapter, CancellableAdapter, BulkStatusAdapter, CallbackAdapter, ProviderAdapter {
    let http: ProviderHTTP
    let key: String
    /// Something that it does wrong: proves that the suite bites.
    var mistake = Mistake.none

    enum Mistake: CaseIterable {
        case none
        case takesServerErrorsForRefusals
        case takesFilteredForFailed
        case takesUnknownWordsForFailed
        case forgetsSeed
        case mixesUpFrames
        case tellsKey
        case takesForeign
        case retriesSubmit
        case ignoresRetryAfter
        case readsEmptyListAsAbsence
        case waitsTenMinutes
    }

    static let model: ModelCapabilities = {
        var parameters = VideoParameters(
            durations: [1, 2, 4],
            defaultDuration: 2,
            sizes: [
                SizeOption(resolution: "180p", aspectRatio: "16:9", size: PixelSize(width: 320, height: 180)),
                SizeOption(resolution: "180p", aspectRatio: "1:1", size: PixelSize(width: 180, height: 180)),
            ]
        )
        parameters.audio = .choice(default: true)
        parameters.seeds = 0...1_000
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = 2
        return ModelCapabilities(
            slug: "example/video",
            name: "Example",
            summary: "Makes test pictures.",
            parameters: .video(parameters),
            promptCharactersMax: 1_000,
            prices: [ListPrice(unit: "second", usd: "0.1")],
            limits: EndpointLimits(slots: 10),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 60,
                sendTimeoutSeconds: 10,
                pollIntervalSeconds: 1
            ),
            source: "invented, 2026-11-21"
        )
    }()

    let id = ProviderID("example")
    let account = "default"
    let models = [model]
    let operationsPerCall = 100
    var transport: any HTTPTransport { http.transport }

    init(baseURL: String, key: String = "example-key", transport: any HTTPTransport) {
        http = ProviderHTTP(baseURL: baseURL, transport: transport)
        self.key = key
    }

    private var fields: [(name: String, value: String)] { [(name: "Authorization", value: "Bearer \(key)")] }

    // MARK: Submitting

    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard case .video(let video) = request.content else { throw .notSent(.invalidRequest, "Only videos.") }
        var body: [String: JSONValue] = [
            "prompt": .string(video.prompt), "seconds": .integer(Int64(video.duration ?? 2)),
            "size": .string((video.size ?? PixelSize(width: 320, height: 180)).description),
            "sound": .bool(video.generateAudio ?? true), "id": .string(context.reference.externalID),
        ]
        if mistake != .forgetsSeed { body["seed"] = video.seed.map(JSONValue.integer) }
        body["callback"] = context.callbackURL.map(JSONValue.string)
        for frame in video.frameImages {
            let isFirst = frame.role == .first || mistake == .mixesUpFrames
            body[isFirst ? "first" : "last"] = try await base64(frame.image, context)
        }
        var references: [JSONValue] = []
        for reference in video.inputReferences { references.append(try await base64(reference, context)) }
        if !references.isEmpty { body["references"] = .array(references) }
        let sent = HTTPRequest(
            .post,
            http.url("/tasks"),
            headers: fields,
            body: Array(JSONValue.object(body).canonicalText.utf8)
        )
        var answer = try await ProviderAnswer(try await context.send(sent))
        if mistake == .retriesSubmit, answer.status == 500 { answer = try await http.exchange(sent) }
        guard answer.isSuccess else { throw refusal(answer) }
        guard let id = answer.json?["id"]?.stringValue, !id.isEmpty else { throw .unreadable("no id") }
        return .accepted(ProviderOperation(remoteID: id))
    }

    private func base64(_ input: MediaInput, _ context: AttemptContext) async throws(ProviderFailure) -> JSONValue {
        guard case .stored(let stored) = input else { throw .notSent(.invalidRequest, "Only what is stored.") }
        return .string(Data(try await context.bytes(of: stored)).base64EncodedString())
    }

    private func refusal(_ answer: ProviderAnswer) -> ProviderFailure {
        let code = answer.json?["error"]?["code"]?.stringValue
        var failure = ProviderFailure.refused(
            answer,
            message: answer.json?["error"]?["message"]?.stringValue,
            providerCode: code
        )
        if code == "filtered", mistake != .takesFilteredForFailed { failure.code = .contentPolicy }
        if mistake == .takesServerErrorsForRefusals { failure.billing = .notCharged }
        if mistake == .tellsKey { failure.details += " for \(key)" }
        if mistake == .ignoresRetryAfter, failure.retry != .never { failure.retry = .backoff }
        return failure
    }

    // MARK: Asking

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        var http = http
        if mistake == .waitsTenMinutes { http.timeoutSeconds = 600 }
        let answer = try await http.exchange(
            HTTPRequest(.get, http.url("/tasks/\(operation.remoteID)"), headers: fields)
        )
        guard answer.isSuccess else { throw refusal(answer) }
        guard let task = answer.json, let status = standing(task) else { throw .unreadable("no status") }
        return status
    }

    func statuses(of operations: [ProviderOperation]) async throws(ProviderFailure) -> [String: OperationStatus] {
        let wanted = Set(operations.map(\.remoteID))
        var found: [String: OperationStatus] = [:]
        for task in try await list() {
            guard let id = task["id"]?.stringValue, wanted.contains(id) else { continue }
            found[id] = standing(task)
        }
        return found
    }

    private func list() async throws(ProviderFailure) -> [JSONValue] {
        let answer = try await http.exchange(HTTPRequest(.get, http.url("/tasks"), headers: fields))
        guard answer.isSuccess else { throw refusal(answer) }
        guard case .array(let tasks)? = answer.json?["data"] else {
            if mistake == .readsEmptyListAsAbsence { return [] }
            throw .unreadable("no list")
        }
        return tasks
    }

    private func standing(_ task: JSONValue) -> OperationStatus? {
        func failed(_ code: ProviderFailure.Code, _ message: String) -> OperationStatus {
            .failed(
                ProviderFailure(
                    code,
                    retry: .never,
                    billing: .notCharged,
                    requestReachedProvider: .yes,
                    message: message
                )
            )
        }
        guard let word = task["status"]?.stringValue else { return nil }
        switch word {
        case "succeeded":
            let outputs = task["url"]?.stringValue.map { ProviderOutput(.url($0), mediaType: "video/mp4") }
            return .completed(outputs.map { [$0] } ?? [], ReportedUsage())
        case "without_media": return .completed([], ReportedUsage())
        case "failed": return failed(.unknown, "The example could not do it.")
        case "filtered_output": return failed(.contentPolicy, "The example's filter held the video back.")
        case "cancelled": return .cancelled(chargedNanoUSD: nil)
        case _ where mistake == .takesUnknownWordsForFailed && word == "dreaming":
            return failed(.unknown, "Dreaming on.")
        case _: return .pending(progress: nil)
        }
    }

    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let answer = try await http.exchange(
            HTTPRequest(.delete, http.url("/tasks/\(operation.remoteID)"), headers: fields)
        )
        guard answer.isSuccess || answer.status == 409 else { throw refusal(answer) }
    }

    // MARK: Finding

    func recovery(of request: GenerationRequest) -> RecoveryClass { .lookUpThenResend(settleSeconds: 1) }

    func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        for task in try await list() {
            guard let id = task["id"]?.stringValue, task["external_id"]?.stringValue == attempt.externalID else {
                continue
            }
            if await isTaken(id), mistake != .takesForeign { continue }
            return .accepted(ProviderOperation(remoteID: id))
        }
        return nil
    }

    func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation? {
        let json = try? JSONDecoder().decode(JSONValue.self, from: Data(body))
        guard let id = json?["id"]?.stringValue, ProviderHTTP.isPlain(id) else { return nil }
        return ProviderOperation(remoteID: id)
    }
}
