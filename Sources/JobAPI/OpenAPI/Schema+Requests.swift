import Generation
import HTTPTransport
import JobCore

/// What a native submission takes, per type, and what a job shows of it.
extension Schema {
    /// The body of a submission; null is the same as absent.
    static let jobRequest = named(
        "JobRequest",
        .oneOf(
            forms.map { form in
                let own = form.takes(imagePart, frames)
                let optional = own.merging(common) { own, _ in own }.mapValues(\.orNull)
                let head = ["type": const(form.type.rawValue), "model": text(min: 1, max: 200)]
                let members = optional.merging(head) { $1 }.merging(form.needs) { $1 }
                return (
                    form.type.rawValue,
                    named("\(form.name)JobRequest", object(members, optional: Set(optional.keys)))
                )
            },
            by: "type"
        )
    )

    /// The request as it was accepted: absent fields are left out, media are shown by their hash.
    static let jobInput = named(
        "JobInput",
        .anyOf(
            forms.map { form in
                let own = form.takes(imageShown, array(of: frameShown, max: 2))
                let optional = own.merging(commonShown) { own, _ in own }
                let needs = form.needs.merging(form.shows) { $1 }
                return named(
                    "\(form.name)JobInput",
                    object(optional.merging(needs) { $1 }, optional: Set(optional.keys))
                )
            }
        )
    )

    // MARK: Types

    /// The fields of one type.
    private struct Form {
        let type: GenerationType
        let name: String
        let needs: [String: Schema]
        /// What of that a job shows in another form.
        var shows: [String: Schema] = [:]
        /// What else there may be, given the form of a picture and of the frames of a video.
        let takes: @Sendable (_ image: Schema, _ frames: Schema) -> [String: Schema]
    }

    private static let forms = [
        Form(type: .video, name: "Video", needs: ["prompt": prompt]) { image, frames in
            [
                "negative_prompt": text(max: GenerationRequest.promptCharactersMax),
                "duration": duration,
                "resolution": text(max: 20).example("720p"),
                "aspect_ratio": text(max: 20).example("16:9"),
                "size": pixelSize,
                "fps": integer(in: 1...240),
                "frame_images": frames.about("Pictures that the video starts and ends with."),
                "input_references": array(of: anyOf([image] + mediaParts), max: 16).about(
                    "What to be guided by: pictures, and where a model takes them videos and sounds by URL."
                ),
                "generate_audio": bool,
                "seed": seed,
                "previous_job_id": text(max: 100),
            ]
        },
        Form(type: .image, name: "Image", needs: ["prompt": prompt]) { image, _ in
            [
                "negative_prompt": text(max: GenerationRequest.promptCharactersMax),
                "n": integer(in: 1...1_000).about("How many."),
                "size": pixelSize,
                "resolution": text(max: 20).example("1K"),
                "aspect_ratio": text(max: 20).example("1:1"),
                "quality": text(max: 40),
                "background": text(max: 40),
                "output_format": text(max: 20),
                "output_compression": integer(in: 0...100),
                "input_references": array(of: image, max: 16).about("Pictures to be guided by."),
                "mask": image.about("Transparent where the first picture is to be changed; of its size."),
                "seed": seed,
                "partial_images": integer(in: 0...3).about("How many previews a stream shows."),
            ]
        },
        Form(type: .speech, name: "Speech", needs: ["input": anyOf([prompt, turns])]) { _, _ in
            [
                "voice": text(max: 100),
                "language": text(max: 35).example("en"),
                "speed": number(in: 0.01...100).about("1 is the voice's own tempo."),
                "instructions": text(max: 10_000),
                "response_format": text(max: 20),
            ]
        },
        Form(
            type: .transcription,
            name: "Transcription",
            needs: ["input_audio": audioPart],
            shows: ["input_audio": audioShown]
        ) { _, _ in
            [
                "language": text(max: 35).example("en"),
                "response_format": text(max: 20).example("json"),
                "timestamp_granularities": array(of: word(TimestampGranularity.self), max: 10),
                "diarize": bool.about("Whether speakers are told apart."),
                "keyterms": array(of: text(min: 1, max: 100), max: 1_000).about("Words that are likely to be heard."),
                "temperature": number(in: 0...2),
                "prompt": text(max: GenerationRequest.promptCharactersMax),
            ]
        },
        Form(type: .music, name: "Music", needs: ["prompt": prompt]) { _, _ in
            [
                "lyrics": text(max: GenerationRequest.promptCharactersMax),
                "instrumental": bool.about("Whether nobody is to sing."),
                "duration": soundSeconds,
                "seed": seed,
                "response_format": text(max: 20),
            ]
        },
        Form(type: .sound, name: "Sound", needs: ["prompt": prompt]) { _, _ in
            [
                "duration": soundSeconds,
                "loop": bool.about("Whether its end leads into its beginning."),
                "seed": seed,
                "response_format": text(max: 20),
            ]
        },
    ]

    /// What every request takes.
    private static let common: [String: Schema] = [
        "provider": object(
            routingMembers.merging(["options": providerOptions.orNull]) { $1 },
            optional: Set(routingMembers.keys).union(["options"])
        ),
        "models": fallbackModels,
        "user": text(max: 512),
        "session_id": text(max: 256),
        "trace": object([:], isOpen: true).about("Yours, kept as it is: at most 8192 bytes."),
        "metadata": map(of: string(max: 512), countMax: 16, nameMax: 64, nameMin: 1),
        "strict": bool.byDefault(true).about("Whether a parameter that the model lacks is an error."),
        "max_cost": anyOf([string(pattern: "^[0-9]{1,9}(\\.[0-9]{1,9})?$"), integer(in: 0...9_000_000_000)])
            .about("The most that the job may cost, in US dollars: a decimal string, or a whole number."),
        "priority": integer(in: -100...100).byDefault(0),
        "start_after": string(max: 40, format: "date-time"),
        "expires_after_seconds": integer(in: 1...2_592_000),
        "retention_days": integer(in: 1...3_650),
        "callback_url": callbackURL,
    ]

    /// What a job's input shows of that; type, model and metadata stand beside it.
    private static let commonShown: [String: Schema] = [
        "provider": object(
            routingMembers.merging(["options": providerOptions]) { $1 },
            optional: Set(routingMembers.keys).union(["options"])
        ),
        "models": fallbackModels,
        "user": string(),
        "session_id": string(),
        "trace": object([:], isOpen: true),
        "strict": bool,
        "max_cost": amount,
        "priority": integer(in: -100...100),
        "start_after": time,
        "expires_after_seconds": integer(in: 1...2_592_000),
        "retention_days": integer(in: 1...3_650),
        "callback_url": url,
    ]

    // MARK: Parts

    static let prompt = text(min: 1, max: GenerationRequest.promptCharactersMax)
    static let seed = integer(in: Int64.min...Int64.max)
    static let callbackURL = string(max: CallbackURL.charactersMax, pattern: "^https://", format: "uri")
        .about("Told of the job's end; plain http only inside networks that the operator allows.")
    private static let providerOptions = map(of: object([:], isOpen: true), nameMax: 64)
        .about("Options handed to one provider as they are, by its slug.")

    private static let soundSeconds = number(in: 0.1...3_600).about("Seconds.")

    /// What several voices say in turn.
    private static let turns = array(
        of: object(["text": prompt, "voice": text(max: 100).orNull], optional: ["voice"]),
        min: 1,
        max: 200
    ).about("Several voices in turn.")

    /// A sound to be listened to: with the request, or by URL.
    private static let audioPart = named(
        "AudioPart",
        anyOf([
            object(["data": text(min: 1).about("Base64, without a `data:` head."), "format": audioFormat]),
            object(
                ["url": string(min: 1, pattern: "^https?://"), "format": containerFormat.orNull],
                optional: ["format"]
            ),
        ])
    )

    private static let audioFormat = word(FieldReader.audioFormats.keys.sorted())
    /// Bare samples cannot be told from what a URL gives.
    private static let containerFormat = word(FieldReader.audioFormats.keys.sorted().filter { $0 != "pcm" })

    /// A sound as a job shows it: by its hash, or by its address.
    private static let audioShown = named(
        "StoredAudio",
        anyOf([
            object([
                "sha256": string(pattern: "^[0-9a-f]{64}$"), "media_type": string(min: 1), "bytes": count,
            ]),
            object(["url": url]),
        ])
    )

    /// `WIDTHxHEIGHT`, each side 1 to 65,536.
    static let pixelSize: Schema = {
        let side = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-6])"
        return string(pattern: "^\(side)x\(side)$").example("1280x720")
    }()

    /// The length of a video.
    static let duration = anyOf([
        integer(in: 1...3_600), integer(in: Int64(VideoParameters.automatic)...Int64(VideoParameters.automatic)),
    ]).about("Seconds; -1 leaves it to the model, where it can choose.")

    /// Videos and sounds, which the provider fetches itself.
    private static let mediaParts = MediaReference.Kind.allCases.map { kind in
        object([
            "type": const(kind.rawValue),
            kind.rawValue: object(["url": text(min: 1).about("An http(s) URL.")]),
        ])
    }

    private static let imageURL = object(["url": text(min: 1).about("A `data:` URL, or an http(s) one.")])
    private static let imagePart = named(
        "ImagePart",
        object(["type": const("image_url"), "image_url": imageURL])
    )

    /// The frames of a video: at most one of each role, in any order.
    private static let frames = anyOf(
        [array(of: anyOf(FrameRole.allCases.map(frame)), max: 1)]
            + [tuple(of: [frame(.first), frame(.last)]), tuple(of: [frame(.last), frame(.first)])]
    )

    private static func frame(_ role: FrameRole) -> Schema {
        named(
            role == .first ? "FirstFrame" : "LastFrame",
            object(["type": const("image_url"), "image_url": imageURL, "frame_type": const(role.rawValue)])
        )
    }

    /// A picture as a job shows it: by its hash, or by its address.
    private static let imageURLShown = named(
        "StoredImage",
        anyOf([
            object([
                "sha256": string(pattern: "^[0-9a-f]{64}$"), "media_type": string(min: 1), "bytes": count,
            ]),
            object(["url": url]),
        ])
    )
    private static let imageShown = object(
        ["type": const("image_url"), "image_url": imageURLShown],
        optional: ["image_url"]
    )
    private static let frameShown = object(
        ["type": const("image_url"), "image_url": imageURLShown, "frame_type": word(FrameRole.self)],
        optional: ["image_url"]
    )
}
