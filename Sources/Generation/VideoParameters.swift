/// What a video model takes.
///
/// Lists are in the vendor's order; the first entry is the default unless one is named.
public struct VideoParameters: Sendable, Hashable {
    /// Asks for a length of the model's choice, where it chooses: `duration` on the wire.
    public static let automatic = -1

    /// The lengths on offer, in seconds.
    public var durations: [Int]
    /// The length when none is asked for.
    public var defaultDuration: Int
    /// Whether the model can choose the length itself.
    ///
    /// Held for the longest, billed for what came out.
    public var automaticDuration = false
    /// The sizes on offer.
    public var sizes: [SizeOption]
    /// The frame rates on offer; empty when the rate cannot be chosen.
    public var framesPerSecond: [Int] = []
    /// Which frames may be given.
    public var frameRoles: Set<FrameRole> = []
    /// Whether a last one may be given without a first one.
    public var lastFrameAlone = false
    /// Whether the pictures of frames must have the video's exact size.
    ///
    /// They are scaled to it, and the change is reported.
    public var framesMatchSize = false
    /// How many reference pictures are taken.
    public var referencesMax = 0
    /// How many reference videos are taken, by URL.
    public var videoReferencesMax = 0
    /// How many reference sounds are taken, by URL.
    public var audioReferencesMax = 0
    /// How many references are taken in all; nil: as many as the kinds allow.
    public var allReferencesMax: Int?
    /// Whether references may come together with frames.
    public var referencesWithFrames = false
    /// Whether the video has sound.
    public var audio = AudioOffer.silent
    /// The longest negative prompt, in Unicode scalars; nil when none is taken.
    public var negativePromptCharactersMax: Int?
    /// The seeds that are taken; nil when none is.
    public var seeds: ClosedRange<Int64>?
    /// Whether it continues an earlier job.
    public var previousJob = false
    /// What of this holds only together with something else of the request.
    public var rules: [VideoRule] = []

    /// Makes the list with what every video model has.
    public init(durations: [Int], defaultDuration: Int, sizes: [SizeOption]) {
        self.durations = durations
        self.defaultDuration = defaultDuration
        self.sizes = sizes
    }
}

/// Whether a model's videos have sound.
public enum AudioOffer: Sendable, Hashable {
    /// They never have.
    case silent
    /// They always have.
    case always
    /// It can be asked for or declined.
    case choice(default: Bool)

    /// Whether there can be sound at all.
    public var canSound: Bool {
        switch self {
        case .silent: false
        case .always, .choice: true
        }
    }
}

/// A limit that a model sets only under some conditions.
public struct VideoRule: Sendable, Hashable {
    /// Something that a request has.
    public enum Condition: Sendable, Hashable {
        /// The resolution is one of these.
        case resolutions([String])
        /// There is a picture of the first frame.
        case firstFrame
        /// There is a picture of the last frame.
        case lastFrame
        /// There is no picture of the last frame.
        case noLastFrame
        /// There are references of any kind.
        case references
        /// There are no references.
        case noReferences
        /// There are reference videos.
        case videoReferences
        /// There are frames or references.
        case pictures
        /// There are neither frames nor references.
        case noPictures
        /// Sound is wanted, or not.
        case audio(Bool)
    }

    /// What is left then.
    public enum Consequence: Sendable, Hashable {
        /// Only these lengths.
        case durations([Int])
        /// Only these resolutions.
        case resolutions([String])
        /// Only these aspect ratios.
        case aspectRatios([String])
        /// The video gets the aspect ratio of its picture: it cannot be asked for.
        case aspectRatioFollowsPicture
    }

    /// What must hold, all of it.
    public let when: [Condition]
    /// What is left then.
    ///
    /// Of those that limit sizes, none may depend on a resolution.
    public let then: Consequence
    /// The reason, as the rest of a sentence for the client: `1080p is made in 8 seconds`.
    public let why: String

    /// Makes a rule.
    public init(when: [Condition], then: Consequence, why: String) {
        self.when = when
        self.then = then
        self.why = why
    }
}

/// How a vendor counts the tokens of a video.
public struct VideoTokenMeter: Sendable, Hashable, Codable {
    /// Frames per second of the count.
    public var framesPerSecond = 24
    /// Frames that are counted besides.
    public var extraFrames = 1
    /// Pixels for one token.
    public var pixelsPerToken = 1_024
    /// The most pixels of a frame, by resolution: what is held when the size follows a picture.
    public var pixelsMax: [String: Int]
    /// The longest video, in seconds: what is held when the model decides.
    public var secondsMax: Int
    /// The longest that all reference videos together may be, in seconds: what is held for them.
    public var inputSecondsMax = 0
    /// With reference videos at least this many thirds of the video's own seconds count; 0: there is no such minimum.
    public var inputThirdsMin = 0

    /// Makes a meter.
    public init(pixelsMax: [String: Int], secondsMax: Int) {
        self.pixelsMax = pixelsMax
        self.secondsMax = secondsMax
    }
}
