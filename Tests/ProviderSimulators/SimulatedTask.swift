package import Generation

/// How a task is to end.
package enum SimulatedOutcome: String, Sendable, CaseIterable {
    case succeeded
    /// The provider could not do it.
    case failed
    /// The prompt or an input is refused by the filter: at once, or as the wire does it.
    case filteredInput = "filtered_input"
    /// What was made is held back by the filter.
    case filteredOutput = "filtered_output"
    /// Done, and there is nothing.
    case withoutMedia = "no_media"
    /// While it runs its status is a word that nobody knows; then it succeeds.
    case unknownStatus = "unknown_status"
    /// From its start on the provider knows nothing of it.
    case vanished

    /// What a prompt asks for with a marker such as `[[sim:failed]]`; nil without one.
    package init?(prompt: String) {
        guard let found = Self.allCases.first(where: { prompt.contains("[[sim:\($0.rawValue)]]") }) else { return nil }
        self = found
    }
}

/// How a task stands at a time.
package enum SimulatedStanding: Sendable, Equatable {
    case queued
    /// With how much is done, 0 to 1.
    case running(progress: Double)
    /// A status word that nobody knows is to be shown.
    case unknown
    case succeeded
    /// Done, with an answer that has no media.
    case withoutMedia
    case failed
    case filteredInput
    case filteredOutput
    case cancelled
    /// The provider knows nothing of it.
    case vanished

    /// Whether nothing changes any more.
    package var isFinal: Bool {
        switch self {
        case .queued, .running, .unknown: false
        case .succeeded, .withoutMedia, .failed, .filteredInput, .filteredOutput, .cancelled, .vanished: true
        }
    }

    /// The word in the journal.
    package var word: String {
        switch self {
        case .queued: "queued"
        case .running: "running"
        case .unknown: "unknown"
        case .succeeded: "succeeded"
        case .withoutMedia: "without_media"
        case .failed: "failed"
        case .filteredInput: "filtered_input"
        case .filteredOutput: "filtered_output"
        case .cancelled: "cancelled"
        case .vanished: "vanished"
        }
    }
}

/// One generation at the provider.
package struct SimulatedTask: Sendable {
    /// The provider's id.
    package let id: String
    /// The client's own id of it, where the wire has one.
    package var externalID: String?
    /// Where changes are posted to.
    package var callbackURL: String?
    package var prompt: String
    /// In milliseconds since 1970, as all times here.
    package let createdAt: Int64
    package var startedAt: Int64
    package var finishesAt: Int64
    package var cancelledAt: Int64?
    /// When an answer first told somebody that it had ended.
    package var reportedAt: Int64?
    package var outcome: SimulatedOutcome
    package var seconds: Int
    package var width: Int
    package var height: Int
    package var hasAudio: Bool
    /// What else the wire keeps of it.
    package var fields: [String: JSONValue]

    /// Whether the client has stopped it.
    package var isCancelled: Bool { cancelledAt != nil }

    /// When it ended or will.
    package var endsAt: Int64 { cancelledAt ?? finishesAt }

    /// How it stands at a time.
    package func standing(at time: Int64) -> SimulatedStanding {
        if isCancelled { return .cancelled }
        if time < startedAt { return .queued }
        if outcome == .vanished { return .vanished }
        if time < finishesAt {
            guard outcome != .unknownStatus else { return .unknown }
            return .running(progress: Double(time - startedAt) / Double(max(1, finishesAt - startedAt)))
        }
        switch outcome {
        case .succeeded, .unknownStatus: return .succeeded
        case .failed: return .failed
        case .filteredInput: return .filteredInput
        case .filteredOutput: return .filteredOutput
        case .withoutMedia: return .withoutMedia
        case .vanished: return .vanished
        }
    }
}
