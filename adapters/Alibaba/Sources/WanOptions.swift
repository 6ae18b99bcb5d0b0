import Generation
import HTTPTransport

/// The provider's own options: `provider.options.alibaba` of a request.
///
/// The names are the wire's own (API references of Wan 2.6, 2.7 and 3.0, 2026).
struct WanOptions: Sendable, Hashable {
    /// Whether a language model may rewrite the prompt before the video is made.
    ///
    /// The provider does so unless told not to. Here it does not unless asked to: what a client wrote is what is made, and
    /// nothing of a request is changed in silence. Whoever wants the rewriting sends `true`.
    var promptExtend = false
    /// Whether the video is marked as made by a machine.
    var watermark = false
    /// A sound that the video follows; the provider fetches it.
    var audioURL: String?
    /// One shot or several: Wan 2.6 alone.
    var shotType: ShotType?
    /// Whether the prompt is thought over first: Wan 3.0 alone.
    var enableThinking: Bool?
    /// What is not to be seen, for clients whose dialect has no field for it.
    var negativePrompt: String?

    /// Nothing asked for.
    static let none = WanOptions()

    /// Makes options in which nothing is asked for.
    private init() {}

    enum ShotType: String, Sendable, CaseIterable {
        case single
        case multi
    }

    /// The schemes of a sound's address; `oss` is the provider's own storage.
    private static let schemes = ["http", "https", WanOptions.ossScheme]
    private static let ossScheme = "oss"

    /// Whether the provider must look something up in its own storage: a header says so.
    var needsStorage: Bool { audioURL?.hasPrefix("\(Self.ossScheme)://") ?? false }

    /// Reads a request's options as far as a model takes them.
    ///
    /// - Throws: `RequestProblem`, naming the option, for one that is unknown, misplaced or of a wrong type.
    init(_ request: GenerationRequest, slug: String, mode: WanMode, model: ModelCapabilities) throws(RequestProblem) {
        let given = request.providerOptions[slug] ?? [:]
        let path = "provider.options.\(slug)"
        if case .object(let members) = given,
            let stranger = members.keys.sorted().first(where: { !model.options.contains($0) })
        {
            throw RequestProblem(
                .unknownField,
                field: "\(path).\(stranger)",
                "`\(path).\(RequestProblem.shortened(stranger))` is no option of `\(model.slug)`; allowed: \(RequestProblem.list(model.options))."
            )
        }
        var reader = try FieldReader(given, path: path)
        let extends = try reader.bool("prompt_extend")
        promptExtend = extends ?? promptExtend
        watermark = try reader.bool("watermark") ?? watermark
        audioURL = try reader.string("audio_url", charactersMax: 2_048)
        shotType = try reader.word("shot_type", as: ShotType.self)
        enableThinking = try reader.bool("enable_thinking")
        negativePrompt = try reader.string("negative_prompt", charactersMax: 500)
        try reader.finish()
        try check(mode, model, path: path, extends: extends)
    }

    /// Refuses what the model of this mode does not take.
    private func check(
        _ mode: WanMode,
        _ model: ModelCapabilities,
        path: String,
        extends: Bool?
    ) throws(RequestProblem) {
        if let audioURL {
            guard Self.schemes.contains(where: { audioURL.hasPrefix("\($0)://") }) else {
                throw RequestProblem(
                    .invalidValue,
                    field: "\(path).audio_url",
                    "`\(path).audio_url` must be a URL that starts with https://, http:// or oss://."
                )
            }
            guard mode != .reference else {
                throw RequestProblem(
                    .contradiction,
                    field: "\(path).audio_url",
                    "`\(path).audio_url` is not taken together with `input_references`."
                )
            }
        }
        let family = try WanFamily(of: model)
        if family == .size, mode == .reference, extends != nil {
            throw RequestProblem(
                .contradiction,
                field: "\(path).prompt_extend",
                "`\(path).prompt_extend` is not taken together with `input_references`."
            )
        }
        if shotType == .multi, mode != .reference, !promptExtend {
            throw RequestProblem(
                .contradiction,
                field: "\(path).shot_type",
                "`\(path).shot_type` \"multi\" needs `\(path).prompt_extend` true: the provider plans the shots while it rewrites the prompt."
            )
        }
    }
}
