import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing
import TogetherAdapter

/// How a job stands, what refusals mean, and what becomes of pictures.
@Suite(.timeLimit(.minutes(2)))
struct TogetherStandingTests {
    private static let base = "https://api.together.ai"
    private static let id = "019a0068-794a-7213-90f6-cc4eb62e3da7"
    private static let operation = ProviderOperation(remoteID: id)

    private func status(_ fields: String) async throws -> OperationStatus {
        let body = #"{"id":"\#(Self.id)","model":"google/veo-3.1","object":"video",\#(fields)}"#
        let transport = ScriptedTransport([
            .answered(.get, "\(Self.base)/v2/videos/\(Self.id)", status: 200, body: body)
        ])
        return try await TogetherStage.adapter(Self.base, transport: transport).status(of: Self.operation)
    }

    private func answer(
        to request: GenerationRequest,
        _ status: Int,
        _ body: String,
        headers: [(name: String, value: String)] = []
    ) async throws -> Submission {
        let path = request.type == .image ? "/v1/images/generations" : "/v2/videos"
        let transport = ScriptedTransport([
            .answered(.post, "\(Self.base)\(path)", status: status, headers: headers, body: body)
        ])
        return try await TogetherStage.submit(request, to: TogetherStage.adapter(Self.base, transport: transport))
    }

    private func refusal(
        _ status: Int,
        _ body: String,
        headers: [(name: String, value: String)] = []
    ) async throws -> ProviderFailure {
        try await #require(throws: ProviderFailure.self) {
            _ = try await answer(to: TogetherStage.request(), status, body, headers: headers)
        }
    }

    /// The bodies are those of `types/video_job.py` (together 3.1.1) and of docs.together.ai, 2026-11-22.
    @Test func everyWordIsUnderstood() async throws {
        #expect(try await status(#""status":"queued""#) == .pending(progress: nil, isQueued: true))
        #expect(try await status(#""status":"in_progress","seconds":"8""#) == .pending(progress: nil))
        #expect(try await status(#""status":"warming_up""#) == .pending(progress: nil))
        #expect(try await status(#""status":"cancelled""#) == .cancelled(chargedNanoUSD: nil))
        let url = "https://api.together.ai/shrt/DwlaBdSakNRFlBxN"
        #expect(
            try await status(#""status":"completed","outputs":{"cost":1.6,"video_url":"\#(url)"}"#)
                == .completed([ProviderOutput(.url(url), mediaType: nil)], ReportedUsage(costNanoUSD: 1_600_000_000))
        )
        #expect(
            try await status(#""status":"completed","outputs":{"cost":1}"#)
                == .completed([], ReportedUsage(costNanoUSD: 1_000_000_000))
        )
    }

    @Test(arguments: [
        ("content_moderation", ProviderFailure.Code.contentPolicy, ProviderFailure.Retry.never),
        ("nsfw_content", .contentPolicy, .never), ("internal_error", .unavailable, .backoff),
    ])
    func aFailedJobSaysWhyAndWhatItCost(
        code: String,
        expected: ProviderFailure.Code,
        retry: ProviderFailure.Retry
    ) async throws {
        for (cost, billing) in [
            ("", ProviderFailure.Billing.unknown), (#","outputs":{"cost":0}"#, .notCharged),
            (#","outputs":{"cost":1.6}"#, .charged),
        ] {
            let fields = #""status":"failed","error":{"code":"\#(code)","message":"Some words"}\#(cost)"#
            guard case .failed(let failure) = try await status(fields) else {
                Issue.record("no failure")
                continue
            }
            #expect(failure.code == expected)
            #expect(failure.retry == retry)
            #expect(failure.billing == billing)
            #expect(failure.providerCode == code)
            #expect(failure.message.contains("Some words"))
        }
    }

    @Test(arguments: [
        (400, ProviderFailure.Code.invalidRequest, ProviderFailure.Retry.never, true),
        (401, .authentication, .never, true), (402, .insufficientProviderFunds, .never, true),
        (403, .authentication, .never, true), (404, .notFound, .never, true), (422, .invalidRequest, .never, true),
        (429, .rateLimited, .backoff, true), (500, .unavailable, .backoff, false),
        (504, .timedOut, .backoff, false), (529, .unavailable, .backoff, false),
    ])
    func eachStatusMeansWhatTheVendorSays(
        status: Int,
        expected: ProviderFailure.Code,
        retry: ProviderFailure.Retry,
        isDefinite: Bool
    ) async throws {
        let body = #"{"id":"oE","error":{"message":"Some words","type":"some_type","param":null,"code":null}}"#
        let failure = try await refusal(status, body)
        #expect(failure.code == expected)
        #expect(failure.retry == retry)
        #expect(failure.isDefiniteRefusal == isDefinite)
        #expect(failure.providerCode == "some_type")
        #expect(failure.message.contains("Some words") == (status == 400 || status == 422))
    }

    @Test(arguments: [400, 403, 422])
    func theFiltersOwnWordsDecide(status: Int) async throws {
        let body = #"{"error":{"message":"The request was flagged: NSFW","type":"invalid_request_error","code":null}}"#
        let failure = try await refusal(status, body)
        #expect(failure.code == .contentPolicy)
        #expect(failure.retry == .never)
        #expect(failure.isDefiniteRefusal)
    }

    @Test func thePauseThatIsAskedForIsKeptAndSecretsAreNot() async throws {
        let body = #"{"error":{"message":"slow down","type":"model_rate_limit"}}"#
        let limited = try await refusal(429, body, headers: [(name: "x-ratelimit-reset", value: "3")])
        #expect(limited.retry == .after(seconds: 3))
        let odd = try await refusal(429, body, headers: [(name: "x-ratelimit-reset", value: "1763721137")])
        #expect(odd.retry == .backoff)
        let leak = #"{"error":{"message":"bad key \#(TogetherStage.key)","type":"invalid_request_error"}}"#
        #expect(try await !refusal(400, leak).message.contains(TogetherStage.key))
    }

    @Test(arguments: ["{}", #"{"id":5}"#, #"{"id":"../x"}"#, "<html>", #"{"id":"019"#])
    func anAcceptanceWithoutAnIDLeavesTheOutcomeOpen(body: String) async throws {
        let failure = try await refusal(200, body)
        #expect(failure.requestReachedProvider == .yes)
        #expect(!failure.isDefiniteRefusal)
    }

    @Test func picturesComeInTheAnswerOrByAddress() async throws {
        let body =
            #"{"id":"oE","object":"list","data":[{"index":0,"b64_json":"\#(TogetherPictures.base64("first"))","type":"b64_json"},{"index":1,"url":"https://api.together.ai/shrt/a","type":"url"},{"index":2,"b64_json":"","type":"b64_json"}]}"#
        guard case .completed(let outputs, _) = try await answer(to: TogetherStage.image(), 200, body) else {
            Issue.record("not completed")
            return
        }
        #expect(outputs.count == 2)
        let adapter = try TogetherStage.adapter(Self.base)
        #expect(try await AdapterConformance.read(outputs[0], at: adapter) == TogetherPictures.all["first"])
        #expect(outputs.last == ProviderOutput(.url("https://api.together.ai/shrt/a"), mediaType: nil))
    }

    @Test(arguments: ["{}", #"{"data":5}"#, "<html>", "", #"{"data":[{"b64_json":"#])
    func anAnswerWithoutPicturesLeavesTheOutcomeOpen(body: String) async throws {
        let failure = try await #require(throws: ProviderFailure.self) {
            _ = try await answer(to: TogetherStage.image(), 200, body)
        }
        #expect(!failure.isDefiniteRefusal)
    }

    @Test func whatTheHostChargesIsWhatIsBilled() async throws {
        try await withSimulator(TogetherSimulator.self, .forConformance) { simulator in
            let adapter = try TogetherStage.adapter(simulator.baseURL)
            let request = TogetherStage.request { ($0.duration, $0.generateAudio) = (8, false) }
            let operation = try await TogetherStage.operation(request, at: adapter)
            simulator.world.finish(operation.remoteID)
            guard case .completed(_, let usage) = try await adapter.status(of: operation) else { return }
            #expect(usage == ReportedUsage(costNanoUSD: 1_600_000_000))
        }
    }
}
