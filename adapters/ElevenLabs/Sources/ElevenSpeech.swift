import Generation
import ProviderKit

/// Speech from text.
///
/// One voice: `POST /v1/text-to-speech/{voice_id}/stream`; for WAV, which the streaming endpoint does not have, the same
/// without `/stream`. Several voices in turns: `POST /v1/text-to-dialogue`, which has no WAV at all and of the settings of a
/// voice `stability` alone. Source: the official SDK elevenlabs 2.78.0, read on 2026-11-21.
enum ElevenSpeech {
    /// What is reliably spoken by several voices in one call, in characters; longer texts may end early, says the SDK.
    private static let dialogueCharactersMax = 2_000
    private static let dialogueOptions: Set<String> = ["stability", "seed", "apply_text_normalization"]

    /// Refuses what the wire would refuse, or do otherwise than it was asked.
    ///
    /// - Throws: `RequestProblem` with the field.
    static func check(
        _ request: GenerationRequest,
        _ speech: SpeechRequest,
        _ options: ElevenOptions
    ) throws(RequestProblem) {
        try ElevenVoices.check(speech.voice, field: "voice", request.model)
        for (index, turn) in speech.turns.enumerated() {
            try ElevenVoices.check(turn.voice, field: "input[\(index)].voice", request.model)
        }
        guard isDialogue(speech) else { return }
        func problem(_ field: String, _ words: String) -> RequestProblem {
            RequestProblem(.contradiction, field: field, "`\(field)` \(words) when several voices speak.")
        }
        if let speed = speech.speed, speed != 1 { throw problem("speed", "cannot be chosen") }
        if speech.responseFormat == ElevenFormat.wav.rawValue { throw problem("response_format", "cannot be wav") }
        let others = (Array(options.fields.keys) + Array(options.voiceSettings.keys)).sorted()
        if let other = others.first(where: { !dialogueOptions.contains($0) }) {
            throw problem("provider.options.\(ElevenAdapter.provider.slug).\(other)", "is not taken")
        }
        let count = speech.turns.reduce(0) { $0 + $1.text.unicodeScalars.count }
        guard count <= dialogueCharactersMax else {
            throw problem("input", "has \(count) characters; at most \(dialogueCharactersMax) are spoken")
        }
    }

    /// The call.
    ///
    /// - Throws: An unsent failure for a voice that cannot stand in a path.
    static func call(
        _ speech: SpeechRequest,
        _ modelID: String,
        _ options: ElevenOptions
    ) throws(ProviderFailure) -> ElevenCall {
        let format = speech.responseFormat.flatMap(ElevenFormat.init(rawValue:)) ?? .mp3
        var fields = options.fields
        fields["model_id"] = .string(modelID)
        if let language = speech.language, language != ElevenLanguages.automatic {
            fields["language_code"] = .string(language)
        }
        let path: String
        if isDialogue(speech) {
            path = "/v1/text-to-dialogue"
            fields["inputs"] = .array(try inputs(of: speech))
            if !options.voiceSettings.isEmpty { fields["settings"] = .object(options.voiceSettings) }
        } else {
            let voice = try id(of: speech.turns.first?.voice ?? speech.voice)
            path = "/v1/text-to-speech/\(voice)" + (format == .wav ? "" : "/stream")
            var settings = options.voiceSettings
            settings["speed"] = speech.speed.map(JSONValue.number)
            fields["text"] = .string(speech.input)
            if !settings.isEmpty { fields["voice_settings"] = .object(settings) }
        }
        return ElevenCall(
            path: path,
            query: [(name: "output_format", value: format.wireName)] + options.query,
            fields: fields,
            format: format
        )
    }

    /// Whether more than one voice speaks.
    private static func isDialogue(_ speech: SpeechRequest) -> Bool {
        Set(speech.turns.map { $0.voice ?? speech.voice }).count > 1
    }

    private static func inputs(of speech: SpeechRequest) throws(ProviderFailure) -> [JSONValue] {
        var inputs: [JSONValue] = []
        for turn in speech.turns {
            inputs.append(["text": .string(turn.text), "voice_id": .string(try id(of: turn.voice ?? speech.voice))])
        }
        return inputs
    }

    private static func id(of voice: String?) throws(ProviderFailure) -> String {
        guard let id = ElevenVoices.id(of: voice ?? ElevenVoices.names[0]) else {
            throw .notSent(.invalidRequest, "The provider has no voice of that name.")
        }
        return id
    }
}
