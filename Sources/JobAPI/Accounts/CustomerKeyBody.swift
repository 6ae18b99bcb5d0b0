import Generation
import JobCore

/// What a request says about a customer's own provider key, read and checked in form.
struct CustomerKeyBody {
    /// Where a provider's account may be declared to be.
    enum Region: String, CaseIterable { case global, europe, us }

    static let nameMax = 200
    static let listMax = 100
    static let slugMax = 256
    static let textMax = 16_384

    /// The key itself.
    private(set) var text: String?
    private(set) var provider: String?
    private(set) var workspace: String?
    let edits: CustomerKeyEdits

    /// Reads a request that hands a key in.
    ///
    /// Unknown fields are refused: one that would restrict the key must not be passed over.
    ///
    /// - Throws: `RequestProblem`; never with a part of the key.
    init(creating body: JSONValue, providers: [String]) throws(RequestProblem) {
        var fields = try FieldReader(body)
        let slug = try fields.requiredString("provider", charactersMax: 64)
        guard providers.contains(slug) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "provider",
                "`provider` is \(RequestProblem.shown(.string(slug))); keys are taken for: \(providers.isEmpty ? "none" : RequestProblem.list(providers))."
            )
        }
        provider = slug
        text = try fields.requiredString("key", charactersMax: Self.textMax)
        workspace = try fields.string("workspace_id", charactersMax: Self.slugMax)
        edits = try CustomerKeyEdits(&fields, body)
        try fields.finish()
    }

    /// Reads a request that changes a key: what is absent stays, and null takes away.
    ///
    /// - Throws: `RequestProblem`; never with a part of the key.
    init(updating body: JSONValue) throws(RequestProblem) {
        var fields = try FieldReader(body)
        if fields.value("key") != nil { text = try fields.requiredString("key", charactersMax: Self.textMax) }
        edits = try CustomerKeyEdits(&fields, body)
        try fields.finish()
    }
}

/// What is to become different about a key's terms: nil stays as it is, and of the optional ones null is taken away.
struct CustomerKeyEdits: Sendable {
    private(set) var allowedKeyHashes: [String]??
    private var name: String??
    private var allowedModels: [String]??
    private var declaredZeroRetention: Bool??
    private var declaredRegion: String??
    private var isDisabled: Bool?
    private var isFallback: Bool?
    private var isRequired: Bool?
    private var isOnly: Bool?

    init(_ fields: inout FieldReader, _ body: JSONValue) throws(RequestProblem) {
        func isNull(_ name: String) -> Bool { body[name] == .null }
        isDisabled = try fields.bool("disabled")
        isFallback = try fields.bool("is_fallback")
        isRequired = try fields.bool("is_required")
        isOnly = try fields.bool("is_byok_only")
        if let given = try fields.string("name", charactersMax: CustomerKeyBody.nameMax) {
            name = .some(given)
        } else if isNull("name") {
            name = .some(nil)
        }
        if let given = try fields.bool("declared_zdr") {
            declaredZeroRetention = .some(given)
        } else if isNull("declared_zdr") {
            declaredZeroRetention = .some(nil)
        }
        if let given = try fields.word("declared_region", as: CustomerKeyBody.Region.self) {
            declaredRegion = .some(given.rawValue)
        } else if isNull("declared_region") {
            declaredRegion = .some(nil)
        }
        if let given = try Self.texts("allowed_models", &fields, "the slug of a model", { !$0.isEmpty }) {
            allowedModels = .some(given)
        } else if isNull("allowed_models") {
            allowedModels = .some(nil)
        }
        let hashes = try Self.texts("allowed_api_key_hashes", &fields, "the SHA-256 of an API key in 64 digits") {
            $0.utf8.count == 64 && $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        }
        if let hashes {
            allowedKeyHashes = .some(hashes)
        } else if isNull("allowed_api_key_hashes") {
            allowedKeyHashes = .some(nil)
        }
        guard fields.value("allowed_user_ids") == nil else {
            throw RequestProblem(
                .unsupportedParameter,
                field: "allowed_user_ids",
                "`allowed_user_ids` has nothing to go by: API keys belong to no users here. Leave it out, or name keys in `allowed_api_key_hashes`."
            )
        }
    }

    /// Makes the changes.
    ///
    /// - Throws: `RequestProblem` for terms that contradict each other then.
    func apply(to terms: inout CustomerKeyTerms) throws(RequestProblem) {
        if let name { terms.name = name }
        if let allowedModels { terms.allowedModels = allowedModels }
        if let allowedKeyHashes { terms.allowedKeyHashes = allowedKeyHashes }
        if let declaredZeroRetention { terms.declaredZeroRetention = declaredZeroRetention }
        if let declaredRegion { terms.declaredRegion = declaredRegion }
        terms.isDisabled = isDisabled ?? terms.isDisabled
        terms.isFallback = isFallback ?? terms.isFallback
        terms.isRequired = isRequired ?? terms.isRequired
        terms.isOnly = isOnly ?? terms.isOnly
        guard !terms.isFallback || !terms.isOnly else {
            throw RequestProblem(
                .invalidValue,
                field: "is_byok_only",
                "`is_byok_only` is true, and so is `is_fallback`: a key that comes after the shared endpoints cannot replace them."
            )
        }
    }

    private static func texts(
        _ name: String,
        _ fields: inout FieldReader,
        _ what: String,
        _ isOne: (String) -> Bool
    ) throws(RequestProblem) -> [String]? {
        guard let elements = try fields.array(name, countMax: CustomerKeyBody.listMax) else { return nil }
        guard !elements.isEmpty else {
            throw RequestProblem(
                .invalidValue,
                field: name,
                "`\(name)` is empty, and would let nothing through; leave it out, or null, for no restriction."
            )
        }
        var texts: [String] = []
        for (value, path) in elements {
            guard case .string(let text) = value, text.utf8.count <= CustomerKeyBody.slugMax, isOne(text) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be \(what)."
                )
            }
            texts.append(text)
        }
        return texts
    }
}
