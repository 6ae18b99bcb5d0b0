/// What a speech model takes.
public struct SpeechParameters: Sendable, Hashable {
    /// The voices on offer; the first is the default.
    public var voices: [String]
    /// Whether other voices, an account's own, are passed on by their ids.
    ///
    /// Their form is the adapter's to check.
    public var customVoices = false
    /// The longest speech that can come out, in seconds: what is held where its length is billed.
    public var secondsMax = 3_600
    /// How many voices may speak in turns.
    public var speakersMax = 1
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

/// What a transcription model takes.
public struct TranscriptionParameters: Sendable, Hashable {
    /// The forms of transcripts on offer, of `json`, `verbose_json`, `text`, `srt` and `vtt`; the first is the default.
    public var formats: [String]
    /// The media types that it listens to, such as `audio/mpeg`.
    ///
    /// `audio/pcm` is headerless: 16 bits, mono, 16 kHz.
    public var mediaTypes: [String]
    /// The longest file, in bytes.
    public var bytesMax: Int64
    /// The longest sound, in seconds: what is held for one of unknown length.
    public var secondsMax: Int
    /// The sample rates that it takes, in hertz; nil: any.
    public var sampleRates: ClosedRange<Int>?
    /// Whether the language can be named.
    public var languageChoice = true
    /// The languages on offer; empty: any code of ISO 639 is passed on.
    public var languages: [String] = []
    /// What times can be given for.
    public var granularities: Set<TimestampGranularity> = []
    /// Whether it tells speakers apart.
    public var diarize = false
    /// How many words can be named that are likely to be heard.
    public var keytermsMax = 0
    /// How freely it may guess; nil when that cannot be chosen.
    public var temperatures: ClosedRange<Double>?
    /// Whether it takes text that stands before what is heard.
    public var prompt = false

    /// Makes the list with what every transcription model has.
    public init(formats: [String], mediaTypes: [String], bytesMax: Int64, secondsMax: Int) {
        self.formats = formats
        self.mediaTypes = mediaTypes
        self.bytesMax = bytesMax
        self.secondsMax = secondsMax
    }
}

/// What a music model takes.
public struct MusicParameters: Sendable, Hashable {
    /// The file formats on offer; the first is the default.
    public var formats: [String]
    /// The shortest and longest piece, in seconds; nil when the length cannot be chosen.
    public var durations: ClosedRange<Double>?
    /// The length when none is asked for, in seconds; nil: the model decides, and the longest is held.
    public var defaultDuration: Double?
    /// The longest piece that can come out, in seconds.
    public var secondsMax: Int
    /// The longest lyrics, in Unicode scalars; nil when none are taken.
    public var lyricsCharactersMax: Int?
    /// Whether singing can be forbidden.
    public var instrumental = false
    /// The seeds that are taken; nil when none is.
    public var seeds: ClosedRange<Int64>?

    /// Makes the list with what every music model has.
    public init(formats: [String], secondsMax: Int) {
        self.formats = formats
        self.secondsMax = secondsMax
    }
}

/// What a model of sound effects takes.
public struct SoundParameters: Sendable, Hashable {
    /// The file formats on offer; the first is the default.
    public var formats: [String]
    /// The shortest and longest sound, in seconds; nil when the length cannot be chosen.
    public var durations: ClosedRange<Double>?
    /// The length when none is asked for, in seconds; nil: the model decides, and the longest is held.
    public var defaultDuration: Double?
    /// The longest sound that can come out, in seconds.
    public var secondsMax: Int
    /// Whether it makes loops.
    public var loop = false
    /// The seeds that are taken; nil when none is.
    public var seeds: ClosedRange<Int64>?

    /// Makes the list with what every such model has.
    public init(formats: [String], secondsMax: Int) {
        self.formats = formats
        self.secondsMax = secondsMax
    }
}
