import Generation

/// The forms of OpenAI's routes: requests are open, answers are just these.
extension Schema {
    /// An error in OpenAI's form.
    static let openAIError = named(
        "OpenAIError",
        .object([
            "error": .object([
                "message": .string(min: 1).about("A sentence for people."),
                "type": .string(min: 1),
                "param": .string().orNull.about("The field or parameter that it is about."),
                "code": .string(min: 1).orNull.about("What it is exactly, for programs."),
            ])
        ])
    )

    // MARK: Models

    /// A model.
    static let openAIModel = named(
        "OpenAIModel",
        .object([
            "id": .string(min: 1), "object": const("model"), "created": time1970, "owned_by": .string(min: 1),
        ])
    )

    /// All models.
    static let openAIModels = object(["object": const("list"), "data": array(of: openAIModel)])

    // MARK: Videos

    private static let seconds = anyOf([string(pattern: "^[1-9][0-9]{0,2}$"), integer(in: 1...3_600)])
        .about("The length; the model's own when it is absent.")
    private static let size = string(pattern: "^([1-9][0-9]{0,3}x[1-9][0-9]{0,3}|auto)$").about("Such as `1280x720`.")

    /// In a form nothing is null.
    private static func videoFields(_ others: [String: Schema], isForm: Bool) -> Schema {
        let optional = [
            "model": text(min: 1, max: 200).byDefault("sora-2"), "seconds": seconds, "size": size,
            "user": text(max: 512),
        ].merging(others) { $1 }
        return object(
            optional.mapValues { isForm ? $0 : $0.orNull }.merging(["prompt": prompt]) { $1 },
            optional: Set(optional.keys),
            isOpen: true
        )
    }

    /// The body of a request for a video.
    static let openAIVideoRequest = named(
        "OpenAIVideoRequest",
        videoFields(
            [
                "input_reference": object(["image_url": text(min: 1)], isOpen: true)
                    .about("What the video starts with.")
            ],
            isForm: false
        )
    )

    /// The same as a form.
    static let openAIVideoForm = named(
        "OpenAIVideoForm",
        videoFields(["input_reference": bytes.about("What the video starts with: a picture.")], isForm: true)
    )

    /// The body of a request that continues a video.
    static let openAIRemixRequest = named("OpenAIRemixRequest", .object(["prompt": prompt], isOpen: true))

    /// A video's job.
    static let openAIVideo = named(
        "OpenAIVideo",
        .object(
            [
                "id": jobID, "object": const("video"), "model": .string(min: 1),
                "status": word(VideoObject.Status.self), "progress": integer(in: 0...100), "created_at": time1970,
                "completed_at": time1970.orNull, "expires_at": time1970.orNull, "prompt": .string(),
                "size": .string(min: 1).about("Or `auto`, until it is known."),
                "seconds": .string(min: 1).about("Or `auto`, until it is known."),
                "remixed_from_video_id": jobID.orNull,
                "error": object(["code": .string(min: 1), "message": .string(min: 1)]).orNull,
                "adjustments": array(of: adjustment, min: 1),
            ],
            optional: ["adjustments"]
        )
    )

    /// A page of videos.
    static let openAIVideoList = object([
        "object": const("list"), "data": array(of: openAIVideo), "first_id": jobID.orNull, "last_id": jobID.orNull,
        "has_more": bool,
    ])

    /// What is left of a video.
    static let openAIDeletedVideo = object(["id": jobID, "object": const("video.deleted"), "deleted": bool])
}
