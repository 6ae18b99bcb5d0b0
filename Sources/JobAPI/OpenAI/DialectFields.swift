import Generation
import JobCore
import JobEngine

/// What the requests of this dialect share: reading what they name, and speaking of it by the names that they use.
struct DialectFields {
    /// The members of the body.
    var fields: FieldReader
    /// What is said in vain.
    var passed = PassedOver()
    /// The files that came as parts of their own.
    let form: MultipartForm?

    init(_ body: JSONValue, _ form: MultipartForm?) throws(RequestProblem) {
        fields = try FieldReader(body)
        self.form = form
    }

    /// The model that is asked for, if it exists; one that does not is left to be refused with the submission.
    ///
    /// - Parameters:
    ///   - type: What it must make.
    ///   - directory: The models.
    ///   - standard: Its name when none is given; nil: one must be given.
    /// - Returns: The name that the submission is to have, and the model.
    /// - Throws: `RequestProblem` for a model that makes something else.
    mutating func model(
        _ type: GenerationType,
        in directory: ModelDirectory,
        standard: String? = nil
    ) throws(RequestProblem) -> (name: String, entry: ModelDirectory.Entry?) {
        let given = try fields.string("model", charactersMax: 200)
        guard let name = given ?? standard, !name.isEmpty else {
            throw RequestProblem(
                .missingField,
                field: "model",
                "`model` is required: a string; GET /v1/models lists them."
            )
        }
        guard let entry = directory.find(name) else { return (name, nil) }
        guard entry.model.type == type else {
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "`\(entry.model.slug)` makes \(entry.model.type.rawValue), not \(type.rawValue)."
            )
        }
        // The operator's own names are reported where they are resolved.
        if name != entry.model.slug, directory.aliases[name] == nil {
            try passed.add("model", .string(name), .modelAlias, used: .string(entry.model.slug))
        }
        return (directory.aliases[name] == nil ? entry.model.slug : name, entry)
    }

    /// A size as `WIDTHxHEIGHT`; `auto` is the model's own.
    mutating func size() throws(RequestProblem) -> PixelSize? {
        guard let text = try fields.string("size", charactersMax: 40), text != "auto" else { return nil }
        guard let size = PixelSize(text) else {
            throw RequestProblem(
                .invalidValue,
                field: "size",
                "`size` is \(RequestProblem.shown(.string(text))); the form is WIDTHxHEIGHT in pixels, such as 1024x1024."
            )
        }
        return size
    }

    /// A word that a model may offer; `auto` is the model's own unless the model offers that.
    mutating func word(_ name: String, of offered: [String]?) throws(RequestProblem) -> String? {
        guard let word = try fields.string(name, charactersMax: 40) else { return nil }
        return word == "auto" && offered?.contains("auto") != true ? nil : word
    }

    /// An object that names a picture: `{"image_url": ...}`.
    mutating func picture(_ value: JSONValue, _ path: String) throws(RequestProblem) -> MediaInput {
        var part = try FieldReader(value, path: path)
        if part.value("file_id") != nil {
            throw RequestProblem(
                .unsupportedParameter,
                field: "\(path).file_id",
                "`\(path).file_id`: no files are kept here; send the picture itself, or its `image_url`."
            )
        }
        let url = try part.requiredString("image_url", charactersMax: Int.max)
        try passed.addUnread(&part)
        return .url(url)
    }

    /// The files of a field.
    func uploads(_ name: String) -> [MediaInput] { (form?.files(of: name) ?? []).map { .upload($0.place) } }

    /// Refuses files of fields that take none, and hands what is left of the members to the model's provider, or passes
    /// it over.
    ///
    /// - Parameters:
    ///   - entry: The model.
    ///   - files: The fields that take files.
    /// - Returns: The options for the model's provider.
    /// - Throws: `RequestProblem` for a file of another field.
    mutating func finish(
        _ entry: ModelDirectory.Entry?,
        files: [String]
    ) throws(RequestProblem) -> [String: JSONValue] {
        let taken = files.flatMap { form?.files(of: $0).map(\.place) ?? [] }
        for (place, file) in (form?.files ?? []).enumerated() where !taken.contains(place) {
            throw RequestProblem(
                .unknownField,
                field: file.name,
                "`\(RequestProblem.shortened(file.name))` is a file, which is not taken here; files here: \(files.isEmpty ? "none" : RequestProblem.list(files))."
            )
        }
        var options: [String: JSONValue] = [:]
        for name in fields.unread where entry?.model.options.contains(name) == true {
            options[name] = fields.value(name)
        }
        try passed.addUnread(&fields)
        guard let entry, !options.isEmpty else { return [:] }
        return [entry.endpoint.id.provider: .object(options)]
    }

    /// The submission of a request that was read.
    ///
    /// - Parameters:
    ///   - request: What is to be made.
    ///   - answerForm: The form of the answer; nil where there is only one.
    ///   - user: On whose behalf the client asks.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The submission.
    func submission(
        _ request: GenerationRequest,
        answerForm: String?,
        user: String?,
        key: APIKey,
        idempotencyKey: String?
    ) -> JobSubmission {
        var parameters = JobParameters()
        parameters.user = user
        return JobSubmission(
            key: key,
            request: request,
            parameters: parameters,
            adjustments: passed.adjustments,
            uploads: form?.uploads ?? [],
            idempotencyKey: idempotencyKey,
            surface: "openai",
            form: answerForm
        )
    }
}

/// The names that this dialect has for native fields, for those who read what was wrong.
struct DialectNames {
    /// By native name; one that ends with a bracket or a dot stands for all fields that start with it.
    ///
    /// A name that ends with `[]` gets the place in the list that the native one has.
    let names: [String: String]

    /// Runs work whose problems speak of native fields, and lets them speak of the dialect's.
    func speaking<Result>(_ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let problem as RequestProblem {
            throw renamed(problem)
        }
    }

    /// A problem in the dialect's words.
    func renamed(_ problem: RequestProblem) -> RequestProblem {
        guard let name = names.first(where: { Self.stands($0.key, for: problem.field) })?.value else { return problem }
        let field = name.hasSuffix("[]") ? name.dropLast(2) + Self.place(in: problem.field) : name
        return RequestProblem(
            problem.kind,
            field: field,
            problem.message.replacing("`\(problem.field)`", with: "`\(field)`")
        )
    }

    private static func stands(_ native: String, for field: String) -> Bool {
        field == native || (native.hasSuffix("[") || native.hasSuffix(".")) && field.hasPrefix(native)
    }

    /// The first place in brackets, with them.
    private static func place(in field: String) -> String {
        guard let start = field.firstIndex(of: "["), let end = field.firstIndex(of: "]") else { return "" }
        return String(field[start...end])
    }
}
