import Generation
import HTTPTransport
import ProviderKit

/// A task as the vendor shows it.
///
/// Source: `types/task_retrieve_response.py` of runwayml 5.24.0, which says of the cost that a task that was fully refunded
/// reports 0; read on 2026-11-22.
enum RunwayTask {
    private static let nanoPerCredit = 10_000_000.0
    private static let creditsMax = 1_000_000.0

    /// How the task stands; a word that is not known means that it goes on.
    static func status(_ task: JSONValue) -> OperationStatus {
        switch task["status"]?.stringValue {
        case "SUCCEEDED": .completed(outputs(task), ReportedUsage(costNanoUSD: cost(task)))
        case "FAILED": .failed(ProviderFailure(task: task, cost: cost(task)))
        case "CANCELLED": .cancelled(chargedNanoUSD: cost(task))
        // Over the account's limit of running tasks one waits there.
        case "PENDING", "THROTTLED": .pending(progress: nil, isQueued: true)
        case _: .pending(progress: number(task["progress"]).flatMap { (0...1).contains($0) ? $0 : nil })
        }
    }

    /// What was made.
    ///
    /// The addresses hold for a day or two, and there are new ones for asking.
    private static func outputs(_ task: JSONValue) -> [ProviderOutput] {
        guard case .array(let urls)? = task["output"] else { return [] }
        return urls.compactMap { url in
            url.stringValue.flatMap { $0.isEmpty ? nil : ProviderOutput(.url($0), mediaType: nil) }
        }
    }

    /// What the task has cost, in nano US dollars: a credit is a cent.
    private static func cost(_ task: JSONValue) -> Int64? {
        number(task["cost"]?["credits"]).flatMap { credits in
            (0...creditsMax).contains(credits) ? Int64((credits * nanoPerCredit).rounded()) : nil
        }
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let whole)?: Double(whole)
        case .number(let fraction)?: fraction
        case .null?, .bool?, .string?, .array?, .object?, nil: nil
        }
    }
}
