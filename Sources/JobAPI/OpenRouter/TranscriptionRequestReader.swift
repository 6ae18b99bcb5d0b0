import Generation
import JobCore
import JobEngine

/// Reads the body of `POST /audio/transcriptions`, in JSON or as a form.
struct TranscriptionRequestReader: Sendable {
    /// The dialect's forms of an answer.
    enum Format: String, CaseIterable {
        case json
        case verboseJSON = "verbose_json"
    }

    private static let list = "GET /api/v1/models?output_modalities=transcription"
    static let keytermsMax = 1_000

    let directory: DailyDirectory

    /// Reads what is to be listened to.
    ///
    /// - Parameters:
    ///   - body: The fields.
    ///   - sound: The sound, where it came as a file or is named by `source_url`, and the files; nil for one in
    ///     `input_audio`.
    ///   - session: The session that the header names; one in the body wins.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The submission.
    /// - Throws: `RequestProblem`, or `APIError` with status 404 when the routing preferences leave no endpoint.
    func read(
        _ body: JSONValue,
        sound: (input: MediaInput, uploads: [JobSubmission.Upload])? = nil,
        session: String?,
        key: APIKey,
        idempotencyKey: String?
    ) throws -> JobSubmission {
        var request = try MediaRequest(body, for: .transcription, in: directory.today(for: key), list: Self.list)
        var transcription = TranscriptionRequest(inputAudio: try sound?.input ?? request.fields.audio("input_audio"))
        transcription.language = try request.fields.string("language", charactersMax: 35)
        transcription.temperature = try request.fields.number("temperature", in: 0...2)
        let format = try request.fields.word("response_format", as: Format.self) ?? .json
        transcription.responseFormat = format.rawValue
        transcription.timestampGranularities = try request.fields.granularities("timestamp_granularities")
        transcription.diarize = try request.fields.bool("diarize")
        transcription.keyterms = try request.fields.keyterms("keyterms", countMax: Self.keytermsMax)
        // Accepted, and without effect, in this dialect.
        if let prompt = try request.fields.string("prompt", charactersMax: GenerationRequest.promptCharactersMax) {
            try request.passed.add("prompt", .string(prompt), .notApplicable)
        }
        try check(&transcription, format, &request)
        return try request.submission(
            of: .transcription(transcription),
            uploads: sound?.uploads ?? [],
            session: session,
            key: key,
            idempotencyKey: idempotencyKey
        )
    }

    /// What changes the answer is refused where the model cannot do it, and where the answer would not show it.
    private func check(
        _ transcription: inout TranscriptionRequest,
        _ format: Format,
        _ request: inout MediaRequest
    ) throws(RequestProblem) {
        let offers = request.transcriptions
        if format == .json, !transcription.timestampGranularities.isEmpty {
            let words = transcription.timestampGranularities.map { JSONValue.string($0.rawValue) }
            try request.passed.add("timestamp_granularities", .array(words), .notApplicable)
            transcription.timestampGranularities = []
        }
        if transcription.diarize == true {
            guard format == .verboseJSON else {
                throw RequestProblem(
                    .contradiction,
                    field: "diarize",
                    "`diarize` labels words, which only `response_format` verbose_json shows."
                )
            }
            guard request.entry == nil || offers.contains(where: \.diarize) else {
                throw request.lacks("diarize")
            }
            let hasWords = offers.contains { $0.granularities.contains(.word) }
            if hasWords, !transcription.timestampGranularities.contains(.word) {
                transcription.timestampGranularities.append(.word)
            }
        }
        if !transcription.keyterms.isEmpty, request.entry != nil, !offers.contains(where: { $0.keytermsMax > 0 }) {
            throw request.lacks("keyterms")
        }
    }
}

extension MediaRequest {
    /// What the model's endpoints take, of a model that listens.
    fileprivate var transcriptions: [TranscriptionParameters] {
        (entry?.endpoints ?? []).compactMap { endpoint in
            guard case .transcription(let parameters) = endpoint.model.parameters else { return nil }
            return parameters
        }
    }

    fileprivate func lacks(_ parameter: String) -> RequestProblem {
        RequestProblem(
            .unsupportedParameter,
            field: parameter,
            "`\(entry?.model.slug ?? name)` has no `\(parameter)`; leave it out."
        )
    }
}
