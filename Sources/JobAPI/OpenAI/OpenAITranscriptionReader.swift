import Generation
import JobCore
import JobEngine

/// Reads the form of `POST /v1/audio/transcriptions`.
struct OpenAITranscriptionReader: Sendable {
    /// The forms that a transcript is given in.
    enum ResponseFormat: String, CaseIterable, Sendable {
        case json, text, srt
        case verboseJSON = "verbose_json"
        case vtt
        case diarizedJSON = "diarized_json"

        /// What the job makes for it: the text of a subtitle file, or the whole transcript.
        var native: String {
            switch self {
            case .json, .verboseJSON, .diarizedJSON: "json"
            case .text, .srt, .vtt: rawValue
            }
        }
    }

    /// A request with what is said about its answer.
    struct Reading {
        let submission: JobSubmission
        let responseFormat: ResponseFormat
        let granularities: Set<TimestampGranularity>
        /// Whether the text is sent in events.
        let isStream: Bool
    }

    /// How forms are read.
    static let form: DialectBodies.Form = {
        var form = DialectBodies.Form(
            limits: MultipartLimits(fileBytesMax: Int64(JobService.Limits().audioBytesMax), filesMax: 2)
        )
        form.types.numbers = ["temperature"]
        form.types.flags = ["stream"]
        form.types.lists = ["timestamp_granularities", "include", "keywords", "languages"]
        return form
    }()

    /// What native fields are called here.
    static let names = DialectNames(names: ["input_audio": "file", "input_audio.": "file", "keyterms": "keywords"])

    private static let keywordsMax = 1_000
    /// What no model here has, and what would be missed if it were passed over.
    private static let absent = ["include", "known_speaker_names", "known_speaker_references"]

    let directory: DailyDirectory

    /// Reads a request for a transcript.
    ///
    /// - Parameters:
    ///   - body: Its fields.
    ///   - form: The form that they came in.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The request. A model that does not exist is left to be refused with the submission.
    /// - Throws: `RequestProblem`.
    func read(
        _ body: JSONValue,
        _ form: MultipartForm,
        key: APIKey,
        idempotencyKey: String?
    ) throws(RequestProblem) -> Reading {
        var dialect = try DialectFields(body, form)
        let (model, entry) = try dialect.model(.transcription, in: directory.today(for: key))
        let files = dialect.uploads("file")
        guard let file = files.first, files.count == 1 else {
            throw RequestProblem(
                files.isEmpty ? .missingField : .contradiction,
                field: "file",
                files.isEmpty ? "`file` is required: a file with sound." : "`file` is given more than once."
            )
        }
        let format = try dialect.fields.word("response_format", as: ResponseFormat.self) ?? .json
        var transcription = TranscriptionRequest(inputAudio: file)
        transcription.responseFormat = format.native
        transcription.language = try language(&dialect)
        transcription.prompt = try nonEmpty("prompt", charactersMax: 10_000, &dialect)
        transcription.temperature = try temperature(&dialect, entry)
        let granularities = try granularities(&dialect, format)
        transcription.timestampGranularities = TimestampGranularity.allCases.filter { granularities.contains($0) }
        if format == .diarizedJSON { transcription.diarize = true }
        transcription.keyterms = try texts("keywords", countMax: Self.keywordsMax, &dialect)
        try refuseAbsent(&dialect, entry)
        if let chunking = dialect.fields.value("chunking_strategy") {
            try dialect.passed.add("chunking_strategy", chunking, .notApplicable)
        }
        let isStream = try dialect.fields.bool("stream") ?? false
        guard !isStream || [.json, .diarizedJSON, .verboseJSON].contains(format) else {
            throw RequestProblem(
                .contradiction,
                field: "stream",
                "`stream` goes with `response_format` json, not \(format.rawValue)."
            )
        }
        let options = try dialect.finish(entry, files: ["file"])
        return Reading(
            submission: dialect.submission(
                GenerationRequest(model: model, content: .transcription(transcription), providerOptions: options),
                answerForm: isStream ? "\(format.rawValue) stream" : format.rawValue,
                user: nil,
                key: key,
                idempotencyKey: idempotencyKey
            ),
            responseFormat: format,
            granularities: granularities,
            isStream: isStream
        )
    }

    private func nonEmpty(
        _ name: String,
        charactersMax: Int,
        _ dialect: inout DialectFields
    ) throws(RequestProblem) -> String? {
        try dialect.fields.string(name, charactersMax: charactersMax).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The language: by `language`, or the one of `languages`.
    private func language(_ dialect: inout DialectFields) throws(RequestProblem) -> String? {
        let one = try nonEmpty("language", charactersMax: 35, &dialect)
        let several = try texts("languages", countMax: 100, &dialect)
        guard let first = several.first else { return one }
        guard several.count == 1, one == nil || one == first else {
            throw RequestProblem(
                .unsupportedValue,
                field: "languages",
                "`languages` names \(several.count) languages; models here take one, or find it out."
            )
        }
        return first
    }

    /// The temperature; 0 is every model's own.
    private func temperature(
        _ dialect: inout DialectFields,
        _ entry: ModelDirectory.Entry?
    ) throws(RequestProblem) -> Double? {
        guard let temperature = try dialect.fields.number("temperature", in: 0...1) else { return nil }
        guard temperature == 0, case .transcription(let parameters)? = entry?.model.parameters,
            parameters.temperatures == nil
        else { return temperature }
        return nil
    }

    /// What the times are told of: of segments, unless words are asked for.
    private func granularities(
        _ dialect: inout DialectFields,
        _ format: ResponseFormat
    ) throws(RequestProblem) -> Set<TimestampGranularity> {
        let name = "timestamp_granularities"
        let words = try texts(name, countMax: 10, &dialect)
        guard !words.isEmpty else { return [] }
        guard format == .verboseJSON else {
            throw RequestProblem(
                .contradiction,
                field: name,
                "`\(name)` goes with `response_format` verbose_json, not \(format.rawValue)."
            )
        }
        var granularities: Set<TimestampGranularity> = []
        for word in words {
            guard let granularity = TimestampGranularity.allCases.first(where: { $0.rawValue == word }) else {
                throw RequestProblem(
                    .invalidValue,
                    field: name,
                    "`\(name)` has \(RequestProblem.shown(.string(word))); allowed: \(RequestProblem.list(TimestampGranularity.allCases.map(\.rawValue)))."
                )
            }
            granularities.insert(granularity)
        }
        return granularities
    }

    private func texts(
        _ name: String,
        countMax: Int,
        _ dialect: inout DialectFields
    ) throws(RequestProblem) -> [String] {
        var texts: [String] = []
        for (value, path) in try dialect.fields.array(name, countMax: countMax) ?? [] {
            guard case .string(let text) = value, text.utf8.count <= 1_024 else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` must be a text of at most 1024 bytes."
                )
            }
            texts.append(text)
        }
        return texts
    }

    private func refuseAbsent(
        _ dialect: inout DialectFields,
        _ entry: ModelDirectory.Entry?
    ) throws(RequestProblem) {
        for name in Self.absent where dialect.fields.value(name) != nil && entry?.model.options.contains(name) != true {
            throw RequestProblem(
                .unsupportedParameter,
                field: name,
                "`\(name)` is not offered by \(entry.map { "`\($0.model.slug)`" } ?? "any model here"); leave it out."
            )
        }
    }
}
