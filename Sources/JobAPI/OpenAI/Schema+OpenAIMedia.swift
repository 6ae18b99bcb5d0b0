import Generation

/// The forms of OpenAI's routes for images and audio: requests are open, answers are just these.
extension Schema {
    private static let model = text(min: 1, max: 200)

    /// A body that may have more members; in a form nothing is null.
    private static func open(
        _ required: [String: Schema],
        _ optional: [String: Schema],
        isForm: Bool = false
    ) -> Schema {
        object(
            optional.mapValues { isForm ? $0 : $0.orNull }.merging(required) { $1 },
            optional: Set(optional.keys),
            isOpen: true
        )
    }

    // MARK: Images

    private static let imageFields: [String: Schema] = [
        "n": integer(in: 1...1_000).about("How many: as many as the model makes in one call.").byDefault(1),
        "size": string(pattern: "^([1-9][0-9]{0,3}x[1-9][0-9]{0,3}|auto)$").example("1024x1024"),
        "quality": text(max: 40).example("high"),
        "background": text(max: 40).example("transparent"),
        "output_format": text(max: 20).example("png"),
        "output_compression": integer(in: 0...100),
        "response_format": word(OpenAIImageReader.ResponseFormat.self).byDefault("b64_json"),
        "stream": bool.byDefault(false),
        "partial_images": integer(in: 0...3).about("Previews on a stream."),
        "user": text(max: 512),
    ]

    /// The body of a request for images.
    static let openAIImageRequest = named("OpenAIImageRequest", open(["model": model, "prompt": prompt], imageFields))

    private static let picture = object(
        ["image_url": text(min: 1).about("A `data:` URL, or an http(s) one.")],
        isOpen: true
    )

    /// The same as a form.
    static let openAIImageForm = named(
        "OpenAIImageForm",
        open(["model": model, "prompt": prompt], imageFields, isForm: true)
    )

    /// The body of a request that changes images.
    static let openAIEditRequest = named(
        "OpenAIImageEditRequest",
        open(
            ["model": model, "prompt": prompt, "images": array(of: picture, min: 1, max: 16)],
            imageFields.merging(["mask": picture]) { $1 }
        )
    )

    /// The same as a form.
    static let openAIEditForm = named(
        "OpenAIImageEditForm",
        open(
            ["model": model, "prompt": prompt, "image": bytes.about("Several are `image[]`.")],
            imageFields.merging(["mask": bytes]) { $1 },
            isForm: true
        )
    )

    private static let imageTokens = object(["text_tokens": count, "image_tokens": count])
    private static let imageUsage = named(
        "OpenAIImageUsage",
        object([
            "input_tokens": count, "input_tokens_details": imageTokens, "output_tokens": count,
            "output_tokens_details": imageTokens, "total_tokens": count,
        ])
    )

    private static let traits: [String: Schema] = [
        "background": .string(min: 1), "output_format": .string(min: 1), "quality": .string(min: 1),
        "size": .string(min: 1),
    ]

    /// Images.
    static let openAIImages = named(
        "OpenAIImages",
        object(
            traits.merging([
                "created": time1970,
                "data": array(of: anyOf([object(["b64_json": .string(min: 1)]), object(["url": url])]), min: 1),
                "usage": imageUsage.about("Where it is charged by tokens."),
                "adjustments": array(of: adjustment, min: 1),
            ]) { $1 },
            optional: ["usage", "adjustments"]
        )
    )

    /// An event of a stream of images.
    static let openAIImageEvent = named(
        "OpenAIImageEvent",
        anyOf([
            object(
                traits.merging([
                    "type": word(["image_generation.completed", "image_edit.completed"]), "b64_json": .string(min: 1),
                    "created_at": time1970, "usage": imageUsage,
                ]) { $1 },
                optional: ["usage"]
            ),
            object(
                traits.merging([
                    "type": word(["image_generation.partial_image", "image_edit.partial_image"]),
                    "b64_json": .string(min: 1), "created_at": time1970, "partial_image_index": count,
                ]) { $1 }
            ),
            errorEvent,
        ])
    )

    private static let errorEvent = object([
        "type": const("error"),
        "error": object([
            "message": .string(min: 1), "type": .string(min: 1), "param": .string().orNull,
            "code": .string(min: 1).orNull,
        ]),
    ])

    // MARK: Speech

    /// The body of a request for speech.
    static let openAISpeechRequest = named(
        "OpenAISpeechRequest",
        open(
            [
                "model": model, "input": prompt,
                "voice": anyOf([text(min: 1, max: 100), object(["id": text(min: 1, max: 100)], isOpen: true)]),
            ],
            [
                "instructions": text(max: 10_000),
                "response_format": text(max: 20).byDefault("mp3").example("opus"),
                "speed": Schema.number(in: 0.25...4),
                "stream_format": word(OpenAISpeechReader.StreamFormat.self).byDefault("audio"),
                "user": text(max: 512),
            ]
        )
    )

    /// An event of a stream of speech.
    static let openAISpeechEvent = named(
        "OpenAISpeechEvent",
        anyOf([
            object(["type": const("speech.audio.delta"), "audio": .string(min: 1).about("Base64.")]),
            object([
                "type": const("speech.audio.done"),
                "usage": object(["input_tokens": count, "output_tokens": count, "total_tokens": count]),
            ]),
            errorEvent,
        ])
    )

    // MARK: Transcription

    /// The form of a request for a transcript.
    static let openAITranscriptionForm = named(
        "OpenAITranscriptionForm",
        open(
            ["model": model, "file": bytes],
            [
                "language": text(max: 35), "prompt": text(max: 10_000), "temperature": Schema.number(in: 0...1),
                "response_format": word(OpenAITranscriptionReader.ResponseFormat.self).byDefault("json"),
                "timestamp_granularities[]": array(of: word(TimestampGranularity.self)),
                "keywords[]": array(of: text(max: 256)), "stream": bool.byDefault(false),
            ],
            isForm: true
        )
    )

    private static let transcriptUsage = anyOf([
        object(["type": const("duration"), "seconds": count]),
        object([
            "type": const("tokens"), "input_tokens": count, "output_tokens": count, "total_tokens": count,
            "input_token_details": object(["text_tokens": count, "audio_tokens": count]),
        ]),
        null,
    ])
    private static let heardSeconds = Schema.number(in: 0...1e9)

    /// A transcript.
    static let openAITranscription = named(
        "OpenAITranscription",
        object(
            [
                "text": .string(), "usage": transcriptUsage, "task": const("transcribe"), "language": .string().orNull,
                "duration": heardSeconds.orNull, "segments": array(of: segment), "words": array(of: spokenWord),
                "adjustments": array(of: adjustment, min: 1),
            ],
            optional: ["task", "language", "duration", "segments", "words", "adjustments"]
        )
    )

    private static let segment = object(
        [
            "id": anyOf([count, .string(min: 1)]), "type": const("transcript.text.segment"), "start": heardSeconds,
            "end": heardSeconds, "text": .string(), "speaker": .string(),
        ],
        optional: ["type", "speaker"]
    )
    private static let spokenWord = object(
        ["word": .string(), "start": heardSeconds, "end": heardSeconds, "speaker": .string()],
        optional: ["speaker"]
    )

    /// An event of a stream of text.
    static let openAITranscriptEvent = named(
        "OpenAITranscriptEvent",
        anyOf([
            object(["type": const("transcript.text.delta"), "delta": .string()]),
            object(
                [
                    "type": const("transcript.text.segment"), "id": .string(min: 1), "start": heardSeconds,
                    "end": heardSeconds,
                    "text": .string(), "speaker": .string(),
                ],
                optional: ["speaker"]
            ),
            object(["type": const("transcript.text.done"), "text": .string(), "usage": transcriptUsage]),
            errorEvent,
        ])
    )
}
