import Generation

/// One provider's wire, as the provider itself would speak it.
///
/// One per wire, in a folder of its own. The server around it keeps the journal, plays the faults, serves outputs, posts
/// callbacks and counts limits. A wire is strict: a request that the real provider would refuse is refused here in the
/// provider's own form.
package protocol SimulatedProvider: Sendable {
    /// What it is asked for by: `openai`, `ark`, `kling` ...
    static var name: String { get }
    /// What the provider documents to allow one account. Defaults to no limits.
    static var limits: SimulatorLimits { get }
    /// Makes a wire over a world.
    init(world: SimulatorWorld)
    /// What a request is for.
    func operation(of request: SimulatedRequest) -> SimulatedOperation
    /// The right answer of the real provider, also to a request that is wrong.
    func answer(_ request: SimulatedRequest) async -> SimulatedAnswer
    /// An answer of a status in the provider's own form of errors.
    func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer
    /// What is posted to a task's callback URL as it stands now; nil without callbacks. Its status is of no meaning.
    func callback(for task: SimulatedTask) -> SimulatedAnswer?
}

extension SimulatedProvider {
    /// None.
    package static var limits: SimulatorLimits { SimulatorLimits() }

    /// The form of most providers: an object with an error that has a code and a message.
    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        .json(
            status,
            ["error": ["code": .string("simulated_\(status)"), "message": .string("Simulated \(status).")]],
            headers: SimulatedAnswer.retryAfter(retryAfterSeconds)
        )
    }

    /// None.
    package func callback(for task: SimulatedTask) -> SimulatedAnswer? { nil }
}

/// What a provider allows one account.
package struct SimulatorLimits: Sendable {
    /// So many requests of an operation in any stretch of so many seconds.
    package struct Rate: Sendable {
        package var operation: SimulatedOperation
        package var requests: Int
        package var seconds: Double

        /// Limits a rate.
        package init(_ operation: SimulatedOperation, requests: Int, seconds: Double) {
            self.operation = operation
            self.requests = requests
            self.seconds = seconds
        }
    }

    /// How many tasks may be unfinished at a time.
    package var slots: Int?
    package var rates: [Rate]
    /// Whether what exceeds them is refused with 429, as well as counted.
    package var areEnforced: Bool

    /// Makes limits.
    package init(slots: Int? = nil, rates: [Rate] = [], areEnforced: Bool = true) {
        self.slots = slots
        self.rates = rates
        self.areEnforced = areEnforced
    }
}
