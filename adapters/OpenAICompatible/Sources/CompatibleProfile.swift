import Generation

/// In which of its forms a server speaks the common dialect.
///
/// Sources, read on 2026-11-21: vllm_omni 0.30.0 and sglang 0.5.23 (their wheels, `entrypoints/openai`), mudler/LocalAI of
/// 2026-08-22, speaches-ai/speaches of 2026-03-26, remsky/Kokoro-FastAPI of 2026-08-17.
struct CompatibleProfile: Sendable, Hashable {
    /// How pictures are answered.
    enum PictureForm: String, Sendable, CaseIterable {
        /// Inside the answer.
        case base64 = "b64_json"
        /// As a link.
        case url
        /// As the server likes: nothing is asked for.
        case unsaid = "none"
    }

    /// How a size is said.
    enum SizeForm: String, Sendable, CaseIterable {
        case size
        case sides = "width_height"
    }

    /// How reference pictures are handed in.
    enum ReferenceForm: String, Sendable, CaseIterable {
        case none
        /// `POST /images/edits` as a form: one is `image`, several are `image[]`.
        case files = "image"
        /// The same, and one is `image[]` too.
        case listedFiles = "image[]"
        /// Base64 in the JSON of `POST /images/generations`.
        case inside = "ref_images"
    }

    /// The form of a body.
    enum BodyForm: String, Sendable, CaseIterable {
        case multipart
        case json
    }

    /// How a length is said.
    enum LengthForm: String, Sendable, CaseIterable {
        case seconds
        /// As `num_frames`, one more than its frames a second times its seconds, and `fps`.
        case frames
    }

    // MARK: Images

    var pictureForm = PictureForm.base64
    var sizeForm = SizeForm.size
    var references = ReferenceForm.files
    /// Whether `output_format` is sent.
    var saysFormat = false

    // MARK: Videos

    /// Relative to the base URL; from the server's root with a slash at its start.
    var videoPath = "videos"
    var videoForm = BodyForm.multipart
    /// Whether the answer to the submit is the video.
    var videoWaits = false
    var videoLength = LengthForm.seconds
    /// The field of the first frame; nil when there is none.
    var firstFrame: String? = "input_reference"
    /// The field of the last frame; nil when there is none.
    var lastFrame: String?
    /// The field that asks for sound; nil when there is none.
    var soundField: String?

    // MARK: Sound

    /// The field of a speech's language; nil when there is none.
    var languageField: String?
    /// `json` or `verbose_json`.
    var transcriptForm = "verbose_json"

    /// The servers that are known by name.
    static let known: [(name: String, profile: CompatibleProfile)] = [
        ("generic", CompatibleProfile()), ("vllm-omni", vllmOmni), ("sglang", sglang), ("localai", localAI),
        ("speaches", CompatibleProfile()), ("kokoro", kokoro),
    ]

    private static let vllmOmni: CompatibleProfile = {
        var profile = CompatibleProfile()
        profile.saysFormat = true
        profile.soundField = "generate_sound"
        profile.languageField = "language"
        return profile
    }()

    private static let sglang: CompatibleProfile = {
        var profile = CompatibleProfile()
        profile.saysFormat = true
        return profile
    }()

    private static let localAI: CompatibleProfile = {
        var profile = CompatibleProfile()
        profile.references = .inside
        (profile.videoPath, profile.videoForm, profile.videoWaits) = ("/video", .json, true)
        profile.videoLength = .frames
        (profile.firstFrame, profile.lastFrame) = ("start_image", "end_image")
        profile.languageField = "language"
        return profile
    }()

    private static let kokoro: CompatibleProfile = {
        var profile = CompatibleProfile()
        profile.languageField = "lang_code"
        return profile
    }()
}

// MARK: - The operator's file

extension CompatibleProfile {
    /// Reads `profile`: a name, or an object of what is different, with `like` for the name.
    static func read(_ reader: inout FieldReader) throws(RequestProblem) -> CompatibleProfile {
        let place = reader.path(of: "profile")
        guard let value = reader.value("profile") else { return CompatibleProfile() }
        if let name = value.stringValue { return try named(name, at: place) }
        var fields = try FieldReader(value, path: place)
        let name = try fields.string("like", charactersMax: 64)
        var profile = try named(name ?? "generic", at: fields.path(of: "like"))
        try profile.readImages(&fields)
        try profile.readVideos(&fields)
        if var speech = try fields.object("speech") {
            profile.languageField = try field("language", profile.languageField, &speech)
            try speech.finish()
        }
        if var transcriptions = try fields.object("transcriptions") {
            if let form = try transcriptions.string("response_format", charactersMax: 64) {
                let forms = ["json", "verbose_json"]
                guard forms.contains(form) else {
                    throw unknown(form, transcriptions.path(of: "response_format"), forms)
                }
                profile.transcriptForm = form
            }
            try transcriptions.finish()
        }
        try fields.finish()
        return profile
    }

    private mutating func readImages(_ fields: inout FieldReader) throws(RequestProblem) {
        guard var images = try fields.object("images") else { return }
        pictureForm = try images.word("response_format", as: PictureForm.self) ?? pictureForm
        sizeForm = try images.word("size", as: SizeForm.self) ?? sizeForm
        references = try images.word("references", as: ReferenceForm.self) ?? references
        saysFormat = try images.bool("output_format") ?? saysFormat
        try images.finish()
    }

    private mutating func readVideos(_ fields: inout FieldReader) throws(RequestProblem) {
        guard var videos = try fields.object("videos") else { return }
        if let path = try videos.string("path", charactersMax: 200) {
            let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/.".utf8)
            guard !path.isEmpty, path.utf8.allSatisfy(allowed.contains), !path.contains("..") else {
                throw RequestProblem(
                    .invalidValue,
                    field: videos.path(of: "path"),
                    "`\(videos.path(of: "path"))` is \(RequestProblem.shown(.string(path))); the form is videos, relative to `base_url`, or /video, from the server's root."
                )
            }
            videoPath = path
        }
        videoForm = try videos.word("create", as: BodyForm.self) ?? videoForm
        videoWaits = try videos.bool("waits") ?? videoWaits
        videoLength = try videos.word("length", as: LengthForm.self) ?? videoLength
        firstFrame = try Self.field("first_frame", firstFrame, &videos)
        lastFrame = try Self.field("last_frame", lastFrame, &videos)
        soundField = try Self.field("sound", soundField, &videos)
        try videos.finish()
    }

    /// The name of a field on the wire; `none` for none.
    private static func field(
        _ name: String,
        _ byDefault: String?,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> String? {
        guard let text = try reader.string(name, charactersMax: 64) else { return byDefault }
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789_".utf8)
        guard !text.isEmpty, text.utf8.allSatisfy(allowed.contains) else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is \(RequestProblem.shown(.string(text))); it must be the name of a field, or none."
            )
        }
        return text == "none" ? nil : text
    }

    private static func named(_ name: String, at place: String) throws(RequestProblem) -> CompatibleProfile {
        guard let profile = known.first(where: { $0.name == name })?.profile else {
            throw unknown(name, place, known.map(\.name))
        }
        return profile
    }

    private static func unknown(_ word: String, _ place: String, _ allowed: [String]) -> RequestProblem {
        RequestProblem(
            .invalidValue,
            field: place,
            "`\(place)` is \(RequestProblem.shown(.string(word))); allowed: \(RequestProblem.list(allowed))."
        )
    }
}
