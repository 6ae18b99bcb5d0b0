import Generation
import HTTPTransport
import ProviderKit

/// A video job as the vendor shows it.
///
/// Source: `types/video_job.py` of together 3.1.1; the words `queued` and `cancelled` of docs.together.ai (videos-overview);
/// read on 2026-11-22. The cost that it tells takes the place of the price list's.
enum TogetherVideo {
    private static let nano = 1_000_000_000.0
    private static let costMax = 10_000.0

    /// How the job stands; a word that is not known means that it goes on.
    static func status(_ job: JSONValue) -> OperationStatus {
        switch job["status"]?.stringValue {
        case "completed": .completed(outputs(job), ReportedUsage(costNanoUSD: cost(job)))
        case "failed": .failed(ProviderFailure(job: job, cost: cost(job)))
        case "cancelled": .cancelled(chargedNanoUSD: cost(job))
        case "queued": .pending(progress: nil, isQueued: true)
        case _: .pending(progress: nil)
        }
    }

    private static func outputs(_ job: JSONValue) -> [ProviderOutput] {
        guard let url = job["outputs"]?["video_url"]?.stringValue, !url.isEmpty else { return [] }
        return [ProviderOutput(.url(url), mediaType: nil)]
    }

    /// What the job has cost, in nano US dollars; nil when it does not say.
    private static func cost(_ job: JSONValue) -> Int64? {
        let dollars: Double? =
            switch job["outputs"]?["cost"] {
            case .integer(let whole)?: Double(whole)
            case .number(let fraction)?: fraction
            case .null?, .bool?, .string?, .array?, .object?, nil: nil
            }
        return dollars.flatMap { (0...costMax).contains($0) ? Int64(($0 * nano).rounded()) : nil }
    }
}
