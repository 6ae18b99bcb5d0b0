package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: ByteDance's Seedance and Seedream models over the Ark wire.
///
/// One wire serves two regions: BytePlus ModelArk outside China, Volcengine Ark inside. Keys, tasks and model ids do not
/// cross between them; the base URL says which one is meant.
package enum BytePlusAdapters: ProviderFolder {
    package static let folder = "BytePlus"
    package static let settings = ["ARK_API_KEY"]
    package static let customerKeys = [CustomerKeyForm(provider: "byteplus", variable: "ARK_API_KEY")]

    /// BytePlus ModelArk: the region outside China that makes videos and images (docs.byteplus.com ModelArk, 2026-11-21).
    static let defaultBaseURL = "https://ark.ap-southeast.bytepluses.com/api/v3"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = all(in: .bytePlus)

    private static func all(in region: ArkRegion) -> [ModelCapabilities] {
        ArkModels.all(in: region) + SeedreamModels.all(in: region)
    }

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("ARK_API_KEY") else { return [] }
        let baseURL = completed(settings.value("ARK_BASE_URL") ?? defaultBaseURL)
        let region = ArkRegion(baseURL: baseURL)
        return [
            ArkAdapter(
                key: key,
                region: region,
                http: ProviderHTTP(baseURL: baseURL, transport: settings.transport),
                models: settings.models(ArkAdapter.provider, all(in: region))
            )
        ]
    }

    /// The address with its path: tools differ in whether the vendor's base URL names `/api/v3`, and a bare host has no
    /// other meaning.
    private static func completed(_ baseURL: String) -> String {
        let plain = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        let parts = plain.split(separator: "/", omittingEmptySubsequences: true)
        return parts.count == 2 ? plain + "/api/v3" : plain
    }
}

/// Which of the vendor's two platforms is spoken to.
enum ArkRegion: Sendable {
    /// BytePlus ModelArk, international.
    case bytePlus
    /// Volcengine Ark, China.
    case volcengine

    init(baseURL: String) {
        let name =
            switch (try? RemoteURL(baseURL))?.host {
            case .name(let name): name
            case .address, nil: ""
            }
        self = name == "volces.com" || name.hasSuffix(".volces.com") ? .volcengine : .bytePlus
    }

    /// Whose account it is: jobs of one region are never asked for in the other.
    var account: String {
        switch self {
        case .bytePlus: "byteplus"
        case .volcengine: "volcengine"
        }
    }
}
