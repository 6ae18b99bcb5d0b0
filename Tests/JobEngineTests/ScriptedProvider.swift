import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import JobCore
import ProviderKit
import Synchronization

/// A provider on the other side of the wire: it outlives every node of the test, and counts what it sees.
///
/// What it does with a request is scripted by closures; without any it accepts, works for ten seconds and succeeds. It
/// knows generations by an id of its own and, where it takes them, idempotency keys.
final class ScriptedProvider: Sendable {
    /// One paid request as it arrived.
    struct Submit: Sendable {
        let prompt: String
        let model: String
        let externalID: String
        let token: String
        let body: [UInt8]
        /// The hashes of the references that it carries.
        let inputs: [String]
        let at: Timestamp
        /// Counts the requests with this prompt, from 1.
        let number: Int
    }

    /// What the provider and the wire do with a paid request.
    indirect enum SubmitReply: Sendable {
        /// It is accepted and takes so long.
        case accept(seconds: Double = 10)
        /// It is accepted, and the answer gets lost.
        case acceptAndLose(seconds: Double = 10)
        /// It is answered with the outputs.
        case completeAtOnce
        /// It is answered with the outputs, and the answer gets lost.
        case completeAndLose
        /// It gets lost on its way; we cannot know.
        case lose
        /// No connection: not a byte was sent.
        case noConnection
        /// It is answered with this status, and nothing is started.
        case refuse(Int, headers: [(name: String, value: String)] = [])
        /// The same after a while.
        case after(seconds: Double, SubmitReply)
    }

    /// How a generation stands when it is asked for.
    enum StatusReply: Sendable {
        case status(Int)
        case pending(progress: Double?, isQueued: Bool = false)
        case completed(outputs: Int)
        case failed(code: String, billed: Bool)
        case cancelled(chargedNanoUSD: Int64?)
        case noConnection
    }

    /// What comes when an output is fetched.
    enum FetchReply: Sendable {
        case whole
        case status(Int)
        case bytes([UInt8], declared: Int64?)
        case cutAfter(Int)
    }

    /// One generation at the provider: what is billed.
    struct Generation: Sendable {
        let id: String
        let model: String
        let prompt: String
        let externalID: String
        let token: String
        let body: [UInt8]
        let startedAt: Timestamp
        let seconds: Double
        var cancelledAt: Timestamp?
        var polls = 0
        /// Raised when the outputs get new URLs.
        var urlVersion = 0

        func isDone(at now: Timestamp) -> Bool { now >= startedAt.adding(seconds: seconds) }
    }

    /// What the test may change at any time.
    struct Script: Sendable {
        var submit: @Sendable (Submit) -> SubmitReply = { _ in .accept() }
        var status: @Sendable (Generation, Timestamp) -> StatusReply? = { _, _ in nil }
        var fetch: @Sendable (Generation, _ index: Int, _ url: String) -> FetchReply = { _, _, _ in .whole }
        /// Whether a look-up by external id is answered.
        var canLookUp: @Sendable (_ looks: Int) -> Bool = { _ in true }
        /// Whether a look-up shows a generation.
        var shows: @Sendable (Generation, Timestamp) -> Bool = { _, _ in true }
        /// What a look-up gives instead of what is there.
        var finds: @Sendable (_ externalID: String) -> String? = { _ in nil }
        /// Whether the provider knows a repeated idempotency key.
        var takesTokens: @Sendable (Submit) -> Bool = { _ in true }
        /// Put into every body, so that a test can change it between two sends.
        var salt = ""
        /// What a cancelled generation costs; nil when the provider does not say.
        var cancelCharge: Int64? = 0
        /// What the provider reports to have used at the end.
        var usage = ReportedUsage()
        /// How many outputs a generation has.
        var outputs = 1
        /// The class of each model.
        var recovery: [String: RecoveryClass] = [:]
        /// What the adapters trust.
        var trustedOrigins: Set<String> = []
        /// Whether the connection to the provider stands; checked for everything but submits.
        var isReachable = true
    }

    private struct State {
        var script = Script()
        var submits: [Submit] = []
        var generations: [String: Generation] = [:]
        var refusedTokens: [String] = []
        var cancels: [String] = []
        var fetches: [String] = []
        var fetchDemands: [(headers: Int, options: ExchangeOptions)] = []
        var submitDemands: [ExchangeOptions] = []
        var looks = 0
        var openSubmits = 0
        var concurrencyMax = 0
    }

    private let world: Simulation
    private let clock: TestClock
    /// Submits wait here before `mayStillSend` is asked.
    let doorBeforeSend = Door()
    /// Submits wait here after the provider has decided, before the answer goes back.
    let doorBeforeAnswer = Door()
    /// Polls wait here, after the provider has answered them.
    let doorBeforeStatus = Door()
    private let state = Mutex(State())

    init(_ world: Simulation) {
        self.world = world
        self.clock = world.clock
    }

    var script: Script {
        get { state.withLock { $0.script } }
        set { state.withLock { $0.script = newValue } }
    }

    /// Every paid request that arrived.
    var submits: [Submit] { state.withLock { $0.submits } }
    /// Every generation that was ever started, oldest first.
    var generations: [Generation] {
        state.withLock { $0.generations.values.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) } }
    }
    /// The ids that were asked to stop, in order.
    var cancels: [String] { state.withLock { $0.cancels } }
    /// The output URLs that were asked for, in order.
    var fetches: [String] { state.withLock { $0.fetches } }
    /// How many header fields the fetches had, and what they demanded of the transport.
    var fetchDemands: [(headers: Int, options: ExchangeOptions)] { state.withLock { $0.fetchDemands } }
    /// What the submits demanded of the transport.
    var submitDemands: [ExchangeOptions] { state.withLock { $0.submitDemands } }
    /// Tokens that came a second time with another body.
    var refusedTokens: [String] { state.withLock { $0.refusedTokens } }
    /// How many look-ups came.
    var looks: Int { state.withLock { $0.looks } }
    /// The most generations and open submits that there were at once.
    var concurrencyMax: Int { state.withLock { $0.concurrencyMax } }

    func submits(of prompt: String) -> [Submit] { submits.filter { $0.prompt == prompt } }
    func generations(of prompt: String) -> [Generation] { generations.filter { $0.prompt == prompt } }

    // MARK: The wire

    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions,
        life: NodeLife
    ) async throws(TransportFailure) -> HTTPResponse {
        if options.isSubmit {
            state.withLock { $0.submitDemands.append(options) }
            return try await submit(request, options, life)
        }
        try await Self.pass(life)
        guard script.isReachable else { throw TransportFailure(.noConnection, requestReachedPeer: .no, "down") }
        let path = request.url.split(separator: "/").dropFirst(2).map(String.init)
        let response: HTTPResponse
        switch (request.method, path.first) {
        case (.get, "operations"):
            response = try status(path[1])
            await doorBeforeStatus.pass()
        case (.post, "cancel"): response = cancel(path[1])
        case (.get, "find"): response = try find(path[1])
        case (.get, "outputs"):
            state.withLock { $0.fetchDemands.append((request.headers.count, options)) }
            response = try output(path, request.url)
        case _: response = Self.answer(404)
        }
        try await Self.pass(life)
        return response
    }

    private static func pass(_ life: NodeLife) async throws(TransportFailure) {
        do {
            try await life.pass()
        } catch {
            throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "the node is dead")
        }
    }

    private func submit(
        _ request: HTTPRequest,
        _ options: ExchangeOptions,
        _ life: NodeLife
    ) async throws(TransportFailure) -> HTTPResponse {
        await doorBeforeSend.pass()
        do {
            try await life.pass()
        } catch {
            throw TransportFailure(.cancelled, requestReachedPeer: .no, "the node died before the send")
        }
        guard options.mayStillSend() else {
            throw TransportFailure(.sendWindowPassed, requestReachedPeer: .no, "the send window has passed")
        }
        let submit = arrived(request)
        defer { state.withLock { $0.openSubmits -= 1 } }
        let reply = script.submit(submit)
        let result = await follow(reply, submit)
        await doorBeforeAnswer.pass()
        try await Self.pass(life)
        return try result.get()
    }

    private func arrived(_ request: HTTPRequest) -> Submit {
        let fields = (try? JSONDecoder().decode([String: String].self, from: Data(request.body))) ?? [:]
        let prompt = fields["prompt"] ?? ""
        let now = clock.now
        return state.withLock { state in
            let submit = Submit(
                prompt: prompt,
                model: fields["model"] ?? "",
                externalID: fields["external_id"] ?? "",
                token: request.header("Idempotency-Key") ?? "",
                body: request.body,
                inputs: (fields["inputs"] ?? "").split(separator: " ").map(String.init),
                at: now,
                number: state.submits.count { $0.prompt == prompt } + 1
            )
            state.submits.append(submit)
            state.openSubmits += 1
            Self.count(&state, at: now)
            return submit
        }
    }

    private func follow(_ reply: SubmitReply, _ submit: Submit) async -> Result<HTTPResponse, TransportFailure> {
        switch reply {
        case .after(let seconds, let then):
            // The provider goes on also when the node that asked is gone.
            return await Task(executorPreference: world) { [self] in
                try? await clock.sleep(seconds)
                return await follow(then, submit)
            }.value
        case .accept(let seconds): return .success(accept(submit, seconds))
        case .acceptAndLose(let seconds):
            _ = accept(submit, seconds)
            return .failure(TransportFailure(.connectionLost, requestReachedPeer: .unknown, "reset"))
        case .completeAtOnce, .completeAndLose:
            let answer = accept(submit, 0)
            if case .completeAndLose = reply {
                return .failure(TransportFailure(.connectionLost, requestReachedPeer: .unknown, "reset"))
            }
            // A repeat of a send that was accepted before may find it still at work.
            guard answer.status == 202, let id = answer.header("x-id"), isDone(id) else { return .success(answer) }
            return .success(completed(id))
        case .lose: return .failure(TransportFailure(.timedOut, requestReachedPeer: .unknown, "no answer"))
        case .noConnection: return .failure(TransportFailure(.noConnection, requestReachedPeer: .no, "refused"))
        case .refuse(let status, let headers): return .success(Self.answer(status, headers: headers))
        }
    }

    private func accept(_ submit: Submit, _ seconds: Double) -> HTTPResponse {
        let now = clock.now
        return state.withLock { state in
            if state.script.takesTokens(submit),
                let known = state.generations.values.first(where: { $0.token == submit.token })
            {
                guard known.body == submit.body else {
                    state.refusedTokens.append(submit.token)
                    return Self.answer(422)
                }
                return Self.answer(202, headers: [("x-id", known.id)])
            }
            let id = "gen-\(state.generations.count + 1)"
            state.generations[id] = Generation(
                id: id,
                model: submit.model,
                prompt: submit.prompt,
                externalID: submit.externalID,
                token: submit.token,
                body: submit.body,
                startedAt: now,
                seconds: seconds
            )
            Self.count(&state, at: now)
            return Self.answer(202, headers: [("x-id", id)])
        }
    }

    private static func count(_ state: inout State, at now: Timestamp) {
        let running = state.generations.values.count { $0.cancelledAt == nil && !$0.isDone(at: now) }
        state.concurrencyMax = max(state.concurrencyMax, max(running, state.openSubmits))
    }

    private func status(_ id: String) throws(TransportFailure) -> HTTPResponse {
        let now = clock.now
        let (known, script) = state.withLock { state in
            state.generations[id]?.polls += 1
            return (state.generations[id], state.script)
        }
        guard let known else { return Self.answer(404) }
        let usual: StatusReply =
            if known.cancelledAt != nil {
                .cancelled(chargedNanoUSD: script.cancelCharge)
            } else if known.isDone(at: now) {
                .completed(outputs: script.outputs)
            } else {
                .pending(progress: nil)
            }
        switch script.status(known, now) ?? usual {
        case .noConnection: throw TransportFailure(.noConnection, requestReachedPeer: .no, "refused")
        case .status(let status): return Self.answer(status)
        case .pending(let progress, let isQueued):
            return Self.answer(
                200,
                headers: [("x-state", isQueued ? "queued" : "running"), ("x-progress", progress.map { "\($0)" } ?? "")]
            )
        case .completed(let outputs):
            let text = (0..<outputs).map { url(of: known, $0) }.joined(separator: " ")
            return Self.answer(200, headers: [("x-state", "completed"), ("x-outputs", text)])
        case .failed(let code, let billed):
            return Self.answer(200, headers: [("x-state", "failed"), ("x-code", code), ("x-billed", "\(billed)")])
        case .cancelled(let nano):
            return Self.answer(200, headers: [("x-state", "cancelled"), ("x-charged", nano.map { "\($0)" } ?? "")])
        }
    }

    private func isDone(_ id: String) -> Bool {
        let now = clock.now
        return state.withLock { $0.generations[id]?.isDone(at: now) ?? false }
    }

    private func completed(_ id: String) -> HTTPResponse {
        state.withLock { state in
            guard let known = state.generations[id] else { return Self.answer(404) }
            let text = (0..<state.script.outputs).map { url(of: known, $0) }.joined(separator: " ")
            return Self.answer(200, headers: [("x-outputs", text)])
        }
    }

    private func url(of generation: Generation, _ index: Int) -> String {
        "https://provider/outputs/\(generation.id)/\(index)/\(generation.urlVersion)"
    }

    /// Gives the outputs of a generation new URLs; the old ones answer 404 from now on.
    func renewURLs(of id: String) { state.withLock { $0.generations[id]?.urlVersion += 1 } }

    private func cancel(_ id: String) -> HTTPResponse {
        let now = clock.now
        return state.withLock { state in
            state.cancels.append(id)
            guard let known = state.generations[id] else { return Self.answer(404) }
            if known.cancelledAt == nil, !known.isDone(at: now) { state.generations[id]?.cancelledAt = now }
            return Self.answer(200)
        }
    }

    private func find(_ externalID: String) throws(TransportFailure) -> HTTPResponse {
        let now = clock.now
        let (looks, script, known) = state.withLock { state in
            state.looks += 1
            let known = state.generations.values.first { $0.externalID == externalID }
            return (state.looks, state.script, known)
        }
        guard script.canLookUp(looks) else {
            throw TransportFailure(.timedOut, requestReachedPeer: .unknown, "no answer")
        }
        if let id = script.finds(externalID) { return Self.answer(200, headers: [("x-id", id)]) }
        guard let known, script.shows(known, now) else { return Self.answer(204) }
        return Self.answer(200, headers: [("x-id", known.id)])
    }

    private func output(_ path: [String], _ url: String) throws(TransportFailure) -> HTTPResponse {
        let (known, script) = state.withLock { state in
            state.fetches.append(url)
            return (state.generations[path[1]], state.script)
        }
        guard let known, path.count == 4, let index = Int(path[2]), Int(path[3]) == known.urlVersion else {
            return Self.answer(404)
        }
        let media =
            switch known.model {
            case "fake/image": TestMedia.image
            case "fake/speech": TestMedia.speech
            case _: TestMedia.video
            }
        switch script.fetch(known, index, url) {
        case .whole: return Self.answer(200, body: media, declared: Int64(media.count))
        case .status(let status): return Self.answer(status)
        case .bytes(let bytes, let declared): return Self.answer(200, body: bytes, declared: declared)
        case .cutAfter(let count):
            return Self.answer(200, body: Array(media.prefix(count)), declared: Int64(media.count), isCut: true)
        }
    }

    private static func answer(
        _ status: Int,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        declared: Int64? = nil,
        isCut: Bool = false
    ) -> HTTPResponse {
        let rest = Mutex(body[...])
        let chunks = Chunks(rest)
        return HTTPResponse(
            status: status,
            headers: headers,
            contentLength: declared,
            body: HTTPBody { () async throws(TransportFailure) -> [UInt8]? in
                if let chunk = chunks.next() { return chunk }
                guard !isCut else {
                    throw TransportFailure(.connectionLost, requestReachedPeer: .yes, "closed before the end")
                }
                return nil
            }
        )
    }
}

/// Gives bytes in chunks of one kilobyte.
private final class Chunks: Sendable {
    private let rest: Mutex<ArraySlice<UInt8>>

    init(_ rest: consuming sending Mutex<ArraySlice<UInt8>>) { self.rest = rest }

    func next() -> [UInt8]? {
        rest.withLock { rest in
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(1_024) }
            return Array(rest.prefix(1_024))
        }
    }
}
