package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: the models of MiniMax.
package enum MiniMaxAdapters: ProviderFolder {
    package static let folder = "MiniMax"
    package static let settings = ["MINIMAX_API_KEY"]
    package static let customerKeys = [CustomerKeyForm(provider: "minimax", variable: "MINIMAX_API_KEY")]

    /// The vendor's international address.
    ///
    /// The one for China is `https://api.minimaxi.com`: another account, another key, and prices in yuan that no list here
    /// has (platform.minimax.io and platform.minimaxi.com, copies of 2026; read 2026-11-22).
    static let vendorURL = "https://api.minimax.io"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = MiniMaxModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("MINIMAX_API_KEY") else { return [] }
        let http = ProviderHTTP(
            baseURL: origin(of: settings.value("MINIMAX_BASE_URL") ?? vendorURL),
            transport: settings.transport
        )
        return [
            MiniMaxAdapter(
                key: key,
                account: account(at: http.baseURL),
                http: http,
                models: settings.models(MiniMaxAdapter.provider, models)
            )
        ]
    }

    /// The address without the version, which some tools' settings name along with it.
    private static func origin(of baseURL: String) -> String {
        let plain = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        return plain.hasSuffix("/v1") || plain.hasSuffix("/v2") ? String(plain.dropLast(3)) : plain
    }

    /// Whose account it is: jobs of one region are never asked for in the other.
    private static func account(at baseURL: String) -> String {
        guard case .name(let name)? = (try? RemoteURL(baseURL))?.host else { return "minimax" }
        return name == "minimaxi.com" || name.hasSuffix(".minimaxi.com") ? "minimax-china" : "minimax"
    }
}
