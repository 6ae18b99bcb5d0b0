import Generation
import ProviderKit

/// The vendor's own options of an image request: `provider.options.byteplus`, each handed on under its name.
struct SeedreamOptions {
    /// What goes into the body.
    private(set) var fields: [String: JSONValue] = [:]

    /// What is known to the vendor and not taken here, and why.
    private static let refused = [
        "tools": "a web search is billed by itself, which no price line says",
        "layer_decomposition": "its results are billed by a number that is not known beforehand",
        "background": "the vendor takes it for single pictures with an alpha channel alone",
        "sequential_image_generation": "how many images are made is asked for by `n`",
        "sequential_image_generation_options": "how many images are made is asked for by `n`",
        "response_format": "the service sets it itself",
        "stream": "the service sets it itself",
        "output_format": "it is the request's own `output_format`",
        "size": "it is the request's own `size`",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type or range.
    init(of request: GenerationRequest, _ family: SeedreamFamily) throws(RequestProblem) {
        let path = "provider.options.\(ArkAdapter.provider.slug)"
        guard let value = request.providerOptions[ArkAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        if let watermark = try reader.bool("watermark") { fields["watermark"] = .bool(watermark) }
        if !family.rewritingModes.isEmpty, let given = reader.value("optimize_prompt_options") {
            fields["optimize_prompt_options"] = try Self.rewriting(given, family, path)
        }
        for name in reader.unread {
            guard let why = Self.refused[name] else { continue }
            throw RequestProblem(
                .unsupportedParameter,
                field: "\(path).\(name)",
                "`\(path).\(name)` is not taken: \(why)."
            )
        }
        try reader.finish()
    }

    private static func rewriting(
        _ value: JSONValue,
        _ family: SeedreamFamily,
        _ path: String
    ) throws(RequestProblem) -> JSONValue {
        var reader = try FieldReader(value, path: "\(path).optimize_prompt_options")
        let mode = try reader.string("mode", charactersMax: 32)
        try reader.finish()
        guard let mode else { return [:] }
        guard family.rewritingModes.contains(mode) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "\(path).optimize_prompt_options.mode",
                "`\(path).optimize_prompt_options.mode` is \"\(RequestProblem.shortened(mode))\"; allowed: \(RequestProblem.list(family.rewritingModes))."
            )
        }
        return ["mode": .string(mode)]
    }
}
