import Generation
import ProviderKit

/// The vendor's own options of a request: `provider.options.black-forest-labs`, each handed on under its name.
struct FluxOptions {
    /// What goes into the body.
    private(set) var fields: [String: JSONValue] = [:]

    /// What is known to the vendor and not taken here, and why.
    private static let refused = [
        "seed": "it is the request's own `seed`",
        "width": "the size is asked for by `size`, or by `resolution` and `aspect_ratio`",
        "height": "the size is asked for by `size`, or by `resolution` and `aspect_ratio`",
        "aspect_ratio": "it is the request's own `aspect_ratio`",
        "output_format": "it is the request's own `output_format`",
        "webhook_url": "the service sets it itself",
        "webhook_secret": "the service sets it itself",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type or range.
    init(of request: GenerationRequest, _ image: ImageRequest, _ family: FluxFamily) throws(RequestProblem) {
        let path = "provider.options.\(FluxAdapter.provider.slug)"
        guard let value = request.providerOptions[FluxAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        for name in family.options {
            if let option = try Self.read(name, &reader, image, family) { fields[name] = option }
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

    /// One option, held to the type and range that the vendor's pages name.
    private static func read(
        _ name: String,
        _ reader: inout FieldReader,
        _ image: ImageRequest,
        _ family: FluxFamily
    ) throws(RequestProblem) -> JSONValue? {
        switch name {
        case "prompt_upsampling", "raw": try reader.bool(name).map(JSONValue.bool)
        case "safety_tolerance":
            try reader.integer(name, in: family.safetyTolerances(isEdit: !image.inputReferences.isEmpty))
                .map(JSONValue.integer)
        case "steps": try reader.integer(name, in: family.steps).map(JSONValue.integer)
        case "guidance": try reader.number(name, in: family.guidance).map(JSONValue.number)
        case "image_prompt_strength": try reader.number(name, in: 0...1).map(JSONValue.number)
        case _: nil
        }
    }
}
