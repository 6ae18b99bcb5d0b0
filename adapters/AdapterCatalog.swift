package import ProviderKit
import SandboxAdapter
import StudioAdapter

/// Every provider that this service can speak to.
///
/// Registration, part 2 of 2: one line per folder. Which of them are there in a running service is decided by its
/// settings: a folder whose key is missing makes no instance.
package enum AdapterCatalog {
    /// One folder under `adapters/`.
    package struct Registration: Sendable {
        /// The folder's name.
        package let folder: String
        /// The variables that switch it on, any of them; empty for one that needs no key.
        package var settings: [String] = []
        /// The instances that the settings ask for: none, one, or one per account or server.
        package let instances: @Sendable (ProviderSettings) -> [any ProviderAdapter]
    }

    /// One line per folder, in the order in which providers are listed.
    package static let all: [Registration] = [
        Registration(folder: "Sandbox", instances: SandboxAdapter.instances),
        Registration(folder: "Studio", instances: StudioAdapter.instances),
    ]

    /// The instances of all folders.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        all.flatMap { $0.instances(settings) }
    }
}
