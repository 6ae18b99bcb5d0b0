package import Generation
package import ProviderKit

/// What this folder registers.
package enum KlingAdapters {
    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = []

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] { [] }
}
