import Generation
import JobCore
import JobEngine
import Ledger

/// Reads what is said about keys.
///
/// Strictly, unlike other bodies of this dialect: a limit that is mistyped must not become no limit.
enum KeyRequestReader {
    static let nameCharactersMax = 200
    static let userCharactersMax = 512

    /// A new key, and the workspace that it names.
    struct Creation {
        var key: NewKey
        let workspace: String?
    }

    /// Reads the body of a request for a new key.
    ///
    /// - Throws: The first problem.
    static func creation(_ body: JSONValue, now: Timestamp) throws(RequestProblem) -> Creation {
        var reader = try FieldReader(body)
        var key = NewKey(name: try reader.requiredString("name", charactersMax: nameCharactersMax))
        key.limit = try reader.dollars("limit", mayBeZero: true)
        key.limitReset = try limitReset(&reader) ?? .lifetime
        try refuseByok("include_byok_in_limit", &reader)
        key.expiresAt = try expiry(&reader, now: now)
        key.creator = try reader.string("creator_user_id", charactersMax: userCharactersMax)
        if var external = try reader.object("external") {
            key.externalUser = try external.requiredString("user", charactersMax: userCharactersMax)
            guard external.value("api_key") == nil else {
                throw RequestProblem(
                    .unsupportedParameter,
                    field: "external.api_key",
                    "`external.api_key` is not supported: keys are made here, and given back once."
                )
            }
            try external.finish()
        }
        let workspace = try reader.string("workspace_id", charactersMax: 64)
        try reader.finish()
        return Creation(key: key, workspace: workspace)
    }

    /// Reads the body of a change, and the workspace that it names.
    ///
    /// - Throws: The first problem.
    static func change(_ body: JSONValue) throws(RequestProblem) -> (change: KeyChange, workspace: String?) {
        var reader = try FieldReader(body)
        var change = KeyChange()
        if let name = try reader.string("name", charactersMax: nameCharactersMax) {
            guard !name.isEmpty else {
                throw RequestProblem(.invalidValue, field: "name", "`name` must not be empty.")
            }
            change.name = name
        }
        change.isDisabled = try reader.bool("disabled")
        let limit = try reader.dollars("limit", mayBeZero: true)
        if limit != nil || body["limit"] == .null { change.limit = .some(limit) }
        change.limitReset = try limitReset(&reader)
        if body["limit_reset"] == .null { change.limitReset = .lifetime }
        try refuseByok("include_byok_in_limit", &reader)
        let workspace = try reader.string("workspace_id", charactersMax: 64)
        try reader.finish()
        return (change, workspace)
    }

    /// What a client's own provider keys cost elsewhere counts against no limit here: a job's hold does not tell it.
    static func refuseByok(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) {
        guard try reader.bool(name) == true else { return }
        throw RequestProblem(
            .unsupportedParameter,
            field: name,
            "`\(name)` is not supported: what your own provider keys cost counts against no limit here; allowed: false."
        )
    }

    private static func limitReset(_ reader: inout FieldReader) throws(RequestProblem) -> SpendingPeriod? {
        guard let value = reader.value("limit_reset") else { return nil }
        let period = value.stringValue.flatMap { name in SpendingPeriod.resetting.first { $0.rawValue == name } }
        guard let period else {
            throw RequestProblem(
                .invalidValue,
                field: "limit_reset",
                "`limit_reset` is \(RequestProblem.shown(value)); allowed: \(RequestProblem.list(SpendingPeriod.resetting.map(\.rawValue))) or null."
            )
        }
        return period
    }

    private static func expiry(_ reader: inout FieldReader, now: Timestamp) throws(RequestProblem) -> Timestamp? {
        guard let text = try reader.string("expires_at", charactersMax: 40) else { return nil }
        guard let time = Timestamp(rfc3339: text), time > now else {
            throw RequestProblem(
                .invalidValue,
                field: "expires_at",
                "`expires_at` is \(RequestProblem.shown(.string(text))); allowed: a time to come in RFC 3339, such as 2027-12-31T23:59:59Z."
            )
        }
        return time
    }
}
