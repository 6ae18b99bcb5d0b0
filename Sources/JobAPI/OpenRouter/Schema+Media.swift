import Generation

/// The forms of OpenRouter's routes for images and audio.
extension Schema {
    // MARK: Requests

    private static let common: [String: Schema] = [
        "provider": preferences.orNull,
        "user": text(max: 512).orNull,
        "session_id": text(max: 256).orNull,
        "trace": object([:], isOpen: true).about("Yours, kept as it is: at most 8192 bytes.").orNull,
    ]

    private static func request(_ name: String, _ needs: [String: Schema], _ takes: [String: Schema]) -> Schema {
        let optional = takes.mapValues(\.orNull).merging(common) { $1 }
        let head = needs.merging(["model": text(min: 1, max: 200)]) { $1 }
        return named(name, object(optional.merging(head) { $1 }, optional: Set(optional.keys), isOpen: true))
    }

    private static let picture = object(
        [
            "type": const("image_url"),
            "image_url": object(["url": text(min: 1).about("A `data:` URL, or an http(s) one.")], isOpen: true),
        ],
        isOpen: true
    )

    /// The body of a request for images.
    static let imageGenerationRequest = request(
        "ImageGenerationRequest",
        ["prompt": prompt],
        [
            "n": integer(in: 1...ImageRequestReader.countMax),
            "size": anyOf([pixelSize, string(pattern: "^[0-9.]{1,5}K?$")]).about("A tier, or pixels.").example("2K"),
            "resolution": text(max: 20).example("1K"),
            "aspect_ratio": text(max: 20).example("1:1"),
            "quality": text(max: 40).example("auto"),
            "background": text(max: 40).example("auto"),
            "output_format": text(max: 20),
            "output_compression": integer(in: 0...100),
            "input_references": array(of: picture, max: 16).about("Pictures to be guided by."),
            "seed": seed,
            "stream": bool.about("Whether the answer is a stream of events."),
            "partial_images": integer(in: 0...3).about(
                "How many previews a stream has, where the model makes any; 1 unless told otherwise. They may cost tokens."
            ),
        ]
    )

    /// The body of a request for speech.
    static let speechRequest = request(
        "SpeechRequest",
        [
            "input": anyOf([
                prompt,
                array(
                    of: object(
                        ["text": prompt, "voice": text(max: 100).orNull, "instructions": text(max: 10_000).orNull],
                        optional: ["voice", "instructions"],
                        isOpen: true
                    ),
                    min: 1,
                    max: 200
                ),
            ]).about("A text, or turns of several voices.")
        ],
        [
            "voice": text(max: 100),
            "response_format": text(max: 20).about("`pcm` unless told otherwise, where the model has it.").example(
                "mp3"
            ),
            "speed": number(in: 0.01...100),
            "instructions": text(max: 10_000),
            "input_references": array(of: any, max: 0).about("No model here makes a voice from a sample."),
        ]
    )

    private static let listening: [String: Schema] = [
        "language": text(max: 35).example("en"),
        "temperature": number(in: 0...2),
        "response_format": word(TranscriptionRequestReader.Format.self),
        "timestamp_granularities": array(of: word(TimestampGranularity.self), max: 10),
        "diarize": bool.about("Whether words are labelled with who said them; with `verbose_json` alone."),
        "keyterms": array(of: text(min: 1, max: 100), max: TranscriptionRequestReader.keytermsMax),
        "prompt": prompt.about("Without effect."),
    ]

    /// The body of a request for a transcription.
    static let transcriptionRequest = request(
        "TranscriptionRequest",
        [
            "input_audio": anyOf([
                object(["data": text(min: 1).about("Base64."), "format": text(max: 20).example("wav")]),
                object(["url": text(min: 1), "format": text(max: 20).orNull], optional: ["format"]),
            ])
        ],
        listening
    )

    /// The form of a request for a transcription.
    static let transcriptionForm: Schema = {
        var members = listening
        members["file"] = bytes
        members["source_url"] = text(min: 1).about("In the place of `file`.")
        for name in ["provider", "trace"] { members[name] = text(min: 1).about("JSON.") }
        for name in ["user", "session_id"] { members[name] = text(max: 256) }
        let optional = Set(members.keys)
        members["model"] = text(min: 1, max: 200)
        return named("TranscriptionForm", object(members, optional: optional, isOpen: true))
    }()

    // MARK: Answers

    private static let base64 = string(min: 4, pattern: "^[A-Za-z0-9+/]+={0,2}$")

    private static let imageUsage = named(
        "ImageUsage",
        object(
            [
                "prompt_tokens": count, "completion_tokens": count, "total_tokens": count,
                "completion_tokens_details": object(["image_tokens": count]),
                "cost": dollars, "is_byok": bool,
            ],
            optional: ["completion_tokens_details"]
        )
    )

    /// Images.
    static let imageGeneration = named(
        "ImageGeneration",
        object(
            [
                "created": time1970,
                "data": array(of: object(["b64_json": base64, "media_type": .string(min: 1)]), min: 1),
                "usage": imageUsage,
                "adjustments": array(of: adjustment, min: 1),
            ],
            optional: ["adjustments"]
        )
    )

    /// One event of a stream of images.
    static let imageGenerationEvent = named(
        "ImageGenerationEvent",
        anyOf([
            object([
                "type": const("image_generation.partial_image"), "partial_image_index": count,
                "media_type": .string(min: 1), "b64_json": base64,
            ]),
            object(
                [
                    "type": const("image_generation.completed"), "created": time1970, "media_type": .string(min: 1),
                    "b64_json": base64, "usage": imageUsage,
                ],
                optional: ["usage"]
            ),
            object([
                "type": const("error"),
                "error": object([
                    "message": .string(min: 1), "code": .string(min: 1), "type": word(APIError.Family.self),
                    "param": .string().orNull,
                ]),
            ]),
        ])
    )

    /// A transcript.
    static let transcription: Schema = {
        let seconds = number(in: 0...1e9)
        let speaker = ["speaker": count, "speaker_label": Schema.string()]
        let segment: [String: Schema] = ["id": count, "start": seconds, "end": seconds, "text": .string()]
        let word: [String: Schema] = ["word": .string(), "start": seconds, "end": seconds]
        let optional: Set = ["speaker", "speaker_label"]
        return named(
            "Transcription",
            object(
                [
                    "text": .string(),
                    "task": const("transcribe"),
                    "language": .string(),
                    "duration": seconds,
                    "segments": array(of: object(segment.merging(speaker) { $1 }, optional: optional)),
                    "words": array(of: object(word.merging(speaker) { $1 }, optional: optional)),
                    "usage": object(
                        [
                            "seconds": seconds, "input_tokens": count, "output_tokens": count, "total_tokens": count,
                            "cost": dollars,
                        ],
                        optional: ["seconds", "input_tokens", "output_tokens", "total_tokens"]
                    ),
                    "adjustments": array(of: adjustment, min: 1),
                ],
                optional: ["task", "language", "duration", "segments", "words", "adjustments"]
            )
        )
    }()

    // MARK: Models

    private static let parameters = map(
        of: anyOf([
            object(["type": const("enum"), "values": array(of: .string(min: 1), min: 1)]),
            object(["type": const("range"), "min": count, "max": count]),
            object(["type": const("boolean")]),
        ])
    )

    /// The list of image models.
    static let imageModels = object([
        "data": array(
            of: named(
                "ImageModel",
                object([
                    "id": .string(min: 1), "name": .string(min: 1), "description": .string(), "created": time1970,
                    "architecture": object(["input_modalities": words, "output_modalities": words]),
                    "supported_parameters": parameters, "supports_streaming": bool, "endpoints": .string(min: 1),
                ])
            )
        )
    ])

    /// The endpoints of an image model.
    static let imageEndpoints = object([
        "id": .string(min: 1),
        "endpoints": array(
            of: named(
                "ImageEndpoint",
                object([
                    "provider_name": .string(min: 1), "provider_slug": .string(min: 1), "provider_tag": .string(min: 1),
                    "supported_parameters": parameters, "allowed_passthrough_parameters": words,
                    "supports_streaming": bool,
                    "pricing": array(
                        of: object(
                            [
                                "billable": word(ImageModelWire.billables), "unit": word(ImageModelWire.units),
                                "cost_usd": number(in: 0...1e9), "variant": .string(min: 1),
                            ],
                            optional: ["variant"]
                        )
                    ),
                ])
            )
        ),
    ])
}
