import Generation
import ProviderKit

/// The vendor's own options of images, speech and transcriptions: `provider.options.openai`, as the wire has them.
struct OpenAIOptions {
    private static let allowed = ["input_fidelity": ["low", "high"], "moderation": ["auto", "low"]]

    /// What goes into the body, in order.
    let fields: [(name: String, value: JSONValue)]

    /// Reads the options of a request.
    ///
    /// - Throws: `RequestProblem` that names the option.
    init(_ request: GenerationRequest, model: ModelCapabilities?, provider: ProviderID) throws(RequestProblem) {
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
            guard known.contains(name), let values = Self.allowed[name] else {
                let rest = known.isEmpty ? "`\(request.model)` has none" : "allowed: \(RequestProblem.list(known))"
                let shown = RequestProblem.shortened(field)
                throw RequestProblem(.unknownField, field: field, "Unknown field `\(shown)`; \(rest).")
            }
            guard let text = value.stringValue, values.contains(text) else {
                throw RequestProblem(
                    .invalidValue,
                    field: field,
                    "`\(field)` is \(RequestProblem.shown(value)); allowed: \(RequestProblem.list(values))."
                )
            }
            guard name != "input_fidelity" || !request.inputs.isEmpty else {
                throw RequestProblem(
                    .contradiction,
                    field: field,
                    "`\(field)` says how closely `input_references` are kept, and there are none."
                )
            }
            fields.append((name, value))
        }
        self.fields = fields
    }
}
