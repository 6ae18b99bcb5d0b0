import Foundation
import Generation
import ServiceHarness
import Testing

/// Goal: the service does what its own description says, whatever is sent to it.
@Suite(.keepsEvidence) struct OpenAPITests {
    /// Every operation as it is described, on a new installation: what is valid is accepted, what is not is refused, no
    /// answer is undescribed, and nothing makes the service fail.
    @Test func requestsAreAnsweredAsDescribed() async throws {
        try await Gate.machine.run {
            let installation = try Installation("schemathesis")
            let service = try installation.serve()
            let result = try Self.schemathesis(
                service,
                installation,
                ["--phases", "examples,coverage,fuzzing", "--max-examples", "20"]
            )
            #expect(result.ending == .exited(0), "\(result.output)\(result.errors)")
            #expect(!service.log.contains("request failed"), "\(service.log)")
            try service.stop()
            installation.remove()
        }
    }

    /// Chains of requests on jobs that exist: submitted, looked at, listed, cancelled, their artifacts fetched.
    ///
    /// What a model takes is not in the description, so a valid request may be refused here; and a list in a query that is
    /// empty cannot be told from one of an empty word, which the other run asks about. Streams are left out: one
    /// of a job that has ended is checked with the other answers, and one of a job that goes on does not end.
    @Test func jobsAreAnsweredAsDescribed() async throws {
        try await Gate.machine.run {
            let installation = try Installation("schemathesis")
            let service = try installation.serve()
            let result = try Self.schemathesis(
                service,
                installation,
                [
                    "--phases", "stateful", "--max-examples", "30", "--exclude-checks",
                    "positive_data_acceptance,negative_data_rejection",
                    "--exclude-operation-id", "streamJobEvents",
                ],
                ["SCHEMATHESIS_HOOKS": "\(PythonTools.files)/known_models.py"]
            )
            #expect(result.ending == .exited(0), "\(result.output)\(result.errors)")
            #expect(!service.log.contains("request failed"), "\(service.log)")
            #expect(try service.client.count(status: "completed") > 0, "no submission was accepted")
            try service.stop()
            installation.remove()
        }
    }

    /// The answers of a job's whole life, and of requests that go wrong.
    @Test func realAnswersFollowTheirSchemas() async throws {
        try await Gate.machine.run {
            let installation = try Installation("answers")
            let service = try installation.serve()
            let cases = try Answers(service).collect()
            let path = "\(installation.folder)/answers.json"
            try Data(cases.canonicalText.utf8).write(to: URL(filePath: path))
            let result = try PythonTools.run(
                "python",
                ["\(PythonTools.files)/check_answers.py", path],
                in: installation,
                within: 60
            )
            #expect(result.ending == .exited(0), "\(result.output)\(result.errors)")
            try service.stop()
            installation.remove()
        }
    }

    @Test func theCommandPrintsWhatTheServiceAnswers() async throws {
        try await Gate.machine.run {
            let installation = try Installation("openapi")
            let settings = ["MEDIARY_PUBLIC_URL": "https://media.example"]
            let printed = try installation.command(["openapi"], settings)
            #expect(printed.ending == .exited(0), "\(printed.errors)")
            let service = try installation.serve(settings)
            #expect(try service.client.exchange("GET", "/openapi.json").json == printed.json)
            #expect(printed.json["servers"] == [["url": "https://media.example"]])
            try service.stop()
            installation.remove()
        }
    }

    private static func schemathesis(
        _ service: ServiceProcess,
        _ installation: Installation,
        _ arguments: [String],
        _ settings: [String: String] = [:]
    ) throws -> Installation.CommandResult {
        try PythonTools.run(
            "st",
            [
                "--config-file", "\(PythonTools.files)/schemathesis.toml", "run",
                "http://127.0.0.1:\(service.port)/openapi.json", "--header",
                "Authorization: Bearer \(service.client.key)", "--seed", "1", "--no-color", "--no-shrink",
                // Free-form objects refuse NUL at any depth, which a schema cannot say.
                "--generation-database", "none", "--generation-allow-x00", "false", "--continue-on-failure",
                "--request-timeout", "20",
            ] + arguments,
            in: installation,
            settings,
            within: 900
        )
    }
}

/// Answers of the service, each with the operation that gave it.
private struct Answers {
    private let client: ServiceClient
    private var answers: [JSONValue] = []
    private var events: [JSONValue] = []

    init(_ service: ServiceProcess) { client = service.client }

    /// Plays jobs of every type and end, and mistakes of every kind.
    consuming func collect() throws -> JSONValue {
        let pixel = JSONValue.string(Self.pixel)
        let video = try submit([
            "type": "video", "model": "sandbox/video", "prompt": "a lighthouse", "duration": .number(5),
            "size": "1280x720",
            "frame_images": [["type": "image_url", "frame_type": "first_frame", "image_url": ["url": pixel]]],
            "input_references": [["type": "image_url", "image_url": ["url": pixel]]], "seed": 7,
            "metadata": ["shot": "1"], "user": "u", "session_id": "s", "trace": ["span": ["id": 1]], "max_cost": "5",
            "priority": 3, "expires_after_seconds": 600, "retention_days": 7, "callback_url": "https://example.org/x",
            "start_after": "2026-01-01T00:00:00+01:00", "provider": ["options": ["fake-provider": ["delay_ms": 10]]],
        ])
        let image = try submit(["type": "image", "model": "sandbox/image", "prompt": "a lighthouse", "n": 2])
        let speech = try submit([
            "type": "speech", "model": "sandbox/speech", "input": "hello", "strict": false, "speed": .number(1.5),
        ])
        let failing = try submit(["type": "image", "model": "sandbox/image", "prompt": "[[fail:content_policy]]"])
        let later = try submit([
            "type": "image", "model": "sandbox/image", "prompt": "x", "start_after": "2100-01-01T00:00:00Z",
        ])
        for id in [video, image, speech, failing] {
            _ = try client.waitForEnd(of: id, within: 30)
            try ask("getJob", "GET", "/api/v1/jobs/\(id)")
            for event in try client.events(of: id) { events.append(["id": .integer(event.id), "data": event.data]) }
        }
        try ask("listJobs", "GET", "/api/v1/jobs?limit=3")
        try ask("getJob", "GET", "/api/v1/jobs/\(later)")
        try ask("getArtifact", "GET", "/api/v1/jobs/\(later)/artifacts/0", expecting: 409)
        try ask("cancelJob", "POST", "/api/v1/jobs/\(later)/cancel")
        try ask("getJob", "GET", "/api/v1/jobs/\(later)")
        try ask("listJobs", "GET", "/api/v1/jobs?status=queued,completed&limit=100")
        try ask("getHealth", "GET", "/healthz")
        try ask("getReadiness", "GET", "/readyz")
        try ask("getOpenAPI", "GET", "/openapi.json")
        try openRouter(on: video)
        try openAI()
        try mistakes(on: image)
        return [
            "document": try client.exchange("GET", "/openapi.json").json, "answers": .array(answers),
            "events": .array(events),
        ]
    }

    /// The answers in OpenRouter's words.
    private mutating func openRouter(on id: String) throws {
        try ask("getVideo", "GET", "/api/v1/videos/\(id)")
        let body: JSONValue = [
            "model": "sandbox/video:floor", "prompt": "[[fail:content_policy]]", "seed": .null, "unknown": ["a": 1],
        ]
        try ask("submitVideo", "POST", "/api/v1/videos", body: body, expecting: 202)
        let failing = try #require(answers.last?["body"]?["id"]?.stringValue)
        _ = try client.waitForEnd(of: failing, within: 30)
        try ask("getVideo", "GET", "/api/v1/videos/\(failing)")
        try ask("getVideoContent", "GET", "/api/v1/videos/\(failing)/content", expecting: 409)
        try ask("getVideoContent", "GET", "/api/v1/videos/\(id)/content?index=x", expecting: 400)
        try ask("getVideo", "GET", "/api/v1/videos/x", expecting: 404)
        try ask(
            "submitVideo",
            "POST",
            "/api/v1/videos",
            body: ["model": "sandbox/image", "prompt": "x"],
            expecting: 400
        )
        try ask("submitVideo", "POST", "/api/v1/videos", body: ["model": "no/model", "prompt": "x"], expecting: 404)
        try ask("listVideoModels", "GET", "/api/v1/videos/models")
        try ask("listModels", "GET", "/api/v1/models?output_modalities=all&limit=2")
        try ask("listModels", "GET", "/api/v1/models?sort=x", expecting: 400)
        try ask("countModels", "GET", "/api/v1/models/count?output_modalities=video")
        try ask("getModel", "GET", "/api/v1/model/sandbox/speech")
        try ask("getModel", "GET", "/api/v1/model/no/model", expecting: 404)
        try ask("listEndpoints", "GET", "/api/v1/models/sandbox/video/endpoints")
        try ask("listProviders", "GET", "/api/v1/providers")
        try media()
        try ask("getCredits", "GET", "/api/v1/credits")
        try ask("getCurrentKey", "GET", "/api/v1/key")
    }

    /// The same of images and sound.
    private mutating func media() throws {
        let (images, speech) = ("/api/v1/images", "/api/v1/audio/speech")
        let transcriptions = "/api/v1/audio/transcriptions"
        try ask("listImageModels", "GET", "\(images)/models")
        try ask("listImageEndpoints", "GET", "\(images)/models/sandbox/image/endpoints")
        try ask("listImageEndpoints", "GET", "\(images)/models/sandbox/video/endpoints", expecting: 404)
        let image: JSONValue = ["model": "sandbox/image", "prompt": "a lighthouse", "n": 2, "quality": "max", "x": 1]
        try ask("generateImages", "POST", images, body: image)
        let failures: [(String, Int)] = [("content_policy", 400), ("invalid_request", 422)]
        for (failure, status) in failures {
            let body: JSONValue = ["model": "sandbox/image", "prompt": .string("[[fail:\(failure)]]")]
            try ask("generateImages", "POST", images, body: body, expecting: status)
        }
        let tooMany: JSONValue = ["model": "sandbox/image", "prompt": "x", "n": 9]
        try ask("generateImages", "POST", images, body: tooMany, expecting: 400)
        let nobody: JSONValue = ["model": "sandbox/speech", "input": "x", "voice": "nobody"]
        try ask("createSpeech", "POST", speech, body: nobody, expecting: 400)
        let sound: JSONValue = ["data": .string(Self.silence), "format": "wav"]
        for format in ["json", "verbose_json"] {
            let body: JSONValue = [
                "model": "sandbox/transcription", "input_audio": sound, "response_format": .string(format),
                "diarize": .bool(format == "verbose_json"), "prompt": "x",
            ]
            try ask("createTranscription", "POST", transcriptions, body: body)
        }
        let deaf: JSONValue = ["model": "sandbox/transcription", "input_audio": ["data": "AAAA", "format": "wav"]]
        try ask("createTranscription", "POST", transcriptions, body: deaf, expecting: 400)
    }

    /// A second of it: 16 bits, mono, 8 kHz.
    private static let silence: String = {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let format = little(1, 2) + little(1, 2) + little(8_000, 4) + little(16_000, 4) + little(2, 2) + little(16, 2)
        let head = Array("RIFF".utf8) + little(16_036, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + format
        let bytes = head + Array("data".utf8) + little(16_000, 4) + [UInt8](repeating: 0, count: 16_000)
        return Data(bytes).base64EncodedString()
    }()

    /// The answers in OpenAI's words.
    private mutating func openAI() throws {
        try ask("listOpenAIModels", "GET", "/v1/models")
        try ask("getOpenAIModel", "GET", "/v1/models/sandbox%2Fvideo")
        try ask("getOpenAIModelByParts", "GET", "/v1/models/sandbox/video")
        try ask("getOpenAIModel", "GET", "/v1/models/none", expecting: 404)
        let videos = "/v1/videos"
        for prompt in ["waves", "[[fail:content_policy]]"] {
            let body: JSONValue = [
                "model": "sandbox/video", "prompt": .string(prompt), "seconds": "2", "size": .null, "unknown": [1],
            ]
            try ask("createOpenAIVideo", "POST", videos, body: body)
            let id = try #require(answers.last?["body"]?["id"]?.stringValue)
            try ask("getOpenAIVideo", "GET", "\(videos)/\(id)")
            _ = try client.waitForEnd(of: id, within: 30)
            try ask("getOpenAIVideo", "GET", "\(videos)/\(id)")
            try ask("getOpenAIVideoContent", "GET", "\(videos)/\(id)/content?variant=thumbnail", expecting: 400)
            let remix: JSONValue = ["prompt": "x"]
            let status = prompt == "waves" ? 400 : 404
            try ask("remixOpenAIVideo", "POST", "\(videos)/\(id)/remix", body: remix, expecting: status)
            try ask("listOpenAIVideos", "GET", "\(videos)?limit=1")
            try ask("deleteOpenAIVideo", "DELETE", "\(videos)/\(id)")
        }
        try ask("createOpenAIVideo", "POST", videos, body: ["prompt": "x"], expecting: 404)
        try ask("createOpenAIVideo", "POST", videos, body: ["model": "sandbox/video"], expecting: 400)
        let images = "/v1/images/generations"
        for format in ["b64_json", "url"] {
            let body: JSONValue = [
                "model": "sandbox/image", "prompt": "x", "n": 2, "response_format": .string(format), "unknown": 1,
            ]
            try ask("generateOpenAIImages", "POST", images, body: body)
        }
        let refused: JSONValue = ["model": "sandbox/image", "prompt": "[[fail:invalid_request]]"]
        try ask("generateOpenAIImages", "POST", images, body: refused, expecting: 422)
        let speech: JSONValue = ["model": "sandbox/speech", "input": "x", "voice": "nobody"]
        try ask("createOpenAISpeech", "POST", "/v1/audio/speech", body: speech, expecting: 400)
        try ask("createOpenAITranscription", "POST", "/v1/audio/transcriptions", body: [:], expecting: 415)
    }

    private mutating func mistakes(on id: String) throws {
        try ask("getJob", "GET", "/api/v1/jobs/x", expecting: 404)
        try ask("getJob", "GET", "/api/v1/jobs/\(id)?wait=x", expecting: 400)
        try ask("listJobs", "GET", "/api/v1/jobs?model=a%00b", expecting: 400)
        try ask("getArtifact", "GET", "/api/v1/jobs/\(id)/artifacts/9", expecting: 404)
        try ask(
            "getArtifact",
            "GET",
            "/api/v1/jobs/\(id)/artifacts/0",
            headers: [("Range", "bytes=99999999-")],
            expecting: 416
        )
        try ask("submitJob", "POST", "/api/v1/jobs", body: ["type": "image"], expecting: 400)
        try ask("submitJob", "POST", "/api/v1/jobs", expecting: 415)
        let body: JSONValue = ["type": "image", "model": "sandbox/image", "prompt": "x"]
        let name = [("Idempotency-Key", "one")]
        try ask("submitJob", "POST", "/api/v1/jobs", headers: name, body: body, expecting: 202)
        try ask("submitJob", "POST", "/api/v1/jobs", headers: name, body: body, expecting: 202)
        let other: JSONValue = ["type": "image", "model": "sandbox/image", "prompt": "y"]
        try ask("submitJob", "POST", "/api/v1/jobs", headers: name, body: other, expecting: 422)
        let unknown: JSONValue = ["type": "image", "model": "no/model", "prompt": "x"]
        try ask("submitJob", "POST", "/api/v1/jobs", body: unknown, expecting: 404)
        let dear: JSONValue = [
            "type": "speech", "model": "sandbox/speech", "input": .string(String(repeating: "a", count: 20_000)),
        ]
        // 0.30 US dollars each, of a hundred: most of them are refused once the credits are held.
        for _ in 0..<400 where answers.last?["status"] != 402 {
            try ask("submitJob", "POST", "/api/v1/jobs", body: dear, expecting: nil)
        }
        #expect(answers.last?["status"] == 402)
        let stranger = ServiceClient(port: client.port, key: "sk-med-v1-" + String(repeating: "0", count: 64))
        note("cancelJob", "a stranger", try stranger.exchange("POST", "/api/v1/jobs/\(id)/cancel"), expecting: 401)
    }

    private mutating func submit(_ body: JSONValue) throws -> String {
        try ask("submitJob", "POST", "/api/v1/jobs", body: body, expecting: 202)
        return try #require(answers.last?["body"]?["id"]?.stringValue)
    }

    private mutating func ask(
        _ operation: String,
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: JSONValue? = nil,
        expecting status: Int? = 200
    ) throws {
        let answer = try client.exchange(method, path, headers: headers, body: body)
        note(operation, "\(method) \(path)", answer, expecting: status)
    }

    private mutating func note(_ operation: String, _ what: String, _ answer: HTTPAnswer, expecting status: Int?) {
        if let status { #expect(answer.status == status, "\(what): \(answer.text)") }
        answers.append([
            "what": .string("\(what) \(answer.status)"), "operation": .string(operation),
            "status": .integer(Int64(answer.status)), "body": answer.json,
        ])
    }

    /// A PNG of one pixel.
    private static let pixel =
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
}
