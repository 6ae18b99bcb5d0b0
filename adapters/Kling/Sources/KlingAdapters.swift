package import Generation
package import ProviderKit

/// What this folder registers: Kling's signed wire, and its API 2.0.
///
/// They are two doors to one vendor: an access key with a secret key opens the signed one alone, an API key the other
/// (asked with a signed token, `GET /tasks` answers 401 with code 1002). Source: kling.ai/document-api/api/get-started/
/// authentication, and a third party's probe of 2026-10-04.
package enum KlingAdapters: ProviderFolder {
    package static let folder = "Kling"
    package static let settings = ["KLING_ACCESS_KEY", "KLING_API_KEY"]
    package static let customerKeys = [
        CustomerKeyForm(
            provider: "kling",
            parts: [("access_key", "KLING_ACCESS_KEY"), ("secret_key", "KLING_SECRET_KEY")]
        ),
        CustomerKeyForm(provider: "kling-2", variable: "KLING_API_KEY"),
    ]

    /// The vendor's address outside of China.
    package static let vendorURL = "https://api-singapore.klingai.com"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = KlingModels.keyed

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        let baseURL = settings.value("KLING_BASE_URL") ?? vendorURL
        let http = ProviderHTTP(baseURL: baseURL, transport: settings.transport)
        var instances: [any ProviderAdapter] = []
        func add(_ wire: any KlingWire, _ own: [ModelCapabilities], _ credential: @escaping @Sendable () -> String) {
            let id = ProviderID(wire.slug)
            let models = settings.models(id, own, isVendor: baseURL == vendorURL)
            instances.append(KlingAdapter(id: id, models: models, http: http, wire: wire, credential: credential))
        }
        if let accessKey = settings.value("KLING_ACCESS_KEY"), let secretKey = settings.value("KLING_SECRET_KEY") {
            let token = KlingToken(accessKey: accessKey, secretKey: secretKey, now: settings.now)
            add(KlingSignedWire(), KlingModels.signed) { token.current }
        }
        if let key = settings.value("KLING_API_KEY") {
            add(KlingKeyedWire(), KlingModels.keyed) { key }
        }
        return instances
    }
}
