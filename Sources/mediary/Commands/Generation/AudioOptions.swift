import ArgumentParser
import Foundation
import Generation
import Glibc
import MediaInspection

/// The options of a transcription, whose argument is what to listen to.
struct TranscriptionOptions: TypedOptions {
    static let type = GenerationType.transcription
    static let textField = "input_audio"
    static let subjectHelp = ArgumentHelp(
        "What to listen to: a file or a URL; - reads a file from standard input.",
        valueName: "file|url"
    )

    @Option(help: "The language that is spoken, such as en.")
    var language: String?

    @Option(help: "The form of the transcript: json, verbose_json, text, srt or vtt.")
    var responseFormat: String?

    @Option(name: .customLong("timestamps"), help: "What times are wanted for: word or segment; may be given twice.")
    var timestampGranularities: [String] = []

    @Flag(inversion: .prefixedNo, help: "Whether speakers are told apart.")
    var diarize: Bool?

    @Option(help: "A word that is likely to be heard; may be given several times.")
    var keyterm: [String] = []

    @Option(help: "How freely the model guesses; 0 is not at all.")
    var temperature: Double?

    @Option(help: "Text that stands before what is heard, for style and spelling.")
    var prompt: String?

    static func subject(_ argument: String?) throws -> JSONValue {
        guard let argument else {
            throw ClientFailure("Say what to listen to, a file or a URL, or give - to read a file from standard input.")
        }
        return try SoundFile.part(argument)
    }

    func write(to fields: inout NativeFields) throws {
        try fields.set("language", language)
        try fields.set("response_format", responseFormat)
        try fields.set("timestamp_granularities", timestampGranularities.map(JSONValue.string))
        try fields.set("diarize", diarize.map(JSONValue.bool))
        try fields.set("keyterms", keyterm.map(JSONValue.string))
        try fields.set("temperature", temperature.map(JSONValue.number))
        try fields.set("prompt", prompt)
    }
}

/// The options of music.
struct MusicOptions: TypedOptions {
    static let type = GenerationType.music
    static let textField = "prompt"

    @Option(help: "The length in seconds.")
    var duration: Double?

    @Option(help: "What is to be sung.")
    var lyrics: String?

    @Flag(inversion: .prefixedNo, help: "Whether nobody is to sing.")
    var instrumental: Bool?

    @Option(parsing: .unconditional, help: "Makes the outcome repeatable where the model can.")
    var seed: Int?

    @Option(help: "The audio format, such as mp3 or wav.")
    var responseFormat: String?

    func write(to fields: inout NativeFields) throws {
        try fields.set("duration", duration.map(JSONValue.number))
        try fields.set("lyrics", lyrics)
        try fields.set("instrumental", instrumental.map(JSONValue.bool))
        try fields.set("seed", seed)
        try fields.set("response_format", responseFormat)
    }
}

/// The options of a sound effect.
struct SoundOptions: TypedOptions {
    static let type = GenerationType.sound
    static let textField = "prompt"

    @Option(help: "The length in seconds.")
    var duration: Double?

    @Flag(inversion: .prefixedNo, help: "Whether its end is to lead into its beginning.")
    var loop: Bool?

    @Option(parsing: .unconditional, help: "Makes the outcome repeatable where the model can.")
    var seed: Int?

    @Option(help: "The audio format, such as mp3 or wav.")
    var responseFormat: String?

    func write(to fields: inout NativeFields) throws {
        try fields.set("duration", duration.map(JSONValue.number))
        try fields.set("loop", loop.map(JSONValue.bool))
        try fields.set("seed", seed)
        try fields.set("response_format", responseFormat)
    }
}

/// A sound that a command names: a URL as it is, or a file in base64.
enum SoundFile {
    /// The longest file that is read; what a model takes is the service's to say.
    private static let bytesMax = 48_000_000

    /// The sound as a request names it.
    ///
    /// - Throws: `ClientFailure` for a file that cannot be read, is too long, or is no sound by its first bytes.
    static func part(_ text: String) throws -> JSONValue {
        if ["http://", "https://", "data:"].contains(where: text.lowercased().hasPrefix) {
            return ["url": .string(text)]
        }
        let bytes = try read(text)
        guard let format = format(bytes, name: text) else {
            throw ClientFailure(
                "\(text) is no sound that is taken: WAV, MP3, FLAC, Ogg, M4A, AAC, WebM, MP4, or samples in a .pcm file."
            )
        }
        return ["data": .string(bytes.base64EncodedString()), "format": .string(format)]
    }

    /// What a sound is, by its first bytes; one that has no header, by its name.
    private static func format(_ bytes: Data, name: String) -> String? {
        guard let type = MediaInspector.sniff(Array(bytes.prefix(MediaInspector.sniffLength))) else {
            return name.lowercased().hasSuffix(".pcm") && !bytes.isEmpty ? "pcm" : nil
        }
        switch type {
        case .wav, .mp3, .flac, .ogg, .m4a, .aac, .webm, .webmAudio, .mp4: return type.fileExtension
        case .png, .jpeg, .webp, .gif, .quickTime, .matroska: return nil
        }
    }

    private static func read(_ path: String) throws -> Data {
        let file: FileHandle
        if path == "-" {
            file = FileHandle.standardInput
        } else {
            guard let opened = FileHandle(forReadingAtPath: path) else {
                throw ClientFailure("\(path) cannot be opened: \(String(cString: strerror(errno))).")
            }
            file = opened
        }
        defer { try? file.close() }
        guard let bytes = try? file.read(upToCount: bytesMax + 1) ?? Data() else {
            throw ClientFailure("\(path) cannot be read.")
        }
        guard bytes.count <= bytesMax else {
            throw ClientFailure("\(path) is longer than \(bytesMax) bytes, the most that is taken; give a URL instead.")
        }
        return bytes
    }
}
