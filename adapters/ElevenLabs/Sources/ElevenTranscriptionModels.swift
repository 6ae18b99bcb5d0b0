import Generation
import ProviderKit

/// The Scribe models: data, with source and date.
///
/// Ids and fields: `speech_to_text` of the official SDK elevenlabs 2.78.0. Length: ten hours (replicate.com/elevenlabs/
/// scribe-v2). Price: 0.22 US dollars an hour (LiteLLM 1.109.1), a fifth more with keyterms (SDK). All read on 2026-11-21.
enum ElevenTranscriptionModels {
    private static let source =
        "elevenlabs 2.78.0 (SDK: ids, fields, keyterms' surcharge); LiteLLM 1.109.1 (price); read 2026-11-21."

    /// What the vendor hears of what the service takes.
    private static let mediaTypes = [
        "audio/mpeg", "audio/wav", "audio/flac", "audio/ogg", "audio/mp4", "audio/webm", "audio/pcm", "video/mp4",
        "video/webm",
    ]

    static let all: [ModelCapabilities] = [
        make(
            "elevenlabs/scribe-v2",
            "scribe_v2",
            name: "Scribe v2",
            summary: "Transcripts in more than ninety languages, with words' times, speakers and terms to listen for.",
            keytermsMax: keytermsMax
        ),
        make(
            "elevenlabs/scribe-v3",
            "scribe_v3",
            name: "Scribe v3",
            summary: "The vendor's newest transcription.",
            keytermsMax: keytermsMax
        ),
        make(
            "elevenlabs/scribe-v1",
            "scribe_v1",
            name: "Scribe v1",
            summary: "Transcripts in ninety-nine languages, with words' times and speakers.",
            // It refuses them: the vendor's own example of an error.
            keytermsMax: 0
        ),
    ]

    /// With more than a hundred, twenty seconds are the least that is billed, which no price line says.
    private static let keytermsMax = 100

    private static func make(
        _ slug: String,
        _ providerModel: String,
        name: String,
        summary: String,
        keytermsMax: Int
    ) -> ModelCapabilities {
        var transcription = TranscriptionParameters(
            formats: ["json", "verbose_json", "text", "srt", "vtt"],
            mediaTypes: mediaTypes,
            // The vendor takes 3 GB; this is what one send carries.
            bytesMax: AttemptContext.inputBytesMax,
            secondsMax: 36_000
        )
        transcription.granularities = [.segment, .word]
        transcription.diarize = true
        transcription.keytermsMax = keytermsMax
        transcription.temperatures = 0...2
        // A second's price is rounded up in the fifteenth place, so that an hour costs what the list says.
        var prices = [ListPrice(unit: "audio_second", usd: "0.000061111111112")]
        if keytermsMax > 0 {
            prices.append(
                ListPrice(unit: "audio_second", usd: "0.000073333333334", conditions: ["keyterms": "true"])
            )
        }
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .transcription(transcription),
            // It takes no text beside the sound; the terms have limits of their own.
            promptCharactersMax: 5_000,
            prices: prices,
            limits: EndpointLimits(slots: 12, sharedBy: "transcription"),
            timing: EndpointTiming(
                typicalSeconds: 15,
                deadlineSeconds: 14_400,
                sendTimeoutSeconds: 3_600,
                pollIntervalSeconds: 5
            ),
            source: source,
            options: ElevenOptions.ofTranscription
        )
        model.providerModel = providerModel
        model.dataPolicy = ElevenPolicy.data
        return model
    }
}
