import Dispatch
import Generation
import JobCore
import Synchronization
import Testing

/// Goal: a transcript of many hours holds up nobody but the client that waits for it.
@Suite struct LongTranscriptTests {
    /// The place for long work, which counts it.
    private final class Aside: Sendable {
        private let queue = DispatchQueue(label: "aside")
        let count = Atomic<Int>(0)

        func run(_ work: @escaping @Sendable () -> Void) {
            count.add(1, ordering: .relaxed)
            queue.async(execute: work)
        }
    }

    private static func transcript(ofWords count: Int) -> Transcript {
        Transcript(
            text: "Good morning.",
            language: "en",
            milliseconds: 2_500,
            segments: [
                .init(start: 0, end: 1_000, text: String(repeating: "on and ", count: count), speaker: "A"),
                .init(start: 1_000, end: 2_500, text: "on.", speaker: "B"),
            ]
        )
    }

    @Test(arguments: ["/v1/audio/transcriptions", "/api/v1/audio/transcriptions"], [(1, 0), (160_000, 1)])
    func aLongOneIsParsedAside(_ path: String, _ given: (words: Int, times: Int)) async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        let aside = Aside()
        try await TestAPI.run(adapter: adapter, aside: aside.run) { api in
            var form = SampleForm(["model": "test/ear", "response_format": "verbose_json"])
            form.add("file", file: Samples.wav(seconds: 3), named: "hello.wav", type: "audio/wav")
            async let pending = api.ask(path, form: form)
            let id = try await api.newJob()
            // The file itself was looked at.
            let before = aside.count.load(ordering: .relaxed)
            let text = Self.transcript(ofWords: given.words).rendered(as: .json)
            #expect((text.utf8.count > 1_048_576) == (given.times > 0))
            try await api.finish(id, [("application/json", Array(text.utf8))])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer.json["text"] == "Good morning.")
            #expect(answer.json["segments"]?.elements.count == 2)
            #expect(aside.count.load(ordering: .relaxed) - before == given.times)
        }
    }
}
