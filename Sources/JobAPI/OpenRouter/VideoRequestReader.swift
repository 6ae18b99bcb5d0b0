import Generation
import HTTPTransport
import JobCore
import JobEngine

/// Reads the body of `POST /videos`: OpenRouter's fields, by its rules.
///
/// Wrong types and values outside a model's set are refused, as is a parameter that the model lacks. Fields that nobody
/// knows are accepted, not forwarded, and listed in the job's adjustments.
struct VideoRequestReader: Sendable {
    private static let framesMax = 2
    private static let referencesMax = 16
    private static let sessionCharactersMax = 256

    let directory: DailyDirectory
    /// Networks besides the public one that a callback may lead to.
    let allowNetworks: [NetworkRange]

    /// Reads what is to be made, and what is said about it.
    ///
    /// - Parameters:
    ///   - body: The body.
    ///   - session: The session that the header names; one in the body wins.
    ///   - key: Who asks.
    ///   - idempotencyKey: The client's own name for the request.
    /// - Returns: The submission. A model that does not exist is left to be refused with it.
    /// - Throws: `RequestProblem`, or `APIError` with status 404 when the routing preferences leave no endpoint.
    func read(
        _ body: JSONValue,
        session: String?,
        key: APIKey,
        idempotencyKey: String?
    ) throws -> JobSubmission {
        var fields = try FieldReader(body)
        var passed = PassedOver()
        let name = try fields.requiredString("model", charactersMax: 200)
        let entry = try entry(name, for: key, &passed)
        let video = try video(&fields, entry, &passed)
        try refuseUpscaling(&fields, entry)
        let preferences = try ProviderPreferences.read(&fields, entry, named: name, &passed)
        let parameters = try parameters(&fields, session: session)
        try passed.addUnread(&fields)
        var request = GenerationRequest(
            model: entry?.model.slug ?? name,
            content: .video(video),
            providerOptions: preferences.options
        )
        request.routing = preferences.routing
        return JobSubmission(
            key: key,
            request: request,
            parameters: parameters,
            adjustments: passed.adjustments,
            idempotencyKey: idempotencyKey,
            surface: "openrouter"
        )
    }

    /// The model that is asked for, which must be one that makes videos.
    private func entry(
        _ name: String,
        for key: APIKey,
        _ passed: inout PassedOver
    ) throws(RequestProblem) -> ModelDirectory.Entry? {
        guard let entry = directory.today(for: key).find(name) else { return nil }
        guard entry.model.type == .video else {
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "`\(entry.model.slug)` makes \(entry.model.type.rawValue), not video; GET /api/v1/videos/models lists those that do."
            )
        }
        if name != entry.model.slug {
            try passed.add("model", .string(name), .modelAlias, used: .string(entry.model.slug))
        }
        return entry
    }

    private func video(
        _ fields: inout FieldReader,
        _ entry: ModelDirectory.Entry?,
        _ passed: inout PassedOver
    ) throws(RequestProblem) -> VideoRequest {
        var video = VideoRequest(
            prompt: try fields.requiredString("prompt", charactersMax: GenerationRequest.promptCharactersMax)
        )
        video.duration = try fields.duration()
        video.resolution = try fields.string("resolution", charactersMax: 20)
        video.aspectRatio = try fields.string("aspect_ratio", charactersMax: 20)
        video.size = try size(&fields)
        video.frameImages = try frames(&fields, &passed)
        let (pictures, others) = try references(&fields, entry, &passed)
        if video.frameImages.isEmpty {
            (video.inputReferences, video.mediaReferences) = (pictures, others)
        } else if !pictures.isEmpty || !others.isEmpty {
            // With frames the request is image-to-video, and they win.
            let count = pictures.count + others.count
            try passed.add("input_references", .string("an array of \(count)"), .notApplicable)
        }
        video.generateAudio = try fields.bool("generate_audio") ?? Self.audioDefault(entry)
        video.seed = try fields.integer("seed")
        video.previousJobID = try fields.string("previous_job_id", charactersMax: 100)
        return video
    }

    /// In this dialect a model that can make sound does, unless told otherwise.
    private static func audioDefault(_ entry: ModelDirectory.Entry?) -> Bool? {
        guard case .video(let parameters)? = entry?.model.parameters else { return nil }
        return parameters.audio.canSound ? true : nil
    }

    private func size(_ fields: inout FieldReader) throws(RequestProblem) -> PixelSize? {
        guard let text = try fields.string("size", charactersMax: 40) else { return nil }
        guard let size = PixelSize(text) else {
            throw RequestProblem(
                .invalidValue,
                field: "size",
                "`size` is \(RequestProblem.shown(.string(text))); the form is WIDTHxHEIGHT in pixels, such as 1280x720."
            )
        }
        return size
    }

    // MARK: References

    private func frames(
        _ fields: inout FieldReader,
        _ passed: inout PassedOver
    ) throws(RequestProblem) -> [FrameImage] {
        var frames: [FrameImage] = []
        for (value, path) in try fields.array("frame_images", countMax: Self.framesMax) ?? [] {
            var element = try FieldReader(value, path: path)
            let role = try element.frameRole(path, besides: frames)
            let (kind, url) = try part(&element, path, of: [.image], &passed)
            if kind == .image { frames.append(FrameImage(role: role, image: .url(url))) }
        }
        return frames
    }

    private func references(
        _ fields: inout FieldReader,
        _ entry: ModelDirectory.Entry?,
        _ passed: inout PassedOver
    ) throws(RequestProblem) -> ([MediaInput], [MediaReference]) {
        var inputs: [MediaInput] = []
        var others: [MediaReference] = []
        for (value, path) in try fields.array("input_references", countMax: Self.referencesMax) ?? [] {
            var element = try FieldReader(value, path: path)
            let (kind, url) = try part(&element, path, of: PartKind.allCases, &passed)
            switch kind {
            case .image: inputs.append(.url(url))
            case .audio, .video:
                let other: MediaReference.Kind = kind == .video ? .video : .audio
                guard Self.takes(other, entry) else {
                    // Those that take none use the pictures and pass over the rest.
                    try passed.add(path, .string(kind.rawValue), .unsupportedParameter)
                    continue
                }
                others.append(MediaReference(kind: other, url: url, position: inputs.count + others.count))
            }
        }
        return (inputs, others)
    }

    private static func takes(_ kind: MediaReference.Kind, _ entry: ModelDirectory.Entry?) -> Bool {
        guard case .video(let parameters)? = entry?.model.parameters else { return false }
        return switch kind {
        case .video: parameters.videoReferencesMax > 0
        case .audio: parameters.audioReferencesMax > 0
        }
    }

    /// What a reference is.
    private enum PartKind: String, CaseIterable {
        case image = "image_url"
        case audio = "audio_url"
        case video = "video_url"
    }

    /// Reads `{"type":"image_url","image_url":{"url":...}}`; the payload's length is bounded by the body's.
    private func part(
        _ element: inout FieldReader,
        _ path: String,
        of kinds: [PartKind],
        _ passed: inout PassedOver
    ) throws(RequestProblem) -> (PartKind, url: String) {
        let text = try element.requiredString("type", charactersMax: 40)
        guard let kind = kinds.first(where: { $0.rawValue == text }) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "\(path).type",
                "`\(path).type` is \(RequestProblem.shown(.string(text))); allowed: \(RequestProblem.list(kinds.map(\.rawValue)))."
            )
        }
        guard var media = try element.object(kind.rawValue) else {
            throw RequestProblem(
                .missingField,
                field: "\(path).\(kind.rawValue)",
                "`\(path).\(kind.rawValue)` is required: an object with `url`."
            )
        }
        let url = try media.requiredString("url", charactersMax: Int.max)
        try passed.addUnread(&media)
        try passed.addUnread(&element)
        return (kind, url)
    }

    // MARK: The rest

    /// Upscaling is of models that none here is like.
    private func refuseUpscaling(
        _ fields: inout FieldReader,
        _ entry: ModelDirectory.Entry?
    ) throws(RequestProblem) {
        let factor = try fields.number("upscale_factor", in: 0...1_000)
        let creativity = try fields.integer("creativity")
        guard let entry, factor != nil || creativity != nil else { return }
        let field = factor != nil ? "upscale_factor" : "creativity"
        throw RequestProblem(
            .unsupportedParameter,
            field: field,
            "`\(entry.model.slug)` has no `\(field)`, which is for models that upscale; leave it out."
        )
    }

    private func parameters(_ fields: inout FieldReader, session: String?) throws(RequestProblem) -> JobParameters {
        var parameters = JobParameters()
        parameters.user = try fields.string("user", charactersMax: 512)
        parameters.sessionID =
            try fields.string("session_id", charactersMax: Self.sessionCharactersMax)
        if parameters.sessionID == nil { parameters.sessionID = try checked(session) }
        parameters.trace = try SubmissionReader.trace(&fields)
        if let url = try fields.string("callback_url", charactersMax: CallbackURL.charactersMax) {
            try CallbackURL.check(url, field: "callback_url", allowing: allowNetworks)
            parameters.callbackURL = url
        }
        return parameters
    }

    private func checked(_ session: String?) throws(RequestProblem) -> String? {
        guard let session, !session.isEmpty else { return nil }
        guard session.unicodeScalars.count <= Self.sessionCharactersMax, !session.utf8.contains(0) else {
            throw RequestProblem(
                .invalidValue,
                field: "x-session-id",
                "The X-Session-Id header may have at most \(Self.sessionCharactersMax) characters."
            )
        }
        return session
    }
}
