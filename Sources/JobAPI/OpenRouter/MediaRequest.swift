import Generation
import JobCore
import JobEngine

/// Reads what the requests of this dialect for pictures and sound have in common: the model, who may serve it, and what
/// is said besides.
///
/// A parameter that the model lacks is left out and listed in the job's adjustments, unless `provider.require_parameters`
/// is set; fields that nobody knows are passed over and listed as well. Wrong types are refused.
struct MediaRequest {
    private static let sessionCharactersMax = 256

    /// The body's members.
    var fields: FieldReader
    /// What was said in vain.
    var passed = PassedOver()
    /// The model as the client names it.
    let name: String
    /// The model; nil for one that is not there, which is refused with the submission.
    let entry: ModelDirectory.Entry?

    /// Starts reading a body.
    ///
    /// - Parameters:
    ///   - body: The body.
    ///   - type: What the model must make.
    ///   - directory: The models that there are.
    ///   - list: Where those are listed that do.
    /// - Throws: `RequestProblem` for a body that is no object, and for a model that makes something else.
    init(
        _ body: JSONValue,
        for type: GenerationType,
        in directory: ModelDirectory,
        list: String
    ) throws(RequestProblem) {
        fields = try FieldReader(body)
        name = try fields.requiredString("model", charactersMax: 200)
        entry = directory.find(name)
        guard let entry else { return }
        guard entry.model.type == type else {
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "`\(entry.model.slug)` makes \(entry.model.type.rawValue), not \(type.rawValue); \(list) lists those that do."
            )
        }
        if name != entry.model.slug {
            try passed.add("model", .string(name), .modelAlias, used: .string(entry.model.slug))
        }
    }

    /// Reads the rest, and makes the submission.
    ///
    /// - Parameters:
    ///   - content: What is to be made.
    ///   - uploads: Files that came as parts of their own.
    ///   - form: The form of the answer, where there are several.
    ///   - session: The session that the header names; one in the body wins.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The submission.
    /// - Throws: `RequestProblem`, or `APIError` with status 404 when the routing preferences leave no endpoint.
    mutating func submission(
        of content: GenerationRequest.Content,
        uploads: [JobSubmission.Upload] = [],
        form: String? = nil,
        session: String?,
        key: APIKey,
        idempotencyKey: String?
    ) throws -> JobSubmission {
        let preferences = try ProviderPreferences.read(&fields, entry, named: name, &passed)
        var parameters = JobParameters()
        parameters.strict = preferences.requiresParameters
        parameters.user = try fields.string("user", charactersMax: 512)
        parameters.sessionID = try fields.string("session_id", charactersMax: Self.sessionCharactersMax)
        if parameters.sessionID == nil { parameters.sessionID = try Self.checked(session) }
        parameters.trace = try SubmissionReader.trace(&fields)
        try passed.addUnread(&fields)
        var request = GenerationRequest(
            model: entry?.model.slug ?? name,
            content: content,
            providerOptions: preferences.options
        )
        request.routing = preferences.routing
        return JobSubmission(
            key: key,
            request: request,
            parameters: parameters,
            adjustments: passed.adjustments,
            uploads: uploads,
            idempotencyKey: idempotencyKey,
            surface: "openrouter",
            form: form
        )
    }

    /// A session from the header, if it is one.
    ///
    /// - Throws: `RequestProblem` for one that is too long.
    static func checked(_ session: String?) throws(RequestProblem) -> String? {
        guard let session, !session.isEmpty else { return nil }
        guard session.unicodeScalars.count <= sessionCharactersMax, !session.utf8.contains(0) else {
            throw RequestProblem(
                .invalidValue,
                field: "x-session-id",
                "The X-Session-Id header may have at most \(sessionCharactersMax) characters."
            )
        }
        return session
    }

    // MARK: Parts

    /// The pictures of `input_references`.
    ///
    /// - Throws: `RequestProblem` for an element that is none.
    mutating func pictures() throws(RequestProblem) -> [MediaInput] {
        var pictures: [MediaInput] = []
        for (value, path) in try fields.array("input_references", countMax: 16) ?? [] {
            var part = try FieldReader(value, path: path)
            let type = try part.requiredString("type", charactersMax: 40)
            guard type == "image_url" else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: "\(path).type",
                    "`\(path).type` is \(RequestProblem.shown(.string(type))); allowed: image_url."
                )
            }
            guard var image = try part.object("image_url") else {
                throw RequestProblem(
                    .missingField,
                    field: "\(path).image_url",
                    "`\(path).image_url` is required: an object with `url`."
                )
            }
            pictures.append(.url(try image.requiredString("url", charactersMax: Int.max)))
            try passed.addUnread(&image)
            try passed.addUnread(&part)
        }
        return pictures
    }
}
