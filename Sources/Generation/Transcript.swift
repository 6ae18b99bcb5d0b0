/// What was heard: the one form that every provider's transcript is brought into.
///
/// Times are in milliseconds from the start of the sound.
public struct Transcript: Sendable, Hashable, Codable {
    /// A part that was spoken in one go.
    public struct Segment: Sendable, Hashable, Codable {
        /// When it starts.
        public var start: Int64
        /// When it ends.
        public var end: Int64
        /// What was said.
        public var text: String
        /// Who said it, under a name of the model's making.
        public var speaker: String?

        /// Makes a segment.
        public init(start: Int64, end: Int64, text: String, speaker: String? = nil) {
            self.start = start
            self.end = end
            self.text = text
            self.speaker = speaker
        }
    }

    /// One word.
    public struct Word: Sendable, Hashable, Codable {
        /// When it starts.
        public var start: Int64
        /// When it ends.
        public var end: Int64
        /// The word.
        public var word: String
        /// Who said it, under a name of the model's making.
        public var speaker: String?

        /// Makes a word.
        public init(start: Int64, end: Int64, word: String, speaker: String? = nil) {
            self.start = start
            self.end = end
            self.word = word
            self.speaker = speaker
        }
    }

    /// The forms that a transcript can be given in.
    public enum Format: String, Sendable, CaseIterable {
        /// The whole as JSON.
        case json
        /// The same.
        case verboseJSON = "verbose_json"
        /// The text alone.
        case text
        /// SubRip subtitles.
        case srt
        /// WebVTT subtitles.
        case vtt

        /// The media type of that form.
        public var mediaType: String {
            switch self {
            case .json, .verboseJSON: "application/json"
            case .text: "text/plain"
            case .srt: "application/x-subrip"
            case .vtt: "text/vtt"
            }
        }

        /// The usual ending of a file's name, without the dot.
        public var fileExtension: String {
            switch self {
            case .json, .verboseJSON: "json"
            case .text: "txt"
            case .srt: "srt"
            case .vtt: "vtt"
            }
        }
    }

    /// All that was said.
    public var text: String
    /// The language that was heard, as the model names it.
    public var language: String?
    /// The length of the sound.
    public var milliseconds: Int64?
    /// Its parts, in order; empty where the model gives none.
    public var segments: [Segment]
    /// Its words, in order; empty where the model gives none.
    public var words: [Word]

    /// Makes a transcript.
    public init(
        text: String,
        language: String? = nil,
        milliseconds: Int64? = nil,
        segments: [Segment] = [],
        words: [Word] = []
    ) {
        self.text = text
        self.language = language
        self.milliseconds = milliseconds
        self.segments = segments
        self.words = words
    }

    /// The transcript in a form for clients.
    ///
    /// Subtitles of a transcript without times are one caption over the whole.
    public func rendered(as format: Format) -> String {
        switch format {
        case .json, .verboseJSON: json.canonicalText
        case .text: text
        case .srt:
            captions.enumerated().map { index, caption in
                "\(index + 1)\n\(Self.clock(caption.start, ",")) --> \(Self.clock(caption.end, ","))\n\(caption.spoken)\n\n"
            }.joined()
        case .vtt:
            "WEBVTT\n\n"
                + captions.map { caption in
                    "\(Self.clock(caption.start, ".")) --> \(Self.clock(caption.end, "."))\n\(caption.escaped)\n\n"
                }.joined()
        }
    }

    /// The whole as JSON: the names are those of OpenAI's verbose form.
    public var json: JSONValue {
        var fields: [String: JSONValue] = [
            "task": "transcribe", "text": .string(text),
            "segments": .array(
                segments.enumerated().map { index, segment in
                    var fields: [String: JSONValue] = [
                        "id": .integer(Int64(index)), "start": Self.seconds(segment.start),
                        "end": Self.seconds(segment.end), "text": .string(segment.text),
                    ]
                    fields["speaker"] = segment.speaker.map(JSONValue.string)
                    return .object(fields)
                }
            ),
            "words": .array(
                words.map { word in
                    var fields: [String: JSONValue] = [
                        "word": .string(word.word), "start": Self.seconds(word.start), "end": Self.seconds(word.end),
                    ]
                    fields["speaker"] = word.speaker.map(JSONValue.string)
                    return .object(fields)
                }
            ),
        ]
        fields["language"] = language.map(JSONValue.string)
        fields["duration"] = milliseconds.map(Self.seconds)
        return .object(fields)
    }

    private var captions: [Segment] {
        guard segments.isEmpty else { return segments }
        guard !text.isEmpty else { return [] }
        return [Segment(start: 0, end: max(1, milliseconds ?? words.last?.end ?? 1_000), text: text)]
    }

    private static func seconds(_ milliseconds: Int64) -> JSONValue { .number(Double(milliseconds) / 1_000) }

    /// `01:02:03,456`.
    private static func clock(_ milliseconds: Int64, _ point: String) -> String {
        let time = max(0, milliseconds)
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let (hours, minutes, seconds) = (time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60)
        return "\(digits(hours, 2)):\(digits(minutes, 2)):\(digits(seconds, 2))\(point)\(digits(time % 1_000, 3))"
    }
}

extension Transcript.Segment {
    /// The text on lines of its own: an empty line would end the caption.
    fileprivate var spoken: String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// The same, with what WebVTT takes for markup escaped.
    fileprivate var escaped: String {
        var out = ""
        for scalar in spoken.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case _: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
