/// A media format that can be recognised by its first bytes and checked to its last; the raw value is its MIME type.
package enum MediaType: String, Sendable, CaseIterable {
    case png = "image/png"
    case jpeg = "image/jpeg"
    case webp = "image/webp"
    case gif = "image/gif"
    case mp4 = "video/mp4"
    case quickTime = "video/quicktime"
    case webm = "video/webm"
    case matroska = "video/x-matroska"
    case wav = "audio/wav"
    case mp3 = "audio/mpeg"
    case ogg = "audio/ogg"
    case flac = "audio/flac"
    case aac = "audio/aac"
    case m4a = "audio/mp4"
    case webmAudio = "audio/webm"

    /// What a format is to a person: something to look at, to hear or to watch.
    package enum Kind: String, Sendable {
        case image, audio, video
    }

    /// The type that a MIME type names, parameters and common aliases allowed (`image/jpg`, `audio/x-wav`).
    package init?(mime: some StringProtocol) {
        let name = String(mime.prefix { $0 != ";" && $0 != " " }).lowercased()
        switch name {
        case "image/jpg", "image/pjpeg": self = .jpeg
        case "image/apng": self = .png
        case "audio/x-wav", "audio/wave", "audio/vnd.wave": self = .wav
        case "audio/mp3", "audio/x-mp3", "audio/x-mpeg": self = .mp3
        case "audio/opus", "application/ogg", "audio/x-ogg": self = .ogg
        case "audio/x-flac": self = .flac
        case "audio/aacp", "audio/x-aac": self = .aac
        case "audio/m4a", "audio/x-m4a": self = .m4a
        case "video/x-m4v": self = .mp4
        default: self.init(rawValue: name)
        }
    }

    package var kind: Kind {
        switch self {
        case .png, .jpeg, .webp, .gif: .image
        case .mp4, .quickTime, .webm, .matroska: .video
        case .wav, .mp3, .ogg, .flac, .aac, .m4a, .webmAudio: .audio
        }
    }

    /// The usual ending of a file's name, without the dot.
    package var fileExtension: String {
        switch self {
        case .png: "png"
        case .jpeg: "jpg"
        case .webp: "webp"
        case .gif: "gif"
        case .mp4: "mp4"
        case .quickTime: "mov"
        case .webm: "webm"
        case .matroska: "mkv"
        case .wav: "wav"
        case .mp3: "mp3"
        case .ogg: "ogg"
        case .flac: "flac"
        case .aac: "aac"
        case .m4a: "m4a"
        case .webmAudio: "weba"
        }
    }
}
