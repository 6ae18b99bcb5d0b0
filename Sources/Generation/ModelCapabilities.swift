/// What one model takes and makes, what it costs, and how hard it may be driven: data, with source and date.
public struct ModelCapabilities: Sendable, Hashable {
    /// The slug, `author/name`.
    public let slug: String
    /// The name for people.
    public let name: String
    /// One sentence for people.
    public let summary: String
    /// What it takes and makes, per type.
    public let parameters: ModelParameters
    /// The longest prompt, in Unicode scalars.
    public let promptCharactersMax: Int
    /// The vendor's price list.
    public let prices: [ListPrice]
    /// How hard the provider may be driven.
    public let limits: EndpointLimits
    /// How long things take.
    public let timing: EndpointTiming
    /// Where these facts come from: document and date.
    public let source: String
    /// The names of the provider's own options that it takes: `provider.options` on the wire.
    public let options: [String]

    /// Describes a model.
    public init(
        slug: String,
        name: String,
        summary: String,
        parameters: ModelParameters,
        promptCharactersMax: Int,
        prices: [ListPrice],
        limits: EndpointLimits,
        timing: EndpointTiming,
        source: String,
        options: [String] = []
    ) {
        self.slug = slug
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.promptCharactersMax = promptCharactersMax
        self.prices = prices
        self.limits = limits
        self.timing = timing
        self.source = source
        self.options = options
    }

    /// What the model makes.
    public var type: GenerationType {
        switch parameters {
        case .video: .video
        case .image: .image
        case .speech: .speech
        }
    }
}

/// What a model takes and makes, per type.
public enum ModelParameters: Sendable, Hashable {
    /// Of a video model.
    case video(VideoParameters)
    /// Of an image model.
    case image(ImageParameters)
    /// Of a speech model.
    case speech(SpeechParameters)
}

/// What a video model takes.
///
/// Lists are in the vendor's order; the first entry is the default unless one is named.
public struct VideoParameters: Sendable, Hashable {
    /// The lengths on offer, in seconds.
    public var durations: [Int]
    /// The length when none is asked for.
    public var defaultDuration: Int
    /// The sizes on offer.
    public var sizes: [SizeOption]
    /// The frame rates on offer; empty when the rate cannot be chosen.
    public var framesPerSecond: [Int] = []
    /// Which frames may be given.
    public var frameRoles: Set<FrameRole> = []
    /// How many reference pictures are taken.
    public var referencesMax = 0
    /// Whether sound can be asked for or declined; nil when the model has no say in it.
    public var audioDefault: Bool?
    /// Whether a negative prompt is taken.
    public var negativePrompt = false
    /// Whether a seed is taken.
    public var seed = false
    /// Whether it continues an earlier job.
    public var previousJob = false

    /// Makes the list with what every video model has.
    public init(durations: [Int], defaultDuration: Int, sizes: [SizeOption]) {
        self.durations = durations
        self.defaultDuration = defaultDuration
        self.sizes = sizes
    }
}

/// What an image model takes.
public struct ImageParameters: Sendable, Hashable {
    /// The sizes on offer; the first is the default.
    public var sizes: [SizeOption]
    /// How many images one call makes at most.
    public var countMax = 1
    /// The file formats on offer; the first is the default.
    public var formats: [String]
    /// The quality tiers; empty when there are none.
    public var qualities: [String] = []
    /// The backgrounds; empty when they cannot be chosen.
    public var backgrounds: [String] = []
    /// Whether lossy formats take a compression level.
    public var compression = false
    /// How many reference pictures are taken.
    public var referencesMax = 0
    /// Whether a mask is taken.
    public var mask = false
    /// Whether a negative prompt is taken.
    public var negativePrompt = false
    /// Whether a seed is taken.
    public var seed = false

    /// Makes the list with what every image model has.
    public init(sizes: [SizeOption], formats: [String]) {
        self.sizes = sizes
        self.formats = formats
    }
}

/// What a speech model takes.
public struct SpeechParameters: Sendable, Hashable {
    /// The voices on offer; the first is the default.
    public var voices: [String]
    /// The languages on offer; the first is the default; empty when it cannot be chosen.
    public var languages: [String] = []
    /// The file formats on offer; the first is the default.
    public var formats: [String]
    /// The slowest and fastest tempo; nil when it cannot be chosen.
    public var speed: ClosedRange<Double>?
    /// Whether instructions are taken.
    public var instructions = false

    /// Makes the list with what every speech model has.
    public init(voices: [String], formats: [String]) {
        self.voices = voices
        self.formats = formats
    }
}

/// One line of a vendor's price list.
public struct ListPrice: Sendable, Hashable {
    /// The unit: `second`, `image`, `megapixel`, `token`, `character`, `request` or `audio_minute`.
    public let unit: String
    /// The price of one unit in US dollars, as an exact decimal: `"0.0125"`.
    public let usd: String
    /// What must hold for the line to count, by name: `["resolution": "720p"]`.
    ///
    /// Empty: always.
    public let conditions: [String: String]

    /// Makes a line.
    public init(unit: String, usd: String, conditions: [String: String] = [:]) {
        self.unit = unit
        self.usd = usd
        self.conditions = conditions
    }
}

/// How hard a provider account may be driven with one model.
public struct EndpointLimits: Sendable, Hashable {
    /// How many jobs may be at the provider at once.
    public let slots: Int
    /// How many submits may start in a minute; nil when the provider sets no limit.
    public let submitsPerMinute: Int?
    /// The name under which several models of one account share these limits; nil: the model has them to itself.
    public let sharedBy: String?

    /// Makes limits.
    public init(slots: Int, submitsPerMinute: Int? = nil, sharedBy: String? = nil) {
        self.slots = slots
        self.submitsPerMinute = submitsPerMinute
        self.sharedBy = sharedBy
    }
}

/// How long a model takes, and how long it may take.
public struct EndpointTiming: Sendable, Hashable {
    /// What a job usually takes at the provider, in seconds: where polling starts to look.
    public let typicalSeconds: Double
    /// After how many seconds from its first send a job without a deadline of its own expires.
    public let deadlineSeconds: Int64
    /// The total time-out of one submit, in seconds.
    public let sendTimeoutSeconds: Int64
    /// The shortest time between two polls of one job, in seconds.
    public let pollIntervalSeconds: Double

    /// Makes timings.
    public init(
        typicalSeconds: Double,
        deadlineSeconds: Int64,
        sendTimeoutSeconds: Int64,
        pollIntervalSeconds: Double
    ) {
        self.typicalSeconds = typicalSeconds
        self.deadlineSeconds = deadlineSeconds
        self.sendTimeoutSeconds = sendTimeoutSeconds
        self.pollIntervalSeconds = pollIntervalSeconds
    }
}
