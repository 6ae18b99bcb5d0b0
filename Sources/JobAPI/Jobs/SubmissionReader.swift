import Generation
import HTTPTransport
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import Ledger

/// Reads the body of a native submission, strictly: every field is known, of its type, and in its range.
struct SubmissionReader: Sendable {
    private static let metadataCountMax = 16
    private static let metadataNameCharactersMax = 64
    private static let metadataValueCharactersMax = 512
    private static let traceBytesMax = 8_192

    /// Networks besides the public one that a callback may lead to.
    let allowNetworks: [NetworkRange]

    /// Reads what is to be made, and what is said about it.
    ///
    /// - Throws: The first problem.
    func read(
        _ body: JSONValue,
        key: APIKey,
        idempotencyKey: String?
    ) throws(RequestProblem) -> JobSubmission {
        var reader = try FieldReader(body)
        let request = try GenerationRequest(native: &reader)
        let parameters = try parameters(&reader)
        try reader.finish()
        return JobSubmission(key: key, request: request, parameters: parameters, idempotencyKey: idempotencyKey)
    }

    /// The client's own name for its submission, from the header.
    static func idempotencyKey(_ headers: HTTPFields) throws(APIError) -> String? {
        let keys = headers[values: .idempotencyKey]
        guard let key = keys.first else { return nil }
        guard keys.count == 1, (1...255).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw APIError.invalid("Idempotency-Key", "The Idempotency-Key must be 1 to 255 visible ASCII characters.")
        }
        return key
    }

    private func parameters(_ reader: inout FieldReader) throws(RequestProblem) -> JobParameters {
        var parameters = JobParameters()
        parameters.user = try reader.string("user", charactersMax: 512)
        parameters.sessionID = try reader.string("session_id", charactersMax: 256)
        parameters.trace = try Self.trace(&reader)
        parameters.metadata = try metadata(&reader)
        parameters.strict = try reader.bool("strict") ?? true
        parameters.maxCost = try maxCost(&reader)
        parameters.priority = Int(try reader.integer("priority", in: -100...100) ?? 0)
        parameters.startAfter = try startAfter(&reader)
        parameters.expiresAfterSeconds = try reader.integer("expires_after_seconds", in: 1...2_592_000)
        parameters.retentionDays = try reader.integer("retention_days", in: 1...3_650).map { Int($0) }
        if let url = try reader.string("callback_url", charactersMax: CallbackURL.charactersMax) {
            try CallbackURL.check(url, field: "callback_url", allowing: allowNetworks)
            parameters.callbackURL = url
        }
        return parameters
    }

    /// Names for the client's own tracing: any object of a bounded length.
    static func trace(_ reader: inout FieldReader) throws(RequestProblem) -> JSONValue? {
        guard let value = reader.value("trace") else { return nil }
        guard case .object = value else {
            throw RequestProblem(.invalidValue, field: "trace", "`trace` must be an object, not \(value.typeName).")
        }
        guard value.canonicalText.utf8.count <= traceBytesMax else {
            throw RequestProblem(
                .invalidValue,
                field: "trace",
                "`trace` holds more than \(traceBytesMax) bytes, the most that is kept."
            )
        }
        return value
    }

    private func metadata(_ reader: inout FieldReader) throws(RequestProblem) -> [String: String] {
        guard let value = reader.value("metadata") else { return [:] }
        guard case .object(let members) = value else {
            throw RequestProblem(
                .invalidValue,
                field: "metadata",
                "`metadata` must be an object of strings, not \(value.typeName)."
            )
        }
        guard members.count <= Self.metadataCountMax else {
            throw RequestProblem(
                .invalidValue,
                field: "metadata",
                "`metadata` has \(members.count) members; at most \(Self.metadataCountMax) are allowed."
            )
        }
        var pairs: [String: String] = [:]
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            guard (1...Self.metadataNameCharactersMax).contains(name.unicodeScalars.count) else {
                throw RequestProblem(
                    .invalidValue,
                    field: "metadata",
                    "A name in `metadata` must have 1 to \(Self.metadataNameCharactersMax) characters."
                )
            }
            guard case .string(let text) = member else {
                throw RequestProblem(
                    .invalidValue,
                    field: "metadata.\(name)",
                    "`metadata.\(name)` must be a string, not \(member.typeName)."
                )
            }
            guard text.unicodeScalars.count <= Self.metadataValueCharactersMax else {
                throw RequestProblem(
                    .invalidValue,
                    field: "metadata.\(name)",
                    "`metadata.\(name)` may have at most \(Self.metadataValueCharactersMax) characters."
                )
            }
            pairs[name] = text
        }
        return pairs
    }

    /// Money comes as text: a binary fraction is not what its author wrote.
    private func maxCost(_ reader: inout FieldReader) throws(RequestProblem) -> Credits? {
        guard let value = reader.value("max_cost") else { return nil }
        let cost: Credits?
        switch value {
        case .string(let text): cost = Credits(usd: text)
        case .integer,
            .number where value.wholeNumber != nil:
            cost = value.wholeNumber.flatMap { Credits(usd: String($0)) }
        case .number:
            throw RequestProblem(
                .invalidValue,
                field: "max_cost",
                "`max_cost` must be exact: send a decimal string such as \"0.40\", or a whole number."
            )
        case .null, .bool, .array, .object:
            throw RequestProblem(
                .invalidValue,
                field: "max_cost",
                "`max_cost` must be a decimal string such as \"0.40\", not \(value.typeName)."
            )
        }
        guard let cost, cost >= .zero else {
            throw RequestProblem(
                .invalidValue,
                field: "max_cost",
                "`max_cost` is \(RequestProblem.shown(value)); it must be US dollars from 0 on, with at most nine places."
            )
        }
        return cost
    }

    private func startAfter(_ reader: inout FieldReader) throws(RequestProblem) -> Timestamp? {
        guard let text = try reader.string("start_after", charactersMax: 40) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw RequestProblem(
                .invalidValue,
                field: "start_after",
                "`start_after` is \(RequestProblem.shown(.string(text))); the form is RFC 3339: 2026-11-21T09:30:00Z."
            )
        }
        return time
    }
}
