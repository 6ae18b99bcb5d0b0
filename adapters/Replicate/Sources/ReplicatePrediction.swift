import Generation
import ProviderKit

/// A prediction as the host shows it; every state is answered with 200.
///
/// Source: replicate.com/docs (predictions, data retention) and `prediction.py` of replicate 1.0.7; read on 2026-11-22.
enum ReplicatePrediction {
    /// How the prediction stands; a word that is not known means that it goes on.
    static func status(
        _ prediction: JSONValue,
        _ word: String,
        milliseconds: Int64?,
        hiding hidden: [String]
    ) -> OperationStatus {
        switch word {
        case "starting": .pending(progress: nil, isQueued: true)
        case "succeeded": succeeded(prediction, milliseconds: milliseconds)
        case "failed": .failed(ProviderFailure(failed: prediction, hiding: hidden))
        case "canceled": .cancelled(chargedNanoUSD: nil)
        case "aborted": .failed(.aborted)
        case _: .pending(progress: progress(prediction))
        }
    }

    private static func succeeded(_ prediction: JSONValue, milliseconds: Int64?) -> OperationStatus {
        let urls = urls(in: prediction["output"] ?? .null)
        // An hour after its end a prediction is there without what it made.
        if urls.isEmpty, prediction["data_removed"]?.boolValue == true { return .failed(.removed) }
        return .completed(
            urls.map { ProviderOutput(.url($0), mediaType: nil) },
            ReportedUsage(milliseconds: milliseconds)
        )
    }

    /// Every address in an output, which is a text, a list, or an object, as the model likes.
    private static func urls(in output: JSONValue) -> [String] {
        switch output {
        case .string(let text): text.hasPrefix("https://") || text.hasPrefix("http://") ? [text] : []
        case .array(let items): items.flatMap(urls)
        case .object(let members): members.sorted { $0.key < $1.key }.flatMap { urls(in: $0.value) }
        case .null, .bool, .integer, .number: []
        }
    }

    /// How far a model's last progress bar is: ` 43%|####      | 12/28`.
    private static func progress(_ prediction: JSONValue) -> Double? {
        guard let logs = prediction["logs"]?.stringValue else { return nil }
        for line in logs.suffix(2_000).split(whereSeparator: { $0 == "\n" || $0 == "\r" }).reversed() {
            guard let match = line.firstMatch(of: /^\s*(\d{1,3})%\|/), let percent = Int(match.output.1),
                percent <= 100
            else { continue }
            return Double(percent) / 100
        }
        return nil
    }
}
