import AlibabaAdapter
import BytePlusAdapter
package import Generation
import GoogleAdapter
import KlingAdapter
import OpenAIAdapter
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
        /// Every model that it knows, whether it is switched on or not: what a client asks for that is not served is then
        /// told why.
        package var models: [ModelCapabilities] = []
        /// The instances that the settings ask for: none, one, or one per account or server.
        package let instances: @Sendable (ProviderSettings) -> [any ProviderAdapter]
    }

    /// One line per folder, in the order in which providers are listed.
    package static let all: [Registration] = [
        Registration(folder: "Sandbox", instances: SandboxAdapter.instances),
        Registration(folder: "Studio", instances: StudioAdapter.instances),
        Registration(
            folder: "OpenAI",
            settings: ["OPENAI_API_KEY"],
            models: OpenAIAdapters.models,
            instances: OpenAIAdapters.instances
        ),
        Registration(
            folder: "Google",
            settings: ["GEMINI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"],
            models: GoogleAdapters.models,
            instances: GoogleAdapters.instances
        ),
        Registration(
            folder: "BytePlus",
            settings: ["ARK_API_KEY"],
            models: BytePlusAdapters.models,
            instances: BytePlusAdapters.instances
        ),
        Registration(
            folder: "Alibaba",
            settings: ["DASHSCOPE_API_KEY"],
            models: AlibabaAdapters.models,
            instances: AlibabaAdapters.instances
        ),
        Registration(
            folder: "Kling",
            settings: ["KLING_ACCESS_KEY", "KLING_API_KEY"],
            models: KlingAdapters.models,
            instances: KlingAdapters.instances
        ),
    ]

    /// The instances of all folders.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        all.flatMap { $0.instances(settings) }
    }
}
