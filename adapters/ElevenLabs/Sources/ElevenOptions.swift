import Generation
import ProviderKit

/// The vendor's own options of a request, `provider.options.elevenlabs`: each goes where the wire wants it.
///
/// Source: the parameters of the four calls in the official SDK elevenlabs 2.78.0, with their ranges; read on 2026-11-21.
struct ElevenOptions {
    /// What goes into the body, or into the form.
    private(set) var fields: [String: JSONValue] = [:]
    /// What goes into `voice_settings`.
    private(set) var voiceSettings: [String: JSONValue] = [:]
    /// What goes into the query.
    private(set) var query: [(name: String, value: String)] = []

    /// The options of speech.
    static let ofSpeech =
        voice + ["seed", "previous_text", "next_text", "apply_text_normalization", "enable_logging"]
    /// The options of sounds.
    static let ofSound = ["prompt_influence", "enable_logging"]
    /// The options of music.
    static let ofMusic = ["sign_with_c2pa", "enable_logging"]
    /// The options of transcription.
    static let ofTranscription = [
        "tag_audio_events", "num_speakers", "diarization_threshold", "seed", "no_verbatim",
    ]

    private static let voice = ["stability", "similarity_boost", "style", "use_speaker_boost"]

    /// What is known to the vendor and not taken here, and why.
    private static let refused = [
        "output_format": "the format is asked for by `response_format`",
        "model_id": "it is the request's own `model`",
        "speed": "it is the request's own `speed`",
        "language_code": "it is the request's own `language`",
        "keyterms": "they are the request's own `keyterms`",
        "diarize": "it is the request's own `diarize`",
        "webhook": "the service waits for the answer itself",
        "use_multi_channel": "each channel is billed by itself, which no price line says",
        "entity_detection": "it is billed by itself, which no price line says",
        "entity_redaction": "it is billed by itself, which no price line says",
        "detect_speaker_roles": "it is billed by itself, which no price line says",
        "transcript_edit": "it is billed by itself, which no price line says",
        "composition_plan": "a plan has a length of its own, which nothing here could hold the price for",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type or range.
    init(of request: GenerationRequest, _ model: ModelCapabilities?) throws(RequestProblem) {
        let path = "provider.options.\(ElevenAdapter.provider.slug)"
        guard let value = request.providerOptions[ElevenAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        for name in model?.options ?? [] {
            guard let option = try Self.read(name, &reader) else { continue }
            if Self.voice.contains(name) {
                voiceSettings[name] = option
            } else if name == "enable_logging" {
                query.append((name: name, value: option.canonicalText))
            } else {
                fields[name] = option
            }
        }
        for name in reader.unread {
            guard let why = Self.refused[name] else { continue }
            throw RequestProblem(
                .unsupportedParameter,
                field: "\(path).\(name)",
                "`\(path).\(name)` is not taken: \(why)."
            )
        }
        try reader.finish()
        try checkStability(model, path)
    }

    private static func read(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> JSONValue? {
        switch name {
        case "stability", "similarity_boost", "style", "prompt_influence", "diarization_threshold":
            try reader.number(name, in: 0...1).map(JSONValue.number)
        case "use_speaker_boost", "enable_logging", "sign_with_c2pa", "tag_audio_events", "no_verbatim":
            try reader.bool(name).map(JSONValue.bool)
        case "seed": try reader.integer(name, in: 0...2_147_483_647).map(JSONValue.integer)
        case "num_speakers": try reader.integer(name, in: 1...32).map(JSONValue.integer)
        case "previous_text", "next_text": try reader.string(name, charactersMax: 10_000).map(JSONValue.string)
        case "apply_text_normalization":
            try reader.word(name, as: Normalization.self).map { .string($0.rawValue) }
        case _: nil
        }
    }

    private enum Normalization: String, CaseIterable {
        case auto
        case on
        case off
    }

    /// Eleven v3 knows three kinds of stability and nothing between: creative, natural and robust.
    private func checkStability(_ model: ModelCapabilities?, _ path: String) throws(RequestProblem) {
        guard model?.wire[ElevenSpeechModels.stepsNote] != nil, let value = voiceSettings["stability"],
            ![.number(0), .number(0.5), .number(1)].contains(value)
        else { return }
        throw RequestProblem(
            .unsupportedValue,
            field: "\(path).stability",
            "`\(path).stability` is \(RequestProblem.shown(value)); `\(model?.slug ?? "this model")` takes 0, 0.5 and 1."
        )
    }
}
