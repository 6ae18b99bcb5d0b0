import Generation
import HTTPTransport
import ProviderKit

/// What the program's errors mean.
///
/// It bills nothing. What it has refused (4xx) has not begun; of everything else the history and the queue tell.
enum ComfyFailures {
    /// What an answer means that is no success: `{"error": {"type", "message", "details"}, "node_errors"}`.
    ///
    /// `details` list the operator's files, and are not passed on.
    static func refused(_ answer: ProviderAnswer) -> ProviderFailure {
        let json = answer.json
        let error = json?["error"]
        var words = error?["message"]?.stringValue ?? error?.stringValue
        if case .object(let nodes)? = json?["node_errors"],
            let (id, node) = nodes.min(by: { $0.key < $1.key }), case .array(let errors)? = node["errors"],
            let first = errors.first
        {
            let input = first["extra_info"]?["input_name"]?.stringValue.map { ", \($0)" } ?? ""
            let kind = node["class_type"]?.stringValue ?? "unknown"
            words = "node \(id) (\(kind)\(input)): \(first["message"]?.stringValue ?? "refused")"
        }
        let isPrivate = [401, 403].contains(answer.status)
        return ProviderFailure.refused(
            answer,
            message: isPrivate ? nil : words,
            providerCode: error?["type"]?.stringValue
        )
    }

    /// Why a workflow broke off: `{"node_id", "node_type", "exception_type", "exception_message"}`.
    ///
    /// Nodes that ask a vendor pass on the vendor's words, in no form of their own: those about a filter are known by what
    /// they are about.
    static func failed(_ error: JSONValue) -> ProviderFailure {
        let type = error["exception_type"]?.stringValue
        let said = error["exception_message"]?.stringValue
        let words = (said ?? "").lowercased()
        let isFilter = words.contains("content policy") || words.contains("moderation")
        let isFull = type?.hasSuffix("OutOfMemoryError") == true || words.contains("out of memory")
        let node = error["node_type"]?.stringValue.map { " at \($0)" } ?? ""
        let summary = isFilter ? "A filter refused this." : "The workflow broke off\(node)."
        return ProviderFailure(
            isFilter ? .contentPolicy : .unknown,
            // Another one may have had the card's memory: such tries are counted.
            retry: isFull ? .backoff : .never,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: said.flatMap(ProviderFailure.passable).map { "\(summary) It says: \($0)" } ?? summary,
            providerCode: type
        )
    }
}
