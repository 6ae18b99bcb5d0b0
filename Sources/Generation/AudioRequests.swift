/// One part of speech that several voices share.
public struct SpeechTurn: Sendable, Hashable, Codable {
    /// The text to speak.
    public var text: String
    /// Who speaks it; nil: the voice of the whole.
    public var voice: String?

    /// Makes a turn.
    public init(text: String, voice: String? = nil) {
        self.text = text
        self.voice = voice
    }
}

/// The parameters of speech.
public struct SpeechRequest: Sendable, Hashable, Codable {
    /// The text to speak.
    public var input: String
    /// The same text in turns, when several voices speak it; empty otherwise.
    ///
    /// `input` is then their texts, a line each.
    public var turns: [SpeechTurn] = []
    /// The voice's name.
    public var voice: String?
    /// The language, such as `en` or `de`.
    public var language: String?
    /// The tempo; 1 is the voice's own.
    public var speed: Double?
    /// How to speak.
    public var instructions: String?
    /// The audio format, such as `mp3` or `wav`.
    public var responseFormat: String?

    /// Makes a request with a text; everything else is set afterwards.
    public init(input: String) { self.input = input }

    /// Makes a request of turns.
    public init(turns: [SpeechTurn]) {
        self.init(input: turns.map(\.text).joined(separator: "\n"))
        self.turns = turns
    }

    /// Reads what is stored: an earlier version wrote no turns.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(input: try fields.decode(String.self, forKey: .input))
        turns = try fields.decodeIfPresent([SpeechTurn].self, forKey: .turns) ?? []
        voice = try fields.decodeIfPresent(String.self, forKey: .voice)
        language = try fields.decodeIfPresent(String.self, forKey: .language)
        speed = try fields.decodeIfPresent(Double.self, forKey: .speed)
        instructions = try fields.decodeIfPresent(String.self, forKey: .instructions)
        responseFormat = try fields.decodeIfPresent(String.self, forKey: .responseFormat)
    }
}

/// What a transcript's times are given for.
public enum TimestampGranularity: String, Sendable, Codable, CaseIterable, Comparable {
    /// Sentences, or what the model takes for them.
    case segment
    /// Words.
    case word

    /// Segments before words.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs == .segment && rhs == .word }
}

/// The parameters of a transcription.
public struct TranscriptionRequest: Sendable, Hashable, Codable {
    /// What is listened to.
    public var inputAudio: MediaInput
    /// The language that is spoken, such as `en`; nil: the model finds out.
    public var language: String?
    /// `json`, `verbose_json`, `text`, `srt` or `vtt`.
    public var responseFormat: String?
    /// What times are wanted for.
    public var timestampGranularities: [TimestampGranularity] = []
    /// Whether speakers are told apart.
    public var diarize: Bool?
    /// Words that are likely to be heard.
    public var keyterms: [String] = []
    /// How freely the model guesses; 0 is not at all.
    public var temperature: Double?
    /// Text that stands before what is heard, for style and spelling.
    public var prompt: String?

    /// Makes a request with a sound; everything else is set afterwards.
    public init(inputAudio: MediaInput) { self.inputAudio = inputAudio }
}

/// The parameters of music.
public struct MusicRequest: Sendable, Hashable, Codable {
    /// What is to be heard.
    public var prompt: String
    /// What is to be sung.
    public var lyrics: String?
    /// Whether nobody is to sing.
    public var instrumental: Bool?
    /// The length in seconds.
    public var duration: Double?
    /// Makes the outcome repeatable where the model can.
    public var seed: Int64?
    /// The audio format, such as `mp3` or `wav`.
    public var responseFormat: String?

    /// Makes a request with a prompt; everything else is set afterwards.
    public init(prompt: String) { self.prompt = prompt }
}

/// The parameters of a sound effect.
public struct SoundRequest: Sendable, Hashable, Codable {
    /// What is to be heard.
    public var prompt: String
    /// The length in seconds.
    public var duration: Double?
    /// Whether its end is to lead into its beginning.
    public var loop: Bool?
    /// Makes the outcome repeatable where the model can.
    public var seed: Int64?
    /// The audio format, such as `mp3` or `wav`.
    public var responseFormat: String?

    /// Makes a request with a prompt; everything else is set afterwards.
    public init(prompt: String) { self.prompt = prompt }
}
