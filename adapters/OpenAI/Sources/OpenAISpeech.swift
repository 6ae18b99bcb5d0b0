import Generation
import HTTPTransport
import ProviderKit

/// OpenAI's speech: one paid request, answered with the sound as it is made.
///
/// A model that is billed by tokens is asked for events, since only they tell the tokens; the older ones send bytes and no
/// figures. Source: openai 3.54.0 on PyPI, `types/audio/speech_create_params.py`, and the text-to-speech guide, read on
/// 2026-11-21.
struct OpenAISpeech {
    let door: ProviderDoor

    /// What a format is called as a media type; raw samples with their rate.
    private static let mediaTypes = [
        "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
        "pcm": "audio/pcm;rate=24000;channels=1",
    ]

    /// Refuses a voice that is none of the vendor's and none of an account's own.
    static func validate(_ speech: SpeechRequest, model: ModelCapabilities?) throws(RequestProblem) {
        guard case .speech(let offered)? = model?.parameters, let voice = speech.voice,
            !offered.voices.contains(voice), !isCustom(voice)
        else { return }
        throw RequestProblem(
            .unsupportedValue,
            field: "voice",
            "`voice` is \(RequestProblem.shown(.string(voice))), which `\(model?.slug ?? "")` does not offer; allowed: \(RequestProblem.list(offered.voices)), and an account's own as voice_ID."
        )
    }

    private static func isCustom(_ voice: String) -> Bool {
        voice.utf8.starts(with: "voice_".utf8) && voice.utf8.count > 6 && ProviderHTTP.isPlain(voice)
    }

    func submit(
        _ speech: SpeechRequest,
        model: ModelCapabilities,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let voice = speech.voice, let format = speech.responseFormat, let type = Self.mediaTypes[format] else {
            throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
        var fields: [String: JSONValue] = [
            "model": .string(model.providerModel), "input": .string(speech.input),
            "voice": Self.isCustom(voice) ? ["id": .string(voice)] : .string(voice),
            "response_format": .string(format),
        ]
        if let speed = speech.speed { fields["speed"] = .number(speed) }
        if let instructions = speech.instructions { fields["instructions"] = .string(instructions) }
        if let form = model.wire[OpenAIModels.streamFormat] { fields["stream_format"] = .string(form) }
        let response = try await context.send(door.post("/audio/speech", fields))
        guard response.isSuccess else { throw OpenAIFailures.refused(try await ProviderAnswer(response)) }
        return try await SpeechAnswer(mediaType: type, broken: OpenAIFailures.broken).read(response, context)
    }
}
