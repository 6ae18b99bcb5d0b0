import Cryptography
import Generation
import JobCore
import Ledger

extension JobSubmission {
    /// What makes two requests equal: everything the client sent, media by hash, and the form that the answer is to have.
    var fingerprint: String { Self.hash(members + (form.map { [.string($0)] } ?? [])) }

    /// The fingerprint of the same request in versions that did not tell the forms of an answer apart; nil where there is
    /// one form only, and nothing has changed.
    ///
    /// By it a job that such a version has admitted is still found by its idempotency key, and by the repeat of a request
    /// whose connection broke when the service was stopped to be replaced. None of this version has it: a request of a
    /// route with several forms always names its form.
    var formerFingerprint: String? { form == nil ? nil : Self.hash(members) }

    private var members: [JSONValue] {
        let request = request.replacingInputs { input in
            switch input {
            case .url(let url): .url(SHA256.hash(Array(url.utf8)).hex)
            case .upload(let number):
                uploads.indices.contains(number) ? .url(uploads[number].file.sha256) : input
            case .stored: input
            }
        }
        return [
            .string(surface), .string(request.type.rawValue), .string(request.model), request.json,
            .array(request.inputs.map { .string(String(describing: $0.input)) }),
            .string(String(describing: parameters.user)), .string(String(describing: parameters.sessionID)),
            parameters.trace ?? .null, .object(parameters.metadata.mapValues(JSONValue.string)),
            .bool(parameters.strict), .string(parameters.maxCost?.description ?? ""),
            .integer(Int64(parameters.priority)), .string(parameters.startAfter?.description ?? ""),
            .integer(parameters.expiresAfterSeconds ?? -1), .integer(Int64(parameters.retentionDays ?? -1)),
            .string(parameters.callbackURL ?? ""),
        ]
    }

    private static func hash(_ members: [JSONValue]) -> String {
        SHA256.hash(Array(JSONValue.array(members).canonicalText.utf8)).hex
    }
}
