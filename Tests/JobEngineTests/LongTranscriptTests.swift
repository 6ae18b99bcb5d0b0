import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import JobCore
import ProviderKit
import Synchronization
import Testing

@testable import JobEngine

@Suite("Transcripts are bounded, read and written, and made where they hold nobody up")
struct LongTranscriptTests {
    /// Fetches a transcript in a form.
    ///
    /// - Returns: What was written, and how often long work was done aside.
    private func fetch(
        _ transcript: Transcript,
        as format: String?,
        bytesMax: Int64,
        _ files: MemoryFiles
    ) async throws -> (text: String, facts: OutputFacts, workAside: Int) {
        let path = FileManager.default.temporaryDirectory.appending(path: "transcript-\(UUID().uuidString)")
        try JSONEncoder().encode(transcript).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let count = Mutex(0)
        var fetcher = ArtifactFetcher(
            artifacts: files,
            transport: UnavailableTransport(),
            trustedOrigins: [],
            reach: .publicInternet(and: []),
            aside: { work in
                count.withLock { $0 += 1 }
                Thread.detachNewThread(work)
            }
        )
        fetcher.transcriptBytesMax = bytesMax
        var asked = TranscriptionRequest(inputAudio: .url("https://example.com/a.wav"))
        asked.responseFormat = format
        let request = GenerationRequest(model: "fake/ear", content: .transcription(asked))
        let output = ProviderOutput(.file(path.path), mediaType: "application/json")
        let (file, facts) = try await fetcher.fetch(output, for: request)
        defer { try? FileManager.default.removeItem(atPath: file.path) }
        let text = String(decoding: FileManager.default.contents(atPath: file.path) ?? Data(), as: UTF8.self)
        return (text, facts, count.withLock { $0 })
    }

    @Test("it is read and written aside", arguments: ["json", "text", "srt", "vtt", nil])
    func aside(format: String?) async throws {
        let files = try MemoryFiles(clock: TestClock())
        let heard = Transcript(
            text: "Hello.",
            milliseconds: 500,
            segments: [.init(start: 0, end: 500, text: "Hello.")]
        )
        let (text, facts, workAside) = try await fetch(heard, as: format, bytesMax: 10_000, files)
        #expect(text == heard.rendered(as: format.flatMap(Transcript.Format.init) ?? .json))
        #expect(facts.durationMilliseconds == 500)
        #expect(workAside == 1)
        #expect(files.leftovers == [])
    }

    @Test("one that is longer than allowed is not read; one that gets longer in its form is not kept")
    func tooLong() async throws {
        let files = try MemoryFiles(clock: TestClock())
        // Five bytes for one in subtitles for the web.
        let heard = Transcript(text: String(repeating: "&", count: 1_000))
        let bytes = Int64(try JSONEncoder().encode(heard).count)
        #expect(try await fetch(heard, as: "text", bytesMax: bytes, files).text == heard.text)
        for (format, bytesMax) in [("text", bytes - 1), ("vtt", bytes), ("vtt", 5_000)] {
            let problem = await #expect(throws: OutputProblem.self, "\(format) in \(bytesMax)") {
                try await fetch(heard, as: format, bytesMax: bytesMax, files)
            }
            #expect(problem?.message == "The provider's transcript is too long.")
            #expect(problem?.isPassing == false)
        }
        #expect(try await fetch(heard, as: "vtt", bytesMax: 6_000, files).text.count > 5_000)
        #expect(files.leftovers == [])
    }
}
