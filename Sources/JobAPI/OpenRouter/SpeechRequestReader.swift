import Generation
import JobCore
import JobEngine

/// Reads the body of `POST /audio/speech`.
struct SpeechRequestReader: Sendable {
    private static let list = "GET /api/v1/models?output_modalities=speech"
    private static let turnsMax = 200
    private static let referencesMax = 20
    /// What this dialect gives who does not ask for a format.
    private static let formatByDefault = "pcm"

    let directory: DailyDirectory

    /// Reads what is to be spoken.
    ///
    /// - Throws: `RequestProblem`, or `APIError` with status 404 when the routing preferences leave no endpoint.
    func read(_ body: JSONValue, session: String?, key: APIKey, idempotencyKey: String?) throws -> JobSubmission {
        var request = try MediaRequest(body, for: .speech, in: directory.today(for: key), list: Self.list)
        var speech = try speech(&request)
        speech.voice = try request.fields.string("voice", charactersMax: 100)
        speech.speed = try request.fields.number("speed", in: 0.01...100)
        speech.instructions = try request.fields.string("instructions", charactersMax: 10_000)
        speech.responseFormat = try request.fields.string("response_format", charactersMax: 20)
        if speech.responseFormat == nil, request.formats.contains(Self.formatByDefault) {
            speech.responseFormat = Self.formatByDefault
        }
        if let references = try request.fields.array("input_references", countMax: Self.referencesMax),
            !references.isEmpty
        {
            throw RequestProblem(
                .unsupportedParameter,
                field: "input_references",
                "`input_references` would have a voice made from a sample, which no model here does; choose a `voice`."
            )
        }
        return try request.submission(
            of: .speech(speech),
            session: session,
            key: key,
            idempotencyKey: idempotencyKey
        )
    }

    /// `input` is a text, or a list of turns.
    private func speech(_ request: inout MediaRequest) throws(RequestProblem) -> SpeechRequest {
        let max = GenerationRequest.promptCharactersMax
        guard case .array? = request.fields.value("input") else {
            return SpeechRequest(input: try request.fields.requiredString("input", charactersMax: max))
        }
        var turns: [SpeechTurn] = []
        for (value, path) in try request.fields.array("input", countMax: Self.turnsMax) ?? [] {
            var turn = try FieldReader(value, path: path)
            let text = try turn.requiredString("text", charactersMax: max)
            turns.append(SpeechTurn(text: text, voice: try turn.string("voice", charactersMax: 100)))
            if let words = try turn.string("instructions", charactersMax: 10_000) {
                // How one turn is spoken cannot be said apart from the others.
                try request.passed.add("\(path).instructions", .string(words), .unsupportedParameter)
            }
            try request.passed.addUnread(&turn)
        }
        let speech = SpeechRequest(turns: turns)
        guard !turns.isEmpty, speech.input.unicodeScalars.count <= max else {
            throw RequestProblem(
                .invalidValue,
                field: "input",
                "`input` must be a text, or 1 to \(Self.turnsMax) turns of at most \(max) characters together."
            )
        }
        return speech
    }
}

extension MediaRequest {
    /// The formats that the model's endpoints have.
    fileprivate var formats: [String] {
        (entry?.endpoints ?? []).flatMap { endpoint -> [String] in
            guard case .speech(let parameters) = endpoint.model.parameters else { return [] }
            return parameters.formats
        }
    }
}
