import Generation

/// What OpenRouter's routes for images and audio take and answer.
extension RouteDescription {
    private static let made = Header(name: "X-Generation-Id", schema: .jobID, about: "The id of the job.")

    private static let waiting = """
        Waits for the job, kept alive by `102 Processing`. Who leaves stops nothing: the same request again finds the job, \
        running or over. An accepted job that fails is answered with 400 for its content, else 422, and \
        `X-Should-Retry: false`; a 5xx only when no provider took it.
        """

    private static let asked: [Parameter] = [
        .idempotencyKey, .header("X-Session-Id", .string(max: 256), "The session, unless the body names one."),
    ]

    // MARK: Images

    static let generateImages = RouteDescription(
        id: "generateImages",
        tag: .openRouter,
        summary: "Make images",
        details: waiting,
        parameters: asked,
        body: .json(.imageGenerationRequest),
        answers: [
            200: Answer(
                about: "The images; of a request with `stream`, events that end with `[DONE]`.",
                contents: [
                    Content(mediaType: "application/json", schema: .imageGeneration),
                    Content(mediaType: "text/event-stream", schema: .serverSentEvent(data: .imageGenerationEvent)),
                ],
                headers: [made, .replayed]
            )
        ],
        errors: [402, 404, 410, 422, 429, 502]
    )

    static let listImageModels = RouteDescription(
        id: "listImageModels",
        tag: .openRouter,
        summary: "List the models that make images",
        isOpen: true,
        checksKey: true,
        answers: [200: .json(.imageModels, "The models, and what they take.")]
    )

    static let listImageEndpoints = RouteDescription(
        id: "listImageEndpoints",
        tag: .openRouter,
        summary: "List an image model's endpoints",
        isOpen: true,
        checksKey: true,
        answers: [200: .json(.imageEndpoints, "The endpoints, and what they cost.")],
        errors: [404]
    )

    // MARK: Audio

    static let createSpeech = RouteDescription(
        id: "createSpeech",
        tag: .openRouter,
        summary: "Speak a text",
        details: "The sound flows while it is made, where it is made here. " + waiting,
        parameters: asked,
        body: .json(.speechRequest),
        answers: [
            200: .bytes(
                ["audio/mpeg", "audio/pcm", "audio/wav", "audio/flac", "audio/ogg", "audio/aac"],
                "The sound; `pcm` is 16 bits, little endian, and its type tells the rate.",
                headers: [made, .replayed]
            )
        ],
        errors: [402, 404, 410, 422, 429, 502]
    )

    static let createTranscription = RouteDescription(
        id: "createTranscription",
        tag: .openRouter,
        summary: "Write down what is said",
        details:
            "A form has `file` or `source_url` in the place of `input_audio`; `provider` and `trace` are JSON there, "
            + "and lists may be written `name`, `name[]` or `name[][]`. " + waiting,
        parameters: asked,
        body: .jsonOrForm(json: .transcriptionRequest, form: .transcriptionForm),
        answers: [200: .json(.transcription, "What was said.", headers: [made, .replayed])],
        errors: [402, 404, 410, 422, 429, 502]
    )
}
