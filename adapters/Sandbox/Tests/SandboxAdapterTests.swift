import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import Testing

@testable import SandboxAdapter

@Suite struct SandboxAdapterTests {
    @Test(arguments: AdapterConformance.checks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        let clock = TestWallClock()
        let provider = SandboxProvider(now: { clock.now }, sleep: { clock.sleep($0) })
        let picture = StoredInput(sha256: String(repeating: "ab", count: 32), mediaType: "image/png", bytes: 4)
        var video = VideoRequest(prompt: "a boat")
        video.frameImages = [FrameImage(role: .first, image: .stored(picture))]
        video.inputReferences = [.stored(picture)]
        let subject = AdapterConformance.Subject(
            requests: [
                GenerationRequest(model: "sandbox/video", content: .video(video)),
                GenerationRequest(model: "sandbox/video", content: .video(VideoRequest(prompt: "[[recovery:A']]"))),
                GenerationRequest(
                    model: "sandbox/image",
                    content: .image(ImageRequest(prompt: "[[progress_steps:4]]"))
                ),
                GenerationRequest(model: "sandbox/speech", content: .speech(SpeechRequest(input: "Hello."))),
                Stage.request("sandbox/speech", ["stream_ms": 10]),
                Stage.request("sandbox/transcription", ["transcript": "Hello."]),
                Stage.request("sandbox/music", [:]),
                Stage.request("sandbox/sound", ["sync": true]),
            ],
            inputs: [picture.sha256: [1, 2, 3, 4]],
            pause: { clock.advance(milliseconds: 50) },
            make: { SandboxAdapter(transport: provider) }
        )
        try await check.run(subject)
    }

    // MARK: - Refusals at the submit

    struct Refusal: Sendable, CustomTestStringConvertible {
        let script: JSONValue
        let code: ProviderFailure.Code
        let retry: ProviderFailure.Retry
        var testDescription: String { script.canonicalText }
    }

    @Test(arguments: [
        Refusal(script: ["fail": "invalid_request"], code: .invalidRequest, retry: .never),
        Refusal(script: ["fail": "content_policy"], code: .contentPolicy, retry: .never),
        Refusal(script: ["fail": "rate_limited"], code: .rateLimited, retry: .after(seconds: 1)),
        Refusal(script: ["fail": "unavailable"], code: .unavailable, retry: .backoff),
    ])
    func scriptedRefusalsAreDefiniteAndUnbilled(_ expected: Refusal) async throws {
        let stage = Stage()
        let attempt = stage.attempt()
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.adapter.submit(Stage.video(expected.script), attempt: attempt.context())
        }
        #expect(failure?.code == expected.code)
        #expect(failure?.retry == expected.retry)
        #expect(failure?.billing == .notCharged)
        #expect(failure?.isDefiniteRefusal == true)
        #expect(attempt.submits.count == 1)
    }

    @Test func failTimesLetsLaterAttemptsThrough() async throws {
        let stage = Stage()
        let request = Stage.video(["fail": "unavailable", "fail_times": 2])
        for number in 1...2 {
            await #expect(throws: ProviderFailure.self) {
                _ = try await stage.adapter.submit(request, attempt: stage.attempt(number: number).context())
            }
        }
        _ = try await stage.operation(request, attempt: stage.attempt(number: 3))
    }

    @Test(arguments: [
        (#"{"delay_msec":5}"#, "delay_msec"), (#"{"delay_ms":"5"}"#, "delay_ms"), (#"{"delay_ms":-1}"#, "delay_ms"),
        (#"{"fail":"sometimes"}"#, "fail"), (#"{"truncate":"loudly"}"#, "truncate"), (#"{"recovery":"D"}"#, "recovery"),
        (#"{"sync":1}"#, "sync"),
    ])
    func scriptsThatAreNotUnderstoodAreRefusedUnsent(_ script: String, _ key: String) async throws {
        let stage = Stage()
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(script.utf8))
        let attempt = stage.attempt()
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.adapter.submit(Stage.video(value), attempt: attempt.context())
        }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.requestReachedProvider == .no)
        #expect(failure?.isForCapacity == false)
        #expect(failure?.message.contains(key) == true)
        #expect(attempt.commits.isEmpty)
        let problem = #expect(throws: RequestProblem.self) { try stage.adapter.validate(Stage.video(value)) }
        #expect(problem?.field == "provider.options.fake-provider.\(key)")
    }

    @Test func marksInThePromptAreAScriptAndOptionsOverrideThem() throws {
        let prompt = "A [[boat]] [[delay_ms:500]] [[fail:no_media]][[cancellable:false]] at [[x y:z]] dawn"
        var request = GenerationRequest(model: "sandbox/video", content: .video(VideoRequest(prompt: prompt)))
        request.providerOptions = ["fake-provider": ["fail": "timeout"], "another": ["fail": 1]]
        var expected = SandboxScript()
        expected.delayMilliseconds = 500
        expected.failure = .timeout
        expected.cancellable = false
        #expect(try SandboxScript(of: request) == expected)
    }

    // MARK: - Outcomes at the status

    @Test func progressIsReportedInTheScriptedSteps() async throws {
        let stage = Stage()
        let operation = try await stage.operation(Stage.video(["delay_ms": 1_000, "progress_steps": 4]))
        var seen: [Double?] = []
        for _ in 0..<5 {
            if case .pending(let progress, _, _) = try await stage.adapter.status(of: operation) {
                seen.append(progress)
            }
            stage.clock.advance(milliseconds: 200)
        }
        #expect(seen == [0, 0, 0.25, 0.5, 0.75])
        #expect(try await stage.outputs(of: operation).count == 1)
    }

    @Test func withoutStepsNoProgressIsInvented() async throws {
        let stage = Stage()
        let operation = try await stage.operation(Stage.video([:]))
        #expect(try await stage.adapter.status(of: operation) == .pending(progress: nil))
    }

    @Test func aClockThatGoesBackKeepsTheGenerationPending() async throws {
        let stage = Stage()
        let operation = try await stage.operation(Stage.video(["delay_ms": 0, "progress_steps": 3]))
        stage.clock.advance(milliseconds: -3_600_000)
        #expect(try await stage.adapter.status(of: operation) == .pending(progress: 0))
    }

    @Test(arguments: [
        Refusal(script: ["fail": "timeout"], code: .timedOut, retry: .backoff),
        Refusal(script: ["fail": "content_policy", "fail_at": "status"], code: .contentPolicy, retry: .never),
        Refusal(script: ["fail": "invalid_request", "fail_at": "status"], code: .invalidRequest, retry: .never),
        Refusal(script: ["fail": "rate_limited", "fail_at": "status"], code: .rateLimited, retry: .after(seconds: 1)),
        Refusal(script: ["fail": "unavailable", "fail_at": "status"], code: .unavailable, retry: .backoff),
    ])
    func acceptedGenerationsFailAsScripted(_ expected: Refusal) async throws {
        let stage = Stage()
        let operation = try await stage.operation(Stage.video(expected.script))
        #expect(try await stage.adapter.status(of: operation) == .pending(progress: nil))
        stage.clock.advance(milliseconds: 200)
        guard case .failed(let failure) = try await stage.adapter.status(of: operation) else {
            Issue.record("the generation did not fail")
            return
        }
        #expect(failure.code == expected.code)
        #expect(failure.retry == expected.retry)
        #expect(failure.billing == .notCharged)
    }

    @Test func doneWithoutMediaIsReportedAsSuch() async throws {
        let stage = Stage()
        let operation = try await stage.operation(Stage.video(["fail": "no_media", "delay_ms": 0]))
        #expect(try await stage.adapter.status(of: operation) == .completed([], ReportedUsage()))
    }

    @Test func aSynchronousProviderAnswersTheSubmitWithMedia() async throws {
        let stage = Stage()
        let submission = try await stage.adapter.submit(Stage.video(["sync": true]), attempt: stage.attempt().context())
        guard case .completed(let outputs, _) = submission else {
            Issue.record("not completed")
            return
        }
        let output = try #require(outputs.first)
        #expect(try await MediaInspector.inspect(bytes: stage.read(output)).mediaType == .mp4)
    }

    // MARK: - Lost answers

    @Test(arguments: SandboxScript.Recovery.allCases)
    func aLostAnswerLeavesTheOutcomeUnknown(_ recovery: SandboxScript.Recovery) async throws {
        let stage = Stage()
        let request = Stage.video(["lost_answer": true, "recovery": .string(recovery.rawValue)])
        let attempt = stage.attempt(sentAt: stage.clock.now)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.adapter.submit(request, attempt: attempt.context())
        }
        #expect(failure?.requestReachedProvider == .unknown)
        #expect(failure?.isDefiniteRefusal == false)
        #expect(stage.adapter.recoveryClass(of: request).letter == recovery.rawValue)
        stage.clock.advance(milliseconds: 150)
        let resent = try await stage.operation(request, attempt: attempt, earlierSends: 1)
        guard
            case .accepted(let found)? = try await stage.adapter.find(
                request,
                attempt: attempt.reference,
                isTaken: { _ in false }
            )
        else {
            Issue.record("not found")
            return
        }
        #expect(found == resent)
        // It started with the first send, so it is done 200 ms after that, and not after the resend.
        stage.clock.advance(milliseconds: 50)
        #expect(try await stage.outputs(of: found).count == 1)
    }

    @Test func aHangingSubmitTimesOutWithItsOutcomeUnknown() async throws {
        let stage = Stage()
        let short = Stage.video(["hang_ms": 400])
        let before = stage.clock.now
        _ = try await stage.operation(short)
        #expect(stage.clock.now - before == 400)
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.operation(Stage.video(["hang_ms": 60_000]))
        }
        #expect(failure?.code == .timedOut)
        #expect(failure?.requestReachedProvider == .unknown)
        #expect(stage.clock.now - before == 10_400)
    }

    @Test func theJournalCountsWhatTheProviderSaw() async throws {
        try await withTemporaryFolder { folder in
            let stage = Stage(journal: "\(folder)/journal")
            let request = Stage.video(["lost_answer": true, "recovery": "B"])
            let attempt = stage.attempt()
            #expect(try await stage.adapter.find(request, attempt: attempt.reference, isTaken: { _ in false }) == nil)
            await #expect(throws: ProviderFailure.self) {
                _ = try await stage.adapter.submit(request, attempt: attempt.context())
            }
            #expect(try await stage.adapter.find(request, attempt: attempt.reference, isTaken: { _ in false }) != nil)
            let operation = try await stage.operation(request, attempt: attempt, earlierSends: 1)
            try await stage.adapter.cancel(operation)

            let text = try String(contentsOfFile: "\(folder)/journal", encoding: .utf8)
            let lines = try text.split(separator: "\n").map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
            #expect(lines.map { $0["event"] } == ["submit", "submit", "cancel"])
            #expect(lines.map { $0["earlier_sends"] } == [0, 1, nil])
            #expect(Set(lines.prefix(2).map { $0["body_sha256"] }).count == 1)
            #expect(Set(lines.prefix(2).map { $0["token"] }) == [.string(attempt.reference.token)])
            #expect(Set(lines.map { $0["id"] }) == [.string(operation.remoteID)])
        }
    }

    @Test func aRefusedSubmitIsNotFoundInTheJournal() async throws {
        try await withTemporaryFolder { folder in
            let stage = Stage(journal: "\(folder)/journal")
            let request = Stage.video(["fail": "unavailable", "lost_answer": true, "recovery": "A'"])
            let attempt = stage.attempt()
            await #expect(throws: ProviderFailure.self) {
                _ = try await stage.adapter.submit(request, attempt: attempt.context())
            }
            let found = try await stage.adapter.find(request, attempt: attempt.reference, isTaken: { _ in false })
            #expect(found == nil)
        }
    }

    // MARK: - Cancelling

    @Test func everyProcessKnowsOfACancelledGeneration() async throws {
        try await withTemporaryFolder { folder in
            let stage = Stage(folder: "\(folder)/marks")
            let operation = try await stage.operation(Stage.video([:]))
            try await stage.adapter.cancel(operation)
            let other = Stage(folder: "\(folder)/marks")
            #expect(try await other.adapter.status(of: operation) == .cancelled(chargedNanoUSD: 0))
        }
    }

    @Test func cancellingWhatHasFinishedChangesNothing() async throws {
        let stage = Stage()
        let operation = try await stage.operation(Stage.video([:]))
        stage.clock.advance(milliseconds: 200)
        try await stage.adapter.cancel(operation)
        #expect(try await stage.outputs(of: operation).count == 1)
    }

    @Test func aGenerationThatCannotBeStoppedRunsOn() async throws {
        let stage = Stage()
        let operation = try await stage.operation(Stage.video(["cancellable": false]))
        let failure = await #expect(throws: ProviderFailure.self) { try await stage.adapter.cancel(operation) }
        #expect(failure?.code == .invalidRequest)
        #expect(try await stage.adapter.status(of: operation) == .pending(progress: nil))
    }

    // MARK: - Damaged outputs

    @Test func aTruncatedOutputEndsBeforeItsDeclaredLength() async throws {
        let stage = Stage()
        let output = try await stage.output(Stage.video(["truncate": true, "delay_ms": 0]))
        guard case .url(let url) = output.location else { return }
        let response = try await stage.adapter.transport.exchange(HTTPRequest(.get, url), options: ExchangeOptions())
        var received = 0
        let failure = await #expect(throws: TransportFailure.self) {
            while let chunk = try await response.body.next() { received += chunk.count }
        }
        #expect(failure?.kind == .connectionLost)
        let declared = try #require(response.contentLength)
        #expect(received == Int(declared) * 6 / 10)
    }

    @Test(arguments: ["sandbox/video", "sandbox/image", "sandbox/speech"])
    func aSilentlyTruncatedOutputIsFoundOutByItsContainer(_ model: String) async throws {
        let stage = Stage()
        let output = try await stage.output(Stage.request(model, ["truncate": "silent", "delay_ms": 0]))
        let bytes = try await stage.read(output)
        #expect(throws: MediaProblem.self) { _ = try MediaInspector.inspect(bytes: bytes) }
    }

    @Test func anOutputOfTheWrongTypeIsNotMedia() async throws {
        let stage = Stage()
        let output = try await stage.output(Stage.video(["wrong_type": true, "delay_ms": 0]))
        #expect(output.mediaType == "video/mp4")
        let bytes = try await stage.read(output)
        #expect(throws: MediaProblem.notRecognized) { _ = try MediaInspector.inspect(bytes: bytes) }
    }

    // MARK: - Hostile text

    private static func script(_ prompt: String) throws -> SandboxScript {
        try SandboxScript(
            of: GenerationRequest(model: "sandbox/video", content: .video(VideoRequest(prompt: prompt)))
        )
    }

    @Test(.timeLimit(.minutes(1))) func aTextFullOfBracketsIsPlainText() throws {
        for text in ["[[", "[", "[[a:", "[[e\u{301}", "]]"] {
            #expect(try Self.script(String(repeating: text, count: 20_000)) == SandboxScript(), "\(text)")
        }
    }

    @Test func aMarkEndsSoonOrIsNone() throws {
        let room = 200 - "fail_times:".utf8.count
        #expect(try Self.script("[[fail_times:" + String(repeating: "0", count: room) + "]]").failTimes == 0)
        #expect(try Self.script("[[fail_times:" + String(repeating: "0", count: room + 1) + "]]").failTimes == nil)
        #expect(try Self.script("[[[[fail_times:3]]").failTimes == 3)
        #expect(
            try Self.script("[[:3]] [[fail_times:]] [[fail_times]] [[fail times:3]] [[fail_times:3]").failTimes == nil
        )
    }

    @Test(.timeLimit(.minutes(1))) func aHugeWordIsRefusedAndNotCompared() throws {
        let huge = "s" + String(repeating: "\u{301}\u{323}", count: 500_000)
        let problem = #expect(throws: RequestProblem.self) {
            try Stage().adapter.validate(Stage.video(["truncate": .string(huge)]))
        }
        #expect(problem?.field == "provider.options.fake-provider.truncate")
        #expect(try SandboxScript(of: Stage.video(["truncate": "silent"])).truncation == .silent)
        #expect(try SandboxScript(of: Stage.video(["truncate": true])).truncation == .loud)
        #expect(try SandboxScript(of: Stage.video(["truncate": false])).truncation == nil)
    }
}
