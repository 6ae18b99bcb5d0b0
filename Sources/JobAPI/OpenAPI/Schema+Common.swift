import Generation

/// The forms that all routes share.
extension Schema {
    /// The one form of every error.
    static let error = named(
        "Error",
        .object([
            "error": .object([
                "code": integer(in: 400...599).about("The HTTP status."),
                "message": .string(min: 1).about("A sentence for people."),
                "type": word(APIError.Family.self),
                "param": .string().orNull.about("The field, parameter or header that it is about."),
                "metadata": .object([
                    "error_type": .string(min: 1).about("The family in OpenRouter's words."),
                    "reason": .string(min: 1).about("What it is exactly, for programs."),
                ]),
            ])
        ])
    )

    /// The id of a job.
    static let jobID = string(pattern: "^job_[0-7][0-9a-hjkmnp-tv-z]{25}$")
        .example("job_01jd9f0q8v7k2m3n4p5q6r7s8t")

    /// A word about the health of the process.
    static let health = named("Health", .object(["status": .string(min: 1)]))
}
