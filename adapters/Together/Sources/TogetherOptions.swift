import Generation
import ProviderKit

/// The vendor's own options of a request: `provider.options.together`, each handed on under its name.
struct TogetherOptions {
    /// What goes into the body.
    private(set) var fields: [String: JSONValue] = [:]

    /// What is known to the vendor and not taken here, and why.
    private static let refused = [
        "steps": "more steps than the price is for cost more, which no price line says",
        "image_loras": "no model that is offered takes it",
        "response_format": "the service chooses it",
        "output_quality": "no model that is offered is known to follow it",
        "width": "it is the request's own `size`, or `resolution` and `aspect_ratio`",
        "height": "it is the request's own `size`, or `resolution` and `aspect_ratio`",
        "seconds": "it is the request's own `duration`",
        "seed": "it is the request's own `seed`",
        "n": "it is the request's own `n`",
        "negative_prompt": "it is the request's own `negative_prompt`",
        "generate_audio": "it is the request's own `generate_audio`",
        "media": "pictures are the request's own `frame_images` and `input_references`",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type.
    init(of request: GenerationRequest, _ model: ModelCapabilities?) throws(RequestProblem) {
        let path = "provider.options.\(TogetherAdapter.provider.slug)"
        guard let value = request.providerOptions[TogetherAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        for name in model?.options ?? [] { fields[name] = try reader.bool(name).map(JSONValue.bool) }
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
}
