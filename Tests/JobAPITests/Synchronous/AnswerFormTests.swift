import Generation
import JobAPI
import JobCore
import Testing

/// Goal: what a request is answered with is a part of the request: another form of the answer is another request.
@Suite struct AnswerFormTests {
    private static func run(_ test: @Sendable (TestAPI) async throws -> Void) async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        try await TestAPI.run({ $0.keepAliveSeconds = 0.05 }, adapter: adapter, test)
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        let path: String
        let body: [String: JSONValue]
        /// Requests for the same in the same form.
        let same: [[String: JSONValue]]
        /// Requests for the same in other forms.
        let other: [[String: JSONValue]]
        let media: String
        let bytes: [UInt8]

        var testDescription: String { "\(path) \(body.keys.sorted())" }
    }

    private static let picture: [String: JSONValue] = ["model": "test/image", "prompt": "a lighthouse"]
    private static let words: [String: JSONValue] = ["model": "test/reader", "input": "Good morning.", "voice": "anna"]

    private static let cases = [
        Case(
            path: "/v1/images/generations",
            body: picture,
            same: [[:], ["response_format": "b64_json"], ["stream": false]],
            other: [["response_format": "url"], ["stream": true]],
            media: "image/png",
            bytes: Samples.png
        ),
        Case(
            path: "/v1/images/generations",
            body: picture.merging(["stream": true]) { $1 },
            same: [[:]],
            other: [["stream": false], ["stream": false, "response_format": "url"]],
            media: "image/png",
            bytes: Samples.png
        ),
        Case(
            path: "/api/v1/images",
            body: picture,
            same: [[:], ["stream": false]],
            other: [["stream": true]],
            media: "image/png",
            bytes: Samples.png
        ),
        Case(
            path: "/v1/audio/speech",
            body: words,
            same: [[:], ["stream_format": "audio"]],
            other: [["stream_format": "sse"], ["response_format": "wav"]],
            media: "audio/mpeg",
            bytes: Array("sound".utf8)
        ),
    ]

    @Test(arguments: cases) private func aKeyIsGoodForOneForm(sample: Case) async throws {
        try await Self.run { api in
            let name = [("Idempotency-Key", "one")]
            async let pending = api.post(sample.path, .object(sample.body), headers: name)
            let id = try await api.newJob()
            try await api.finish(id, [(sample.media, sample.bytes)])
            let first = try await pending
            #expect(first.status == 200, "\(first.text)")
            for changes in sample.same {
                let body = JSONValue.object(sample.body.merging(changes) { $1 })
                let again = try await api.post(sample.path, body, headers: name)
                #expect(again.status == 200, "\(changes): \(again.text)")
                #expect(again[header: "idempotent-replayed"] == "true", "\(changes)")
                #expect(again[header: "x-generation-id"] == "\(id)")
            }
            for changes in sample.other {
                let body = JSONValue.object(sample.body.merging(changes) { $1 })
                let other = try await api.post(sample.path, body, headers: name)
                #expect(other.status == 422, "\(changes): \(other.text)")
                #expect(other.text.contains("idempotency_conflict"), "\(changes): \(other.text)")
            }
            #expect(try await api.jobCount == 1)
        }
    }

    private static func form(_ fields: [String: String]) -> SampleForm {
        var form = SampleForm(["model": "test/ear"])
        for (name, value) in fields { form.add(name, value) }
        form.add("file", file: Samples.wav(seconds: 3), named: "hello.wav", type: "audio/wav")
        return form
    }

    @Test(
        arguments: [
            (["response_format": "json"], ["response_format": "verbose_json"]),
            (["response_format": "verbose_json"], ["response_format": "json"]),
            (["response_format": "json"], ["response_format": "json", "stream": "true"]),
            (["response_format": "json", "stream": "true"], ["response_format": "verbose_json", "stream": "true"]),
        ] as [([String: String], [String: String])]
    )
    func aKeyIsGoodForOneFormOfATranscript(first: [String: String], second: [String: String]) async throws {
        let name = [("Idempotency-Key", "one")]
        try await Self.run { api in
            async let pending = api.ask("/v1/audio/transcriptions", form: Self.form(first), headers: name)
            let id = try await api.newJob()
            let heard = Transcript(text: "Hello.", milliseconds: 500).rendered(as: .json)
            try await api.finish(id, [("application/json", Array(heard.utf8))])
            #expect(try await pending.status == 200)
            let again = try await api.ask("/v1/audio/transcriptions", form: Self.form(first), headers: name)
            #expect(again.status == 200)
            #expect(again[header: "idempotent-replayed"] == "true")
            let other = try await api.ask("/v1/audio/transcriptions", form: Self.form(second), headers: name)
            #expect(other.status == 422, "\(other.text)")
            #expect(other.errorCode == "idempotency_conflict")
            #expect(try await api.jobCount == 1)
        }
    }

    @Test func whoRepeatsAStreamGetsItsJobAndWhoAsksForADocumentGetsAnother() async throws {
        try await Self.run { api in
            let (path, body) = ("/v1/images/generations", JSONValue.object(Self.picture))
            let stream = JSONValue.object(Self.picture.merging(["stream": true]) { $1 })
            let connection = try await api.open(path, stream)
            let lost = try await api.newJob()
            connection.cut()
            async let document = api.post(path, body)
            let other = try await api.newJob(besides: [lost])
            try await api.finish(other, [("image/png", Samples.png)])
            #expect(try await document[header: "x-generation-id"] == "\(other)")
            async let repeated = api.post(path, stream)
            try await Task.sleep(for: .milliseconds(100))
            try await api.finish(lost, [("image/png", Samples.png)])
            let answer = try await repeated
            #expect(answer[header: "x-generation-id"] == "\(lost)")
            #expect(answer[header: "idempotent-replayed"] == "true")
            #expect(answer.namedEvents.map(\.name) == ["image_generation.completed"])
            #expect(try await api.jobCount == 2)
        }
    }
}
