import Generation
import ProviderKit

/// The vendor's own options of a request: `provider.options.runway`, each handed on under its name.
struct RunwayOptions {
    /// What goes into the body.
    private(set) var fields: [String: JSONValue] = [:]

    /// What is known to the vendor and not taken here, and why.
    private static let refused = [
        "outputFormat": "other formats cost more for each second, which no price line says",
        "proresProfile": "other formats cost more for each second, which no price line says",
        "draft": "what a draft costs is not written down",
        "draftTaskId": "what a draft costs is not written down",
        "ratio": "it is the request's own `resolution` and `aspect_ratio`, or `size`",
        "duration": "it is the request's own `duration`",
        "seed": "it is the request's own `seed`",
        "audio": "it is the request's own `generate_audio`",
        "negativePrompt": "it is the request's own `negative_prompt`",
        "references": "they are the request's own `input_references`",
        "referenceVideos": "what they cost is not written down for every model",
        "referenceAudio": "what they cost is not written down",
    ]

    private enum Threshold: String, CaseIterable {
        case auto
        case low
    }

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type or range.
    init(of request: GenerationRequest, _ family: RunwayFamily) throws(RequestProblem) {
        let path = "provider.options.\(RunwayAdapter.provider.slug)"
        guard let value = request.providerOptions[RunwayAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        if family.options.contains("contentModeration"), var moderation = try reader.object("contentModeration") {
            if let threshold = try moderation.word("publicFigureThreshold", as: Threshold.self) {
                fields["contentModeration"] = ["publicFigureThreshold": .string(threshold.rawValue)]
            }
            try moderation.finish()
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
}
