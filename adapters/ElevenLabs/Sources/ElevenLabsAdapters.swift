package import Generation
import HTTPTransport
package import ProviderKit

/// What this folder registers: speech, sounds, music and transcription over the ElevenLabs wire.
package enum ElevenLabsAdapters: ProviderFolder {
    package static let folder = "ElevenLabs"
    package static let settings = ["ELEVENLABS_API_KEY"]
    package static let customerKeys = [CustomerKeyForm(provider: "elevenlabs", variable: "ELEVENLABS_API_KEY")]

    /// The vendor's own address; residencies have others (`api.us.`, `api.eu.residency.` and so on), under the same paths.
    static let defaultBaseURL = "https://api.elevenlabs.io"

    /// Every model that it knows, whether a key is there or not.
    package static let models: [ModelCapabilities] =
        ElevenSpeechModels.all + ElevenSoundModels.all + ElevenTranscriptionModels.all

    /// The instances that the settings ask for; none without a key.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        guard let key = settings.value("ELEVENLABS_API_KEY") else { return [] }
        let given = settings.value("ELEVENLABS_BASE_URL") ?? defaultBaseURL
        return [
            ElevenAdapter(
                key: key,
                http: ProviderHTTP(baseURL: withoutVersion(given), transport: settings.transport),
                models: settings.models(ElevenAdapter.provider, models)
            )
        ]
    }

    /// The address without `/v1`: the vendor's SDK names it without, other tools with it.
    private static func withoutVersion(_ baseURL: String) -> String {
        let plain = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        return plain.hasSuffix("/v1") ? String(plain.dropLast(3)) : plain
    }
}
