package import Generation
package import ProviderKit

/// Every provider that this service can speak to.
///
/// Registration, part 2 of 2: one line per folder, which the manifest makes known here without an import. Which of them
/// are there in a running service is decided by its settings: a folder whose key is missing makes no instance.
package enum AdapterCatalog {
    /// One folder under `adapters/`.
    package struct Registration: Sendable {
        /// The folder's name.
        package let folder: String
        /// The variables that switch it on, any of them; empty for one that needs no key.
        package let settings: [String]
        /// Every model that it knows, whether it is switched on or not.
        package let models: [ModelCapabilities]
        /// The keys that customers may hand in.
        package let customerKeys: [CustomerKeyForm]
        /// The kind of the operator's own servers that it speaks to; nil for a folder of one vendor.
        package let serverKind: ServerKind?
        /// The instances that the settings ask for: none, one, or one per account or server.
        package let instances: @Sendable (ProviderSettings) -> [any ProviderAdapter]

        init<Folder: ProviderFolder & SendableMetatype>(_ type: Folder.Type) {
            folder = type.folder
            settings = type.settings
            models = type.models
            customerKeys = type.customerKeys
            serverKind = type.serverKind
            instances = { type.instances($0) }
        }
    }

    /// One line per folder, in the order in which providers are listed.
    package static let all: [Registration] = [
        Registration(SandboxAdapter.self),
        Registration(StudioAdapter.self),
        Registration(OpenAIAdapters.self),
        Registration(GoogleAdapters.self),
        Registration(BytePlusAdapters.self),
        Registration(AlibabaAdapters.self),
        Registration(KlingAdapters.self),
        Registration(BlackForestLabsAdapters.self),
        Registration(ElevenLabsAdapters.self),
        Registration(FalAdapters.self),
        Registration(ReplicateAdapters.self),
        Registration(OpenAICompatibleAdapters.self),
        Registration(ComfyUIAdapters.self),
        Registration(MiniMaxAdapters.self),
        Registration(RunwayAdapters.self),
        Registration(TogetherAdapters.self),
    ]

    /// The instances of all folders.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        all.flatMap { $0.instances(settings) }
    }
}
