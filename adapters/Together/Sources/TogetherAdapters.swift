package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: models of many vendors, as Together AI hosts them.
package enum TogetherAdapters: ProviderFolder {
    package static let folder = "Together"
    package static let settings = ["TOGETHER_API_KEY"]
    package static let customerKeys = [CustomerKeyForm(provider: "together", variable: "TOGETHER_API_KEY")]

    /// The vendor's address, as its official client has it (together 3.1.1; read 2026-11-22).
    static let vendorURL = "https://api.together.ai"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = TogetherModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("TOGETHER_API_KEY") else { return [] }
        let http = ProviderHTTP(
            baseURL: origin(of: settings.value("TOGETHER_BASE_URL") ?? vendorURL),
            transport: settings.transport
        )
        return [TogetherAdapter(key: key, http: http, models: settings.models(TogetherAdapter.provider, models))]
    }

    /// The address without the version: earlier clients wanted it in this variable, the present one puts it into each path.
    private static func origin(of baseURL: String) -> String {
        let plain = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        return plain.hasSuffix("/v1") || plain.hasSuffix("/v2") ? String(plain.dropLast(3)) : plain
    }
}
