import BytePlusAdapter
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import Testing

/// What comes back for images, and what it means.
@Suite struct SeedreamAnswerTests {
    /// Submits one request to a service that answers so; nil for the simulator's own answer.
    private func submit(
        _ request: GenerationRequest = ArkStage.image(),
        answered answer: (status: Int, body: JSONValue)? = nil,
        outcome: SimulatedOutcome? = nil
    ) async throws -> Submission {
        try await withSimulator(ArkWire.self, ArkStage.settings) { simulator in
            if let answer {
                simulator.inject(.answer(.json(answer.status, answer.body), handled: true), on: .submit)
            }
            if let outcome { simulator.world.force(outcome) }
            return try await ArkAttempt().submit(request, to: try ArkStage.adapter("\(simulator.baseURL)/api/v3"))
        }
    }

    private func failure(
        _ request: GenerationRequest = ArkStage.image(),
        answered answer: (status: Int, body: JSONValue)? = nil,
        outcome: SimulatedOutcome? = nil
    ) async -> ProviderFailure? {
        await #expect(throws: ProviderFailure.self) {
            _ = try await submit(request, answered: answer, outcome: outcome)
        }
    }

    @Test func theImageIsAtItsAddressAndHasItsSize() async throws {
        var settings = ArkStage.settings
        settings.hasCheapMedia = false
        try await withSimulator(ArkWire.self, settings) { simulator in
            let adapter = try ArkStage.adapter("\(simulator.baseURL)/api/v3")
            for (format, type) in [("jpeg", MediaType.jpeg), ("png", .png)] {
                let request = ArkStage.image("bytedance-seed/seedream-5.0-pro") {
                    $0.size = PixelSize(width: 1_280, height: 720)
                    $0.outputFormat = format
                }
                let submission = try await ArkAttempt().submit(request, to: adapter)
                guard case .completed(let outputs, let usage) = submission, outputs.count == 1,
                    case .url(let url) = outputs[0].location
                else {
                    Issue.record("\(submission)")
                    continue
                }
                #expect(outputs[0].mediaType == "image/\(format)")
                #expect(usage.images == 1)
                let response = try await adapter.transport.exchange(HTTPRequest(.get, url), options: ExchangeOptions())
                let facts = try MediaInspector.inspect(
                    bytes: try await response.body.collect(bytesMax: 1 << 24),
                    expecting: type
                )
                #expect(facts.width == 1_280 && facts.height == 720)
            }
        }
    }

    @Test func aSetMayHaveLessThanWasAskedForAndIsBilledSo() async throws {
        let request = ArkStage.image {
            $0.n = 3
            $0.prompt = "A lighthouse at three times of the day [[sim:one_filtered]]"
        }
        guard case .completed(let outputs, let usage) = try await submit(request) else {
            Issue.record("it was not completed")
            return
        }
        #expect(outputs.count == 2)
        #expect(usage.images == 2)
    }

    @Test func aSetOfWhichNothingIsLeftWasFiltered() async {
        let failure = await failure(ArkStage.image { $0.n = 3 }, outcome: .filteredOutput)
        #expect(failure?.code == .contentPolicy)
        #expect(failure?.retry == .never)
        #expect(failure?.isDefiniteRefusal == true)
        #expect(failure?.providerCode == "OutputImageSensitiveContentDetected")
        #expect(failure?.message.contains("Request id") == false)
    }

    @Test func anErrorInPlaceOfTheImagesIsTheReason() async {
        let failed = await failure(outcome: .failed)
        #expect(failed?.code == .unavailable)
        #expect(failed?.retry == .backoff)
        #expect(failed?.isDefiniteRefusal == true)
        #expect(failed?.message.contains("image") == true)
        let whole = await failure(
            answered: (200, ["error": ["code": "InternalServiceError", "message": "Something broke."]])
        )
        #expect(whole?.code == .unavailable)
    }

    @Test func nothingWithoutAReasonIsNothing() async throws {
        guard case .completed(let outputs, let usage) = try await submit(outcome: .withoutMedia) else {
            Issue.record("it was not completed")
            return
        }
        #expect(outputs.isEmpty && usage.images == 0)
    }

    @Test(
        arguments: [
            ["model": "seedream-4-5-251128", "data": [], "usage": ["generated_images": 1]],
            ["model": "seedream-4-5-251128", "data": [["url": ""]], "usage": ["generated_images": 1]],
            ["model": "seedream-4-5-251128"], [], "ok", ["data": "none"],
        ] as [JSONValue]
    )
    func imagesThatAreBilledAndNotThereLeaveTheOutcomeUnknown(body: JSONValue) async {
        let failure = await failure(answered: (200, body))
        #expect(failure?.requestReachedProvider == .yes)
        #expect(failure?.billing == .unknown)
        #expect(failure?.isDefiniteRefusal == false)
    }

    @Test func nobodyPaysForMoreThanWasHandedOver() async throws {
        let body: JSONValue = [
            "data": [["url": "https://cdn.example.com/1.jpeg"]], "usage": ["generated_images": 4],
        ]
        guard case .completed(let outputs, let usage) = try await submit(answered: (200, body)) else { return }
        #expect(outputs.map(\.mediaType) == ["image/jpeg"])
        #expect(usage.images == 1)
    }

    @Test(arguments: [
        (400, "InputTextSensitiveContentDetected", ProviderFailure.Code.contentPolicy),
        (400, "InvalidParameter", .invalidRequest), (401, "AuthenticationError", .authentication),
        (403, "AccountOverdueError", .insufficientProviderFunds), (404, "ModelNotOpen", .notFound),
        (429, "ModelAccountIpmRateLimitExceeded", .rateLimited), (429, "SetLimitExceeded", .insufficientProviderFunds),
    ])
    func refusalsHaveTheirReasons(status: Int, code: String, meaning: ProviderFailure.Code) async {
        let failure = await failure(
            answered: (status, ["error": ["code": .string(code), "message": "No.", "param": "", "type": "BadRequest"]])
        )
        #expect(failure?.code == meaning)
        #expect(failure?.isDefiniteRefusal == true)
    }

    @Test func anImageCannotBeFoundAgain() throws {
        let adapter = try ArkStage.adapter("https://ark.example.com/api/v3")
        #expect(adapter.recovery(of: ArkStage.image()) == .unrecoverable)
    }
}
