import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import ReplicateAdapter
import SimulatorConformance
import Testing

/// What the host refuses, and in which words that is told.
///
/// The bodies are those of replicate.com/docs (errors) and of what clients have seen, in copies of 2026.
@Suite(.timeLimit(.minutes(2)))
struct ReplicateRefusalTests {
    private func refusal(
        _ status: Int,
        _ body: String,
        headers: [(name: String, value: String)] = []
    ) async throws -> ProviderFailure {
        let url = "https://api.replicate.com/v1/models/black-forest-labs/flux-2-pro/predictions"
        let transport = ScriptedTransport([
            .answered(.post, url, status: status, headers: headers, body: body)
        ])
        let adapter = try ReplicateStage.adapter(nil, transport: transport)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await ReplicateAttempt().submit(ReplicateStage.image(), to: adapter)
        }
        return try #require(failure)
    }

    @Test(arguments: [
        (400, #"{"title":"Bad request","detail":"no"}"#, ProviderFailure.Code.invalidRequest),
        (401, #"{"title":"Unauthenticated","detail":"no token","status":401}"#, .authentication),
        (
            402, #"{"title":"Insufficient credit","detail":"You have insufficient credit","status":402}"#,
            .insufficientProviderFunds
        ),
        (404, #"{"detail":"The requested resource could not be found."}"#, .notFound),
        (
            422, #"{"title":"Input validation failed","detail":"- input: prompt is required\n"}"#,
            .invalidRequest
        ),
    ])
    func aRefusalIsForGood(status: Int, body: String, code: ProviderFailure.Code) async throws {
        let failure = try await refusal(status, body)
        #expect(failure.code == code)
        #expect(failure.isDefiniteRefusal)
        #expect(failure.retry == .never)
    }

    @Test func theWordsArePassedOnWithoutSecrets() async throws {
        let plain = try await refusal(
            422,
            #"{"title":"Input validation failed","detail":"- input.width: must be 256"}"#
        )
        #expect(plain.message.contains("input.width: must be 256"))
        #expect(plain.providerCode == "Input validation failed")
        let secret = try await refusal(
            422,
            #"{"detail":"webhook https://x/token-of-att_1 is not reachable"}"#
        )
        #expect(!secret.message.contains("token-of-att_1"))
    }

    @Test func aBusyHostSaysWhenToComeBack() async throws {
        let body =
            #"{"title":"","detail":"Request was throttled. Expected available in 4 seconds.","status":429}"#
        let inWords = try await refusal(429, body)
        #expect(inWords.isForCapacity)
        #expect(inWords.retry == .after(seconds: 4))
        let inHeader = try await refusal(429, body, headers: [(name: "Retry-After", value: "9")])
        #expect(inHeader.retry == .after(seconds: 9))
        #expect(try await refusal(429, "{}").retry == .backoff)
    }

    @Test func anAnswerWithoutAPredictionLeavesTheOutcomeOpen() async throws {
        for body in [#"{"status":"starting"}"#, #"{"id":""}"#, #"{"id":"../x"}"#, "{}", "no"] {
            #expect(try await refusal(201, body).isDefiniteRefusal == false, "\(body)")
        }
        #expect(try await refusal(503, "{}").isDefiniteRefusal == false)
    }

    // MARK: - Before anything is sent

    private func field(_ request: GenerationRequest) throws -> String? {
        let adapter = try ReplicateStage.adapter(nil)
        do {
            try adapter.validate(try ReplicateStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem.field
        }
    }

    @Test func optionsAreHeldToTheModel() throws {
        let path = "provider.options.replicate"
        #expect(try field(ReplicateStage.image(options: ["safety_tolerance": 5])) == nil)
        #expect(
            try field(ReplicateStage.image(options: ["safety_tolerance": 6]))
                == "\(path).safety_tolerance"
        )
        #expect(try field(ReplicateStage.image(options: ["raw": true])) == "\(path).raw")
        #expect(try field(ReplicateStage.image(ReplicateStage.ultra, options: ["raw": true])) == nil)
        let strict: JSONValue = ["safety_filter_level": "block_only_high"]
        #expect(try field(ReplicateStage.image(ReplicateStage.banana, options: strict)) == nil)
        let wrong: JSONValue = ["safety_filter_level": "none"]
        #expect(
            try field(ReplicateStage.image(ReplicateStage.banana, options: wrong))
                == "\(path).safety_filter_level"
        )
        for name in ["seed", "width", "num_outputs", "max_images", "webhook", "output_quality"] {
            #expect(try field(ReplicateStage.image(options: [name: 1])) == "\(path).\(name)", "\(name)")
        }
    }

    @Test func veoMakesItsOwnShapeOfReferences() throws {
        let pictures = [ReplicatePictures.boat]
        #expect(try field(ReplicateStage.video { $0.inputReferences = pictures }) == nil)
        let tall = ReplicateStage.video { ($0.inputReferences, $0.aspectRatio) = (pictures, "9:16") }
        #expect(try field(tall) == "aspect_ratio")
        #expect(
            try field(ReplicateStage.video { ($0.inputReferences, $0.duration) = (pictures, 4) })
                == "duration"
        )
    }
}
