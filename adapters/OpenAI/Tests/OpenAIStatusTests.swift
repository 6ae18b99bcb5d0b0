import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import Testing

@testable import OpenAIAdapter

/// How a generation stands, one by one and many at once.
@Suite struct OpenAIStatusTests {
    /// The video of the official documents' examples, in another standing.
    private static func video(_ change: [String: JSONValue]) -> String {
        let fields: [String: JSONValue] = [
            "id": "video_1", "object": "video", "model": "sora-2-pro", "status": "queued", "progress": 0,
            "created_at": 1_763_700_000, "completed_at": .null, "expires_at": .null, "prompt": "A paper boat",
            "size": "1280x720", "seconds": "8", "remixed_from_video_id": .null, "error": .null,
        ]
        return JSONValue.object(fields.merging(change) { $1 }).canonicalText
    }

    private static func status(
        _ body: String,
        http: Int = 200,
        headers: [(name: String, value: String)] = [],
        now: Int64 = 1_763_700_200_000
    ) async throws -> OperationStatus {
        let exchange = ScriptedTransport.Exchange.answered(
            .get,
            "http://server/v1/videos/video_1",
            status: http,
            headers: headers,
            body: body
        )
        let adapter = try OpenAIStage.adapter(
            "http://server/v1",
            transport: ScriptedTransport([exchange]),
            now: { now }
        )
        return try await adapter.status(of: ProviderOperation(remoteID: "video_1"))
    }

    @Test func everyWordIsUnderstood() async throws {
        let pending: [(JSONValue, JSONValue, OperationStatus)] = [
            ("queued", 0, .pending(progress: 0, isQueued: true)), ("in_progress", 42, .pending(progress: 0.42)),
            ("in_progress", .number(42.5), .pending(progress: 0.425)), ("in_progress", 120, .pending(progress: 1)),
            ("in_progress", .null, .pending(progress: nil)), ("dreaming", 7, .pending(progress: 0.07)),
        ]
        for (word, progress, expected) in pending {
            let status = try await Self.status(Self.video(["status": word, "progress": progress]))
            #expect(status == expected)
        }
        let done = try await Self.status(
            Self.video(["status": "completed", "progress": 100, "expires_at": 1_763_703_781])
        )
        let output = ProviderOutput(.url("http://server/v1/videos/video_1/content"), mediaType: "video/mp4")
        #expect(done == .completed([output], ReportedUsage()))
    }

    @Test func theProviderSaysWhenToAskAgain() async throws {
        let status = try await Self.status(
            Self.video(["status": "in_progress", "progress": 5]),
            headers: [("openai-poll-after-ms", "2500")]
        )
        #expect(status == .pending(progress: 0.05, retryAfterSeconds: 2.5))
    }

    @Test func failuresHaveTheProvidersWords() async throws {
        let errors: [(JSONValue, ProviderFailure.Code, String)] = [
            (
                ["code": "moderation_blocked", "message": "Your request was blocked by our moderation system."],
                .contentPolicy, "blocked by our moderation"
            ),
            (["code": "video_generation_failed", "message": "Out of\nluck."], .unknown, "Out of luck."),
            (.null, .unknown, "could not make"),
        ]
        for (error, code, words) in errors {
            // The second is how vLLM-Omni 0.30 answers (2026-11-21): with the failure's own status.
            for http in [200, 422] {
                let body = Self.video(["status": "failed", "error": error])
                guard case .failed(let failure) = try await Self.status(body, http: http) else {
                    Issue.record("\(code), \(http): it did not fail")
                    continue
                }
                #expect(failure.code == code)
                #expect(failure.retry == .never)
                #expect(failure.message.contains(words), "\(failure.message)")
                #expect(failure.providerCode == error["code"]?.stringValue)
            }
        }
    }

    @Test func aVideoWhoseHourIsOverIsNotFetched() async throws {
        let body = Self.video(["status": "completed", "progress": 100, "expires_at": 1_763_703_781])
        guard case .failed(let failure) = try await Self.status(body, now: 1_763_703_900_000) else {
            Issue.record("an expired video was given out")
            return
        }
        #expect(failure.code == .notFound)
        #expect(failure.billing == .charged)
    }

    @Test func anotherVideosAnswerIsNotTaken() async throws {
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await Self.status(Self.video(["id": "video_2", "status": "completed"]))
        }
        #expect(failure?.retry == .backoff)
    }

    // MARK: - Outputs

    @Test func outputsNeedTheKeyAndNothingElseGetsIt() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let origin = try RemoteURL(simulator.baseURL).origin
            #expect(adapter.trustedOrigins == [origin])
            let headers = try await adapter.outputHeaders()
            #expect(headers.map(\.name) == ["Authorization"])
            #expect(headers.first?.value == "Bearer \(OpenAIStage.key)")
        }
    }
}
