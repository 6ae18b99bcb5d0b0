import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// Kling, over one of its two wires.
///
/// Recovery class A': every attempt's own id is Kling's `external_task_id`, by which a task is looked up, and of which
/// Kling takes each but once. So a resend is safe: what was accepted before is refused as a duplicate, and then found.
package struct KlingAdapter: ValidatingAdapter, RecoverableAdapter, BulkStatusAdapter, CallbackAdapter {
    package let id: ProviderID
    package let name = "Kling"
    package let account = "default"
    package let models: [ModelCapabilities]

    let http: ProviderHTTP
    let wire: any KlingWire
    private let credential: @Sendable () -> String

    init(
        id: ProviderID,
        models: [ModelCapabilities],
        http: ProviderHTTP,
        wire: any KlingWire,
        credential: @escaping @Sendable () -> String
    ) {
        self.id = id
        self.models = models
        self.http = http
        self.wire = wire
        self.credential = credential
    }

    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { http.origin.map { [$0] } ?? [] }
    package var operationsPerCall: Int { wire.operationsPerCall }

    // MARK: - Submitting

    /// Refuses pictures that Kling does not take together, and options that the model lacks.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        guard let model = model(of: request), case .video(let video) = request.content else { return }
        _ = try options(of: request, model, video)
        let pictures = video.frameImages.count + video.inputReferences.count
        guard pictures <= KlingModels.picturesMax else {
            throw RequestProblem(
                .unsupportedValue,
                field: "input_references",
                "`frame_images` and `input_references` have \(pictures) pictures together; `\(model.slug)` takes at most \(KlingModels.picturesMax)."
            )
        }
        guard video.inputReferences.isEmpty || !video.frameImages.contains(where: { $0.role == .last }) else {
            throw RequestProblem(
                .contradiction,
                field: "input_references",
                "`\(model.slug)` takes `input_references` with a first_frame, not with a last_frame as well."
            )
        }
        for (path, input) in request.inputs {
            guard case .stored(let stored) = input, let reason = refusal(of: stored) else { continue }
            throw RequestProblem(.invalidValue, field: path, "`\(path)` \(reason)")
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let order = try await order(request, context)
        let sent = HTTPRequest(
            .post,
            http.url(wire.submitPath(order)),
            headers: [(name: "Content-Type", value: "application/json")] + authorization,
            body: Array(wire.body(order).canonicalText.utf8)
        )
        let answer = try await ProviderAnswer(context.send(sent))
        let data: JSONValue
        do {
            data = try KlingEnvelope.data(
                of: answer,
                hiding: [context.reference.token] + [context.callbackURL].compactMap(\.self)
            )
        } catch {
            guard KlingEnvelope.canBeDuplicate(error, wasSentBefore: context.earlierSends > 0) else { throw error }
            if let earlier = try? await find(request, attempt: context.reference, isTaken: { _ in false }) {
                return earlier
            }
            // A duplicate is there already, accepted and paid for: whatever hides it now, this is no refusal.
            guard KlingEnvelope.canBeDuplicate(error, wasSentBefore: false) else { throw error }
            throw .unreadable("the external id is known to Kling, and its task is not shown yet")
        }
        guard let task = wire.task(data), ProviderHTTP.isPlain(task.id) else {
            throw .unreadable("an accepted task without an id")
        }
        return .accepted(operation(task.id, order.family, order.video))
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        let place = try place(of: operation)
        let tasks = try await tasks(at: wire.url(ofTask: operation.remoteID, place.family, http))
        guard let task = tasks.first(where: { $0.id == operation.remoteID }) else { throw Self.unknownTask }
        return standing(task, place)
    }

    /// One question on API 2.0; on the signed wire the newest page of each path's list.
    package func statuses(
        of operations: [ProviderOperation]
    ) async throws(ProviderFailure) -> [String: OperationStatus] {
        var places: [String: Place] = [:]
        for operation in operations {
            // A strange one is asked for by itself, and not found there.
            places[operation.remoteID] = try? place(of: operation)
        }
        guard !places.isEmpty else { return [:] }
        let asked = places.sorted { $0.key < $1.key }.map { (id: $0.key, family: $0.value.family) }
        var standings: [String: OperationStatus] = [:]
        for url in wire.urls(ofTasks: asked, http) {
            for task in try await tasks(at: url) {
                if let place = places[task.id] { standings[task.id] = standing(task, place) }
            }
        }
        return standings
    }

    // MARK: - Finding again

    /// Kling's own list knows a task as soon as it was accepted; the settle time is for its copies.
    package func recovery(of request: GenerationRequest) -> RecoveryClass { .lookUpThenResend(settleSeconds: 10) }

    package func find(
        _ request: GenerationRequest,
        attempt reference: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        guard let model = model(of: request), case .video(let video) = request.content else { return nil }
        let family = KlingModels.family(of: model, video)
        let found: [KlingTask]
        do {
            found = try await tasks(at: wire.url(ofOwn: reference.externalID, family, http))
        } catch  where error.code == .notFound {
            return nil
        }
        guard let task = found.first(where: { $0.externalID == reference.externalID }), ProviderHTTP.isPlain(task.id)
        else { return nil }
        // Nobody else can have the id; asked all the same, since two attempts with one task would be billed as two.
        guard await !isTaken(task.id) else { return nil }
        return .accepted(operation(task.id, family, video))
    }

    /// The flat task of the callback protocol: the same members as in an answer.
    package func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation? {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(body)), let task = wire.task(json),
            task.externalID == nil || task.externalID == attempt.externalID,
            ProviderHTTP.isPlain(task.id), let model = model(of: request), case .video(let video) = request.content
        else { return nil }
        return operation(task.id, KlingModels.family(of: model, video), video)
    }

    // MARK: - The order

    private func order(
        _ request: GenerationRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> KlingOrder {
        guard let model = model(of: request), case .video(let video) = request.content else {
            throw .notSent(.invalidRequest, "`\(request.model)` is not a model of this provider.")
        }
        let options: KlingOptions
        do {
            try validate(request)
            options = try self.options(of: request, model, video)
        } catch {
            throw .notSent(.invalidRequest, error.message, details: error.field)
        }
        var order = KlingOrder(
            model: model,
            family: KlingModels.family(of: model, video),
            video: video,
            options: options,
            callbackURL: context.callbackURL,
            externalID: context.reference.externalID
        )
        for frame in video.frameImages {
            let picture = try await base64(of: frame.image, context)
            switch frame.role {
            case .first: order.firstFrame = picture
            case .last: order.lastFrame = picture
            }
        }
        for input in video.inputReferences { order.references.append(try await base64(of: input, context)) }
        return order
    }

    private func base64(of input: MediaInput, _ context: AttemptContext) async throws(ProviderFailure) -> String {
        guard case .stored(let stored) = input else {
            throw .notSent(.invalidRequest, "A picture of the request was not stored before it was sent.")
        }
        // Kling refuses base64 with a `data:` prefix (code 1201).
        return Data(try await context.bytes(of: stored)).base64EncodedString()
    }

    private func refusal(of stored: StoredInput) -> String? {
        guard ["image/jpeg", "image/png"].contains(stored.mediaType) else {
            return "is \(stored.mediaType); Kling takes image/jpeg and image/png."
        }
        guard stored.bytes <= wire.pictureBytesMax else {
            return "has \(stored.bytes) bytes; Kling takes pictures of at most \(wire.pictureBytesMax)."
        }
        return nil
    }

    private func options(
        of request: GenerationRequest,
        _ model: ModelCapabilities,
        _ video: VideoRequest
    ) throws(RequestProblem) -> KlingOptions {
        try KlingOptions(
            request.providerOptions[id.slug],
            path: "provider.options.\(id.slug)",
            model: model,
            seconds: video.duration
        )
    }

    func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }

    // MARK: - The wire

    var authorization: [(name: String, value: String)] {
        [(name: "Authorization", value: "Bearer \(credential())")]
    }

    /// The tasks of an answer: the one that was asked for, or a list.
    ///
    /// - Throws: `notFound` when Kling does not know the task. The signed wire says so with 404 and 1203, or with 400 and
    ///   1201 "Task not found" (a third party's probe, 2026-07-30); a question has no other parameter that can be wrong.
    private func tasks(at url: String) async throws(ProviderFailure) -> [KlingTask] {
        let answer = try await http.exchange(HTTPRequest(.get, url, headers: authorization))
        let data: JSONValue
        do {
            data = try KlingEnvelope.data(of: answer)
        } catch  where error.providerCode == "1201" || error.providerCode == "1203" {
            throw Self.unknownTask
        }
        switch data {
        case .array(let values): return values.compactMap(wire.task)
        case .object:
            guard let task = wire.task(data) else { throw .unreadable("a task without an id") }
            return [task]
        case .null, .bool, .integer, .number, .string: throw .unreadable("data that is no task: \(data.typeName)")
        }
    }

    private func standing(_ task: KlingTask, _ place: Place) -> OperationStatus {
        switch task.standing {
        case .queued: .pending(progress: nil, isQueued: true)
        case .running: .pending(progress: nil)
        case .failed: .failed(KlingEnvelope.failure(of: task))
        case .done:
            .completed(
                task.videos.map { ProviderOutput(.url($0), mediaType: "video/mp4") },
                // Whole seconds as asked for are billed, and the file is a little longer (5.041 s for 5, measured by a
                // third party on 2026-09-19).
                ReportedUsage(milliseconds: place.milliseconds, costNanoUSD: task.costNanoUSD)
            )
        }
    }

    private static let unknownTask = ProviderFailure(
        .notFound,
        retry: .never,
        billing: .unknown,
        requestReachedProvider: .yes,
        message: "Kling does not know this generation.",
        details: "no such task"
    )

    // MARK: - Operations

    /// What an operation holds besides Kling's id: `omni 5000`.
    private struct Place {
        let family: KlingModels.Family
        let milliseconds: Int64
    }

    func operation(_ id: String, _ family: KlingModels.Family, _ video: VideoRequest) -> ProviderOperation {
        ProviderOperation(remoteID: id, payload: "\(family.rawValue) \((video.duration ?? 5) * 1_000)")
    }

    private func place(of operation: ProviderOperation) throws(ProviderFailure) -> Place {
        let parts = operation.payload.split(separator: " ")
        guard ProviderHTTP.isPlain(operation.remoteID), operation.version == 1, parts.count == 2,
            let family = KlingModels.Family(rawValue: String(parts[0])), let milliseconds = Int64(parts[1])
        else { throw .strangeOperation }
        return Place(family: family, milliseconds: milliseconds)
    }
}
