import Generation
import JobCore
import JobEngine

/// Reads the bodies of `POST /v1/videos` and `POST /v1/videos/{id}/remix`.
struct OpenAIVideoReader: Sendable {
    /// How forms are read: a picture may also come as a `data:` URL in a text.
    static let form: DialectBodies.Form = {
        var limits = MultipartLimits(fileBytesMax: 20 * 1_048_576, filesMax: 2)
        limits.fieldBytesMax = 28 * 1_048_576
        limits.fieldsBytesMax = 29 * 1_048_576
        return DialectBodies.Form(limits: limits)
    }()

    /// What native fields are called here.
    static let names = DialectNames(names: ["duration": "seconds", "frame_images[": "input_reference"])
    /// The same of a remix, which takes nearly all from its original.
    static let remixNames = DialectNames(names: ["previous_job_id": "video_id"])

    /// The model of a request that names none.
    private static let standardModel = "sora-2"

    let directory: DailyDirectory

    /// Reads a request for a new video.
    ///
    /// - Parameters:
    ///   - body: Its fields.
    ///   - form: The form that they came in, if they did.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The submission. A model that does not exist is left to be refused with it.
    /// - Throws: `RequestProblem`.
    func creation(
        _ body: JSONValue,
        _ form: MultipartForm?,
        key: APIKey,
        idempotencyKey: String?
    ) throws(RequestProblem) -> JobSubmission {
        var dialect = try DialectFields(body, form)
        let (model, entry) = try dialect.model(.video, in: directory.today(for: key), standard: Self.standardModel)
        var video = VideoRequest(
            prompt: try dialect.fields.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax)
        )
        video.duration = try seconds(&dialect.fields)
        video.size = try dialect.size()
        if let image = try reference(&dialect) { video.frameImages = [FrameImage(role: .first, image: image)] }
        let user = try dialect.fields.string("user", charactersMax: 512)
        let options = try dialect.finish(entry, files: ["input_reference"])
        return dialect.submission(
            GenerationRequest(model: model, content: .video(video), providerOptions: options),
            answerForm: nil,
            user: user,
            key: key,
            idempotencyKey: idempotencyKey
        )
    }

    /// Reads a request for a video that continues another.
    ///
    /// Model, size and sound are the original's. Where the model offers others for a continuation, the nearest are used,
    /// and told in the job's adjustments.
    ///
    /// - Parameters:
    ///   - original: The job of the other video.
    ///   - body: The fields.
    ///   - form: The form that they came in, if they did.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The submission.
    /// - Throws: `RequestProblem`, also for a model that continues nothing.
    func remix(
        of original: Job,
        _ body: JSONValue,
        _ form: MultipartForm?,
        key: APIKey,
        idempotencyKey: String?
    ) throws(RequestProblem) -> JobSubmission {
        var dialect = try DialectFields(body, form)
        let prompt = try dialect.fields.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax)
        let options = try dialect.finish(nil, files: [])
        let model = original.admitted.request.model
        guard case .video(let earlier) = original.admitted.request.content, continues(model) else {
            throw RequestProblem(
                .unsupportedParameter,
                field: "video_id",
                "`\(model)`, which made this video, cannot continue one; no video is remixed by it."
            )
        }
        var video = VideoRequest(prompt: prompt)
        video.previousJobID = original.id.description
        video.duration = earlier.duration
        video.resolution = earlier.resolution
        video.aspectRatio = earlier.aspectRatio
        video.size = earlier.size
        video.generateAudio = earlier.generateAudio
        var parameters = JobParameters()
        parameters.strict = false
        return JobSubmission(
            key: key,
            request: GenerationRequest(model: model, content: .video(video), providerOptions: options),
            parameters: parameters,
            adjustments: dialect.passed.adjustments,
            idempotencyKey: idempotencyKey,
            surface: "openai"
        )
    }

    /// Whether anybody who serves a model continues earlier videos with it.
    ///
    /// Asked before the submission, which is not strict: a continuation must not become a video of its own.
    private func continues(_ model: String) -> Bool {
        guard let endpoints = directory.today.find(model)?.endpoints, !endpoints.isEmpty else { return false }
        return endpoints.allSatisfy { endpoint in
            guard case .video(let parameters) = endpoint.model.parameters else { return false }
            return parameters.previousJob
        }
    }

    /// A length in seconds: a text in this dialect, a number from many who use it.
    private func seconds(_ fields: inout FieldReader) throws(RequestProblem) -> Int? {
        guard let value = fields.value("seconds") else { return nil }
        let whole = value.wholeNumber ?? value.stringValue.flatMap { QueryReader.wholeNumber($0) }
        guard let whole, (1...3_600).contains(whole) else {
            throw RequestProblem(
                .invalidValue,
                field: "seconds",
                "`seconds` is \(RequestProblem.shown(value)); it must be a whole number of seconds, such as \"4\"."
            )
        }
        return Int(whole)
    }

    /// The picture that the video starts with: a file, or an object that names one.
    private func reference(_ dialect: inout DialectFields) throws(RequestProblem) -> MediaInput? {
        let name = "input_reference"
        let files = dialect.uploads(name)
        let value = dialect.fields.value(name)
        guard files.count + (value == nil ? 0 : 1) <= 1 else {
            throw RequestProblem(.contradiction, field: name, "`\(name)` is given more than once; a video has one.")
        }
        if let file = files.first { return file }
        guard let value else { return nil }
        guard case .object = value else {
            throw RequestProblem(
                .invalidValue,
                field: name,
                "`\(name)` must be a file, or an object with `image_url`; not \(value.typeName)."
            )
        }
        return try dialect.picture(value, name)
    }
}
