import Generation
import HTTPTransport
import ProviderKit

/// A task object as the service shows it: in the answer to a question, in the list, and in callbacks.
///
/// Source: `types/content_generation/content_generation_task.py` of byteplus-python-sdk-v2 3.0.63 and the page of the
/// retrieve call (docs.byteplus.com ModelArk 1521309); read on 2026-11-21. Every state is answered with 200. A failed
/// task is not charged (price page, ModelArk 1544106).
enum ArkTask {
    /// How the task stands; a word that is not known means that it goes on.
    static func status(_ task: JSONValue) -> OperationStatus {
        switch task["status"]?.stringValue {
        case "succeeded": .completed(outputs(task), usage(task))
        case "failed": .failed(ProviderFailure(task: task["error"]))
        case "cancelled": .cancelled(chargedNanoUSD: 0)
        case "expired":
            .failed(
                ProviderFailure(
                    .timedOut,
                    retry: .never,
                    billing: .notCharged,
                    requestReachedProvider: .yes,
                    message: "The provider gave the video up: it was not begun and finished within the time for it.",
                    providerCode: task["error"]?["code"]?.stringValue,
                    details: "expired"
                )
            )
        case "queued": .pending(progress: nil, isQueued: true)
        case _: .pending(progress: nil)
        }
    }

    /// The video.
    ///
    /// A task that succeeded without one was filtered.
    private static func outputs(_ task: JSONValue) -> [ProviderOutput] {
        guard let url = task["content"]?["video_url"]?.stringValue, !url.isEmpty else { return [] }
        let isMov = task["output_format"]?.stringValue == "mov"
        return [ProviderOutput(.url(url), mediaType: isMov ? "video/quicktime" : "video/mp4")]
    }

    /// The tokens that are billed: they differ from the documented estimate by one frame.
    private static func usage(_ task: JSONValue) -> ReportedUsage {
        let tokens = task["usage"]?["completion_tokens"]?.wholeNumber
        return ReportedUsage(tokens: tokens.flatMap { $0 > 0 ? $0 : nil })
    }
}
