import Generation
package import ProviderKit

/// What this folder registers: a kind of server, of which there may be any number.
///
/// There is no vendor, so there is no variable and no model of its own: the operator's file names the servers, where they
/// are, what they can do and what each model takes.
package enum OpenAICompatibleAdapters: ProviderFolder {
    package static let folder = "OpenAICompatible"

    package static var serverKind: ServerKind? { kind }

    static let kind = ServerKind(
        name: "openai-compatible",
        types: [.image, .video, .speech, .transcription],
        read: { entry throws(RequestProblem) in
            let profile = try CompatibleProfile.read(&entry.fields)
            try CompatibleModels.check(entry.models, against: profile)
            let (identity, models) = (entry.identity, entry.models.map(\.capabilities))
            return { settings in
                CompatibleAdapter(identity, profile: profile, models: models, settings)
            }
        }
    )

    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        settings.instances(of: kind)
    }
}
