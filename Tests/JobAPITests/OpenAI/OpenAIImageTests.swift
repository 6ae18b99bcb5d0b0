import Foundation
import Generation
import JobAPI
import JobCore
import JobEngine
import Synchronization
import Testing

/// Goal: what was written for OpenAI's images makes jobs here, and gets their images in the form that it asked for.
@Suite struct OpenAIImageTests {
    private static let generations = "/v1/images/generations"
    private static let edits = "/v1/images/edits"
    private static let picture: JSONValue = ["model": "test/painter", "prompt": "a lighthouse"]

    private static func run(_ test: @Sendable (TestAPI) async throws -> Void) async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        try await TestAPI.run({ $0.keepAliveSeconds = 0.05 }, adapter: adapter, test)
    }

    private static func picture(_ changes: [String: JSONValue]) -> JSONValue {
        guard case .object(let fields) = picture else { return picture }
        return .object(fields.merging(changes) { _, new in new })
    }

    /// Asks for images, and lets the job make some.
    private static func made(
        _ api: TestAPI,
        _ body: JSONValue,
        _ files: [(mediaType: String, bytes: [UInt8])] = [("image/png", Samples.png)]
    ) async throws -> (answer: RawAnswer, id: JobID) {
        async let pending = api.ask(generations, body)
        let id = try await api.newJob()
        try await api.finish(id, files)
        return (try await pending, id)
    }

    // MARK: Answers

    @Test func imagesComeInBase64() async throws {
        try await Self.run { api in
            let body = Self.picture([
                "n": 2, "size": "1024x1024", "quality": "high", "background": "opaque", "output_format": "webp",
                "output_compression": 80, "user": "u",
            ])
            let (answer, id) = try await Self.made(
                api,
                body,
                [("image/webp", Array("one".utf8)), ("image/webp", Array("two".utf8))]
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer[header: "x-generation-id"] == "\(id)")
            let json = answer.json
            #expect(json.keys == ["created", "background", "output_format", "quality", "size", "data"])
            #expect(json["created"]?.integerValue ?? 0 > 1_700_000_000)
            #expect(json["output_format"] == "webp")
            #expect(json["quality"] == "high")
            #expect(json["background"] == "opaque")
            #expect(json["size"] == "1024x1024")
            #expect(
                json["data"]?.elements.map { $0["b64_json"]?.stringValue?.bytesOfBase64 } == [
                    Array("one".utf8), Array("two".utf8),
                ]
            )
            let input = try await api.native(id)["input"]
            #expect(input?["n"] == 2)
            #expect(input?["output_compression"] == 80)
            #expect(input?["user"] == "u")
        }
    }

    @Test func imagesComeAsLinksThatNeedNoKey() async throws {
        try await Self.run { api in
            let (answer, id) = try await Self.made(api, Self.picture(["response_format": "url"]))
            #expect(answer.status == 200, "\(answer.text)")
            let url = try #require(answer.json["data"]?.elements.first?["url"]?.stringValue)
            let path = try #require(url.split(separator: "127.0.0.1:\(api.port)").last.map(String.init))
            #expect(path.hasPrefix("/api/v1/jobs/\(id)/artifacts/0?expires="))
            func fetch(_ path: String) async throws -> RawAnswer {
                try await api.connect().request("GET", path)
            }
            let image = try await fetch(path)
            #expect(image.status == 200)
            #expect(image.body == Samples.png)
            #expect(image[header: "content-type"] == "image/png")
            // Without the link, with another's, and with one that was changed.
            #expect(try await fetch("/api/v1/jobs/\(id)/artifacts/0").status == 401)
            #expect(try await fetch(path.replacing("artifacts/0", with: "artifacts/1")).status == 403)
            #expect(try await fetch(path.dropLast() + (path.hasSuffix("0") ? "1" : "0")).status == 403)
            let parts = path.split(separator: "expires=")[1].split(separator: "&")
            let later = path.replacing("expires=\(parts[0])", with: "expires=99999999999")
            #expect(try await fetch(later).status == 403)
            #expect(try await fetch("/api/v1/jobs/\(id)/artifacts/0?signature=x").status == 403)
            #expect(try await fetch(path + "&more=1").status == 400)
        }
    }

    @Test func aLinkEndsAfterAnHour() async throws {
        let ahead = Ahead()
        var adapter = TestAdapter()
        adapter.hasMore = true
        try await TestAPI.run(adapter: adapter, secondsAhead: ahead.read) { api in
            let (answer, _) = try await Self.made(api, Self.picture(["response_format": "url"]))
            let url = try #require(answer.json["data"]?.elements.first?["url"]?.stringValue)
            let path = try #require(url.split(separator: "127.0.0.1:\(api.port)").last.map(String.init))
            ahead.seconds = 3_500
            #expect(try await api.connect().request("GET", path).status == 200)
            ahead.seconds = 3_700
            let over = try await api.connect().request("GET", path)
            #expect(over.status == 403)
            #expect(over.errorReason == "link_expired")
        }
    }

    @Test func aStreamHasPreviewsAndThenTheImage() async throws {
        try await Self.run { api in
            async let pending = api.ask(Self.generations, Self.picture(["stream": true, "partial_images": 2]))
            let id = try await api.newJob()
            #expect(try await api.native(id)["input"]?["partial_images"] == 2)
            try await api.run(id)
            try api.preview([1, 2, 3, 4], index: 0, of: id)
            try await Task.sleep(for: .milliseconds(200))
            try await api.completeTruly(id, [("image/png", Samples.png)])
            let answer = try await pending
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "text/event-stream")
            let events = answer.namedEvents
            #expect(events.map(\.name) == ["image_generation.partial_image", "image_generation.completed"])
            #expect(events.allSatisfy { $0.data["type"]?.stringValue == $0.name })
            #expect(events.first?.data["partial_image_index"] == 0)
            #expect(events.first?.data["b64_json"]?.stringValue?.bytesOfBase64 == [1, 2, 3, 4])
            #expect(events.last?.data["b64_json"]?.stringValue?.bytesOfBase64 == Samples.png)
            for event in events {
                for key in ["created_at", "size", "quality", "background", "output_format"] {
                    #expect(event.data[key] != nil, "\(event.name) \(key)")
                }
            }
        }
    }

    @Test func aFailureOnAStreamIsAnErrorThatTheSDKRaises() async throws {
        try await Self.run { api in
            async let pending = api.ask(Self.generations, Self.picture(["stream": true, "partial_images": 2]))
            let id = try await api.newJob()
            try await api.run(id)
            try api.preview([1, 2, 3], index: 0, of: id)
            try await Task.sleep(for: .milliseconds(200))
            try await api.advance(id, .providerFailed(.refusedContent, retryAt: nil))
            let answer = try await pending
            let last = try #require(answer.namedEvents.last)
            #expect(last.data["error"]?["code"] == "moderation_blocked")
            #expect(last.data["error"]?["message"]?.stringValue?.isEmpty == false)
        }
    }

    @Test func jobsThatFailAreTypedErrorsAndNotRepeated() async throws {
        try await Self.run { api in
            for (failure, status, code) in [
                (JobFailure.refusedContent, 400, "moderation_blocked"), (.wrong, 422, "invalid_request"),
            ] {
                let known = try await api.get("/api/v1/jobs").json["data"]?.elements ?? []
                async let pending = api.ask(Self.generations, Self.picture)
                let id = try await api.newJob(besides: known.compactMap { $0["id"]?.stringValue.flatMap { JobID($0) } })
                try await api.fail(id, failure, accepted: true)
                let answer = try await pending
                #expect(answer.status == status, "\(answer.text)")
                #expect(answer.errorCode == code, "\(answer.text)")
                #expect(answer[header: "x-should-retry"] == "false")
                #expect(answer.json["error"]?.keys == ["message", "type", "param", "code"])
            }
        }
    }

    // MARK: Requests

    @Test func autoAndDefaultsAskForNothing() async throws {
        try await Self.run { api in
            let body = Self.picture([
                "size": "auto", "quality": "auto", "background": "auto", "moderation": "auto", "grain": 2,
            ])
            let (answer, id) = try await Self.made(api, body)
            #expect(answer.status == 200, "\(answer.text)")
            let job = try await api.native(id)
            #expect(job["adjustments"]?.elements.map { $0["parameter"] } == ["moderation"])
            #expect(job["input"]?["quality"] == "low")
            #expect(job["input"]?["provider"]?["options"]?["testing"]?["grain"] == 2)
        }
    }

    @Test(
        arguments: [
            (["prompt": .null], "prompt", "missing_required_parameter"),
            (["model": .null], "model", "missing_required_parameter"),
            (["n": 5], "n", "invalid_value"), (["n": "2"], "n", "invalid_value"), (["n": 0], "n", "invalid_value"),
            (["size": "12x12"], "size", "invalid_value"), (["quality": "ultra"], "quality", "invalid_value"),
            (["output_format": "bmp"], "output_format", "invalid_value"),
            (["response_format": "xml"], "response_format", "invalid_value"),
            (["stream": true, "partial_images": 4], "partial_images", "invalid_value"),
            (["model": "test/image", "quality": "high"], "quality", "unsupported_parameter"),
            (["model": "test/image", "stream": true, "partial_images": 1], "partial_images", "unsupported_parameter"),
            (["model": "test/video"], "model", "invalid_value"),
        ] as [([String: JSONValue], String, String)]
    )
    func whatIsWrongIsNamed(_ changes: [String: JSONValue], _ param: String, _ code: String) async throws {
        try await Self.run { api in
            let answer = try await api.ask(Self.generations, Self.picture(changes))
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.errorParam == param, "\(answer.text)")
            #expect(answer.errorCode == code, "\(answer.text)")
            try await api.expectNothingWritten()
        }
    }

    // MARK: Edits

    @Test(arguments: [["image"], ["image[]", "image[]"], ["image[0]", "image[1]"]])
    func picturesAreChangedAsForms(names: [String]) async throws {
        try await Self.run { api in
            var form = SampleForm(["model": "test/painter", "prompt": "red", "n": "2", "quality": "high"])
            for name in names { form.add(name, file: Samples.png) }
            async let pending = api.ask(Self.edits, form: form)
            let id = try await api.newJob()
            let input = try await api.native(id)["input"]
            #expect(input?["input_references"]?.elements.count == names.count)
            #expect(input?["input_references"]?.elements.first?["image_url"]?["media_type"] == "image/png")
            #expect(input?["n"] == 2)
            try await api.finish(id, [("image/png", [1]), ("image/png", [2])])
            let answer = try await pending
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["data"]?.elements.count == 2)
            #expect(api.artifacts.spooledCount == 0)
        }
    }

    @Test func picturesAreChangedAsJSON() async throws {
        try await Self.run { api in
            let data = "data:image/png;base64,\(Data(Samples.png).base64EncodedString())"
            let body = Self.picture(["images": [["image_url": .string(data)]], "stream": true])
            async let pending = api.ask(Self.edits, body)
            let id = try await api.newJob()
            try await api.finish(id, [("image/png", [1])])
            #expect(try await pending.namedEvents.map(\.name) == ["image_edit.completed"])
        }
    }

    @Test func editsThatAreWrongAreNamed() async throws {
        try await Self.run { api in
            let none = SampleForm(["model": "test/painter", "prompt": "red"])
            var text = none
            text.add("image", file: Array("hello".utf8))
            var three = none
            for _ in 0..<3 { three.add("image[]", file: Samples.png) }
            var mask = none
            mask.add("image", file: Samples.png)
            mask.add("mask", file: Samples.png)
            var other = none
            other.add("image", file: Samples.png)
            other.add("markup", file: Samples.png)
            for (form, param) in [
                (none, "image"), (text, "image[0]"), (three, "image"), (mask, "mask"), (other, "markup"),
            ] {
                let answer = try await api.ask(Self.edits, form: form)
                #expect(answer.status == 400, "\(answer.text)")
                #expect(answer.errorParam == param, "\(answer.text)")
            }
            for (images, param) in [
                ([], "images"), ([["file_id": "file-1"]], "images[0].file_id"), (["https://x"], "images[0]"),
                ([["image_url": "ftp://x"]], "images[0]"),
            ] as [(JSONValue, String)] {
                let answer = try await api.ask(Self.edits, Self.picture(["images": images]))
                #expect(answer.status == 400, "\(answer.text)")
                #expect(answer.errorParam == param, "\(answer.text)")
            }
            try await api.expectNothingWritten()
            #expect(api.artifacts.spooledCount == 0)
        }
    }
}

/// A clock that a test sets ahead.
private final class Ahead: Sendable {
    private let value = Mutex(0.0)

    @Sendable func read() -> Double { seconds }

    var seconds: Double {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
