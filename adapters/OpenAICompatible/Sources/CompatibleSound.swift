import Generation
import HTTPTransport
import ProviderKit

/// `POST /audio/speech` and `POST /audio/transcriptions`.
extension CompatibleAdapter {
    /// The longest transcript, in bytes: hours of speech, word by word.
    private static let transcriptBytesMax = 64 << 20

    func submitSpeech(_ speech: SpeechRequest, _ order: CompatibleOrder) async throws(ProviderFailure) -> Submission {
        guard let voice = speech.voice, let format = speech.responseFormat,
            let type = CompatibleModels.soundTypes[format]
        else { throw .notSent(.invalidRequest, "The request does not fit the model.") }
        var fields: [(name: String, value: JSONValue)] = [
            ("model", .string(order.model.providerModel)), ("input", .string(speech.input)),
            ("voice", .string(voice)), ("response_format", .string(format)),
        ]
        if let speed = speech.speed { fields.append(("speed", .number(speed))) }
        if let instructions = speech.instructions { fields.append(("instructions", .string(instructions))) }
        if let language = speech.language, let name = profile.languageField {
            fields.append((name, .string(language)))
        }
        let response = try await order.context.send(door.post("/audio/speech", Dictionary(fields + order.options)))
        guard response.isSuccess else { throw CompatibleFailures.refused(try await ProviderAnswer(response)) }
        // Some convert nothing, and say what they have instead of what was asked for.
        let own = response.mediaType
        let isOther = own.hasPrefix("audio/") && CompatibleModels.soundTypes.values.contains(own)
        return try await SpeechAnswer(mediaType: isOther ? own : type, broken: CompatibleFailures.broken)
            .read(response, order.context)
    }

    func submitTranscription(
        _ wanted: TranscriptionRequest,
        _ order: CompatibleOrder
    ) async throws(ProviderFailure) -> Submission {
        var form = MultipartBody(boundary: order.context.reference.externalID)
        form.add("model", order.model.providerModel)
        form.add("response_format", profile.transcriptForm)
        if let language = wanted.language { form.add("language", language) }
        if let prompt = wanted.prompt { form.add("prompt", prompt) }
        if let temperature = wanted.temperature { form.add("temperature", String(temperature)) }
        if profile.transcriptForm == "verbose_json" {
            // Captions need sentences, and those cost no time.
            let wantsWords = wanted.timestampGranularities.contains(.word)
            for granularity in [TimestampGranularity.segment] + (wantsWords ? [.word] : []) {
                form.add("timestamp_granularities[]", granularity.rawValue)
            }
        }
        form.add(order.options)
        form.add("file", try await order.file(wanted.inputAudio, named: "audio"))
        let send = door.post("/audio/transcriptions", type: form.contentType, form.bytes)
        let answer = try await ProviderAnswer(order.context.send(send), bytesMax: Self.transcriptBytesMax)
        guard answer.isSuccess else { throw CompatibleFailures.refused(answer) }
        guard let transcript = answer.json.flatMap(Transcript.init(answer:)) else {
            throw .unreadable("an answer without a transcript")
        }
        return .completed([try order.context.seal(transcript)], ReportedUsage())
    }
}
