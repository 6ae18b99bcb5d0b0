import ArgumentParser
import Generation

/// The options of one type of job, each for one native field.
protocol TypedOptions: ParsableArguments, Sendable {
    /// What the job makes.
    static var type: GenerationType { get }
    /// The field that the text goes to.
    static var textField: String { get }
    /// What the argument is.
    static var subjectHelp: ArgumentHelp { get }

    /// The argument as that field's value.
    ///
    /// - Throws: `ClientFailure` when it is missing or cannot be read.
    static func subject(_ argument: String?) throws -> JSONValue

    /// Writes what was given; what was not is the model's to choose.
    ///
    /// - Throws: `ClientFailure` for a file that cannot be used.
    func write(to fields: inout NativeFields) throws
}

extension TypedOptions {
    static var subjectHelp: ArgumentHelp {
        "The text that the model follows or speaks; - reads it from standard input."
    }

    /// A text.
    static func subject(_ argument: String?) throws -> JSONValue {
        .string(try RequestOptions<Self>.readText(argument))
    }
}

/// The options of a video.
struct VideoOptions: TypedOptions {
    static let type = GenerationType.video
    static let textField = "prompt"

    @Option(help: "The length in seconds.")
    var duration: Int?

    @Option(help: "The resolution, such as 720p.")
    var resolution: String?

    @Option(help: "The aspect ratio, such as 16:9.")
    var aspectRatio: String?

    @Option(help: "The exact size in pixels, such as 1280x720.")
    var size: String?

    @Option(help: "Frames per second.")
    var fps: Int?

    @Option(help: ArgumentHelp("The picture to start with.", valueName: "file|url"))
    var firstFrame: String?

    @Option(help: ArgumentHelp("The picture to end with.", valueName: "file|url"))
    var lastFrame: String?

    @Option(help: ArgumentHelp("A picture to be guided by; may be given several times.", valueName: "file|url"))
    var reference: [String] = []

    @Flag(inversion: .prefixedNo, help: "Whether the video gets sound.")
    var audio: Bool?

    @Option(parsing: .unconditional, help: "Makes the outcome repeatable where the model can.")
    var seed: Int?

    @Option(help: "What is not to be seen.")
    var negativePrompt: String?

    func write(to fields: inout NativeFields) throws {
        try fields.set("duration", duration)
        try fields.set("resolution", resolution)
        try fields.set("aspect_ratio", aspectRatio)
        try fields.set("size", size)
        try fields.set("fps", fps)
        let frames = [
            try firstFrame.map { try Self.frame("first_frame", $0, option: "--first-frame") },
            try lastFrame.map { try Self.frame("last_frame", $0, option: "--last-frame") },
        ]
        try fields.set("frame_images", frames.compactMap { $0 })
        try fields.set("input_references", reference.map { try MediaFile.part($0, option: "--reference") })
        try fields.set("generate_audio", audio.map(JSONValue.bool))
        try fields.set("seed", seed)
        try fields.set("negative_prompt", negativePrompt)
    }

    private static func frame(_ role: String, _ text: String, option: String) throws -> JSONValue {
        let part = try MediaFile.part(text, option: option)
        guard case .object(var members) = part else { return part }
        members["frame_type"] = .string(role)
        return .object(members)
    }
}

/// The options of an image.
struct ImageOptions: TypedOptions {
    static let type = GenerationType.image
    static let textField = "prompt"

    @Option(help: "How many images.")
    var n: Int?

    @Option(help: "The exact size in pixels, such as 1024x1024.")
    var size: String?

    @Option(help: "The resolution, such as 1K.")
    var resolution: String?

    @Option(help: "The aspect ratio, such as 3:2.")
    var aspectRatio: String?

    @Option(help: "The quality, where the model has several.")
    var quality: String?

    @Option(help: "transparent, opaque or auto, where the model can.")
    var background: String?

    @Option(help: "png, jpeg or webp.")
    var outputFormat: String?

    @Option(help: "0 to 100, for lossy formats.")
    var outputCompression: Int?

    @Option(help: ArgumentHelp("A picture to be guided by; may be given several times.", valueName: "file|url"))
    var reference: [String] = []

    @Option(help: ArgumentHelp("The area to change.", valueName: "file|url"))
    var mask: String?

    @Option(parsing: .unconditional, help: "Makes the outcome repeatable where the model can.")
    var seed: Int?

    @Option(help: "What is not to be seen.")
    var negativePrompt: String?

    func write(to fields: inout NativeFields) throws {
        try fields.set("n", n)
        try fields.set("size", size)
        try fields.set("resolution", resolution)
        try fields.set("aspect_ratio", aspectRatio)
        try fields.set("quality", quality)
        try fields.set("background", background)
        try fields.set("output_format", outputFormat)
        try fields.set("output_compression", outputCompression)
        try fields.set("input_references", reference.map { try MediaFile.part($0, option: "--reference") })
        try fields.set("mask", mask.map { try MediaFile.part($0, option: "--mask") })
        try fields.set("seed", seed)
        try fields.set("negative_prompt", negativePrompt)
    }
}

/// The options of speech.
struct SpeechOptions: TypedOptions {
    static let type = GenerationType.speech
    static let textField = "input"

    @Option(help: "The voice's name.")
    var voice: String?

    @Option(help: "The language, such as en or de.")
    var language: String?

    @Option(help: "The tempo; 1 is the voice's own.")
    var speed: Double?

    @Option(help: "How to speak.")
    var instructions: String?

    @Option(help: "The audio format, such as mp3 or wav.")
    var responseFormat: String?

    func write(to fields: inout NativeFields) throws {
        try fields.set("voice", voice)
        try fields.set("language", language)
        try fields.set("speed", speed.map(JSONValue.number))
        try fields.set("instructions", instructions)
        try fields.set("response_format", responseFormat)
    }
}
