import Generation
import JobCore
import JobEngine

/// Reads the body of `POST /v1/audio/speech`.
struct OpenAISpeechReader: Sendable {
    /// How the sound is handed over.
    enum StreamFormat: String, CaseIterable, Sendable {
        /// Bytes as they come.
        case audio
        /// Server-sent events with base64.
        case events = "sse"
    }

    /// A request with what is said about its answer.
    struct Reading {
        let submission: JobSubmission
        let streamFormat: StreamFormat
    }

    /// The format of a request that names none.
    private static let standardFormat = "mp3"

    let directory: DailyDirectory

    /// Reads a request for speech.
    ///
    /// - Parameters:
    ///   - body: Its fields.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The request. A model that does not exist is left to be refused with the submission.
    /// - Throws: `RequestProblem`.
    func read(
        _ body: JSONValue,
        key: APIKey,
        idempotencyKey: String?
    ) throws(RequestProblem) -> Reading {
        var dialect = try DialectFields(body, nil)
        let (model, entry) = try dialect.model(.speech, in: directory.today(for: key))
        var speech = SpeechRequest(
            input: try dialect.fields.requiredString("input", charactersMax: GenerationRequest.promptCharactersMax)
        )
        speech.voice = try voice(&dialect)
        speech.instructions = try dialect.fields.string("instructions", charactersMax: 10_000)
        speech.speed = try speed(&dialect, entry)
        speech.responseFormat = try format(&dialect, entry)
        let streamFormat = try dialect.fields.word("stream_format", as: StreamFormat.self) ?? .audio
        let user = try dialect.fields.string("user", charactersMax: 512)
        let options = try dialect.finish(entry, files: [])
        return Reading(
            submission: dialect.submission(
                GenerationRequest(model: model, content: .speech(speech), providerOptions: options),
                answerForm: streamFormat.rawValue,
                user: user,
                key: key,
                idempotencyKey: idempotencyKey
            ),
            streamFormat: streamFormat
        )
    }

    /// A voice's name, or `{"id": ...}`.
    private func voice(_ dialect: inout DialectFields) throws(RequestProblem) -> String {
        guard case .object? = dialect.fields.value("voice") else {
            return try dialect.fields.requiredString("voice", charactersMax: 100)
        }
        guard var voice = try dialect.fields.object("voice") else { return "" }
        let id = try voice.requiredString("id", charactersMax: 100)
        try dialect.passed.addUnread(&voice)
        return id
    }

    /// The tempo; 1 is every model's own.
    private func speed(
        _ dialect: inout DialectFields,
        _ entry: ModelDirectory.Entry?
    ) throws(RequestProblem) -> Double? {
        guard let speed = try dialect.fields.number("speed", in: 0.25...4) else { return nil }
        guard speed == 1, case .speech(let parameters)? = entry?.model.parameters, parameters.speed == nil else {
            return speed
        }
        return nil
    }

    /// The format: mp3 unless another is asked for; of a model that has none of it, the model's own, which is told.
    private func format(
        _ dialect: inout DialectFields,
        _ entry: ModelDirectory.Entry?
    ) throws(RequestProblem) -> String? {
        if let format = try dialect.fields.string("response_format", charactersMax: 20) { return format }
        guard case .speech(let parameters)? = entry?.model.parameters,
            !parameters.formats.contains(Self.standardFormat), let first = parameters.formats.first
        else { return Self.standardFormat }
        try dialect.passed.add(
            "response_format",
            .string(Self.standardFormat),
            .nearestValue,
            used: .string(first)
        )
        return first
    }
}
