import Generation
import HTTPTransport
import ProviderKit

/// How a task stands, in the words of either interface.
///
/// Sources: the query pages of both (platform.minimax.io) as litellm 1.109.1 reads them, with `expired` of the Chinese
/// pages. A task that fails or that the filter stops is not charged (api-evangelist/hailuo-ai, 2026-07, of the vendor's
/// price pages). Read on 2026-11-22.
enum MiniMaxTask {
    /// A task object of H3; a word that is not known means that it goes on.
    static func status(_ task: JSONValue) -> OperationStatus {
        switch task["status"]?.stringValue {
        case "succeeded": .completed(outputs(task["content"]?["url"]), usage(task))
        case "failed":
            .failed(ProviderFailure(task: task["error"]?["code"]?.code, task["error"]?["message"]?.stringValue))
        case "cancelled": .cancelled(chargedNanoUSD: 0)
        case "expired": .failed(.expiredTask)
        case "queued": .pending(progress: nil, isQueued: true)
        case _: .pending(progress: nil)
        }
    }

    /// The video; without one the task was filtered.
    static func outputs(_ url: JSONValue?) -> [ProviderOutput] {
        guard let url = url?.stringValue, !url.isEmpty else { return [] }
        return [ProviderOutput(.url(url), mediaType: "video/mp4")]
    }

    /// The seconds that are billed: those that were made, and those of the videos that were handed in.
    private static func usage(_ task: JSONValue) -> ReportedUsage {
        let seconds = task["usage"]?["total_seconds"]?.wholeNumber ?? 0
        return ReportedUsage(milliseconds: (1...36_000).contains(seconds) ? seconds * 1_000 : nil)
    }
}

extension JSONValue {
    /// A code, which the vendor writes as a number or as text.
    var code: String? {
        switch self {
        case .integer(let number): String(number)
        case .string(let text): text.isEmpty || text.utf8.count > 64 ? nil : text
        case .null, .bool, .number, .array, .object: nil
        }
    }
}
