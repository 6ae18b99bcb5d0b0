/// What a job makes.
///
/// All are known by name; a model decides which are offered.
public enum GenerationType: String, Sendable, Codable, CaseIterable {
    /// Moving pictures, with or without sound.
    case video
    /// Still pictures.
    case image
    /// Spoken text.
    case speech
    /// Text from spoken audio.
    case transcription
    /// Music.
    case music
    /// Sound effects.
    case sound
}

/// A size in pixels, written `1280x720`.
public struct PixelSize: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The width in pixels.
    public let width: Int
    /// The height in pixels.
    public let height: Int

    /// Makes a size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Reads `WIDTHxHEIGHT`; each side 1 to 65,536.
    ///
    /// Nil for anything else.
    public init?(_ text: String) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ $0.count <= 5 && $0.allSatisfy(\.isASCII) }),
            let width = Int(sides[0]), let height = Int(sides[1]),
            (1...65_536).contains(width), (1...65_536).contains(height), "\(width)x\(height)" == text
        else { return nil }
        self.init(width: width, height: height)
    }

    /// `1280x720`.
    public var description: String { "\(width)x\(height)" }
}

/// One size that a model offers, under the names a request may use for it.
public struct SizeOption: Sendable, Hashable, Codable {
    /// The resolution tier, such as `720p` or `1K`.
    public let resolution: String
    /// The aspect ratio, such as `16:9`.
    public let aspectRatio: String
    /// The exact size in pixels.
    public let size: PixelSize
    /// Whether the size follows the pictures of the request: `size` is then the largest that can come out, and a
    /// resolved request has none.
    public var followsInput = false

    /// Makes an option.
    public init(resolution: String, aspectRatio: String, size: PixelSize) {
        self.resolution = resolution
        self.aspectRatio = aspectRatio
        self.size = size
    }
}

/// The hash, type and length of a media input that is kept in our storage.
public struct StoredInput: Sendable, Hashable, Codable {
    /// SHA-256 of the bytes, 64 lower-case hexadecimal digits: the key in storage.
    public let sha256: String
    /// The media type that the bytes were found to have, such as `image/png`.
    public let mediaType: String
    /// The length in bytes.
    public let bytes: Int64
    /// The width in pixels, of a picture that was measured.
    public var width: Int?
    /// The height in pixels, of a picture that was measured.
    public var height: Int?
    /// The length of a sound, in milliseconds, where the file tells it.
    public var milliseconds: Int64?
    /// The samples of a sound in a second, where the file tells them.
    public var sampleRate: Int?

    /// Describes a stored input.
    public init(sha256: String, mediaType: String, bytes: Int64) {
        self.sha256 = sha256
        self.mediaType = mediaType
        self.bytes = bytes
    }
}

/// Media that a client handed in: as it was posted, and later as it is kept.
public enum MediaInput: Sendable, Hashable, Codable {
    /// As posted: a `data:` URL, or an `http(s)` one.
    case url(String)
    /// As posted: a file of its own in the request, by its number among the submission's uploads. Never stored with a job.
    case upload(Int)
    /// Checked and kept under its hash for the job's life. What came as `data:` is stored with a job only in this form.
    case stored(StoredInput)

    /// The form that a job shows of a picture: never the payload itself.
    public var json: JSONValue {
        guard let members else { return ["type": "image_url"] }
        return ["type": "image_url", "image_url": .object(members)]
    }

    /// The form that a job shows of a sound.
    public var audioJSON: JSONValue { .object(members ?? [:]) }

    /// What is told of it; nil of what came with the request and is not kept yet.
    private var members: [String: JSONValue]? {
        switch self {
        // By bytes: comparing characters of a client's making can be slow.
        case .url(let url): url.utf8.starts(with: "data:".utf8) ? nil : ["url": .string(url)]
        case .upload: nil
        case .stored(let input):
            [
                "sha256": .string(input.sha256), "media_type": .string(input.mediaType), "bytes": .integer(input.bytes),
            ]
        }
    }
}

/// Which frame of a video a picture stands for.
public enum FrameRole: String, Sendable, Codable, CaseIterable, Comparable {
    /// The picture that the video starts with.
    case first = "first_frame"
    /// The picture that the video ends with.
    case last = "last_frame"

    /// First before last.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs == .first && rhs == .last }
}

/// A picture that a video must start or end with.
public struct FrameImage: Sendable, Hashable, Codable {
    /// Which frame it is.
    public var role: FrameRole
    /// The picture.
    public var image: MediaInput

    /// Makes a frame image.
    public init(role: FrameRole, image: MediaInput) {
        self.role = role
        self.image = image
    }
}

/// A video or a sound to be guided by.
///
/// Named by URL alone: the provider fetches it there itself. It is not copied, so it must be there until the job is done.
public struct MediaReference: Sendable, Hashable, Codable {
    /// What it is.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Moving pictures.
        case video = "video_url"
        /// Sound.
        case audio = "audio_url"
    }

    /// What it is.
    public var kind: Kind
    /// Where it is.
    public var url: String
    /// Its place in `input_references`, pictures counted.
    public var position: Int

    /// Makes a reference.
    public init(kind: Kind, url: String, position: Int) {
        self.kind = kind
        self.url = url
        self.position = position
    }

    /// The form that a job shows.
    var json: JSONValue {
        .object(["type": .string(kind.rawValue), kind.rawValue: ["url": .string(url)]])
    }
}

/// A parameter that was changed or left out, told to the client instead of being kept quiet.
public struct Adjustment: Sendable, Hashable, Codable {
    /// Why a parameter was adjusted.
    public enum Reason: String, Sendable, Codable {
        /// The model lacks the parameter; it was left out because the request asked not to be strict.
        case unsupportedParameter = "unsupported_parameter"
        /// The dialect's request had a field nobody knows; it was not forwarded.
        case unknownField = "unknown_field"
        /// The model lacks the value; the nearest one that it has is used because the request asked not to be strict.
        case nearestValue = "nearest_value"
        /// A picture was scaled to the size that the provider demands.
        case resized
        /// The model is served under another name.
        case modelAlias = "model_alias"
        /// Something else in the request, or who serves it, left no use for it; it was not forwarded.
        case notApplicable = "not_applicable"
        /// The provider was asked for it, and delivered something else.
        case deliveredOtherwise = "delivered_otherwise"
    }

    /// The parameter's native name.
    public let parameter: String
    /// What was asked for.
    public let asked: JSONValue
    /// What is used instead; null when nothing is.
    public let used: JSONValue
    /// Why.
    public let reason: Reason

    /// Makes an adjustment.
    public init(parameter: String, asked: JSONValue, used: JSONValue, reason: Reason) {
        self.parameter = parameter
        self.asked = asked
        self.used = used
        self.reason = reason
    }
}
