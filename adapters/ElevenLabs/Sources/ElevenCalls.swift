import Generation

/// One call that is answered with sound.
struct ElevenCall {
    var path: String
    var query: [(name: String, value: String)]
    var fields: [String: JSONValue]
    var format: ElevenFormat
}

/// Sound effects: `POST /v1/sound-generation`.
enum ElevenSound {
    /// The call; without a length the model finds one that fits.
    static func call(_ sound: SoundRequest, _ modelID: String, _ options: ElevenOptions) -> ElevenCall {
        let format = sound.responseFormat.flatMap(ElevenFormat.init(rawValue:)) ?? .mp3
        var fields = options.fields
        fields["text"] = .string(sound.prompt)
        fields["model_id"] = .string(modelID)
        fields["duration_seconds"] = sound.duration.map(JSONValue.number)
        fields["loop"] = sound.loop.map(JSONValue.bool)
        return ElevenCall(
            path: "/v1/sound-generation",
            query: [(name: "output_format", value: format.wireName)] + options.query,
            fields: fields,
            format: format
        )
    }
}

/// Music: `POST /v1/music`, whose answer is the file alone.
enum ElevenMusic {
    /// The call.
    static func call(_ music: MusicRequest, _ modelID: String, _ options: ElevenOptions) -> ElevenCall {
        let format = music.responseFormat.flatMap(ElevenFormat.init(rawValue:)) ?? .mp3
        var fields = options.fields
        fields["prompt"] = .string(music.prompt)
        fields["model_id"] = .string(modelID)
        fields["music_length_ms"] = music.duration.map { .integer(Int64(($0 * 1_000).rounded())) }
        fields["force_instrumental"] = music.instrumental.map(JSONValue.bool)
        return ElevenCall(
            path: "/v1/music",
            query: [(name: "output_format", value: format.wireName)] + options.query,
            fields: fields,
            format: format
        )
    }
}
