import Generation
import ProviderKit

/// The vendor's own options of a video: `provider.options.minimax`, each handed on under its name.
struct MiniMaxOptions {
    /// What goes into the body.
    private(set) var fields: [String: JSONValue] = [:]

    /// What is known to the vendor and not taken here, and why.
    private static let refused = [
        "callback_url": "the vendor calls no address that has not answered its challenge; the service asks by itself",
        "subject_reference": "no model that is offered takes it",
        "resolution": "it is the request's own `resolution`",
        "ratio": "it is the request's own `aspect_ratio`",
        "duration": "it is the request's own `duration`",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type.
    init(of request: GenerationRequest, _ family: MiniMaxFamily) throws(RequestProblem) {
        let path = "provider.options.\(MiniMaxAdapter.provider.slug)"
        guard let value = request.providerOptions[MiniMaxAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        for name in family.options { fields[name] = try reader.bool(name).map(JSONValue.bool) }
        try Self.refuse(Self.refused, reader, path)
        try reader.finish()
    }

    /// Refuses what is known and not taken, with the reason.
    static func refuse(
        _ reasons: [String: String],
        _ reader: FieldReader,
        _ path: String
    ) throws(RequestProblem) {
        for name in reader.unread {
            guard let why = reasons[name] else { continue }
            throw RequestProblem(
                .unsupportedParameter,
                field: "\(path).\(name)",
                "`\(path).\(name)` is not taken: \(why)."
            )
        }
    }
}
