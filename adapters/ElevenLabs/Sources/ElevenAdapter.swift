package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks the ElevenLabs wire: four paid calls, each answered at once.
///
/// Sources: the official SDK elevenlabs 2.78.0 (`text_to_speech/raw_client.py`, `text_to_sound_effects/raw_client.py`,
/// `music/raw_client.py`, `speech_to_text/raw_client.py`), read on 2026-11-21.
///
/// Recovery class C: no call takes an idempotency key. The history (`history/raw_client.py`) lists speech alone, by text
/// and voice but by nothing of ours, so that of two jobs with the same text it could not tell which is which; music and
/// sounds are not in it at all.
package struct ElevenAdapter: ValidatingAdapter {
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("elevenlabs")

    package let id = ElevenAdapter.provider
    package let name = "ElevenLabs"
    package let account = "elevenlabs"
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }

    private let key: String
    private let http: ProviderHTTP

    init(key: String, http: ProviderHTTP, models: [ModelCapabilities]) {
        self.key = key
        self.http = http
        self.models = models
    }

    // MARK: - The request

    /// Refuses options and voices that the wire would refuse for their form.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        let model = model(of: request)
        let options = try ElevenOptions(of: request, model)
        switch request.content {
        case .speech(let speech): try ElevenSpeech.check(request, speech, options)
        case .transcription(let transcription): try ElevenTranscription.check(transcription, options)
        case .music, .sound, .video, .image: return
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let model = model(of: request)
        let options: ElevenOptions
        do {
            options = try ElevenOptions(of: request, model)
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        let modelID = model?.providerModel ?? request.model
        switch request.content {
        case .speech(let speech):
            return try await audio(ElevenSpeech.call(speech, modelID, options), context)
        case .sound(let sound): return try await audio(ElevenSound.call(sound, modelID, options), context)
        case .music(let music): return try await audio(ElevenMusic.call(music, modelID, options), context)
        case .transcription(let transcription):
            return try await transcript(transcription, modelID, options, context)
        case .video, .image: throw .notSent(.invalidRequest, "This provider makes and hears sound alone.")
        }
    }

    /// Every call is answered at once: there is nothing to ask for.
    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        throw .strangeOperation
    }

    private func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }

    // MARK: - The wire

    private var headers: [(name: String, value: String)] { [(name: "xi-api-key", value: key)] }

    /// Makes sound: the answer is the file, which flows to disk as it comes.
    private func audio(_ call: ElevenCall, _ context: AttemptContext) async throws(ProviderFailure) -> Submission {
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url(call.path, query: call.query),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: Array(JSONValue.object(call.fields).canonicalText.utf8)
            )
        )
        try await check(response)
        // Neither characters nor seconds stand in the answer: what is billed is counted here.
        return .completed([try await ElevenAudio.keep(response.body, as: call.format, in: context)], ReportedUsage())
    }

    private func transcript(
        _ transcription: TranscriptionRequest,
        _ modelID: String,
        _ options: ElevenOptions,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let form = try await ElevenTranscription.form(transcription, modelID, options, context)
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url("/v1/speech-to-text"),
                headers: headers + [(name: "Content-Type", value: form.contentType)],
                body: form.bytes
            )
        )
        try await check(response)
        let answer = try await ProviderAnswer(response, bytesMax: ElevenTranscript.answerBytesMax)
        let transcript = try ElevenTranscript.read(answer.body, transcription)
        let output = try ElevenTranscript.keep(transcript, in: context)
        return .completed([output], ReportedUsage(milliseconds: transcript.milliseconds))
    }

    private func check(_ response: HTTPResponse) async throws(ProviderFailure) {
        guard !(200...299).contains(response.status) else { return }
        throw ProviderFailure(refusal: try await ProviderAnswer(response), hiding: key)
    }
}
