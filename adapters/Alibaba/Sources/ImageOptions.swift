import Generation

/// The provider's own options of an image request: `provider.options.alibaba`.
///
/// The names are the wire's own (API references of Qwen-Image and of Wan images, 2026).
struct ImageOptions: Sendable, Hashable {
    /// Whether a language model may rewrite the prompt first.
    ///
    /// The provider does so unless told not to. Here it does not unless asked to, as with videos.
    var promptExtend = false
    /// Whether the image is marked as made by a machine.
    var watermark = false
    /// Whether the prompt is thought over first: Wan 2.7 alone, which does so unless told not to.
    var thinkingMode: Bool?
    /// What is not to be seen, for clients whose dialect has no field for it.
    var negativePrompt: String?

    /// Reads a request's options as far as a model takes them.
    ///
    /// - Throws: `RequestProblem`, naming the option, for one that is unknown or of a wrong type.
    init(_ request: GenerationRequest, slug: String, model: ModelCapabilities) throws(RequestProblem) {
        let given = request.providerOptions[slug] ?? [:]
        let path = "provider.options.\(slug)"
        if case .object(let members) = given,
            let stranger = members.keys.sorted().first(where: { !model.options.contains($0) })
        {
            throw RequestProblem(
                .unknownField,
                field: "\(path).\(stranger)",
                "`\(path).\(RequestProblem.shortened(stranger))` is no option of `\(model.slug)`; allowed: \(model.options.isEmpty ? "none" : RequestProblem.list(model.options))."
            )
        }
        var reader = try FieldReader(given, path: path)
        promptExtend = try reader.bool("prompt_extend") ?? promptExtend
        watermark = try reader.bool("watermark") ?? watermark
        thinkingMode = try reader.bool("thinking_mode")
        negativePrompt = try reader.string("negative_prompt", charactersMax: 500)
        try reader.finish()
    }
}
