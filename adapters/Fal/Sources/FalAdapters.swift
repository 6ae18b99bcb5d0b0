package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: models of many vendors, as fal.ai hosts them.
package enum FalAdapters: ProviderFolder {
    package static let folder = "Fal"
    package static let settings = ["FAL_KEY"]
    package static let customerKeys = [CustomerKeyForm(provider: "fal", variable: "FAL_KEY")]

    /// The host's queue.
    static let vendorURL = "https://queue.fal.run"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = FalModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("FAL_KEY") else { return [] }
        let http = ProviderHTTP(
            baseURL: settings.value("FAL_BASE_URL") ?? vendorURL,
            transport: settings.transport
        )
        return [
            FalAdapter(
                key: key,
                http: http,
                models: settings.models(FalAdapter.provider, FalModels.all, isVendor: http.baseURL == vendorURL)
            )
        ]
    }
}
