import ConformanceKit
import FalAdapter
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What the host refuses, and in which words that is told.
///
/// The bodies are those of fal.ai/docs (errors) and of what clients have seen, in copies of 2026.
@Suite(.timeLimit(.minutes(2)))
struct FalRefusalTests {
    private func refusal(
        _ status: Int,
        _ body: String,
        headers: [(name: String, value: String)] = []
    ) async throws -> ProviderFailure {
        let transport = ScriptedTransport([
            .answered(
                .post,
                "https://queue.fal.run/fal-ai/flux-2-pro",
                status: status,
                headers: headers,
                body: body
            )
        ])
        let adapter = try FalStage.adapter(nil, transport: transport)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await FalAttempt().submit(FalStage.image(), to: adapter)
        }
        return try #require(failure)
    }

    @Test(arguments: [
        (400, #"{"detail":"Bad request","error_type":"bad_request"}"#, ProviderFailure.Code.invalidRequest),
        (401, #"{"detail":"Authentication is required to access this application."}"#, .authentication),
        (403, #"{"detail":"User is not allowed."}"#, .authentication),
        (403, #"{"detail":"User is locked. Reason: Exhausted balance."}"#, .insufficientProviderFunds),
        (404, #"{"detail":"Application \"x\" not found"}"#, .notFound),
        (422, #"{"detail":[{"loc":["body","seed"],"msg":"not an integer","type":"int_type"}]}"#, .invalidRequest),
        (
            422, #"{"detail":[{"loc":["body","prompt"],"msg":"flagged","type":"content_policy_violation"}]}"#,
            .contentPolicy
        ),
    ])
    func aRefusalIsForGood(status: Int, body: String, code: ProviderFailure.Code) async throws {
        let failure = try await refusal(status, body)
        #expect(failure.code == code)
        #expect(failure.isDefiniteRefusal)
        #expect(failure.retry == .never)
    }

    @Test func theValidatorsWordsArePassedOnWithoutTheInput() async throws {
        let body =
            #"{"detail":[{"loc":["body","image_size"],"msg":"Input should be a preset","type":"enum","input":"SECRET PROMPT"}]}"#
        let failure = try await refusal(422, body)
        #expect(failure.message.contains("image_size: Input should be a preset"))
        #expect(!failure.message.contains("SECRET PROMPT"))
        #expect(failure.providerCode == "enum")
        let secret = try await refusal(422, #"{"detail":"key \#(FalStage.key) is wrong"}"#)
        #expect(!secret.message.contains(FalStage.key))
    }

    @Test func aBusyHostIsAskedAgain() async throws {
        let plain = try await refusal(429, #"{"detail":"Too many requests"}"#)
        #expect(plain.isForCapacity)
        #expect(plain.retry == .backoff)
        let later = try await refusal(429, "{}", headers: [(name: "Retry-After", value: "9")])
        #expect(later.retry == .after(seconds: 9))
    }

    @Test func anAnswerWithoutARequestLeavesTheOutcomeOpen() async throws {
        for body in [#"{"status":"IN_QUEUE"}"#, #"{"request_id":""}"#, #"{"request_id":"../x"}"#, "{}", "no"] {
            let failure = try await refusal(200, body)
            #expect(!failure.isDefiniteRefusal, "\(body)")
        }
        #expect(try await refusal(500, "{}").isDefiniteRefusal == false)
    }

    // MARK: - Before anything is sent

    private func field(_ request: GenerationRequest) throws -> String? {
        let adapter = try FalStage.adapter(nil)
        do {
            try adapter.validate(try FalStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem.field
        }
    }

    @Test func optionsAreHeldToTheModel() throws {
        let path = "provider.options.fal"
        #expect(try field(FalStage.image(options: ["safety_tolerance": "5"])) == nil)
        #expect(try field(FalStage.image(options: ["safety_tolerance": "6"])) == "\(path).safety_tolerance")
        #expect(try field(FalStage.image(options: ["safety_tolerance": 2])) == "\(path).safety_tolerance")
        #expect(try field(FalStage.image(options: ["raw": true])) == "\(path).raw")
        #expect(try field(FalStage.image(FalStage.ultra, options: ["raw": true])) == nil)
        #expect(try field(FalStage.image(FalStage.ultra, options: ["raw": "yes"])) == "\(path).raw")
        for name in ["seed", "image_size", "num_images", "sync_mode", "enable_web_search", "max_images"] {
            #expect(try field(FalStage.image(options: [name: 1])) == "\(path).\(name)", "\(name)")
        }
    }

    /// The path for reference pictures has neither.
    @Test func veoTakesNoSeedWithReferences() throws {
        let pictures = [FalPictures.boat]
        #expect(try field(FalStage.video { $0.inputReferences = pictures }) == nil)
        #expect(try field(FalStage.video { ($0.inputReferences, $0.seed) = (pictures, 7) }) == "seed")
        let negative = FalStage.video { ($0.inputReferences, $0.negativePrompt) = (pictures, "fog") }
        #expect(try field(negative) == "negative_prompt")
        #expect(try field(FalStage.video { ($0.inputReferences, $0.duration) = (pictures, 4) }) == "duration")
    }
}
