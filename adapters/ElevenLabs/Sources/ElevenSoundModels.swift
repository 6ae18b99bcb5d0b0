import Generation

/// The models of sound effects and of music: data, with source and date.
///
/// Ids, lengths and formats: `text_to_sound_effects` and `music` of the official SDK elevenlabs 2.78.0. Prices are not in
/// the API and differ by plan: 0.12 and 0.60 US dollars a minute are what resellers' prices come to without their surcharge
/// (docs.venice.ai: 0.138 and 0.69, each 15 % more). All read on 2026-11-21.
enum ElevenSoundModels {
    private static let source =
        "elevenlabs 2.78.0 (SDK: ids, lengths, formats); prices by plan, after docs.venice.ai; read 2026-11-21."

    static let all: [ModelCapabilities] = [
        sounds,
        music(
            "elevenlabs/music-v1",
            "music_v1",
            name: "Eleven Music v1",
            summary: "Songs and pieces of up to ten minutes."
        ),
        music(
            "elevenlabs/music-v2",
            "music_v2",
            name: "Eleven Music v2",
            summary: "Songs and pieces of up to ten minutes, of better quality than the first version."
        ),
        music(
            "elevenlabs/music-v2.5",
            "music_v2_5",
            name: "Eleven Music v2.5",
            summary: "The vendor's newest music: songs and pieces of up to ten minutes."
        ),
    ]

    private static let sounds: ModelCapabilities = {
        var sound = SoundParameters(
            formats: [ElevenFormat.mp3, .opus, .wav].map(\.rawValue),
            secondsMax: 30
        )
        sound.durations = 0.5...30
        sound.loop = true
        var model = ModelCapabilities(
            slug: "elevenlabs/eleven-text-to-sound-v2",
            name: "Eleven Text to Sound v2",
            summary: "Sound effects of up to thirty seconds from a description, also as loops.",
            parameters: .sound(sound),
            // The vendor takes no more than about this; a description is a sentence or two.
            promptCharactersMax: 450,
            prices: [ListPrice(unit: "audio_second", usd: "0.002")],
            // Nothing is written of sounds; they count as speech does at most.
            limits: EndpointLimits(slots: 3),
            timing: EndpointTiming(
                typicalSeconds: 5,
                deadlineSeconds: 1_800,
                sendTimeoutSeconds: 300,
                pollIntervalSeconds: 5
            ),
            source: source,
            options: ElevenOptions.ofSound
        )
        model.providerModel = "eleven_text_to_sound_v2"
        model.dataPolicy = ElevenPolicy.data
        return model
    }()

    private static func music(
        _ slug: String,
        _ providerModel: String,
        name: String,
        summary: String
    ) -> ModelCapabilities {
        // There is no WAV, and of samples nobody says how many channels they have.
        var music = MusicParameters(formats: [ElevenFormat.mp3, .opus].map(\.rawValue), secondsMax: 600)
        music.durations = 3...600
        // Left to itself the model may make ten minutes; the length is always asked for.
        music.defaultDuration = 30
        music.instrumental = true
        var model = ModelCapabilities(
            slug: slug,
            name: name,
            summary: summary,
            parameters: .music(music),
            promptCharactersMax: 4_100,
            prices: [ListPrice(unit: "audio_second", usd: "0.01")],
            limits: EndpointLimits(slots: 2, sharedBy: "music"),
            timing: EndpointTiming(
                typicalSeconds: 30,
                deadlineSeconds: 3_600,
                sendTimeoutSeconds: 900,
                pollIntervalSeconds: 5
            ),
            source: source,
            options: ElevenOptions.ofMusic
        )
        model.providerModel = providerModel
        model.dataPolicy = ElevenPolicy.data
        return model
    }
}
