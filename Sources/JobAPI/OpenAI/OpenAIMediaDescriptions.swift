import Generation

/// What OpenAI's routes for images and audio take and answer.
extension RouteDescription {
    private static let waiting = """
        Waits for the job, kept alive by `102 Processing`. Who leaves stops nothing: the same request again finds the \
        job, running or over. An accepted job that fails is answered with 400 for its content, else 422, and \
        `x-should-retry: false`; a 5xx only when no provider took it. A parameter that the model lacks is refused; \
        unknown fields are accepted, not forwarded, and told in the job's `adjustments`.
        """

    private static func images(_ about: String) -> [Int: Answer] {
        [
            200: Answer(
                about: about,
                contents: [
                    Content(mediaType: "application/json", schema: .openAIImages),
                    Content(mediaType: "text/event-stream", schema: .serverSentEvent(data: .openAIImageEvent)),
                ],
                headers: [.generationID, .replayed]
            )
        ]
    }

    static let generateOpenAIImages = RouteDescription(
        id: "generateOpenAIImages",
        tag: .openAI,
        summary: "Make images",
        details: waiting,
        parameters: [.idempotencyKey],
        body: .jsonOrForm(json: .openAIImageRequest, form: .openAIImageForm),
        answers: images("The images; of a request with `stream`, events."),
        errors: [402, 404, 410, 422, 429, 502],
        errorForm: .openAIError
    )

    static let editOpenAIImages = RouteDescription(
        id: "editOpenAIImages",
        tag: .openAI,
        summary: "Change images",
        details: "Where a mask is transparent, the first image may change. " + waiting,
        parameters: [.idempotencyKey],
        body: .jsonOrForm(json: .openAIEditRequest, form: .openAIEditForm),
        answers: images("The changed images; of a request with `stream`, events."),
        errors: [402, 404, 410, 422, 429, 502],
        errorForm: .openAIError
    )

    static let createOpenAISpeech = RouteDescription(
        id: "createOpenAISpeech",
        tag: .openAI,
        summary: "Speak a text",
        details: "The sound flows while it is made, where it is made here. " + waiting,
        parameters: [.idempotencyKey],
        body: .json(.openAISpeechRequest),
        answers: [
            200: Answer(
                about: "The sound; of a request with `stream_format` sse, events. `pcm` is 16 bits, little endian.",
                contents: ["audio/mpeg", "audio/pcm", "audio/wav", "audio/flac", "audio/ogg", "audio/aac"].map {
                    Content(mediaType: $0, schema: .bytes)
                } + [Content(mediaType: "text/event-stream", schema: .serverSentEvent(data: .openAISpeechEvent))],
                headers: [.generationID, .replayed]
            )
        ],
        errors: [402, 404, 410, 422, 429, 502],
        errorForm: .openAIError
    )

    static let createOpenAITranscription = RouteDescription(
        id: "createOpenAITranscription",
        tag: .openAI,
        summary: "Write down what is said",
        details: waiting,
        parameters: [.idempotencyKey],
        body: .multipart(.openAITranscriptionForm),
        answers: [
            200: Answer(
                about: "What was said, in the form that was asked for; of a request with `stream`, events.",
                contents: [
                    Content(mediaType: "application/json", schema: .openAITranscription),
                    Content(mediaType: "text/plain", schema: .string()),
                    Content(mediaType: "text/event-stream", schema: .serverSentEvent(data: .openAITranscriptEvent)),
                ],
                headers: [.generationID, .replayed]
            )
        ],
        errors: [402, 404, 410, 422, 429, 502],
        errorForm: .openAIError
    )
}
