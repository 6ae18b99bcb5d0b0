import Generation

/// What OpenRouter's routes take and answer.
extension RouteDescription {
    // MARK: Videos

    static let submitVideo = RouteDescription(
        id: "submitVideo",
        tag: .openRouter,
        summary: "Ask for a video",
        details: """
            Answers as soon as the job is durable and its worst cost is held. A parameter that the model lacks, and a \
            value outside its set, are refused; unknown fields are accepted, not forwarded, and told in `adjustments`.
            """,
        parameters: [
            .idempotencyKey, .header("X-Session-Id", .string(max: 256), "The session, unless the body names one."),
        ],
        body: .json(.videoRequest),
        answers: [
            202: .json(
                .video,
                "The job is accepted.",
                headers: [
                    .location, .replayed,
                    .init(name: "X-Generation-Id", schema: .jobID, about: "The id of the job."),
                ],
                links: ["getVideo", "getVideoContent"].map { Link($0, ["id": "$response.body#/id"]) }
            )
        ],
        errors: [402, 404, 422, 429]
    )

    static let getVideo = RouteDescription(
        id: "getVideo",
        tag: .openRouter,
        summary: "Poll a video",
        parameters: [.jobID],
        answers: [200: .json(.video, "The job as it is now.")],
        errors: [404]
    )

    static let getVideoContent = RouteDescription(
        id: "getVideoContent",
        tag: .openRouter,
        summary: "Fetch a video",
        parameters: [
            .jobID,
            .query("index", Schema.integer(in: 0...Int64(Int32.max)).byDefault(0), "Which output."),
        ] + ArtifactRoutes.conditions,
        answers: ArtifactRoutes.answers,
        errors: [404, 409, 410, 416]
    )

    static let listVideoModels = RouteDescription(
        id: "listVideoModels",
        tag: .openRouter,
        summary: "List the models that make videos",
        isOpen: true,
        checksKey: true,
        answers: [200: .json(.videoModels, "The models, and what they take and cost.")]
    )

    // MARK: Models

    static let listModels = RouteDescription(
        id: "listModels",
        tag: .openRouter,
        summary: "List models",
        details:
            "Without `output_modalities` only models that make text are listed. Filters about text are passed over.",
        isOpen: true,
        checksKey: true,
        parameters: filters,
        answers: [200: .json(.models, "One page of models.")]
    )

    static let listUserModels = RouteDescription(
        id: "listUserModels",
        tag: .openRouter,
        summary: "List the models that the key may use",
        details: "Every key may use every model: this is the list of all, behind a key.",
        parameters: filters,
        answers: [200: .json(.models, "One page of models.")]
    )

    static let countModels = RouteDescription(
        id: "countModels",
        tag: .openRouter,
        summary: "Count models",
        isOpen: true,
        checksKey: true,
        parameters: [modalities],
        answers: [200: .json(.modelCount, "How many there are.")]
    )

    static let getModel = RouteDescription(
        id: "getModel",
        tag: .openRouter,
        summary: "Show a model",
        isOpen: true,
        checksKey: true,
        answers: [200: .json(.modelAnswer, "The model.")],
        errors: [404]
    )

    static let listEndpoints = RouteDescription(
        id: "listEndpoints",
        tag: .openRouter,
        summary: "List a model's endpoints",
        isOpen: true,
        checksKey: true,
        answers: [200: .json(.endpoints, "The endpoints.")],
        errors: [404]
    )

    static let listEndpointsWithoutRetention = RouteDescription(
        id: "listEndpointsWithoutRetention",
        tag: .openRouter,
        summary: "List the endpoints that keep nothing",
        details: "Those whose provider says that it keeps nothing; what a job made is kept here, to be fetched.",
        answers: [200: .json(.endpointList, "The endpoints.")]
    )

    static let listProviders = RouteDescription(
        id: "listProviders",
        tag: .openRouter,
        summary: "List providers",
        isOpen: true,
        checksKey: true,
        answers: [200: .json(.providers, "The providers that serve any model.")]
    )

    // MARK: Credits

    static let getCredits = RouteDescription(
        id: "getCredits",
        tag: .openRouter,
        summary: "Show the workspace's credits",
        answers: [200: .json(.credits, "What came in, and what was spent.")]
    )

    static let getCurrentKey = RouteDescription(
        id: "getCurrentKey",
        tag: .openRouter,
        summary: "Show the key of the request",
        answers: [200: .json(.currentKey, "The key, and what it has spent.")]
    )

    private static let filters: [Parameter] = [
        modalities,
        .query("input_modalities", .array(of: .word(ModelFilter.inputs)), "What the models must all take."),
        .query("supported_parameters", .array(of: .string(min: 1)), "Parameters that the models must all take."),
        .query("model_authors", .array(of: .string(min: 1)), "Of any of these authors."),
        .query("providers", .array(of: .string(min: 1)), "At any of these providers."),
        .query("q", .string(), "Words in the name or the slug."),
        .query("min_price", price, "US dollars for a million tokens of text: 0 for media."),
        .query("max_price", price, "US dollars for a million tokens of text: 0 for media."),
        .query("min_output_price", price, "US dollars for a million tokens of text: 0 for media."),
        .query("max_output_price", price, "US dollars for a million tokens of text: 0 for media."),
        .query("sort", .word(ModelFilter.orders), "The order."),
        .query("offset", .integer(in: 0...Int64(Int32.max)), "How many to skip."),
        .query("limit", .integer(in: 1...ModelRoutes.pageSizeMax), "How many to list; all, when both are absent."),
    ]

    private static let modalities = Parameter.query(
        "output_modalities",
        Schema.array(of: .word(ModelFilter.outputs + ["all"])),
        "What the models make: any of these."
    )

    /// An empty one is as absent.
    private static let price = Schema.string(pattern: "^([0-9]{1,9}(\\.[0-9]{1,9})?)?$")
}
