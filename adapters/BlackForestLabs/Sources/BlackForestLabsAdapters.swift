package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: the FLUX models of Black Forest Labs.
package enum BlackForestLabsAdapters: ProviderFolder {
    package static let folder = "BlackForestLabs"
    package static let settings = ["BFL_API_KEY"]
    package static let customerKeys = [CustomerKeyForm(provider: "black-forest-labs", variable: "BFL_API_KEY")]

    /// The vendor's address, which sends a request to whichever region has room.
    ///
    /// `https://api.eu.bfl.ai` and `https://api.us.bfl.ai` stay in theirs (docs.bfl.ai and the vendor's skills repository,
    /// 2026-02; read 2026-11-21).
    static let vendorURL = "https://api.bfl.ai"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = FluxModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("BFL_API_KEY") else { return [] }
        let http = ProviderHTTP(
            baseURL: origin(of: settings.value("BFL_BASE_URL") ?? vendorURL),
            transport: settings.transport
        )
        let isVendor = (try? RemoteURL(http.baseURL)).map(FluxOperation.isVendor) ?? false
        return [
            FluxAdapter(
                key: key,
                http: http,
                models: settings.models(FluxAdapter.provider, FluxModels.all, isVendor: isVendor),
                pictures: settings.pictures
            )
        ]
    }

    /// The address without the version, which some tools' settings name along with it.
    private static func origin(of baseURL: String) -> String {
        let plain = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        return plain.hasSuffix("/v1") ? String(plain.dropLast(3)) : plain
    }
}
