import Generation
import HTTPTransport
import ProviderKit

/// Why an answer of `generateContent` has no media, though its status is 200.
///
/// Source: google-genai 3.4.0 (`FinishReason`, `BlockedReason`); ai.google.dev/gemini-api/docs/troubleshooting (2026).
enum GeminiVerdict {
    /// The filter's words, as the rest of a sentence; those that are not here are nobody's fault.
    private static let filtered = [
        "SAFETY": "safety", "IMAGE_SAFETY": "the image's safety", "RECITATION": "content of third parties",
        "IMAGE_RECITATION": "content of third parties", "BLOCKLIST": "words on its list",
        "PROHIBITED_CONTENT": "prohibited content", "IMAGE_PROHIBITED_CONTENT": "prohibited content",
        "SPII": "personal data", "MODEL_ARMOR": "the operator's own filter", "JAILBREAK": "an attempt to get around it",
        "ESCALATION": "its policies",
    ]

    /// What an answer without media means; nil when it ended as usual, with nothing.
    ///
    /// A refusal is definite, and is not tried again. That nothing came of it for no reason happens under load, and may
    /// be tried again: what goes in is all that is billed of it.
    ///
    /// - Throws: That this is no answer of this wire at all: what became of the submit is then unknown.
    static func failure(_ json: JSONValue) throws(ProviderFailure) -> ProviderFailure? {
        if let word = json["promptFeedback"]?["blockReason"]?.stringValue {
            return refusal(word, json["promptFeedback"]?["blockReasonMessage"]?.stringValue)
        }
        guard case .array(let candidates)? = json["candidates"] else {
            throw .unreadable("an answer without candidates")
        }
        guard let candidate = candidates.first else { return nil }
        let word = candidate["finishReason"]?.stringValue ?? "none"
        let own = candidate["finishMessage"]?.stringValue
        if filtered[word] != nil { return refusal(word, own) }
        let said = GeminiContent.parts(json).filter { $0["thought"] != true }
            .compactMap { $0["text"]?.stringValue }.joined(separator: " ")
        // In place of media the model explains why it makes none.
        if word == "STOP" { return said.isEmpty ? nil : refusal(word, said) }
        return ProviderFailure(
            .unknown,
            // What is too long for one call is so the next time; what the provider counts as made is billed, and is not
            // paid for again.
            retry: word == "MAX_TOKENS" || GeminiUsage.hasMade(json) ? .never : .backoff,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: "The provider ended the generation without a result."
                + ((own.flatMap(ProviderFailure.passable)).map { " It says: \($0)" } ?? ""),
            providerCode: word,
            details: "finished without media: \(word)"
        )
    }

    private static func refusal(_ word: String, _ own: String?) -> ProviderFailure {
        let why = filtered[word].map { ", because of \($0)" } ?? ""
        let said = own.flatMap(ProviderFailure.passable).map { " It says: \($0)" } ?? ""
        return ProviderFailure(
            .contentPolicy,
            retry: .never,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: "The provider's filter refused this\(why).\(said)",
            providerCode: word,
            details: "held back by the filter: \(word)"
        )
    }
}

/// What `usageMetadata` counts, by modality.
enum GeminiUsage {
    /// What came out besides text.
    enum Media: String {
        case image = "IMAGE"
        case audio = "AUDIO"
    }

    /// The figures of an answer; what its details do not name is text, as thoughts are.
    ///
    /// Without details, as some gateways answer, all that came out is taken for media.
    static func report(_ json: JSONValue, media: Media) -> ReportedUsage {
        var usage = ReportedUsage()
        guard let counts = json["usageMetadata"], let input = counts["promptTokenCount"]?.integerValue else {
            return usage
        }
        let images = sum(counts["promptTokensDetails"], "IMAGE") ?? 0
        usage.inputImageTokens = images
        usage.inputTextTokens = max(0, input - images)
        let output = counts["candidatesTokenCount"]?.integerValue ?? 0
        // Details that do not name the medium are not whole.
        let named = sum(counts["candidatesTokensDetails"], media.rawValue) ?? 0
        let made = named > 0 ? named : output
        usage.outputTextTokens = max(0, output - made) + max(0, counts["thoughtsTokenCount"]?.integerValue ?? 0)
        switch media {
        case .image: usage.outputImageTokens = made
        case .audio: usage.outputAudioTokens = made
        }
        return usage
    }

    /// Whether anything that came out is counted: media, text or thoughts.
    static func hasMade(_ json: JSONValue) -> Bool {
        let counts = json["usageMetadata"]
        let counted = ["candidatesTokenCount", "thoughtsTokenCount"].compactMap { counts?[$0]?.integerValue }
        return counted.contains { $0 > 0 }
    }

    /// The tokens of one modality; nil without details.
    private static func sum(_ details: JSONValue?, _ modality: String) -> Int64? {
        guard case .array(let entries)? = details else { return nil }
        return entries.filter { $0["modality"]?.stringValue == modality }
            .reduce(0) { $0 + max(0, $1["tokenCount"]?.integerValue ?? 0) }
    }
}
