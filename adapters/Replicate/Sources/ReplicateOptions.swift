import Generation
import ProviderKit

/// The host's own options of a request: `provider.options.replicate`, each handed on under its name.
struct ReplicateOptions {
    /// What goes into the input.
    private(set) var fields: [String: JSONValue] = [:]

    /// What is known to the host and not taken here, and why.
    private static let refused = [
        "seed": "it is the request's own `seed`",
        "width": "the size is asked for by `size`, or by `resolution` and `aspect_ratio`",
        "height": "the size is asked for by `size`, or by `resolution` and `aspect_ratio`",
        "size": "it is the request's own `resolution`",
        "megapixels": "images of one megapixel are made",
        "aspect_ratio": "it is the request's own `aspect_ratio`",
        "resolution": "it is the request's own `resolution`",
        "duration": "it is the request's own `duration`",
        "generate_audio": "it is the request's own field",
        "negative_prompt": "it is the request's own `negative_prompt`",
        "num_outputs": "it is the request's own `n`",
        "max_images": "as many images are made as `n` says",
        "sequential_image_generation": "as many images are made as `n` says",
        "output_format": "it is the request's own `output_format`",
        "output_quality": "it is the request's own `output_compression`",
        "webhook": "the service sets it itself",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type or range.
    init(of request: GenerationRequest, _ family: ReplicateFamily) throws(RequestProblem) {
        let path = "provider.options.\(ReplicateAdapter.provider.slug)"
        guard let value = request.providerOptions[ReplicateAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        for (name, kind) in family.options.sorted(by: { $0.key < $1.key }) {
            let option: JSONValue?
            switch kind {
            case .flag: option = try reader.bool(name).map(JSONValue.bool)
            case .whole(let range): option = try reader.integer(name, in: range).map(JSONValue.integer)
            case .number(let range): option = try reader.number(name, in: range).map(JSONValue.number)
            case .words(let words):
                option = try reader.string(name, charactersMax: 64).map(JSONValue.string)
                if let option, !words.contains(option.stringValue ?? "") {
                    throw RequestProblem(
                        .invalidValue,
                        field: "\(path).\(name)",
                        "`\(path).\(name)` is \(RequestProblem.shown(option)); allowed: \(RequestProblem.list(words))."
                    )
                }
            }
            if let option { fields[name] = option }
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
