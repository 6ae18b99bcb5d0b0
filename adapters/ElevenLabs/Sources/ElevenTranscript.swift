import Foundation
import Generation
import ProviderKit

/// The answer to a transcription, brought into the form that all transcripts have.
///
/// Source: `types/speech_to_text_chunk_response_model.py` and `types/speech_to_text_word_response_model.py` of the official
/// SDK elevenlabs 2.78.0, read on 2026-11-21. The wire has words, what stands between them (`spacing`) and sounds
/// (`audio_event`), each with its times in seconds; sentences are put together here.
enum ElevenTranscript {
    /// Ten hours of speech are some hundred thousand words, of about two hundred bytes each.
    static let answerBytesMax = 48 << 20

    /// A caption of two lines holds about this many characters, and is shown no longer than this.
    private static let captionCharactersMax = 84
    private static let captionMillisecondsMax: Int64 = 7_000
    /// After so long a silence something new begins.
    private static let silenceMilliseconds: Int64 = 1_000
    private static let ends = Set<Character>([".", "!", "?", "…", "。", "！", "？"])

    private struct Answer: Decodable {
        struct Word: Decodable {
            let text: String
            let start: Double?
            let end: Double?
            let type: String?
            let speaker: String?

            enum CodingKeys: String, CodingKey {
                case text
                case start
                case end
                case type
                case speaker = "speaker_id"
            }
        }

        let text: String
        let language: String?
        let seconds: Double?
        let words: [Word]?

        enum CodingKeys: String, CodingKey {
            case text
            case language = "language_code"
            case seconds = "audio_duration_secs"
            case words
        }
    }

    /// Reads the answer.
    ///
    /// - Throws: An unreadable answer when it is no transcript.
    static func read(_ body: [UInt8], _ request: TranscriptionRequest) throws(ProviderFailure) -> Transcript {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            throw .unreadable("\(body.count) bytes that are no transcript")
        }
        var transcript = Transcript(text: answer.text)
        transcript.language = answer.language
        transcript.milliseconds = answer.seconds.flatMap(milliseconds)
        let hasSpeakers = request.diarize ?? false
        var segments = Segments()
        for word in answer.words ?? [] {
            let speaker = hasSpeakers ? word.speaker : nil
            guard word.type != "spacing" else {
                segments.addSpace(word.text)
                continue
            }
            guard let start = word.start.flatMap(milliseconds), let end = word.end.flatMap(milliseconds) else {
                segments.addUntimed(word.text)
                continue
            }
            segments.add(word.text, start: start, end: max(start, end), speaker: speaker)
            if word.type != "audio_event" {
                transcript.words.append(
                    Transcript.Word(start: start, end: max(start, end), word: word.text, speaker: speaker)
                )
            }
        }
        transcript.segments = segments.all
        return transcript
    }

    /// Keeps a transcript as the attempt's output.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    static func keep(_ transcript: Transcript, in context: AttemptContext) throws(ProviderFailure) -> ProviderOutput {
        guard let bytes = try? JSONEncoder().encode(transcript) else {
            throw .unreadable("a transcript that cannot be written")
        }
        return try context.seal(Array(bytes), mediaType: "application/json")
    }

    private static func milliseconds(_ seconds: Double) -> Int64? {
        guard seconds.isFinite, (0...1_000_000).contains(seconds) else { return nil }
        return Int64((seconds * 1_000).rounded())
    }

    /// Puts sentences together, none longer than a caption.
    private struct Segments {
        private var done: [Transcript.Segment] = []
        private var current: Transcript.Segment?
        private var space = ""

        var all: [Transcript.Segment] { done + (current.map { [$0] } ?? []) }

        mutating func addSpace(_ text: String) { space += text }

        mutating func addUntimed(_ text: String) {
            current?.text += space + text
            space = ""
        }

        mutating func add(_ text: String, start: Int64, end: Int64, speaker: String?) {
            if let segment = current, isOver(segment, before: text, start: start, end: end, speaker: speaker) {
                done.append(segment)
                current = nil
            }
            if var segment = current {
                segment.text += space + text
                segment.end = max(segment.end, end)
                current = segment
            } else {
                current = Transcript.Segment(start: start, end: end, text: text, speaker: speaker)
            }
            space = ""
        }

        private func isOver(
            _ segment: Transcript.Segment,
            before text: String,
            start: Int64,
            end: Int64,
            speaker: String?
        ) -> Bool {
            if segment.speaker != speaker { return true }
            if start - segment.end >= silenceMilliseconds { return true }
            // Languages without spaces have sentences all the same.
            if let last = segment.text.last, ends.contains(last) { return true }
            return segment.text.count + space.count + text.count > captionCharactersMax
                || end - segment.start > captionMillisecondsMax
        }
    }
}
