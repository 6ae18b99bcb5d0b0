import Generation

/// What OpenAI's routes take and answer: models and videos.
extension RouteDescription {
    // MARK: Models

    static let listOpenAIModels = RouteDescription(
        id: "listOpenAIModels",
        tag: .openAI,
        summary: "List models",
        details: "By slug, and by the names that the operator gave them.",
        answers: [200: .json(.openAIModels, "All models.")],
        errorForm: .openAIError
    )

    static let getOpenAIModel = RouteDescription(
        id: "getOpenAIModel",
        tag: .openAI,
        summary: "Show a model",
        details: "The slash in a slug may be escaped.",
        parameters: [.path("id", namePart, "The slug, or another name of the model.")],
        answers: [200: .json(.openAIModel, "The model.")],
        errors: [404],
        errorForm: .openAIError
    )

    static let getOpenAIModelByParts = RouteDescription(
        id: "getOpenAIModelByParts",
        tag: .openAI,
        summary: "Show a model by its author, the `id` here, and its name",
        parameters: [.path("id", namePart, "The author."), .path("name", namePart, "The rest of the slug.")],
        answers: [200: .json(.openAIModel, "The model.")],
        errors: [404],
        errorForm: .openAIError
    )

    private static let namePart = Schema.string(pattern: "^[A-Za-z0-9._:-]{1,100}$")

    // MARK: Videos

    static let createOpenAIVideo = RouteDescription(
        id: "createOpenAIVideo",
        tag: .openAI,
        summary: "Create a video",
        details: """
            As a form or as JSON. Answers as soon as the job is durable and its worst cost is held. A parameter that the \
            model lacks, and a value outside its set, are refused; unknown fields are accepted, not forwarded, and told \
            in `adjustments`.
            """,
        parameters: [.idempotencyKey],
        body: .jsonOrForm(json: .openAIVideoRequest, form: .openAIVideoForm),
        answers: [
            200: .json(
                .openAIVideo,
                "The job is accepted.",
                headers: [.replayed, .pollAfter, .generationID],
                links: ["getOpenAIVideo", "deleteOpenAIVideo", "getOpenAIVideoContent"].map {
                    Link($0, ["id": "$response.body#/id"])
                }
            )
        ],
        errors: [402, 404, 422, 429],
        errorForm: .openAIError
    )

    static let listOpenAIVideos = RouteDescription(
        id: "listOpenAIVideos",
        tag: .openAI,
        summary: "List videos",
        parameters: [
            .query("after", .jobID, "The last id of the page before."),
            .query(
                "limit",
                .integer(in: 1...OpenAIVideoRoutes.pageSizeMax)
                    .byDefault(.integer(OpenAIVideoRoutes.pageSizeDefault)),
                "How many."
            ),
            .query("order", Schema.word(["asc", "desc"]).byDefault("desc"), "By when they were created."),
        ],
        answers: [200: .json(.openAIVideoList, "A page of videos.")],
        errorForm: .openAIError
    )

    static let getOpenAIVideo = RouteDescription(
        id: "getOpenAIVideo",
        tag: .openAI,
        summary: "Retrieve a video",
        parameters: [.jobID],
        answers: [200: .json(.openAIVideo, "The job as it is now.", headers: [.pollAfter])],
        errors: [404],
        errorForm: .openAIError
    )

    static let deleteOpenAIVideo = RouteDescription(
        id: "deleteOpenAIVideo",
        tag: .openAI,
        summary: "Delete a video",
        details: """
            Of one that is over, completed or failed. What it made is removed at once; what was asked for and paid \
            stays in the books.
            """,
        parameters: [.jobID],
        answers: [200: .json(.openAIDeletedVideo, "It is gone.")],
        errors: [404],
        errorForm: .openAIError
    )

    static let getOpenAIVideoContent = RouteDescription(
        id: "getOpenAIVideoContent",
        tag: .openAI,
        summary: "Download a video",
        parameters: [
            .jobID, .query("variant", Schema.word(["video"]).byDefault("video"), "What of it; nothing else is made."),
        ] + ArtifactRoutes.conditions,
        answers: ArtifactRoutes.answers,
        errors: [404, 410, 416],
        errorForm: .openAIError
    )

    static let remixOpenAIVideo = RouteDescription(
        id: "remixOpenAIVideo",
        tag: .openAI,
        summary: "Continue a video",
        details: """
            A new job by the same model, in the size of the first one. Refused by models that continue nothing.
            """,
        parameters: [.jobID, .idempotencyKey],
        body: .jsonOrForm(json: .openAIRemixRequest, form: .openAIRemixRequest),
        answers: [
            200: .json(
                .openAIVideo,
                "The job is accepted.",
                headers: [.replayed, .pollAfter, .generationID]
            )
        ],
        errors: [402, 404, 422, 429],
        errorForm: .openAIError
    )
}

extension RouteDescription.Tag {
    static let openAI = RouteDescription.Tag(
        "OpenAI",
        "For clients written for OpenAI: its words over the same jobs. Unknown fields and parameters are passed over."
    )
}

extension RouteDescription.Header {
    static let pollAfter = RouteDescription.Header(
        name: "openai-poll-after-ms",
        schema: .string(pattern: "^[0-9]+$"),
        about: "When to look again, in milliseconds."
    )
    static let generationID = RouteDescription.Header(
        name: "X-Generation-Id",
        schema: .jobID,
        about: "The id of the job."
    )
}
