import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What Veo is asked for through both doors, and what its answers mean.
@Suite(.timeLimit(.minutes(3))) struct VeoTests {
    private static let picture = TestPicture.png(width: 64, height: 36, seed: 5)
    private static let stored = StoredInput(
        sha256: String(repeating: "0", count: 64),
        mediaType: "image/png",
        bytes: Int64(picture.count)
    )

    /// Submits, and gives back the body that the provider got.
    private func body(
        _ stage: GoogleStage,
        _ slug: String = "google/veo-3.1",
        options: [String: JSONValue] = [:],
        _ change: (inout VideoRequest) -> Void
    ) async throws -> JSONValue {
        let adapter = try stage.adapter()
        let request = try stage.request(adapter, slug, options: options, change)
        let inputs = [Self.stored.sha256: Self.picture]
        let attempt = TestAttempt(at: adapter, externalID: "att_of_a_test", inputs: inputs)
        _ = try await adapter.submit(request, attempt: attempt.context())
        return stage.sent
    }

    @Test func theGeminiAPIIsAskedForNothingThatItLacks() async throws {
        try await GoogleStage.run(.geminiVeo) { stage in
            let body = try await body(stage) { video in
                (video.duration, video.resolution, video.aspectRatio) = (6, "720p", "9:16")
                video.negativePrompt = "fog"
            }
            let parameters: JSONValue = [
                "sampleCount": 1, "durationSeconds": 6, "resolution": "720p", "aspectRatio": "9:16",
                "negativePrompt": "fog",
            ]
            #expect(body == ["instances": [["prompt": "A boat on a lake."]], "parameters": parameters])
            let sent = try #require(stage.simulator.requests(.submit).last)
            #expect(sent.path == "/v1beta/models/veo-3.1-generate-preview:predictLongRunning")
            #expect(sent.header("x-goog-api-key") == GoogleStage.geminiKey)
        }
    }

    @Test func vertexIsToldAboutSoundAndSeed() async throws {
        try await GoogleStage.run(.vertexStorage) { stage in
            let options: JSONValue = ["parameters": ["resizeMode": "crop"], "personGeneration": "dont_allow"]
            let body = try await body(stage, "google/veo-3.1-fast", options: ["google-vertex": options]) { video in
                (video.generateAudio, video.seed) = (false, 4_294_967_295)
            }
            let parameters: JSONValue = [
                "sampleCount": 1, "durationSeconds": 8, "resolution": "720p", "aspectRatio": "16:9",
                "generateAudio": false, "seed": 4_294_967_295, "resizeMode": "crop", "personGeneration": "dont_allow",
                "storageUri": "gs://bucket/videos/att_of_a_test/",
            ]
            #expect(body["parameters"] == parameters)
            let sent = try #require(stage.simulator.requests(.submit).last)
            #expect(
                sent.path
                    == "/v1/projects/demo-project/locations/us-central1/publishers/google/models/veo-3.1-fast-generate-001:predictLongRunning"
            )
        }
    }

    @Test(arguments: [Door.geminiVeo, .vertex]) func picturesStandWhereTheirRoleIs(_ door: Door) async throws {
        try await GoogleStage.run(door) { stage in
            let image: JSONValue = [
                "bytesBase64Encoded": .string(Data(Self.picture).base64EncodedString()), "mimeType": "image/png",
            ]
            let frames = try await body(stage) { video in
                video.frameImages = [.last, .first].map { FrameImage(role: $0, image: .stored(Self.stored)) }
            }
            #expect(frames["instances"] == [["prompt": "A boat on a lake.", "image": image, "lastFrame": image]])
            let references = try await body(stage) {
                $0.inputReferences = [.stored(Self.stored), .stored(Self.stored)]
            }
            let asset: JSONValue = ["image": image, "referenceType": "asset"]
            #expect(references["instances"] == [["prompt": "A boat on a lake.", "referenceImages": [asset, asset]]])
        }
    }

    @Test(arguments: [Door.geminiVeo, .vertex]) func whatVeoCannotDoIsRefusedWithWhatItCan(_ door: Door) async throws {
        try await GoogleStage.run(door) { stage in
            let adapter = try stage.adapter()
            func problem(_ slug: String, _ change: (inout VideoRequest) -> Void) -> RequestProblem? {
                #expect(throws: RequestProblem.self) { try stage.request(adapter, slug, change) }
            }
            let pictures = { (count: Int) in Array(repeating: MediaInput.stored(Self.stored), count: count) }
            let long = problem("google/veo-3.1") { ($0.resolution, $0.duration) = ("1080p", 4) }
            #expect(long?.field == "duration" && long?.message.contains("8") == true)
            let references = problem("google/veo-3.1") { ($0.inputReferences, $0.duration) = (pictures(1), 6) }
            #expect(references?.field == "duration")
            let portrait = problem("google/veo-3.1") { ($0.inputReferences, $0.aspectRatio) = (pictures(1), "9:16") }
            #expect(portrait?.field == "aspect_ratio" && portrait?.message.contains("16:9") == true)
            #expect(problem("google/veo-3.1") { $0.inputReferences = pictures(4) } != nil)
            #expect(problem("google/veo-3.1-lite") { $0.inputReferences = pictures(1) } != nil)
            #expect(problem("google/veo-3.1-lite") { $0.resolution = "4k" }?.field == "resolution")
            let seed = problem("google/veo-3.1") { $0.seed = 4_294_967_296 }
            #expect(seed?.field == "seed")
            if door == .geminiVeo {
                #expect(problem("google/veo-3.1") { $0.generateAudio = false }?.field == "generate_audio")
                #expect(problem("google/veo-3.1") { $0.seed = 1 }?.field == "seed")
            }
        }
    }

    @Test func optionsThatTheDoorLacksAreRefusedBeforeAJobIsAccepted() async throws {
        try await GoogleStage.run(.geminiVeo) { stage in
            let adapter = try #require(try stage.adapter() as? any ValidatingAdapter)
            func check(_ options: JSONValue, _ change: (inout VideoRequest) -> Void = { _ in }) throws {
                let own = ["google-ai-studio-veo": options]
                try adapter.validate(try stage.request(adapter, options: own, change))
            }
            try check(["personGeneration": "allow_all", "enhancePrompt": true])
            for wrong: JSONValue in [
                ["resizeMode": "pad"], ["personGeneration": "nobody"], ["enhancePrompt": "yes"],
                ["parameters": ["seed": 1]], ["parameters": 5],
            ] {
                let problem = #expect(throws: RequestProblem.self) { try check(wrong) }
                #expect(problem?.field.hasPrefix("provider.options.google-ai-studio-veo") == true)
            }
            // With pictures of people only adults can be allowed.
            #expect(throws: RequestProblem.self) {
                try check(["personGeneration": "allow_all"]) { $0.inputReferences = [.stored(Self.stored)] }
            }
            let film = StoredInput(sha256: Self.stored.sha256, mediaType: "image/gif", bytes: 1)
            let problem = #expect(throws: RequestProblem.self) {
                try check([:]) { $0.frameImages = [FrameImage(role: .first, image: .stored(film))] }
            }
            #expect(problem?.message.contains("image/png") == true)
        }
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        let outcome: SimulatedOutcome
        let code: ProviderFailure.Code
        /// What must be said to the client.
        let words: [String]
        var providerCode: String?
        var testDescription: String { outcome.rawValue }
    }

    @Test(arguments: [
        Ending(
            outcome: .filteredOutput,
            code: .contentPolicy,
            words: ["because of the video's safety", "You will not be charged"],
            providerCode: "42237218"
        ),
        Ending(
            outcome: .filteredInput,
            code: .contentPolicy,
            words: ["because of a child", "Responsible AI"],
            providerCode: "58061214"
        ),
        Ending(outcome: .failed, code: .unavailable, words: ["Internal error"], providerCode: "13"),
    ])
    func endingsHaveTheProvidersOwnWords(_ ending: Ending) async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            stage.simulator.world.force(ending.outcome)
            let operation = try await stage.submit(try stage.request(adapter), at: adapter)
            guard case .failed(let failure) = try await stage.end(operation, at: adapter) else {
                throw Unexpected(text: "it did not fail")
            }
            #expect(failure.code == ending.code)
            #expect(failure.billing == .notCharged)
            #expect(failure.providerCode == ending.providerCode)
            for words in ending.words { #expect(failure.message.contains(words), "\(failure.message)") }
        }
    }

    @Test func retiredModelsAreNotFound() async throws {
        var settings = SimulatorSettings.forConformance
        settings.wire["retired"] = "true"
        try await GoogleStage.run(.geminiVeo, settings) { stage in
            let adapter = try stage.adapter()
            let failure = await #expect(throws: ProviderFailure.self) {
                try await stage.submit(try stage.request(adapter), at: adapter)
            }
            #expect(failure?.code == .notFound && failure?.retry == .never)
            #expect(failure?.message.contains("no longer available") == true)
        }
    }

    @Test func aWrongKeyIsAMatterOfCredentials() async throws {
        try await GoogleStage.run(.geminiVeo) { stage in
            let adapter = try stage.adapter(geminiKey: "another-key")
            let failure = await #expect(throws: ProviderFailure.self) {
                try await stage.submit(try stage.request(adapter), at: adapter)
            }
            #expect(failure?.code == .authentication && failure?.retry == .never)
            #expect(failure?.providerCode == "API_KEY_INVALID")
        }
    }

    /// Answers as they were seen, or as they are documented.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int
        let body: JSONValue
        let code: ProviderFailure.Code
        let retry: ProviderFailure.Retry
        var isDefinite = true
    }

    @Test(arguments: [
        Refusal(
            testDescription: "a pause in the body",
            status: 429,
            body: [
                "error": [
                    "code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED",
                    "details": [
                        ["@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []],
                        ["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "38.5s"],
                    ],
                ]
            ],
            code: .rateLimited,
            retry: .after(seconds: 38.5)
        ),
        Refusal(
            testDescription: "a quota that is nought",
            status: 429,
            body: [
                "error": [
                    "code": 429, "status": "RESOURCE_EXHAUSTED",
                    "message":
                        "Quota exceeded for metric: predict_long_running_requests, limit: 0, model: veo-3.1-generate",
                ]
            ],
            code: .insufficientProviderFunds,
            retry: .never
        ),
        Refusal(
            testDescription: "a model that is overloaded",
            status: 503,
            body: ["error": ["code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"]],
            code: .unavailable,
            retry: .backoff
        ),
        Refusal(
            testDescription: "503 of something in between",
            status: 503,
            body: "upstream connect error",
            code: .unavailable,
            retry: .backoff,
            isDefinite: false
        ),
        Refusal(
            testDescription: "the front end's form",
            status: 403,
            body: [["error": ["code": 403, "message": "Requests are blocked.", "status": "PERMISSION_DENIED"]]],
            code: .authentication,
            retry: .never
        ),
        Refusal(
            testDescription: "an account without billing",
            status: 403,
            body: [
                "error": [
                    "code": 403, "message": "This API method requires billing to be enabled.",
                    "status": "PERMISSION_DENIED", "details": [["reason": "BILLING_DISABLED"]],
                ]
            ],
            code: .insufficientProviderFunds,
            retry: .never
        ),
        Refusal(
            testDescription: "a prompt that the filter refuses at once",
            status: 400,
            body: [
                "error": [
                    "code": 400, "status": "INVALID_ARGUMENT",
                    "message": "The prompt could not be submitted. Support codes: 61493863",
                ]
            ],
            code: .contentPolicy,
            retry: .never
        ),
    ])
    func refusalsMeanWhatGoogleDocuments(_ refusal: Refusal) async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            stage.simulator.inject(.answer(.json(refusal.status, refusal.body)), on: .submit)
            let failure = try #require(
                await #expect(throws: ProviderFailure.self) {
                    try await stage.submit(try stage.request(adapter), at: adapter)
                }
            )
            #expect(failure.code == refusal.code)
            #expect(failure.retry == refusal.retry)
            #expect(failure.isDefiniteRefusal == refusal.isDefinite)
        }
    }
}
