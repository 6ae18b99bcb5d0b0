import ConformanceKit
import JobCore
import Ledger

/// The generated parts of the article on a job's life: made by calling the functions, so that they cannot drift.
enum JobLifecycleDocument {
    /// One legal step as the table shows it.
    private struct Step {
        let situation: JobSituation
        let event: JobEventKind
        let transitions: [JobTransition]
    }

    /// Situations that are told apart in the table; the others follow the same rules as one of these.
    private static let shown: [JobSituation] = [
        .queued, .intent, .sending, .verifying, .resending, .verifyingResend, .stoppingSend, .stoppingVerification,
        .running, .stopping, .storing,
    ]

    private static func steps() throws -> [Step] {
        var fixtures = JobFixtures()
        let new = fixtures.newJob(fixtures.key())
        let script = JobScript(new)
        return try shown.flatMap { situation -> [Step] in
            // In the first attempt, and in the last.
            let last = try script.way(to: situation, attempt: JobState.Tally.countedMax)
            let states = try [script.way(to: situation), script.wayToLastAttempt + last].map { events in
                try events.reduce(new.initialState) { try $0.applying($1, at: new.createdAt).to }
            }
            return try JobEventKind.allCases.compactMap { event -> Step? in
                let transitions = try states.flatMap { state in
                    try script.samples(of: event, in: state).compactMap { try? state.applying($0, at: new.createdAt) }
                }
                guard !transitions.isEmpty else { return nil }
                return Step(situation: situation, event: event, transitions: transitions)
            }
        }
    }

    /// Every legal step of a job.
    static func jobTable() throws -> String {
        let rows = try steps().map { step in
            [
                step.situation.rawValue, "`\(step.event.rawValue)`",
                unique(step.transitions.map { place($0.to) }).joined(separator: " or "),
                unique(step.transitions.map { hold($0.resolution) }).filter { !$0.isEmpty }.joined(separator: " or "),
                unique(step.transitions.map { attempt($0.attempt) }).joined(separator: " or "),
            ]
        }
        return table(["a job that is", "on", "becomes", "its hold", "its attempt"], rows)
    }

    /// The picture of a job's life, with the stages of a submission apart.
    static func jobPicture() throws -> String {
        var edges: [(from: String, to: String, events: [String])] = []
        for step in try steps() {
            for transition in step.transitions {
                let (from, to) = (place(transition.from), place(transition.to))
                guard let index = edges.firstIndex(where: { $0.from == from && $0.to == to }) else {
                    edges.append((from, to, [step.event.rawValue]))
                    continue
                }
                edges[index].events = unique(edges[index].events + [step.event.rawValue])
            }
        }
        let ends = JobState.Name.allCases.filter(\.isTerminal).map { "    \($0.rawValue) --> [*]" }
        return picture(edges, first: JobState.Name.queued.rawValue, ends: ends)
    }

    /// Every event that moves an attempt, or that it takes without moving.
    static func attemptTable() -> String {
        let rows = AttemptState.allCases.map { state in
            [state.rawValue] + AttemptEvent.allCases.map { state.applying($0)?.rawValue ?? "" }
        }
        return table(["an attempt that is"] + AttemptEvent.allCases.map { "`\($0.rawValue)`" }, rows)
    }

    /// The picture of an attempt's life.
    static func attemptPicture() -> String {
        var edges: [(from: String, to: String, events: [String])] = []
        for state in AttemptState.allCases {
            for event in AttemptEvent.allCases {
                guard let next = state.applying(event), next != state else { continue }
                if let index = edges.firstIndex(where: { $0.from == state.rawValue && $0.to == next.rawValue }) {
                    edges[index].events.append(event.rawValue)
                } else {
                    edges.append((state.rawValue, next.rawValue, [event.rawValue]))
                }
            }
        }
        let ends = AttemptState.allCases.filter { !$0.awaitsOutcome }.map { "    \($0.rawValue) --> [*]" }
        return picture(edges, first: AttemptState.intent.rawValue, ends: ends)
    }

    private static func place(_ state: JobState) -> String {
        guard case .submitting(let submitting) = state else { return state.name.rawValue }
        return switch submitting.stage {
        case .intent: "intent"
        case .sending: "sending"
        case .verifying: "verifying"
        }
    }

    private static func hold(_ resolution: HoldResolution?) -> String {
        switch resolution {
        case .settle: "settled"
        case .void: "void"
        case nil: ""
        }
    }

    private static func attempt(_ change: AttemptChange?) -> String {
        switch change {
        case .begin: "begins"
        case .send: "`sendingBegan`"
        case .move(_, let event, _, _): "`\(event.rawValue)`"
        case nil: ""
        }
    }

    private static func unique(_ words: [String]) -> [String] {
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
            .joined(separator: "\n").replacing("|  |", with: "| |").replacing("|  |", with: "| |")
    }

    private static func picture(
        _ edges: [(from: String, to: String, events: [String])],
        first: String,
        ends: [String]
    ) -> String {
        let lines = edges.map { "    \($0.from) --> \($0.to): \($0.events.joined(separator: ", "))" }
        return (["```mermaid", "stateDiagram-v2", "    [*] --> \(first)"] + lines + ends + ["```"])
            .joined(separator: "\n")
    }
}
