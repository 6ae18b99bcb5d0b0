import Foundation
import Generation
import ProviderKit

extension ProviderFailure {
    /// What a refusal means, by its own code first.
    ///
    /// Two forms are on the wire: `{"detail": {"status", "message"}}`, to which `type`, `code`, `param` and `request_id` were
    /// added later, and for a body of the wrong shape `{"detail": [{"loc", "msg", "type"}]}`. Source: the vendor's table of
    /// errors (elevenlabs.io/docs/eleven-api/resources/errors, in a copy of 2026-09-17) and its help pages 19572237925521 and
    /// 19571824571921; read on 2026-11-21. Every refusal comes before anything is made, and is not billed.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - hidden: The key, which must not come back in a message.
    init(refusal answer: ProviderAnswer, hiding hidden: String) {
        let detail = answer.json?["detail"]
        let code = detail?["code"]?.stringValue ?? detail?["status"]?.stringValue
        let text = Self.words(of: detail).flatMap { $0.contains(hidden) ? nil : $0 }
        let kind = (code ?? "").lowercased()
        switch answer.status {
        case 400, 404, 413, 422: self = .refused(answer, message: text, providerCode: code)
        // What these say is about the operator's account.
        case _: self = .refused(answer, providerCode: code)
        }
        if Self.isPolicy(kind) {
            refuse(.contentPolicy, "The provider's content filter refused the request.", text)
        } else if Self.isFunds(kind) || answer.status == 402 {
            refuse(.insufficientProviderFunds, "The operator's provider account has no credits left.", nil)
        } else if kind.hasPrefix("voice_") || kind == "invalid_voice_id" {
            refuse(.invalidRequest, "The operator's provider account has no such voice.", text)
        } else if Self.needsPlan.contains(kind) {
            message = "The plan of the operator's provider account does not include what was asked for."
        } else if kind == "model_not_found" || kind == "unsupported_model" {
            refuse(.notFound, "The provider does not know this model.", nil)
        }
        details = "status \(answer.status), code \(code ?? "none")"
    }

    private mutating func refuse(_ code: Code, _ plain: String, _ text: String?) {
        guard isDefiniteRefusal else { return }
        self.code = code
        retry = .never
        message = text.flatMap(Self.passable).map { "\(plain) It says: \($0)" } ?? plain
    }

    /// `bad_prompt` and `bad_composition_plan` are the music filter's; with them comes a prompt that it would take.
    private static func isPolicy(_ kind: String) -> Bool {
        kind == "bad_prompt" || kind == "bad_composition_plan" || kind.hasPrefix("content_against_policy")
            || kind.contains("moderation")
    }

    /// `quota_exceeded` comes with 401 and means that the credits are used up; newer answers say 402.
    private static func isFunds(_ kind: String) -> Bool {
        ["quota_exceeded", "insufficient_credits", "payment_required"].contains(kind)
    }

    private static let needsPlan: Set<String> = [
        "only_for_creator+", "output_format_not_allowed", "feature_not_available", "subscription_required",
        "model_access_denied",
    ]

    /// The vendor's own words: of a body of the wrong shape the first complaint, with its field.
    private static func words(of detail: JSONValue?) -> String? {
        switch detail {
        case .string(let text): return text
        case .array(let complaints):
            guard let first = complaints.first, let text = first["msg"]?.stringValue else { return nil }
            guard case .array(let place)? = first["loc"] else { return text }
            let field = place.compactMap(\.stringValue).filter { $0 != "body" && $0 != "query" }
            return field.isEmpty ? text : "\(field.joined(separator: ".")): \(text)"
        case .object:
            let suggestion = (detail?["data"] ?? detail)?["prompt_suggestion"]?.stringValue
            let text = detail?["message"]?.stringValue
            return suggestion.map { "\(text ?? "") It suggests: \($0)" } ?? text
        case .null, .bool, .integer, .number, nil: return nil
        }
    }
}
