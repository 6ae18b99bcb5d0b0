import Generation
import HTTPTransport

/// What a native submission takes, per type; null is the same as absent.
extension Schema {
    /// The body of a submission.
    static let jobRequest = named(
        "JobRequest",
        .oneOf([("video", videoRequest), ("image", imageRequest), ("speech", speechRequest)], by: "type")
    )

    private static let videoRequest = named(
        "VideoJobRequest",
        request(
            .video,
            needs: ["prompt": prompt],
            takes: [
                "negative_prompt": text(max: GenerationRequest.promptCharactersMax),
                "duration": integer(in: 1...3_600).about("Seconds."),
                "resolution": text(max: 20).example("720p"),
                "aspect_ratio": text(max: 20).example("16:9"),
                "size": pixelSize,
                "fps": integer(in: 1...240),
                "frame_images": array(of: frameImage, max: 2)
                    .about("Pictures that the video starts and ends with; one of each."),
                "input_references": references,
                "generate_audio": bool,
                "seed": seed,
                "previous_job_id": text(max: 100),
            ]
        )
    )

    private static let imageRequest = named(
        "ImageJobRequest",
        request(
            .image,
            needs: ["prompt": prompt],
            takes: [
                "negative_prompt": text(max: GenerationRequest.promptCharactersMax),
                "n": integer(in: 1...1_000).about("How many."),
                "size": pixelSize,
                "resolution": text(max: 20).example("1K"),
                "aspect_ratio": text(max: 20).example("1:1"),
                "quality": text(max: 40),
                "background": text(max: 40),
                "output_format": text(max: 20),
                "output_compression": integer(in: 0...100),
                "input_references": references,
                "mask": imagePart,
                "seed": seed,
            ]
        )
    )

    private static let speechRequest = named(
        "SpeechJobRequest",
        request(
            .speech,
            needs: ["input": prompt.about("The text to speak.")],
            takes: [
                "voice": text(max: 100),
                "language": text(max: 35).example("en"),
                "speed": number(in: 0.01...100).about("1 is the voice's own tempo."),
                "instructions": text(max: 10_000),
                "response_format": text(max: 20),
            ]
        )
    )

    /// A request of one type: what it needs, what it takes, and what every request takes.
    private static func request(
        _ type: GenerationType,
        needs: [String: Schema],
        takes: [String: Schema]
    ) -> Schema {
        let optional = takes.merging(common) { own, _ in own }
        let required = needs.merging(["type": const(type.rawValue), "model": text(min: 1, max: 200)]) { own, _ in own }
        return object(
            required.merging(optional.mapValues(\.orNull)) { own, _ in own },
            optional: Set(optional.keys)
        )
    }

    /// What every request takes.
    private static let common: [String: Schema] = [
        "provider": object(
            [
                "options": map(of: object([:], isOpen: true), nameMax: 64).orNull
                    .about("Options handed to one provider as they are, by its slug.")
            ],
            optional: ["options"]
        ),
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
        "callback_url": string(max: CallbackURL.charactersMax, pattern: "^https?://", format: "uri"),
    ]

    // MARK: Parts

    private static let prompt = text(min: 1, max: GenerationRequest.promptCharactersMax)
    private static let seed = integer(in: Int64.min...Int64.max)
    private static let references = array(of: imagePart, max: 16).about("Pictures to be guided by.")

    /// `WIDTHxHEIGHT`, each side 1 to 65,536.
    private static let pixelSize: Schema = {
        let side = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-6])"
        return string(pattern: "^\(side)x\(side)$").example("1280x720")
    }()

    private static let imageURL = object(["url": text(min: 1).about("A `data:` URL, or an http(s) one.")])

    private static let imagePart = named(
        "ImagePart",
        object(["type": const("image_url"), "image_url": imageURL])
    )

    private static let frameImage = named(
        "FrameImage",
        object([
            "type": const("image_url"), "image_url": imageURL, "frame_type": word(FrameRole.self),
        ])
    )
}
