import Foundation
public import Generation

extension Transcript {
    /// A transcript as many servers answer with it: `{"text", "language", "duration", "segments", "words"}`, times in
    /// seconds; nil without a text.
    public init?(answer json: JSONValue) {
        guard let text = json["text"]?.stringValue else { return nil }
        self.init(text: text)
        language = json["language"]?.stringValue ?? Self.language(in: json["languages"])
        milliseconds = json["duration"]?.secondsInMilliseconds
        if case .array(let found)? = json["segments"] {
            segments = found.compactMap { segment in
                guard let text = segment["text"]?.stringValue, let (start, end) = Self.times(segment) else {
                    return nil
                }
                let speaker = segment["speaker"]?.stringValue
                return Segment(start: start, end: end, text: text, speaker: speaker)
            }
        }
        if case .array(let found)? = json["words"] {
            words = found.compactMap { word in
                guard let text = word["word"]?.stringValue, let (start, end) = Self.times(word) else { return nil }
                return Word(start: start, end: end, word: text)
            }
        }
    }

    /// The first of the languages that were heard.
    private static func language(in json: JSONValue?) -> String? {
        guard case .array(let languages)? = json else { return nil }
        return languages.first?["code"]?.stringValue
    }

    private static func times(_ json: JSONValue) -> (start: Int64, end: Int64)? {
        guard let start = json["start"]?.secondsInMilliseconds, let end = json["end"]?.secondsInMilliseconds else {
            return nil
        }
        return (start, max(start, end))
    }
}

extension AttemptContext {
    /// Keeps a transcript as the output that it is.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    public func seal(_ transcript: Transcript) throws(ProviderFailure) -> ProviderOutput {
        guard let bytes = try? JSONEncoder().encode(transcript) else { throw .unreadable("a strange transcript") }
        return try seal(Array(bytes), mediaType: "application/json")
    }
}
