import Generation
import ProviderKit

/// A task as `get_result` shows it; every state is answered with 200.
///
/// Source: `StatusResponse` of the OpenAPI page of get_result (docs.bfl.ai) and `_jobs.py` of the official client; read
/// on 2026-11-21. What is moderated or fails is not charged (help.bfl.ai, 2026-06-12).
enum FluxTask {
    /// The word for a task that the asked region does not know, or has forgotten.
    static let notFound = "Task not found"

    /// How the task stands; a word that is not known means that it goes on.
    static func status(_ task: JSONValue, _ word: String, costNanoUSD: Int64?) -> OperationStatus {
        switch word {
        case "Ready": .completed(outputs(task), ReportedUsage(costNanoUSD: costNanoUSD))
        case "Request Moderated", "Content Moderated": .failed(ProviderFailure(moderated: task, word))
        case "Error": .failed(ProviderFailure(failed: task))
        case _: .pending(progress: progress(task))
        }
    }

    /// The picture.
    ///
    /// A task that is ready without one was filtered.
    private static func outputs(_ task: JSONValue) -> [ProviderOutput] {
        guard let url = task["result"]?["sample"]?.stringValue, !url.isEmpty else { return [] }
        return [ProviderOutput(.url(url), mediaType: nil)]
    }

    private static func progress(_ task: JSONValue) -> Double? {
        let figure: Double? =
            switch task["progress"] {
            case .integer(let whole)?: Double(whole)
            case .number(let number)?: number
            case .null?, .bool?, .string?, .array?, .object?, nil: nil
            }
        return figure.flatMap { (0...1).contains($0) ? $0 : nil }
    }
}
