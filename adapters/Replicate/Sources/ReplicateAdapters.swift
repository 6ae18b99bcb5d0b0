package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: models of many vendors, as Replicate hosts them.
package enum ReplicateAdapters: ProviderFolder {
    package static let folder = "Replicate"
    package static let settings = ["REPLICATE_API_TOKEN"]
    package static let customerKeys = [
        CustomerKeyForm(provider: "replicate", variable: "REPLICATE_API_TOKEN")
    ]

    /// The host's address, without the version: as its SDK wants it.
    static let vendorURL = "https://api.replicate.com"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = ReplicateModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("REPLICATE_API_TOKEN") else { return [] }
        let http = ProviderHTTP(
            baseURL: origin(of: settings.value("REPLICATE_BASE_URL") ?? vendorURL),
            transport: settings.transport
        )
        return [
            ReplicateAdapter(
                key: key,
                http: http,
                models: settings.models(
                    ReplicateAdapter.provider,
                    ReplicateModels.all,
                    isVendor: http.baseURL == vendorURL
                )
            )
        ]
    }

    /// The address without the version, which some tools' settings name along with it.
    private static func origin(of baseURL: String) -> String {
        let plain = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        return plain.hasSuffix("/v1") ? String(plain.dropLast(3)) : plain
    }
}
