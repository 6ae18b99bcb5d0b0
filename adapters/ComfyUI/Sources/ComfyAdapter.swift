import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// One server of the operator's own that runs ComfyUI: each model is a workflow of the operator's.
///
/// - A submit is `POST /prompt` with a `prompt_id` of ours, which a second one with the same id is refused for (409). The
///   attempt's id goes along as `client_id`, by which it is found on servers that give out ids of their own. The recovery
///   class is A': it is looked up in the history and the queue, and sent again when it is in neither.
/// - The history is in the program's memory: after a restart nothing is known of what was there.
/// - A running job is interrupted, a waiting one is taken out of the queue; of that nothing is left to be seen.
///
/// Sources: Comfy-Org/ComfyUI, `server.py`, `execution.py` and `comfy_execution/jobs.py`, and Comfy-Org/docs, of 2026-08-21,
/// read on 2026-11-21.
package struct ComfyAdapter: ValidatingAdapter, RecoverableAdapter, CancellableAdapter, OutputAuthorizingAdapter {
    package let id: ProviderID
    package let name: String
    package let account = "default"
    package let models: [ModelCapabilities]
    package let trustedOrigins: Set<String>

    package var transport: any HTTPTransport { door.http.transport }

    let door: ProviderDoor
    private let workflows: [String: ComfyWorkflow]

    /// Nil without an address.
    init?(
        _ identity: ServerIdentity,
        models: [ModelCapabilities],
        workflows: [String: ComfyWorkflow],
        _ settings: ProviderSettings
    ) {
        guard let address = settings.address(of: identity, ComfyUIAdapters.kind) else { return nil }
        let http = ProviderHTTP(baseURL: address, transport: settings.transport)
        id = ProviderID(identity.slug)
        name = identity.name
        door = ProviderDoor(http: http, credentials: settings.credentials(of: identity))
        trustedOrigins = http.origin.map { [$0] } ?? []
        // A model that the file makes like another one has that one's workflow, by its own name at the provider.
        let named = models.map { model in
            var model = model
            model.providerModel = model.slug
            return model
        }
        self.workflows = workflows
        self.models = settings.models(id, named, isVendor: false)
    }

    package func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)] { door.credentials }

    private func workflow(of request: GenerationRequest) -> ComfyWorkflow? {
        models.first { $0.slug == request.model }.flatMap { workflows[$0.providerModel] }
    }

    // MARK: - Submitting

    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        _ = try ServerOptions(request, model: models.first { $0.slug == request.model }, provider: id)
        guard case .video(let video) = request.content, let workflow = workflow(of: request) else { return }
        // The template's own picture would be taken for one that is not given.
        for (slot, role) in [(ComfyWorkflow.Slot.firstFrame, FrameRole.first), (.lastFrame, .last)]
        where workflow.has(slot) && !video.frameImages.contains(where: { $0.role == role }) {
            throw RequestProblem(
                .missingField,
                field: "frame_images",
                "`frame_images` must have a \(role.rawValue): `\(request.model)` starts from it."
            )
        }
        let pictures = workflow.places(.images).count
        guard video.inputReferences.count == pictures else {
            throw RequestProblem(
                .missingField,
                field: "input_references",
                "`input_references` must have \(pictures) pictures: `\(request.model)` takes no fewer."
            )
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let workflow = workflow(of: request) else {
            throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
        var graph = ComfyGraph(workflow, attempt: context.reference)
        graph.set(request.content)
        do {
            let model = models.first { $0.slug == request.model }
            for (name, value) in try ServerOptions(request, model: model, provider: id).fields {
                graph.set(name, value)
            }
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        try await upload(request.content, into: &graph, context)
        let externalID = context.reference.externalID
        let send = door.post(
            "/prompt",
            [
                "prompt": .object(graph.graph), "prompt_id": .string(ComfyGraph.promptID(externalID)),
                "client_id": .string(externalID),
            ]
        )
        let answer = try await ProviderAnswer(context.send(send))
        guard answer.isSuccess else { throw ComfyFailures.refused(answer) }
        guard let remoteID = answer.json?["prompt_id"]?.stringValue, ProviderHTTP.isPlain(remoteID) else {
            throw .unreadable("a submit without an id in its answer, status \(answer.status)")
        }
        return .accepted(operation(remoteID, of: request))
    }

    /// All that is needed to read the outputs later: the nodes that make them, and the type.
    private func operation(_ remoteID: String, of request: GenerationRequest) -> ProviderOperation {
        let nodes = (workflow(of: request)?.outputs ?? []).map(JSONValue.string)
        let payload: JSONValue = ["type": .string(request.type.rawValue), "nodes": .array(nodes)]
        return ProviderOperation(remoteID: remoteID, payload: payload.canonicalText)
    }

    /// Hands the pictures in; nothing is started by that, so a failure leaves nothing behind that costs.
    private func upload(
        _ content: GenerationRequest.Content,
        into graph: inout ComfyGraph,
        _ context: AttemptContext
    ) async throws(ProviderFailure) {
        var pictures: [(slot: ComfyWorkflow.Slot, inputs: [MediaInput])] = []
        switch content {
        case .image(let image): pictures = [(.images, image.inputReferences)]
        case .video(let video):
            pictures = [(.images, video.inputReferences)]
            pictures += [(ComfyWorkflow.Slot.firstFrame, FrameRole.first), (.lastFrame, .last)].map { slot, role in
                (slot, video.frameImages.filter { $0.role == role }.map(\.image))
            }
        case .speech, .transcription, .music, .sound: break
        }
        for (slot, inputs) in pictures {
            var names: [String] = []
            for input in inputs { names.append(try await upload(input, context)) }
            graph.set(slot, pictures: names)
        }
    }

    private func upload(_ input: MediaInput, _ context: AttemptContext) async throws(ProviderFailure) -> String {
        guard case .stored(let stored) = input else { throw .notSent(.invalidRequest, "A picture is not there.") }
        let ending = stored.mediaType.split(separator: "/").last ?? "png"
        var form = MultipartBody(boundary: context.reference.externalID)
        form.add("type", "input")
        form.add("subfolder", "mediary")
        form.add("overwrite", "true")
        // Named by its content: handed in again it is the same file.
        let bytes = try await context.bytes(of: stored)
        form.add("image", fileName: "\(stored.sha256).\(ending)", mediaType: stored.mediaType, bytes)
        do throws(ProviderFailure) {
            let answer = try await door.http.exchange(
                door.post("/upload/image", type: form.contentType, form.bytes)
            )
            guard answer.isSuccess else { throw ComfyFailures.refused(answer) }
            guard let name = answer.json?["name"]?.stringValue, !name.isEmpty else {
                throw .unreadable("an upload without a name")
            }
            let folder = answer.json?["subfolder"]?.stringValue ?? ""
            return folder.isEmpty ? name : "\(folder)/\(name)"
        } catch {
            throw ProviderFailure.notSent(error.code, retry: error.retry, error.message, details: error.details)
        }
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        if let entry = try await history(operation.remoteID) { return standing(entry, of: operation) }
        if let waits = try await queue().first(where: { $0.id == operation.remoteID }) {
            return .pending(progress: nil, isQueued: !waits.isRunning)
        }
        // It may have ended between the two questions.
        if let entry = try await history(operation.remoteID) { return standing(entry, of: operation) }
        throw ProviderFailure(
            .notFound,
            retry: .never,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: "The provider does not know this generation.",
            details: "neither in the history nor in the queue"
        )
    }

    /// What the history holds of a prompt; nil while it holds nothing.
    private func history(_ id: String) async throws(ProviderFailure) -> JSONValue? {
        let answer = try await door.http.exchange(door.get("/history/\(id)"))
        guard answer.isSuccess else { throw ComfyFailures.refused(answer) }
        guard case .object(let entries)? = answer.json else { throw .unreadable("a history that is no object") }
        guard let entry = entries[id] else {
            guard entries.isEmpty else { throw .unreadable("a history of something else") }
            return nil
        }
        return entry
    }

    /// A prompt that waits or runs.
    private struct Waiting {
        let id: String
        let clientID: String?
        let isRunning: Bool
    }

    private func queue() async throws(ProviderFailure) -> [Waiting] {
        let answer = try await door.http.exchange(door.get("/queue"))
        guard answer.isSuccess else { throw ComfyFailures.refused(answer) }
        guard case .array(let running)? = answer.json?["queue_running"],
            case .array(let pending)? = answer.json?["queue_pending"]
        else { throw .unreadable("a queue without its lists") }
        func waiting(_ entry: JSONValue, _ isRunning: Bool) -> Waiting? {
            guard case .array(let parts) = entry, parts.count > 1, let id = parts[1].stringValue else { return nil }
            let clientID = parts.count > 3 ? parts[3]["client_id"]?.stringValue : nil
            return Waiting(id: id, clientID: clientID, isRunning: isRunning)
        }
        return running.compactMap { waiting($0, true) } + pending.compactMap { waiting($0, false) }
    }

    private func standing(_ entry: JSONValue, of operation: ProviderOperation) -> OperationStatus {
        let ending = ComfyEnding(entry)
        if ending.isInterrupted { return .cancelled(chargedNanoUSD: 0) }
        if let error = ending.error { return .failed(ComfyFailures.failed(error)) }
        let wanted = JSONValue(parsing: Array(operation.payload.utf8))
        var nodes: Set<String>?
        if case .array(let names)? = wanted?["nodes"], !names.isEmpty { nodes = Set(names.compactMap(\.stringValue)) }
        let type = wanted?["type"]?.stringValue.flatMap(GenerationType.init)
        let files = ending.files(of: nodes, type: type)
        return .completed(
            files.map { file in
                let query = [
                    (name: "filename", value: file.name), (name: "subfolder", value: file.subfolder),
                    (name: "type", value: "output"),
                ]
                return ProviderOutput(.url(door.http.url("/view", query: query)), mediaType: file.mediaType)
            },
            ReportedUsage()
        )
    }

    // MARK: - Stopping

    /// The program stops what runs whoever's it is unless it is told an id, and older versions know no ids: so a stop is
    /// only asked for while ours is what runs.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        let id = JSONValue.string(operation.remoteID)
        guard let waiting = try await queue().first(where: { $0.id == operation.remoteID }) else { return }
        let stop =
            waiting.isRunning
            ? door.post("/interrupt", ["prompt_id": id]) : door.post("/queue", ["delete": [id]])
        let answer = try await door.http.exchange(stop)
        guard answer.isSuccess else { throw ComfyFailures.refused(answer) }
    }

    // MARK: - Looking

    package func recovery(of request: GenerationRequest) -> RecoveryClass { .lookUpThenResend(settleSeconds: 60) }

    /// How many entries of the history are looked through.
    private static let lookedThrough = 100

    package func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        let promptID = ComfyGraph.promptID(attempt.externalID)
        var found: String?
        if try await history(promptID) != nil {
            found = promptID
        } else if let waiting = try await queue().first(where: {
            $0.id == promptID || $0.clientID == attempt.externalID
        }) {
            found = waiting.id
        } else {
            // It may have ended meanwhile; and an older version has given it an id of its own.
            let query = [(name: "max_items", value: String(Self.lookedThrough))]
            let answer = try await door.http.exchange(door.get("/history", query: query))
            guard answer.isSuccess else { throw ComfyFailures.refused(answer) }
            guard case .object(let entries)? = answer.json else { throw .unreadable("a history that is no object") }
            found = entries.first { $0.key == promptID || ComfyEnding($0.value).clientID == attempt.externalID }?.key
        }
        guard let found, ProviderHTTP.isPlain(found), await !isTaken(found) else { return nil }
        return .accepted(operation(found, of: request))
    }
}
