import Generation
import ProviderKit

/// A request as the queue shows it, and what its result says.
///
/// Source: fal.ai/docs (queue, errors), and `client.py` of fal_client 1.0.3; read on 2026-11-22. `COMPLETED` says that it is
/// over, not that it went well.
enum FalTask {
    /// The word for a request that is over, however it ended.
    static let completed = "COMPLETED"

    /// How a request stands that is not over; a word that is not known means that it goes on.
    static func standing(_ queued: JSONValue, _ word: String) -> OperationStatus {
        switch word {
        case "IN_QUEUE": .pending(progress: nil, isQueued: true)
        case "CANCELLED", "CANCELED": .cancelled(chargedNanoUSD: nil)
        case _: .pending(progress: progress(queued))
        }
    }

    /// How a request has ended.
    ///
    /// - Parameters:
    ///   - queued: How the queue shows it.
    ///   - result: The answer at its result.
    ///   - known: What is known of it.
    ///   - hidden: What must not come back in a message.
    /// - Returns: Its end: what it made, why it failed, or that it was stopped.
    /// - Throws: `ProviderFailure` when the result could not be asked for: the request itself may have gone well.
    static func end(
        _ queued: JSONValue,
        _ result: ProviderAnswer,
        _ known: FalOperation,
        hiding hidden: [String]
    ) throws(ProviderFailure) -> OperationStatus {
        let error = queued["error_type"]?.stringValue ?? queued["error"]?.stringValue
        if result.status == 499 { return .cancelled(chargedNanoUSD: nil) }
        if result.isSuccess {
            if error != nil { return .failed(ProviderFailure(ended: result, hiding: hidden, errorType: error)) }
            guard let made = result.json, case .object = made else {
                throw .unreadable("status \(result.status), \(result.body.count) bytes that are no result")
            }
            return completed(made, known)
        }
        // What has no result any more, and is said to have failed, has failed.
        let isGone = error != nil && result.status == 404
        guard isEnd(result) || isGone else { throw ProviderFailure(refusal: result, hiding: hidden) }
        return .failed(ProviderFailure(ended: result, hiding: hidden, errorType: error))
    }

    /// Whether a refusal at the result's place is how the request ended, and not that of the question.
    ///
    /// Models answer with `detail`, the platform with a type of its own; a gateway in between with neither.
    private static func isEnd(_ result: ProviderAnswer) -> Bool {
        switch result.status {
        case 401, 403, 404, 408, 429: return false
        case 400: return result.json?["detail"]?.stringValue?.contains("in progress") != true
        case 402...499: return true
        case _:
            return result.header("X-Fal-Error-Type") != nil || result.header("X-Fal-Retryable") != nil
                || result.json?["detail"] != nil
        }
    }

    private static func completed(_ made: JSONValue, _ known: FalOperation) -> OperationStatus {
        var flags: [Bool] = []
        if case .array(let items)? = made["has_nsfw_concepts"] { flags = items.map { $0.boolValue == true } }
        var outputs: [ProviderOutput] = []
        if case .array(let images)? = made["images"] {
            // What the filter holds back comes as a black picture.
            for (index, image) in images.enumerated() where !(index < flags.count && flags[index]) {
                outputs += output(image).map { [$0] } ?? []
            }
        }
        for name in ["image", "video", "audio"] { outputs += made[name].flatMap(output).map { [$0] } ?? [] }
        if outputs.isEmpty, flags.contains(true) { return .failed(.blackedOut) }
        return .completed(outputs, ReportedUsage(milliseconds: known.milliseconds))
    }

    private static func output(_ file: JSONValue) -> ProviderOutput? {
        guard let url = file["url"]?.stringValue, !url.isEmpty else { return nil }
        return ProviderOutput(.url(url), mediaType: file["content_type"]?.stringValue)
    }

    /// How far a model says in its last lines that it is: `12/28`, or ` 43%|####      | 12/28` as a progress bar prints.
    private static func progress(_ queued: JSONValue) -> Double? {
        guard case .array(let lines)? = queued["logs"] else { return nil }
        for line in lines.suffix(20).reversed() {
            guard let text = line["message"]?.stringValue, text.utf8.count <= 400 else { continue }
            if let match = text.firstMatch(of: /^\s*(\d{1,3})%\|/), let percent = Int(match.output.1), percent <= 100 {
                return Double(percent) / 100
            }
            if let match = text.wholeMatch(of: /\s*(\d{1,6})\/(\d{1,6})\s*/), let done = Int(match.output.1),
                let all = Int(match.output.2), all > 0, done <= all
            {
                return Double(done) / Double(all)
            }
        }
        return nil
    }
}
