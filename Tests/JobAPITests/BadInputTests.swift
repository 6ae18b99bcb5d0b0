import Foundation
import Generation
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: every kind of bad input is answered in words that let its author mend it, and leaves no trace.
@Suite struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: JSONValue
        var status = 400
        let param: String?
        let words: String

        init(_ name: String, _ body: JSONValue, status: Int = 400, param: String?, _ words: String) {
            self.testDescription = name
            self.body = body
            self.status = status
            self.param = param
            self.words = words
        }
    }

    static let cases: [Case] = [
        Case("wrong type", TestAPI.video(["duration": "4"]), param: "duration", "must be a whole number, not string"),
        Case(
            "fraction",
            TestAPI.video(["duration": .number(4.5)]),
            param: "duration",
            "must be a whole number, not number"
        ),
        Case("unknown field", TestAPI.video(["lenght": 4]), param: "lenght", "Unknown field `lenght`; known here:"),
        Case("duration", TestAPI.video(["duration": 5]), param: "duration", "allowed: 4, 6, 8"),
        Case("negative duration", TestAPI.video(["duration": -2]), param: "duration", "allowed: 1 to 3600"),
        Case("length of its choice", TestAPI.video(["duration": -1]), param: "duration", "allowed: 4, 6, 8"),
        Case("resolution", TestAPI.video(["resolution": "4K"]), param: "resolution", "allowed: 720p, 480p"),
        Case("ratio", TestAPI.video(["aspect_ratio": "4:3"]), param: "aspect_ratio", "allowed: 16:9, 9:16"),
        Case("size", TestAPI.video(["size": "854x480"]), param: "size", "contradicts `resolution` 720p"),
        Case("impossible size", TestAPI.video(["size": "0x0"]), param: "size", "WIDTHxHEIGHT"),
        Case("n", ["type": "image", "model": "test/image", "prompt": "x", "n": 1_000_000_000], param: "n", "allowed:"),
        Case(
            "long prompt",
            TestAPI.video(["prompt": .string(String(repeating: "x", count: 1_001))]),
            param: "prompt",
            "takes at most 1000"
        ),
        Case("NUL in a prompt", TestAPI.video(["prompt": "a\u{0}b"]), param: "prompt", "NUL"),
        Case("NUL in metadata", TestAPI.video(["metadata": ["a": "b\u{0}"]]), param: "metadata.a", "NUL"),
        Case("NUL in a name", TestAPI.video(["metadata": ["a\u{0}": "b"]]), param: nil, "NUL"),
        Case(
            "NUL in options",
            TestAPI.video(["provider": ["options": ["testing": ["x": ["\u{0}"]]]]]),
            param: "provider.options.testing.x[0]",
            "NUL"
        ),
        Case("no model", TestAPI.video(["model": nil]), param: "model", "required"),
        Case(
            "unknown model",
            TestAPI.video(["model": "test/vidio"]),
            status: 404,
            param: "model",
            "Did you mean test/video"
        ),
        Case("unknown type", TestAPI.video(["type": "movie"]), param: "type", "allowed: video, image, speech"),
        Case(
            "music without a word of it",
            TestAPI.video(["type": "music", "prompt": nil, "duration": nil, "resolution": nil]),
            param: "prompt",
            "required"
        ),
        Case(
            "another type",
            TestAPI.video(["type": "image", "duration": nil]),
            param: "type",
            "makes video, not image"
        ),
        Case(
            "money as a fraction",
            TestAPI.video(["max_cost": .number(0.4)]),
            param: "max_cost",
            "send a decimal string"
        ),
        Case("money as words", TestAPI.video(["max_cost": "1e3"]), param: "max_cost", "nine places"),
        Case("negative money", TestAPI.video(["max_cost": "-1"]), param: "max_cost", "from 0 on"),
        Case("priority", TestAPI.video(["priority": 101]), param: "priority", "-100 to 100"),
        Case("start", TestAPI.video(["start_after": "tomorrow"]), param: "start_after", "RFC 3339"),
        Case("expiry", TestAPI.video(["expires_after_seconds": 0]), param: "expires_after_seconds", "1 to 2592000"),
        Case("retention", TestAPI.video(["retention_days": 3_651]), param: "retention_days", "1 to 3650"),
        Case("trace", TestAPI.video(["trace": "x"]), param: "trace", "must be an object"),
        Case(
            "too much metadata",
            TestAPI.video(["metadata": .object(Dictionary(uniqueKeysWithValues: (0..<17).map { ("\($0)", "x") }))]),
            param: "metadata",
            "at most 16"
        ),
        Case("metadata", TestAPI.video(["metadata": ["a": 1]]), param: "metadata.a", "must be a string, not integer"),
        Case(
            "a reference inside",
            TestAPI.video(["frame_images": [Samples.frame("http://10.0.0.1/x.png")]]),
            param: "frame_images[0].image_url.url",
            "not public"
        ),
        Case(
            "a reference on this machine",
            TestAPI.video(["frame_images": [Samples.frame("https://localhost/x.png")]]),
            param: "frame_images[0].image_url.url",
            "localhost URLs are not allowed"
        ),
        Case(
            "a reference on this machine, in disguise",
            TestAPI.video(["frame_images": [Samples.frame("http://2130706433/x.png")]]),
            param: "frame_images[0].image_url.url",
            "no valid host"
        ),
        Case(
            "a reference with a password",
            TestAPI.video(["frame_images": [Samples.frame("https://a:b@example.com/x.png")]]),
            param: "frame_images[0].image_url.url",
            "must not carry a user name"
        ),
        Case(
            "a reference to a name inside",
            TestAPI.video(["frame_images": [Samples.frame("https://inside.example/x.png")]]),
            param: "frame_images[0].image_url.url",
            "not public"
        ),
        Case(
            "a reference to nowhere",
            TestAPI.video(["frame_images": [Samples.frame("https://nowhere.example/x.png")]]),
            param: "frame_images[0].image_url.url",
            "does not exist"
        ),
        Case(
            "a reference in a file",
            TestAPI.video(["frame_images": [Samples.frame("file:///etc/passwd")]]),
            param: "frame_images[0].image_url.url",
            "no URL that is taken"
        ),
        Case(
            "a picture of another type",
            TestAPI.video(["frame_images": [Samples.frame(Samples.png, "image/jpeg")]]),
            param: "frame_images[0].image_url.url",
            "says image/jpeg but holds image/png"
        ),
        Case(
            "no picture at all",
            TestAPI.video(["frame_images": [Samples.frame(Array("<svg/>".utf8), "image/png")]]),
            param: "frame_images[0].image_url.url",
            "not an image that is taken"
        ),
        Case(
            "a pixel bomb",
            TestAPI.video(["frame_images": [Samples.frame(Samples.pixelBomb, "image/png")]]),
            param: "frame_images[0].image_url.url",
            "not a usable image"
        ),
        Case(
            "a callback inside",
            TestAPI.video(["callback_url": "https://169.254.169.254/latest"]),
            param: "callback_url",
            "not public"
        ),
        Case(
            "a callback in the clear",
            TestAPI.video(["callback_url": "http://example.com/"]),
            param: "callback_url",
            "https://"
        ),
        Case("no object", [1], param: nil, "must be a JSON object, not array"),
    ]

    @Test(arguments: cases) func isAnsweredInWordsAndWritesNothing(_ bad: Case) async throws {
        try await TestAPI.run { api in
            let answer = try await api.submit(bad.body)
            #expect(answer.status == bad.status, "\(answer.text)")
            #expect(answer.json["error"]?["code"] == .integer(Int64(bad.status)))
            #expect(answer.json["error"]?["type"] == "invalid_request_error")
            #expect(answer.errorParam == bad.param)
            #expect(answer.errorMessage.contains(bad.words), "\(answer.errorMessage)")
            #expect(answer[header: "x-request-id"]?.isEmpty == false)
            try await api.expectNothingWritten()
        }
    }

    @Test(arguments: [
        ("", "empty"), ("{", "end of the body"), ("{\"a\":1,}", "name in quotes"), ("nul", "a value"),
        ("{\"a\":1}x", "end of the body is expected"), ("\u{FEFF}{}", "byte order mark"),
        ("{\"a\":1,\"a\":2}", "twice"),
        ("{\"a\":\"\\ud800\"}", "lone surrogate"), ("{\"a\":1e999}", "too large"), ("{\"a\":NaN}", "a value"),
        ("{\"a\":01}", "comma or a closing brace"),
    ])
    func isNoJSON(_ text: String, _ words: String) async throws {
        try await TestAPI.run { api in
            let answer = try await api.request("POST", "/api/v1/jobs", body: Array(text.utf8))
            #expect(answer.status == 400)
            #expect(answer.errorMessage.contains(words), "\(answer.errorMessage)")
            try await api.expectNothingWritten()
        }
    }

    @Test(arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func isBrokenUTF8(_ bytes: [UInt8]) async throws {
        try await TestAPI.run { api in
            let body =
                Array("{\"type\":\"video\",\"model\":\"test/video\",\"prompt\":\"".utf8) + bytes + Array("\"}".utf8)
            let answer = try await api.request("POST", "/api/v1/jobs", body: body)
            #expect(answer.status == 400)
            #expect(answer.errorMessage.contains("not valid UTF-8"))
            try await api.expectNothingWritten()
        }
    }

    @Test(arguments: [1_000, 100_000]) func isNestedTooDeep(_ depth: Int) async throws {
        try await TestAPI.run { api in
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let body = "{\"type\":\"video\",\"model\":\"test/video\",\"prompt\":\"x\",\"trace\":\(deep)}"
            let answer = try await api.request("POST", "/api/v1/jobs", body: Array(body.utf8))
            #expect(answer.status == 400)
            #expect(answer.errorMessage.contains("100 levels deep"))
            try await api.expectNothingWritten()
        }
    }

    @Test func holdsTooManyValues() async throws {
        try await TestAPI.run { api in
            let body = "{\"trace\":[" + String(repeating: "1,", count: 1_000_000) + "1]}"
            let answer = try await api.request("POST", "/api/v1/jobs", body: Array(body.utf8))
            #expect(answer.status == 400)
            #expect(answer.errorMessage.contains("100000 values"))
            try await api.expectNothingWritten()
        }
    }

    @Test func hasNoKey() async throws {
        try await TestAPI.run { api in
            let body = Array(TestAPI.video.canonicalText.utf8)
            let bad: [([(String, String)], String)] = [
                ([], "missing_key"),
                ([("Authorization", "Basic dTpw")], "malformed_key"),
                ([("Authorization", "Bearer")], "malformed_key"),
                ([("Authorization", "Bearer sk-or-v1-0123")], "malformed_key"),
                ([("Authorization", "Bearer \(api.key)"), ("Authorization", "Bearer \(api.key)")], "malformed_key"),
                ([("Authorization", "Bearer sk-med-v1-" + String(repeating: "0", count: 64))], "invalid_key"),
            ]
            for (headers, reason) in bad {
                let answer = try await api.connect().request(
                    "POST",
                    "/api/v1/jobs",
                    headers: headers + [("Content-Type", "application/json")],
                    body: body
                )
                #expect(answer.status == 401)
                #expect(answer.errorReason == reason)
                #expect(answer.json["error"]?["metadata"]?["error_type"] == "authentication")
                #expect(answer[header: "www-authenticate"]?.hasPrefix("Bearer") == true)
            }
            try await api.expectNothingWritten()
        }
    }

    @Test func hasARevokedKey() async throws {
        try await TestAPI.run { api in
            let (secret, key) = try await api.accounts.createKey(name: "leaked")
            #expect(try await api.get("/api/v1/jobs", key: secret).status == 200)
            #expect(try await api.accounts.revokeKey(hash: key.hash))
            let unknown = try await api.submit(key: "sk-med-v1-" + String(repeating: "0", count: 64))
            let revoked = try await api.submit(key: secret)
            #expect(revoked.status == 401)
            #expect(revoked.body == unknown.body)
            try await api.expectNothingWritten()
        }
    }

    @Test func hasNoCredit() async throws {
        try await TestAPI.run { api in
            let poor = try await api.accounts.createKey(name: "poor", workspace: "poor").secret
            let answer = try await api.submit(key: poor)
            #expect(answer.status == 402)
            #expect(answer.errorMessage.contains("0.400000000") && answer.errorMessage.contains("0.000000000"))
            #expect(try await api.get("/api/v1/jobs", key: poor).json["data"] == [])

            let limited = try await api.accounts.createKey(name: "limited", limit: Credits(nanoUSD: 1)).secret
            let refused = try await api.submit(key: limited)
            #expect(refused.status == 402)
            #expect(refused.errorReason == "key_limit_reached")
            // A reference of a job that is not accepted is not kept either.
            let picture = TestAPI.video(["frame_images": [Samples.frame(Samples.png, "image/png")]])
            #expect(try await api.submit(picture, key: poor).status == 402)
            try await api.expectNothingWritten()
        }
    }

    @Test func findsAFullQueue() async throws {
        var limits = JobService.Limits()
        limits.queuedMax = 0
        try await TestAPI.run(limits: limits) { api in
            let answer = try await api.submit()
            #expect(answer.status == 503)
            #expect(answer[header: "retry-after"] != nil)
            try await api.expectNothingWritten()
        }
    }

    @Test func noSecretsReachTheLog() async throws {
        try await TestAPI.run { api in
            _ = try await api.submit(TestAPI.video(["prompt": "a secret prompt", "duration": 5]))
            _ = try await api.submit(TestAPI.video(["prompt": "a secret prompt"]))
            _ = try await api.get("/api/v1/jobs?model=secret-query")
            _ = try await api.get("/api/v1/jobs", key: "sk-med-v1-secretsecret")
            let log = api.log.text
            #expect(log.contains("/api/v1/jobs"))
            for secret in ["secret", api.key, "sk-med-v1-"] { #expect(!log.contains(secret)) }
        }
    }
}
