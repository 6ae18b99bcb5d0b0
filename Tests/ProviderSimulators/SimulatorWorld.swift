import Foundation
package import Generation
import Glibc
import Synchronization

/// What stands behind a wire: its tasks, the time, and the media.
package final class SimulatorWorld: Sendable {
    private struct State {
        var tasks: [String: SimulatedTask] = [:]
        /// In the order in which they were made.
        var order: [String] = []
        var numbers: SeededNumbers
        var secondsAhead = 0.0
        var forcedOutcomes: [SimulatedOutcome] = []
        var forcedSeconds: [Double] = []
        var baseURL = ""
        var outputsURL = ""
        /// Unfinished tasks that somebody is to be told of, by id.
        var calledBack: Set<String> = []
        var files: [String: (type: String, bytes: [UInt8])] = [:]
    }

    package let settings: SimulatorSettings
    package let media: SimulatorMedia
    private let state: Mutex<State>

    /// Makes an empty world.
    package init(_ settings: SimulatorSettings) {
        self.settings = settings
        media = SimulatorMedia(isCheap: settings.hasCheapMedia)
        state = Mutex(State(numbers: SeededNumbers(seed: settings.seed)))
    }

    // MARK: Addresses, time, names

    /// Where the wire is served: `http://127.0.0.1:PORT`, without a slash at its end.
    package var baseURL: String { state.withLock { $0.baseURL } }

    /// Where outputs are served that need no credentials: another origin than `baseURL`.
    package var outputsURL: String { state.withLock { $0.outputsURL } }

    func listen(baseURL: String? = nil, outputsURL: String? = nil) {
        state.withLock {
            if let baseURL { $0.baseURL = baseURL }
            if let outputsURL { $0.outputsURL = outputsURL }
        }
    }

    /// The time here, in milliseconds since 1970.
    package func now() -> Int64 { Self.machineTime + Int64(state.withLock { $0.secondsAhead } * 1_000) }

    /// Lets time pass at once.
    package func advance(seconds: Double) { state.withLock { $0.secondsAhead += seconds } }

    private static var machineTime: Int64 {
        Int64(Date().timeIntervalSince1970 * 1_000)
    }

    /// A setting of the wire, from `SimulatorSettings.wire`.
    package func setting(_ name: String) -> String? { settings.wire[name] }

    /// An id that nothing had before, in the form of a UUID.
    package func newUUID() -> String { UUID().uuidString.lowercased() }

    /// An id that nothing had before: a prefix and hexadecimal digits.
    package func newID(_ prefix: String = "", digits: Int = 32) -> String {
        prefix + (newUUID() + newUUID()).filter { $0 != "-" }.prefix(digits)
    }

    /// A number of a range, by the seed.
    package func draw(from range: ClosedRange<Double>) -> Double {
        state.withLock { Double.random(in: range, using: &$0.numbers) }
    }

    // MARK: Tasks

    /// Starts a task.
    ///
    /// Its outcome is what a test forced, else what the prompt's marker says, else success; its duration likewise. A wire
    /// that refuses filtered input at once asks `outcome(of:)` first and makes no task.
    package func newTask(
        id: String,
        prompt: String,
        seconds: Int,
        width: Int,
        height: Int,
        hasAudio: Bool,
        externalID: String? = nil,
        callbackURL: String? = nil,
        fields: [String: JSONValue] = [:]
    ) -> SimulatedTask {
        let now = now()
        return state.withLock { state in
            let outcome =
                state.forcedOutcomes.isEmpty
                ? SimulatedOutcome(prompt: prompt) ?? .succeeded : state.forcedOutcomes.removeFirst()
            let duration = Self.duration(settings, &state)
            let startedAt = now + Int64(settings.queueSeconds * 1_000)
            let task = SimulatedTask(
                id: id,
                externalID: externalID,
                callbackURL: callbackURL,
                prompt: prompt,
                createdAt: now,
                startedAt: startedAt,
                finishesAt: duration.map { startedAt + Int64($0 * 1_000) } ?? Int64.max / 4,
                outcome: outcome,
                seconds: seconds,
                width: width,
                height: height,
                hasAudio: hasAudio,
                fields: fields
            )
            state.tasks[id] = task
            state.order.append(id)
            if callbackURL != nil { state.calledBack.insert(id) }
            return task
        }
    }

    private static func duration(_ settings: SimulatorSettings, _ state: inout State) -> Double? {
        guard state.forcedSeconds.isEmpty else { return state.forcedSeconds.removeFirst() }
        switch settings.durations {
        case .fixed(let seconds): return seconds
        case .logNormal(let median, let sigma): return median * exp(sigma * state.numbers.normal())
        case .manual: return nil
        }
    }

    /// The outcome that a task with this prompt would have, if it were made now.
    package func outcome(of prompt: String) -> SimulatedOutcome {
        state.withLock { $0.forcedOutcomes.first } ?? SimulatedOutcome(prompt: prompt) ?? .succeeded
    }

    /// Takes back an outcome that was forced for the next task: for a wire that refuses at once.
    package func consumeOutcome() {
        state.withLock { if !$0.forcedOutcomes.isEmpty { $0.forcedOutcomes.removeFirst() } }
    }

    /// Sets the outcomes of the next tasks, in order.
    package func force(_ outcomes: SimulatedOutcome...) { state.withLock { $0.forcedOutcomes += outcomes } }

    /// Sets how long the next tasks run, in order.
    package func force(seconds: Double...) { state.withLock { $0.forcedSeconds += seconds } }

    /// A task by the provider's id; nil also for one that has vanished.
    package func task(_ id: String) -> SimulatedTask? { visible(state.withLock { $0.tasks[id] }) }

    /// A task by the client's own id.
    package func task(externalID: String) -> SimulatedTask? {
        visible(state.withLock { $0.tasks.values.first { $0.externalID == externalID } })
    }

    /// Every task that the provider still knows, the newest first.
    package var tasks: [SimulatedTask] { allTasks.compactMap(visible) }

    /// Every task that ever was, the newest first: for tests.
    package var allTasks: [SimulatedTask] { state.withLock { s in s.order.reversed().compactMap { s.tasks[$0] } } }

    private func visible(_ task: SimulatedTask?) -> SimulatedTask? {
        guard let task, task.standing(at: now()) != .vanished else { return nil }
        return task
    }

    /// How a task stands now.
    ///
    /// The first time that an end is told to the client is kept, unless it is not told (`isReported`).
    package func standing(of task: SimulatedTask, isReported: Bool = true) -> SimulatedStanding {
        let now = now()
        return state.withLock { state in
            let standing = (state.tasks[task.id] ?? task).standing(at: now)
            if isReported, standing.isFinal, state.tasks[task.id]?.reportedAt == nil {
                state.tasks[task.id]?.reportedAt = now
            }
            return standing
        }
    }

    /// Changes a task.
    ///
    /// - Returns: It as it is then; nil when there is none.
    @discardableResult
    package func update(_ id: String, _ change: (inout SimulatedTask) -> Void) -> SimulatedTask? {
        state.withLock { state in
            guard var task = state.tasks[id] else { return nil }
            change(&task)
            state.tasks[id] = task
            return task
        }
    }

    /// Stops a task that has not ended.
    ///
    /// - Returns: Whether it was stopped now.
    @discardableResult
    package func cancel(_ id: String) -> Bool {
        let now = now()
        return state.withLock { state in
            guard let task = state.tasks[id], !task.standing(at: now).isFinal else { return false }
            state.tasks[id]?.cancelledAt = now
            return true
        }
    }

    /// Ends a task now, as a test wants it.
    package func finish(_ id: String, _ outcome: SimulatedOutcome? = nil) {
        let now = now()
        update(id) { task in
            task.startedAt = min(task.startedAt, now)
            task.finishesAt = now
            if let outcome { task.outcome = outcome }
        }
    }

    /// Waits until a task has ended: what a call that answers when all is made takes.
    ///
    /// Where only tests end tasks, it ends at once, since nobody knows of it yet; and where media are cheap, so is time.
    package func settle(_ task: SimulatedTask) async {
        if case .manual = settings.durations { finish(task.id) }
        if settings.hasCheapMedia { finish(task.id) }
        let left = (self.task(task.id)?.endsAt ?? 0) - now()
        if left > 0 { try? await Task.sleep(for: .milliseconds(left)) }
        if let ended = self.task(task.id) { _ = standing(of: ended) }
    }

    /// Ends all tasks that are under way.
    package func finishAll() {
        let now = now()
        for task in allTasks where !task.standing(at: now).isFinal { finish(task.id) }
    }

    /// Forgets a task.
    @discardableResult
    package func remove(_ id: String) -> Bool {
        state.withLock { state in
            guard state.tasks.removeValue(forKey: id) != nil else { return false }
            state.order.removeAll { $0 == id }
            return true
        }
    }

    /// How many tasks have not ended.
    var unfinishedCount: Int {
        let now = now()
        return state.withLock { state in state.tasks.values.count { !$0.standing(at: now).isFinal } }
    }

    /// The tasks with a callback URL whose end has not been posted.
    var calledBackTasks: [SimulatedTask] { state.withLock { s in s.calledBack.compactMap { s.tasks[$0] } } }

    func doneCallingBack(_ id: String) { state.withLock { _ = $0.calledBack.remove(id) } }

    // MARK: Media

    /// The file that a task has made.
    package func video(of task: SimulatedTask) async throws -> [UInt8] {
        try await media.video(
            width: task.width,
            height: task.height,
            seconds: task.seconds,
            hasAudio: task.hasAudio
        )
    }

    /// Where a task's file is served without credentials, with a query like a signature, at another origin.
    package func outputURL(of task: SimulatedTask) -> String {
        "\(outputsURL)/outputs/\(task.id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "").mp4"
            + "?Expires=1999999999&Signature=simulated%2Fsignature"
    }

    /// Keeps bytes that the client uploads or that a task makes besides.
    package func keep(_ bytes: [UInt8], type: String, as name: String) {
        state.withLock { $0.files[name] = (type, bytes) }
    }

    /// Bytes that were kept.
    package func file(_ name: String) -> (type: String, bytes: [UInt8])? { state.withLock { $0.files[name] } }

    /// The names of all that was kept, sorted.
    package var fileNames: [String] { state.withLock { $0.files.keys.sorted() } }
}
