import Foundation
import Generation

/// What the sandbox has heard: the script's text, or a sentence about the sound, spread evenly over its length.
enum SandboxTranscript {
    /// The length of a sound that nobody measured, in milliseconds.
    static let usualMilliseconds = 2_000

    /// The transcript of a ticket, as the JSON that a transcription answers.
    static func bytes(of ticket: Wire.Ticket) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(transcript(of: ticket)) else {
            preconditionFailure("a transcript always encodes")
        }
        return Array(data)
    }

    static func transcript(of ticket: Wire.Ticket) -> Transcript {
        let length = Int64(ticket.milliseconds ?? usualMilliseconds)
        let text =
            ticket.script.transcript
            ?? "This is what the sandbox heard in \(seconds(length)) seconds of sound."
        let all = text.split(whereSeparator: \.isWhitespace).map(String.init)
        let sentences = split(all)
        var transcript = Transcript(text: all.joined(separator: " "))
        transcript.language = ticket.language ?? "en"
        transcript.milliseconds = length
        var done = 0
        for (index, sentence) in sentences.enumerated() {
            let speaker = ticket.diarize == true ? "speaker_\(index % 2)" : nil
            let range = done..<(done + sentence.count)
            func time(_ word: Int) -> Int64 { length * Int64(word) / Int64(max(1, all.count)) }
            transcript.segments.append(
                Transcript.Segment(
                    start: time(range.lowerBound),
                    end: time(range.upperBound),
                    text: sentence.joined(separator: " "),
                    speaker: speaker
                )
            )
            if ticket.words ?? false {
                transcript.words += zip(range, sentence).map {
                    Transcript.Word(start: time($0), end: time($0 + 1), word: $1, speaker: speaker)
                }
            }
            done = range.upperBound
        }
        return transcript
    }

    /// Sentences, by the marks at their ends.
    private static func split(_ words: [String]) -> [[String]] {
        var sentences: [[String]] = []
        var current: [String] = []
        for word in words {
            current.append(word)
            if let last = word.last, ".!?".contains(last) {
                sentences.append(current)
                current = []
            }
        }
        return current.isEmpty ? sentences : sentences + [current]
    }

    /// Seconds with one decimal, without any locale.
    private static func seconds(_ milliseconds: Int64) -> String {
        let tenths = (milliseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
