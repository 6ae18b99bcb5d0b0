import Generation
import ProviderKit

/// The vendor's own options of a request: `provider.options.byteplus`, each handed on under its name.
struct ArkOptions {
    /// What goes into the body.
    private(set) var fields: [String: JSONValue] = [:]

    /// The end user as the client names them to the vendor; nil when the client names none.
    var safetyIdentifier: String? { fields["safety_identifier"]?.stringValue }

    /// What is known to the vendor and not taken here, and why.
    private static let refused = [
        "service_tier": "the flexible tier is billed by another price, which no price line says",
        "tools": "a web search is billed by itself, which no price line says",
        "return_last_frame": "a video job has no picture among its results",
        "frames": "the length is asked for by `duration`",
        "callback_url": "the service sets it itself",
        "seed": "it is the request's own `seed`",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type or range.
    init(of request: GenerationRequest, _ family: ArkFamily) throws(RequestProblem) {
        let path = "provider.options.\(ArkAdapter.provider.slug)"
        guard let value = request.providerOptions[ArkAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        for name in family.options {
            if let option = try Self.read(name, &reader) { fields[name] = option }
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
        try check(request, path)
    }

    /// One option, held to the type and range that the parameter page names.
    private static func read(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> JSONValue? {
        switch name {
        case "watermark", "camera_fixed", "draft": try reader.bool(name).map(JSONValue.bool)
        case "safety_identifier": try reader.string(name, charactersMax: 64).map(JSONValue.string)
        case "execution_expires_after": try reader.integer(name, in: 3_600...259_200).map(JSONValue.integer)
        case "priority": try reader.integer(name, in: 0...9).map(JSONValue.integer)
        case "output_format": try reader.word(name, as: FileFormat.self).map { .string($0.rawValue) }
        case _: nil
        }
    }

    private enum FileFormat: String, CaseIterable {
        case mp4
        case mov
    }

    private func check(_ request: GenerationRequest, _ path: String) throws(RequestProblem) {
        guard fields["draft"] == true, case .video(let video) = request.content, video.resolution != "480p" else {
            return
        }
        throw RequestProblem(
            .contradiction,
            field: "\(path).draft",
            "`\(path).draft` makes 480p alone; ask for `resolution` 480p with it, not \(video.resolution ?? "none")."
        )
    }
}
