/// What a comparison with the providers' own lists has brought.
package struct Reconciliation: Sendable, Codable {
    /// One account that was asked.
    package struct Account: Sendable, Codable {
        /// The provider.
        package let provider: String
        /// Its account.
        package let account: String
        /// Whether the provider has a list; without one, only what we know of is asked for.
        package let hasList: Bool
        /// Since when the list was compared: it may go back less far than was asked for.
        package var since: String
        /// How many generations it has since then.
        package var listed = 0
        /// How many attempts of ours were sent there since then.
        package var attempts = 0
        /// Why it could not be compared, or not wholly; nil when it was.
        package var problem: String?
    }

    /// What a finding is about.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// A job in flight lost the answer to its submit, and this is its generation.
        case lostSubmit = "lost_submit"
        /// A job was given up without a charge, and its generation is done.
        case lateOutput = "late_output"
        /// A job was given up, and its generation is still being made.
        case stillRunning = "still_running"
        /// A job has another generation than this one, which was made for it as well.
        case surplus
        /// The provider has a generation that nothing here belongs to: another program's, perhaps.
        case unknownOperation = "unknown_operation"
        /// A job of ours has a generation that its provider does not know.
        case unknownJob = "unknown_job"
    }

    /// Something that does not agree.
    package struct Finding: Sendable, Codable {
        /// What it is about.
        package let kind: Kind
        /// The provider.
        package let provider: String
        /// Its account.
        package let account: String
        /// The provider's id of the generation.
        package let operation: String
        /// The job; nil when it is nobody's.
        package var job: String?
        /// The number of its attempt.
        package var attempt: Int?
        /// What was found, and what was done about it or will be.
        package var detail: String
        /// Whether all was done about it that can be done here.
        package var isDone = false
        /// What was booked as the operator's loss, in US dollars.
        package var loss: String?
    }

    /// Since when was compared, as asked for.
    package let since: String
    /// Whether anything was to be changed, or only told.
    package let isApplied: Bool
    /// The accounts that were asked.
    package var accounts: [Account] = []
    /// What does not agree.
    package var findings: [Finding] = []

    /// Whether every account could be compared.
    package var isWhole: Bool { accounts.allSatisfy { $0.problem == nil } }
}
