package import Generation
package import ProviderKit

/// What this folder registers: one account of Model Studio, whose API is also called DashScope.
///
/// `DASHSCOPE_API_KEY` switches it on; `DASHSCOPE_BASE_URL` names another region or a workspace's own host. Key, models
/// and address must be of one region: the provider answers 401 otherwise.
package enum AlibabaAdapters: ProviderFolder {
    package static let folder = "Alibaba"
    package static let settings = ["DASHSCOPE_API_KEY"]
    package static let customerKeys = [CustomerKeyForm(provider: "alibaba", variable: "DASHSCOPE_API_KEY")]

    /// The vendor's international address, in Singapore.
    static let vendorURL = "https://dashscope-intl.aliyuncs.com/api/v1"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] = AlibabaModels.all(.singapore) + AlibabaImageModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("DASHSCOPE_API_KEY") else { return [] }
        let baseURL = settings.value("DASHSCOPE_BASE_URL") ?? vendorURL
        let http = ProviderHTTP(baseURL: baseURL, transport: settings.transport)
        let models = settings.models(
            AlibabaAdapter.instance,
            AlibabaModels.all(PriceRegion(baseURL: baseURL)) + AlibabaImageModels.all,
            isVendor: http.baseURL == vendorURL
        )
        return [AlibabaAdapter(http: http, key: key, models: models, now: settings.now)]
    }
}
