public import Generation

/// What a request hands to a server of the operator's own as it is: `provider.options.SLUG`, of the names that the operator's file allows.
public struct ServerOptions: Sendable {
    /// What goes into the body, by name.
    public let fields: [(name: String, value: JSONValue)]

    /// Reads the options of a request.
    ///
    /// - Throws: `RequestProblem` that names the option.
    public init(_ request: GenerationRequest, model: ModelCapabilities?, provider: ProviderID) throws(RequestProblem) {
        let known = model?.options ?? []
        let path = "provider.options.\(provider.slug)"
        guard let options = request.providerOptions[provider.slug] else {
            fields = []
            return
        }
        guard case .object(let members) = options else {
            throw RequestProblem(.invalidValue, field: path, "`\(path)` must be an object.")
        }
        var fields: [(name: String, value: JSONValue)] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let field = "\(path).\(name)"
            guard known.contains(name) else {
                let rest = known.isEmpty ? "`\(request.model)` has none" : "allowed: \(RequestProblem.list(known))"
                throw RequestProblem(
                    .unknownField,
                    field: field,
                    "Unknown field `\(RequestProblem.shortened(field))`; \(rest)."
                )
            }
            switch value {
            case .bool, .integer, .number, .string: fields.append((name, value))
            case .null, .array, .object:
                throw RequestProblem(
                    .invalidValue,
                    field: field,
                    "`\(RequestProblem.shortened(field))` must be a string, a number, true or false."
                )
            }
        }
        self.fields = fields
    }
}
