/// What a route takes and answers, in the words of OpenAPI: given with every route, and checked by the tests against
/// what the route does.
///
/// ```swift
/// routes.post(
///     "api/v1/jobs/:id/cancel",
///     .init(
///         id: "cancelJob",
///         tag: .jobs,
///         summary: "Stop a job",
///         parameters: [.jobID],
///         answers: [200: .json(.job, "The job as it is now.")],
///         errors: [404]
///     )
/// ) { request, context in … }
/// ```
///
/// What follows from the rest is not written down: parameters of the path that are not described take any text; a
/// route that needs a key answers 400 (its query is read strictly) and 401, one with a body 408, 413 and 415, and every
/// route 500 and 503.
struct RouteDescription: Sendable {
    /// The name of the operation for generated clients: unique, a verb first, such as `submitJob`.
    let id: String
    /// The group that it is shown in.
    let tag: Tag
    /// A few words without a full stop.
    let summary: String
    /// More, in sentences.
    var details: String?
    /// Whether it answers without a key.
    var isOpen = false
    /// Whether an open route still refuses a key that is not good.
    var checksKey = false
    /// The parameters of the query and the headers, and those of the path that take more than any text.
    var parameters: [Parameter] = []
    /// What the request carries.
    var body: Body?
    /// The answers when all is well, by status.
    let answers: [Int: Answer]
    /// The statuses of errors besides those that follow from the rest.
    var errors: [Int] = []
    /// The form of its errors: the native one, or a dialect's own.
    var errorForm = Schema.error

    /// All statuses of errors.
    var allErrors: Set<Int> {
        var statuses = Set(errors).union([500, 503])
        if !isOpen || checksKey { statuses.formUnion([400, 401]) }
        if body != nil { statuses.formUnion([408, 413, 415]) }
        return statuses.subtracting(answers.keys)
    }

    /// A group of routes.
    struct Tag: Sendable, Hashable {
        let name: String
        let about: String

        init(_ name: String, _ about: String) {
            self.name = name
            self.about = about
        }

        static let jobs = Tag("Jobs", "Submit, watch, list and cancel jobs; fetch what they made.")
        static let models = Tag("Models", "What is on offer: models, what they take, and what they cost.")
        static let openRouter = Tag(
            "OpenRouter",
            "For clients written for OpenRouter: its words over the same jobs. Unknown fields and parameters are passed over."
        )
        static let service = Tag("Service", "Health, metrics and this description.")
    }

    /// A parameter of the path, the query or the headers.
    struct Parameter: Sendable {
        enum Place: String, Sendable { case path, query, header }

        let place: Place
        let name: String
        /// A schema of type array in the query is a comma-separated list.
        let schema: Schema
        let about: String
        /// Whether a request without it is refused; every part of a path is there.
        var isRequired = false

        static func path(_ name: String, _ schema: Schema, _ about: String) -> Parameter {
            Parameter(place: .path, name: name, schema: schema, about: about, isRequired: true)
        }

        static func query(
            _ name: String,
            _ schema: Schema,
            _ about: String,
            isRequired: Bool = false
        ) -> Parameter {
            Parameter(place: .query, name: name, schema: schema, about: about, isRequired: isRequired)
        }

        static func header(_ name: String, _ schema: Schema, _ about: String) -> Parameter {
            Parameter(place: .header, name: name, schema: schema, about: about)
        }

        /// The job that a path names.
        static let jobID = path("id", .jobID, "The id of the job.")
        /// The client's own name for a submission.
        static let idempotencyKey = header(
            "Idempotency-Key",
            .string(pattern: "^[!-~]{1,255}$"),
            "Your own name for this submission: a repeat with the same body gets the first answer again, for 24 hours."
        )
    }

    /// What a request carries.
    enum Body: Sendable {
        case json(Schema)
        /// Fields and files.
        case multipart(Schema)
        /// Either.
        case jsonOrForm(json: Schema, form: Schema)
    }

    /// An answer.
    struct Answer: Sendable {
        let about: String
        /// The forms that it can have; none for an answer without a body.
        let contents: [Content]
        let headers: [Header]

        /// What can be asked next with what is in it.
        var links: [Link] = []

        /// A body in JSON.
        static func json(
            _ schema: Schema,
            _ about: String,
            headers: [Header] = [],
            links: [Link] = []
        ) -> Answer {
            let content = Content(mediaType: "application/json", schema: schema)
            return Answer(about: about, contents: [content], headers: headers, links: links)
        }

        /// Server-sent events whose data has this form.
        static func events(of data: Schema, _ about: String, headers: [Header] = []) -> Answer {
            let content = Content(mediaType: "text/event-stream", schema: .serverSentEvent(data: data))
            return Answer(about: about, contents: [content], headers: headers)
        }

        /// Bytes of one of some media types.
        static func bytes(_ mediaTypes: [String], _ about: String, headers: [Header] = []) -> Answer {
            Answer(
                about: about,
                contents: mediaTypes.map { Content(mediaType: $0, schema: .bytes) },
                headers: headers
            )
        }

        /// Text such as `text/html` or `text/plain`.
        static func text(_ mediaType: String, _ about: String, headers: [Header] = []) -> Answer {
            Answer(about: about, contents: [Content(mediaType: mediaType, schema: .string())], headers: headers)
        }

        /// No body.
        static func empty(_ about: String, headers: [Header] = []) -> Answer {
            Answer(about: about, contents: [], headers: headers)
        }
    }

    /// A request that an answer leads to.
    struct Link: Sendable {
        /// The `id` of the other route.
        let route: String
        /// Its parameters, as expressions such as `$response.body#/id`.
        let parameters: [String: String]

        init(_ route: String, _ parameters: [String: String]) {
            self.route = route
            self.parameters = parameters
        }
    }

    /// One form of a body.
    struct Content: Sendable {
        let mediaType: String
        /// Of a stream of events, the form of each.
        let schema: Schema
    }

    /// A header of an answer.
    struct Header: Sendable {
        let name: String
        let schema: Schema
        let about: String
        /// Whether it always comes.
        var isAlways = true

        static let requestID = Header(
            name: "X-Request-Id",
            schema: .string(min: 1),
            about: "Names this answer in the service's log."
        )
        static let location = Header(name: "Location", schema: .url, about: "Where the new thing is.")
        static let replayed = Header(
            name: "Idempotent-Replayed",
            schema: .const("true"),
            about: "This answer was given before: nothing new was made.",
            isAlways: false
        )
    }
}
