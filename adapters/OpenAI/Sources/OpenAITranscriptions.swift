import Generation
import HTTPTransport
import ProviderKit

/// OpenAI's transcriptions: one paid request with the sound as a file, answered with the text.
///
/// Each model is asked for the richest form that it has, whatever form the client wants: the transcript is rendered from
/// it here. Sources: openai 3.54.0 on PyPI, `types/audio/transcription*.py`, and the speech-to-text guide, read on
/// 2026-11-21.
struct OpenAITranscriptions {
    let door: ProviderDoor

    /// The sounds that are taken, and the endings that they are known by: the vendor goes by the file's name.
    static let endings = [
        "audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/ogg": "ogg", "audio/mp4": "m4a",
        "audio/webm": "webm", "video/mp4": "mp4", "video/webm": "webm",
    ]
    /// The longest answer, in bytes: hours of speech, word by word.
    private static let answerBytesMax = 64 << 20

    func submit(
        _ wanted: TranscriptionRequest,
        model: ModelCapabilities,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard case .stored(let stored) = wanted.inputAudio else {
            throw .notSent(.invalidRequest, "The sound is not there.")
        }
        guard let ending = Self.endings[stored.mediaType] else {
            let allowed = Self.endings.keys.sorted().joined(separator: ", ")
            throw .notSent(.invalidRequest, "The sound is \(stored.mediaType); taken are \(allowed).")
        }
        var form = MultipartBody(boundary: context.reference.externalID)
        for field in Self.fields(wanted, model) { form.add(field.name, field.value) }
        let bytes = try await context.bytes(of: stored)
        form.add("file", fileName: "audio.\(ending)", mediaType: stored.mediaType, bytes)
        let send = door.post("/audio/transcriptions", type: form.contentType, form.bytes)
        let answer = try await ProviderAnswer(context.send(send), bytesMax: Self.answerBytesMax)
        guard answer.isSuccess else { throw OpenAIFailures.refused(answer) }
        guard let json = answer.json, let transcript = Transcript(answer: json) else {
            throw .unreadable("an answer without a transcript")
        }
        return .completed([try context.seal(transcript)], Self.usage(json["usage"]))
    }

    private static func fields(
        _ wanted: TranscriptionRequest,
        _ model: ModelCapabilities
    ) -> [(name: String, value: String)] {
        let form = model.wire[OpenAIModels.answerForm]
        var fields = [(name: "model", value: model.providerModel)]
        if let form { fields.append(("response_format", form)) }
        if let language = wanted.language {
            fields.append((model.wire[OpenAIModels.languageField] ?? "language", language))
        }
        if let prompt = wanted.prompt { fields.append(("prompt", prompt)) }
        if let temperature = wanted.temperature { fields.append(("temperature", String(temperature))) }
        if form == "verbose_json" {
            // Captions need sentences, and those cost no time.
            fields.append(("timestamp_granularities[]", TimestampGranularity.segment.rawValue))
            if wanted.timestampGranularities.contains(.word) {
                fields.append(("timestamp_granularities[]", TimestampGranularity.word.rawValue))
            }
        }
        // Without it sounds of more than 30 seconds are refused.
        if form == "diarized_json" { fields.append(("chunking_strategy", "auto")) }
        for term in wanted.keyterms { fields.append(("keywords[]", term)) }
        return fields
    }

    // MARK: - Answers

    /// Tokens or seconds, by how the model is billed.
    private static func usage(_ json: JSONValue?) -> ReportedUsage {
        var usage = ReportedUsage()
        guard let json else { return usage }
        if let seconds = json["seconds"] {
            usage.milliseconds = seconds.secondsInMilliseconds
        } else {
            let details = json["input_token_details"]
            usage.inputAudioTokens = details?["audio_tokens"]?.count ?? json["input_tokens"]?.count
            usage.inputTextTokens = details?["text_tokens"]?.count
            usage.outputTextTokens = json["output_tokens"]?.count
        }
        return usage
    }
}
