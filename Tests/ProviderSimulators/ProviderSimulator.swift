import CurlTransport
import Foundation
import Generation
import HTTPTransport
import Synchronization

/// One provider on 127.0.0.1: a wire, its world, and all that can go wrong.
///
///     try await withSimulator(ArkSimulator.self) { simulator in
///         simulator.inject(.answerLost, on: .submit)
///         let adapter = makeAdapter(baseURL: simulator.baseURL)
///         …
///         #expect(simulator.requests(.submit).count == 1)
///     }
package final class ProviderSimulator: Sendable {
    /// One exchange, as it went.
    package struct Entry: Sendable {
        package let operation: SimulatedOperation
        /// Whether it came to the origin of outputs instead of the wire's.
        package let isAtOutputs: Bool
        package let request: SimulatedRequest
        /// The word of the fault that was played.
        package let fault: String?
        /// The status of the answer; nil when there was none.
        package let status: Int?
    }

    /// A limit that was exceeded.
    package struct Violation: Sendable {
        package let limit: String
        package let count: Int
    }

    private struct State {
        var faults: [SimulatedOperation: [SimulatedFault]] = [:]
        var duplicateCompletions = 0
        var markers = SimulatorMarkers()
        var journal: [Entry] = []
        var counts: [SimulatedOperation: Int] = [:]
        var violations: [String: Int] = [:]
        /// When requests of the operations with a limited rate came, in seconds on a clock that never goes back.
        var arrivals: [SimulatedOperation: [Double]] = [:]
        var slotsPeak = 0
        var callbacks: [(task: String, standing: String, status: Int?)] = []
    }

    package let world: SimulatorWorld
    package let wire: any SimulatedProvider
    package let limits: SimulatorLimits
    let transport: any HTTPTransport
    private let state = Mutex(State())

    /// Makes a simulator; `run` or `withSimulator` starts it.
    package init(_ wire: any SimulatedProvider.Type, _ settings: SimulatorSettings = SimulatorSettings()) {
        world = SimulatorWorld(settings)
        self.wire = wire.init(world: world)
        limits = settings.limits ?? wire.limits
        transport = CurlTransport(bootSeconds: { Self.bootSeconds })
    }

    /// Where the wire is served.
    package var baseURL: String { world.baseURL }

    static var bootSeconds: Double { ProcessInfo.processInfo.systemUptime }

    // MARK: Faults

    /// Plays a fault with the next requests of an operation; after those that were injected before.
    package func inject(_ fault: SimulatedFault, on operation: SimulatedOperation, times: Int = 1) {
        state.withLock { state in
            if case .duplicateCompletion = fault {
                state.duplicateCompletions += times
            } else {
                state.faults[operation, default: []] += Array(repeating: fault, count: times)
            }
        }
    }

    /// Forgets the faults that were not played.
    package func clearFaults() {
        state.withLock {
            $0.faults = [:]
            $0.duplicateCompletions = 0
        }
    }

    /// How many faults were not played yet.
    package var pendingFaults: Int {
        state.withLock { $0.faults.values.reduce($0.duplicateCompletions) { $0 + $1.count } }
    }

    func takeDuplicateCompletion() -> Bool {
        state.withLock { state in
            guard state.duplicateCompletions > 0 else { return false }
            state.duplicateCompletions -= 1
            return true
        }
    }

    // MARK: What happened

    /// Every exchange since the start, as far as settings let them be kept.
    package var journal: [Entry] { state.withLock { $0.journal } }

    /// The requests of an operation, in order.
    package func requests(_ operation: SimulatedOperation) -> [SimulatedRequest] {
        journal.filter { $0.operation == operation }.map(\.request)
    }

    /// How many requests of an operation came.
    package func count(_ operation: SimulatedOperation) -> Int { state.withLock { $0.counts[operation] ?? 0 } }

    /// The limits that were exceeded, and how often.
    package var violations: [Violation] {
        state.withLock { $0.violations.sorted { $0.key < $1.key }.map { Violation(limit: $0.key, count: $0.value) } }
    }

    /// The most tasks that were unfinished at a time, as far as there is a limit to them.
    package var slotsPeak: Int { state.withLock { $0.slotsPeak } }

    /// The callbacks that were posted: the task, how it stood, and the status of the answer, if there was one.
    package var callbacks: [(task: String, standing: String, status: Int?)] { state.withLock { $0.callbacks } }

    func posted(_ task: String, _ standing: SimulatedStanding, status: Int?) {
        state.withLock { $0.callbacks.append((task, standing.word, status)) }
    }

    /// For each ended task that was told to somebody: how many seconds after its end that was.
    package var completionLags: [Double] {
        world.allTasks.compactMap { task in
            task.reportedAt.map { Double(max(0, $0 - task.endsAt)) / 1_000 }
        }
    }

    // MARK: Exchanges

    /// What the server is to do with a request.
    enum Reply: Sendable {
        case answer(SimulatedAnswer)
        /// Byte by byte.
        case drip(SimulatedAnswer, bytesPerSecond: Int)
        /// Half of the bytes that are promised, then the end.
        case cut(SimulatedAnswer)
        case close
        case hang
    }

    /// Plays one exchange.
    func reply(to request: SimulatedRequest, isAtOutputs: Bool) async -> Reply {
        let operation = isAtOutputs ? .download : wire.operation(of: request)
        let fault = takeFault(operation, request)
        let isExceeded = exceedsLimits(operation)
        if let latency = world.settings.latencySeconds {
            try? await Task.sleep(for: .seconds(world.draw(from: latency)))
        }
        if isExceeded, limits.areEnforced {
            let refusal = wire.refusal(status: 429, retryAfterSeconds: nil)
            note(operation, isAtOutputs, request, fault: "limit", status: 429)
            return .answer(refusal)
        }
        var answer: SimulatedAnswer?
        if fault?.isHandled ?? true {
            answer = isAtOutputs ? await output(request) : await wire.answer(request)
        }
        let reply = play(fault, answer)
        note(operation, isAtOutputs, request, fault: fault?.word, status: reply.status)
        return reply
    }

    /// The fault to play: the next one that was injected, else one that the prompt asks for.
    private func takeFault(_ operation: SimulatedOperation, _ request: SimulatedRequest) -> SimulatedFault? {
        let injected = state.withLock { state -> SimulatedFault? in
            guard state.faults[operation]?.isEmpty == false else { return nil }
            return state.faults[operation]?.removeFirst()
        }
        if let injected { return injected }
        if operation == .submit {
            guard let part = SimulatorMarkers.part(of: request.text) else { return nil }
            return state.withLock { state in
                state.markers.note(part)
                if let fault = state.markers.take(.other, of: part), case .duplicateCompletion = fault {
                    state.duplicateCompletions += 1
                }
                return state.markers.take(.submit, of: part)
            }
        }
        guard state.withLock({ $0.markers.isUsed }) else { return nil }
        let marked = world.allTasks.filter { SimulatorMarkers.part(of: $0.prompt) != nil }
        var asked = marked.filter { $0.isNamed(in: request) }
        // A list tells how tasks stand, as a poll does; one that names none tells of all.
        let operations = operation == .list ? [operation, .poll] : [operation]
        if operation == .list, asked.isEmpty { asked = marked }
        for task in asked {
            guard let part = SimulatorMarkers.part(of: task.prompt) else { continue }
            for operation in operations {
                if let fault = state.withLock({ $0.markers.take(operation, of: part) }) { return fault }
            }
        }
        return nil
    }

    /// How many faults on an operation that the markers of a prompt ask for were not played yet.
    package func unplayedFaults(of prompt: String, on operation: SimulatedOperation) -> Int {
        guard let part = SimulatorMarkers.part(of: prompt) else { return 0 }
        return state.withLock { $0.markers.left(operation, of: part) }
    }

    private func play(_ fault: SimulatedFault?, _ answer: SimulatedAnswer?) -> Reply {
        let answer = answer ?? SimulatedAnswer(status: 500)
        guard let fault else { return .answer(answer) }
        switch fault {
        case .status(let status, let seconds), .statusAfterwards(let status, let seconds):
            return .answer(wire.refusal(status: status, retryAfterSeconds: seconds))
        case .answer(let other, _): return .answer(other)
        case .malformedJSON: return .answer(Self.json("{\"id\": nobody, 'status' = }"))
        case .truncatedJSON:
            // Half of a medium under a length that fits would be a medium: its transfer breaks off instead.
            guard answer.isJSON else { return .cut(answer) }
            var half = answer
            half.body = Array(answer.body.prefix(max(1, answer.body.count / 2)))
            return .answer(half)
        case .otherJSON: return .answer(Self.json("[{\"unexpected\": [1, null, true]}, \"shape\"]"))
        case .html: return .answer(.page(200))
        case .empty: return .answer(SimulatedAnswer(status: 200))
        case .huge(let bytes):
            return .answer(Self.json("{\"padding\": \"" + String(repeating: "x", count: bytes) + "\"}"))
        case .hang: return .hang
        case .drip(let bytes): return .drip(answer, bytesPerSecond: bytes)
        case .answerLost, .refusedConnection: return .close
        case .outputExpired: return .answer(wire.refusal(status: 403, retryAfterSeconds: nil))
        case .outputGone: return .answer(wire.refusal(status: 404, retryAfterSeconds: nil))
        case .downloadTruncated: return .cut(answer)
        case .wrongContentType: return .answer(.page(200))
        case .redirectToPrivate:
            let address = "http://169.254.169.254/latest/meta-data/"
            return .answer(SimulatedAnswer(status: 302, headers: [(name: "Location", value: address)]))
        case .duplicateCompletion: return .answer(answer)
        }
    }

    private static func json(_ text: String) -> SimulatedAnswer {
        SimulatedAnswer(
            status: 200,
            headers: [(name: "Content-Type", value: "application/json")],
            body: Array(text.utf8)
        )
    }

    /// The answer at the origin of outputs: bytes for everybody who has the URL.
    private func output(_ request: SimulatedRequest) async -> SimulatedAnswer {
        guard request.method == "GET" || request.method == "HEAD" else { return .page(405) }
        let parts = request.segments
        guard parts.count == 2, parts[0] == "outputs" else { return .page(404) }
        if let file = world.file(parts[1]) { return .media(file.type, file.bytes) }
        guard parts[1].hasSuffix(".mp4"), let task = world.task(String(parts[1].dropLast(4))),
            world.standing(of: task, isReported: false) == .succeeded, request.queryItem("Signature") != nil
        else { return .page(404) }
        do {
            return .media("video/mp4", try await world.video(of: task))
        } catch {
            return SimulatedAnswer(status: 500, body: Array("\(error)".utf8))
        }
    }

    /// Counts a request against the limits.
    private func exceedsLimits(_ operation: SimulatedOperation) -> Bool {
        var isExceeded = false
        for limit in limits.rates where limit.operation == operation {
            let now = Self.bootSeconds
            state.withLock { state in
                let recent = (state.arrivals[operation] ?? []).filter { $0 > now - limit.seconds } + [now]
                state.arrivals[operation] = recent
                guard recent.count > limit.requests else { return }
                isExceeded = true
                let name = "\(operation.rawValue): \(limit.requests) in \(limit.seconds) s"
                state.violations[name, default: 0] += 1
            }
        }
        guard operation == .submit, let slots = limits.slots else { return isExceeded }
        let used = world.unfinishedCount
        state.withLock { state in
            state.slotsPeak = max(state.slotsPeak, min(used + 1, max(slots, used + 1)))
            guard used >= slots else { return }
            isExceeded = true
            state.violations["slots: \(slots)", default: 0] += 1
        }
        return isExceeded
    }

    private func note(
        _ operation: SimulatedOperation,
        _ isAtOutputs: Bool,
        _ request: SimulatedRequest,
        fault: String?,
        status: Int?
    ) {
        var kept = request
        if case .heads = world.settings.journaling { kept.body = [] }
        let entry = Entry(
            operation: operation,
            isAtOutputs: isAtOutputs,
            request: kept,
            fault: fault,
            status: status
        )
        state.withLock { state in
            state.counts[operation, default: 0] += 1
            switch world.settings.journaling {
            case .whole, .heads: state.journal.append(entry)
            case .counts: break
            }
        }
    }
}

extension ProviderSimulator.Reply {
    /// The status that the client sees.
    fileprivate var status: Int? {
        switch self {
        case .answer(let answer), .drip(let answer, _), .cut(let answer): answer.status
        case .close, .hang: nil
        }
    }
}
