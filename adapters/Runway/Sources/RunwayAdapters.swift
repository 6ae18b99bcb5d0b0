package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: models of many vendors, Runway's own among them.
package enum RunwayAdapters: ProviderFolder {
    package static let folder = "Runway"
    package static let settings = ["RUNWAYML_API_SECRET"]
    package static let customerKeys = [CustomerKeyForm(provider: "runway", variable: "RUNWAYML_API_SECRET")]

    /// The vendor's address, as its official client has it (runwayml 5.24.0; read 2026-11-22).
    static let vendorURL = "https://api.dev.runwayml.com"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = RunwayModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("RUNWAYML_API_SECRET") else { return [] }
        let http = ProviderHTTP(
            baseURL: origin(of: settings.value("RUNWAYML_BASE_URL") ?? vendorURL),
            transport: settings.transport
        )
        return [RunwayAdapter(key: key, http: http, models: settings.models(RunwayAdapter.provider, models))]
    }

    /// The address without the version, which some tools' settings name along with it.
    private static func origin(of baseURL: String) -> String {
        let plain = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        return plain.hasSuffix("/v1") ? String(plain.dropLast(3)) : plain
    }
}
