package import Generation
package import ProviderKit

/// What this folder registers: Google's doors to its models.
///
/// - `GEMINI_API_KEY` (and `GEMINI_BASE_URL`): Gemini Omni through interactions, images and speech, and Veo where it
///   still is.
/// - `GOOGLE_APPLICATION_CREDENTIALS`, the key file of a service account (and `VERTEX_PROJECT`, `VERTEX_LOCATION`,
///   `VERTEX_BASE_URL`, `VERTEX_STORAGE_URI`, `VERTEX_GEMINI_LOCATION`): Veo, Imagen, images and speech on Vertex AI.
package enum GoogleAdapters: ProviderFolder {
    package static let folder = "Google"
    package static let settings = ["GEMINI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"]
    /// Keys of Google AI Studio.
    ///
    /// The key file of a service account is not taken from customers: it names the address that tokens are asked for at.
    package static let customerKeys = [CustomerKeyForm(provider: "google-ai-studio", variable: "GEMINI_API_KEY")]

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] =
        GoogleModels.gemini + GoogleModels.vertexAll + GoogleModels.geminiVeo

    /// The instances that the settings ask for; none without a key, or when what goes along with it is malformed.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        let media = InlineMediaFolder("\(settings.workFolder)/google", now: settings.now)
        var instances: [any ProviderAdapter] = []
        if let api = GeminiAPI(settings) {
            let all = settings.models(ProviderID(GeminiAdapter.slug), GoogleModels.gemini, isVendor: api.isVendor)
            let veo = settings.models(ProviderID(GeminiVeoAdapter.slug), GoogleModels.geminiVeo, isVendor: api.isVendor)
            instances.append(GeminiAdapter(api, models: all, media: media))
            instances.append(GeminiVeoAdapter(api, models: veo))
        }
        if let vertex = VertexAdapter(settings, media: media) { instances.append(vertex) }
        return instances
    }
}
