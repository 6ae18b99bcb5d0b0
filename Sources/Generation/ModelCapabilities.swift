/// What one model takes and makes, what it costs, and how hard it may be driven: data, with source and date.
public struct ModelCapabilities: Sendable, Hashable {
    /// The slug, `author/name`.
    public var slug: String
    /// The name for people.
    public var name: String
    /// One sentence for people.
    public var summary: String
    /// What it takes and makes, per type.
    public var parameters: ModelParameters
    /// The longest prompt, in Unicode scalars.
    public var promptCharactersMax: Int
    /// The vendor's price list.
    public var prices: [ListPrice]
    /// How hard the provider may be driven.
    public var limits: EndpointLimits
    /// How long things take.
    public var timing: EndpointTiming
    /// Where these facts come from: document and date.
    public var source: String
    /// The names of the provider's own options that it takes: `provider.options` on the wire.
    public var options: [String]
    /// The provider's own name of the model, as its wire wants it.
    ///
    /// Defaults to the part of the slug after the author.
    public var providerModel: String
    /// The day on which the provider stops serving it; nil when none is known.
    public var availableUntil: CalendarDate?
    /// Whether the operator offers it no more: jobs that it has taken are followed to their end all the same.
    public var isWithdrawn = false
    /// The slug of the model that takes its place.
    public var replacedBy: String?
    /// What the provider does with what it is sent; nil when nothing is known.
    public var dataPolicy: DataPolicy?
    /// How video tokens are counted; nil where none are.
    public var videoTokens: VideoTokenMeter?
    /// What a job can take in tokens of other kinds; nil where none are billed.
    public var tokens: TokenMeter?
    /// How megapixels are counted; nil: to the pixel, a million each.
    public var megapixels: MegapixelMeter?
    /// What else the adapter notes about the model, by names of its own.
    public var wire: [String: String] = [:]

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
        self.providerModel = slug.split(separator: "/").last.map(String.init) ?? slug
    }

    /// What the model makes.
    public var type: GenerationType {
        switch parameters {
        case .video: .video
        case .image: .image
        case .speech: .speech
        case .transcription: .transcription
        case .music: .music
        case .sound: .sound
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
    /// Of a transcription model.
    case transcription(TranscriptionParameters)
    /// Of a music model.
    case music(MusicParameters)
    /// Of a model of sound effects.
    case sound(SoundParameters)
}

/// One line of a vendor's price list.
public struct ListPrice: Sendable, Hashable {
    /// The unit: `second`, `image`, `megapixel`, `input_megapixel`, `token`, `character`, `request`, `audio_second`,
    /// `audio_minute`, `reference_image`, tokens by what they stand for (`input_text_token`, `input_image_token`,
    /// `input_audio_token`, `output_text_token`, `output_image_token`, `output_audio_token`), or `minimum` for the least
    /// that the whole costs.
    public let unit: String
    /// The price of one unit in US dollars, as an exact decimal: `"0.0125"`.
    public let usd: String
    /// What must hold for the line to count, by name: `["resolution": "720p"]`.
    ///
    /// The names are `resolution`, `audio` (`true`, `false`), `input` (`text`, `image`, `reference`, `video`), `quality`,
    /// of images also `size` and `background`, of transcriptions `diarize` and `keyterms` (`true`, `false`). Empty: always.
    public let conditions: [String: String]
    /// The line counts for what is above this quantity, an exact decimal; nil: from the first unit on.
    ///
    /// Lines of one unit and equal conditions are tiers of one price.
    public let above: String?
    /// The first day on which the line counts; nil: it counts already.
    public let from: CalendarDate?
    /// The first day on which it counts no more; nil: it has no end.
    public let until: CalendarDate?

    /// Makes a line.
    public init(
        unit: String,
        usd: String,
        conditions: [String: String] = [:],
        above: String? = nil,
        from: CalendarDate? = nil,
        until: CalendarDate? = nil
    ) {
        self.unit = unit
        self.usd = usd
        self.conditions = conditions
        self.above = above
        self.from = from
        self.until = until
    }
}

/// How hard a provider account may be driven with one model.
public struct EndpointLimits: Sendable, Hashable {
    /// How many jobs may be at the provider at once.
    public let slots: Int
    /// How many submits may start in a minute; nil when the provider sets no limit.
    public let submitsPerMinute: Int?
    /// How many submits may start in a second; nil when the provider sets no limit.
    public let submitsPerSecond: Int?
    /// The name under which several models of one account share these limits; nil: the model has them to itself.
    public let sharedBy: String?

    /// Makes limits.
    public init(
        slots: Int,
        submitsPerMinute: Int? = nil,
        submitsPerSecond: Int? = nil,
        sharedBy: String? = nil
    ) {
        self.slots = slots
        self.submitsPerMinute = submitsPerMinute
        self.submitsPerSecond = submitsPerSecond
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
