import Foundation
import Generation
import HTTPTransport
import KlingAdapter
import ProviderKit
import ProviderSimulators
import Testing

/// Every documented code of a refusal, over HTTP, and what it means to a job.
@Suite(.timeLimit(.minutes(2)))
struct KlingRefusalTests {
    /// One line of the table at kling.ai/document-api/api/get-started/error-codes (2026-10-02).
    struct Line: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: Int64
        let means: ProviderFailure.Code
        let retry: ProviderFailure.Retry
        let isDefinite: Bool

        init(
            _ status: Int,
            _ code: Int64,
            _ means: ProviderFailure.Code,
            _ retry: ProviderFailure.Retry = .never,
            isDefinite: Bool = true
        ) {
            (self.status, self.code, self.means, self.retry) = (status, code, means, retry)
            self.isDefinite = isDefinite
        }

        var testDescription: String { "\(status) \(code)" }
    }

    private static let table = [
        Line(401, 1_000, .authentication), Line(401, 1_001, .authentication), Line(401, 1_002, .authentication),
        Line(401, 1_003, .authentication), Line(401, 1_004, .authentication), Line(429, 1_100, .authentication),
        Line(429, 1_101, .insufficientProviderFunds), Line(429, 1_102, .insufficientProviderFunds),
        Line(403, 1_103, .authentication), Line(400, 1_200, .invalidRequest), Line(400, 1_201, .invalidRequest),
        Line(404, 1_202, .invalidRequest), Line(404, 1_203, .notFound), Line(400, 1_300, .contentPolicy),
        Line(400, 1_301, .contentPolicy), Line(429, 1_302, .rateLimited, .backoff),
        Line(429, 1_303, .rateLimited, .backoff), Line(429, 1_304, .authentication),
        Line(500, 5_000, .unavailable, .backoff, isDefinite: false),
        Line(503, 5_001, .unavailable, .backoff, isDefinite: false),
        Line(504, 5_002, .timedOut, .backoff, isDefinite: false),
    ]

    private func refusal(_ answer: SimulatedAnswer, at door: KlingDoor) async throws -> ProviderFailure {
        try await door.stage { simulator, adapter in
            simulator.inject(.answer(answer), on: .submit)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await KlingAttempt().submit(KlingRequests.video(), to: adapter)
            }
            return try #require(failure)
        }
    }

    private static func body(_ code: Int64, _ message: String = "words of Kling") -> JSONValue {
        ["code": .integer(code), "message": .string(message), "request_id": "e1"]
    }

    @Test(arguments: KlingDoor.allCases, table)
    func aCodeMeansTheSameWithItsStatusAndWithout(_ door: KlingDoor, _ line: Line) async throws {
        for status in [line.status, 200] {
            let failure = try await refusal(.json(status, Self.body(line.code)), at: door)
            #expect(failure.code == line.means, "HTTP \(status)")
            #expect(failure.retry == line.retry, "HTTP \(status)")
            #expect(failure.providerCode == String(line.code))
            #expect(failure.requestReachedProvider == .yes)
            #expect(failure.isDefiniteRefusal == line.isDefinite, "HTTP \(status)")
            #expect(!failure.details.contains("words of Kling"))
        }
    }

    @Test func onlyTooManyTasksOrTooFastWaitsForCapacity() async throws {
        for line in Self.table {
            let failure = try await refusal(.json(line.status, Self.body(line.code)), at: .keyed)
            #expect(failure.isForCapacity == [1_302, 1_303].contains(line.code), "\(line.code)")
        }
    }

    @Test func whatKlingSaysIsPassedOnUnlessItIsOfTheAccountOrHoldsASecret() async throws {
        let invalid = try await refusal(.json(400, Self.body(1_201, "duration value '7' is invalid")), at: .signed)
        #expect(invalid.message.contains("duration value '7' is invalid"))
        for code in [1_002, 1_102, 1_103] as [Int64] {
            let failure = try await refusal(.json(401, Self.body(code, "access key ak-simulated")), at: .signed)
            #expect(!failure.message.contains("ak-simulated"))
        }
        let quoting = try await refusal(.json(400, Self.body(1_201, "bad url: …/token-of-att_1")), at: .signed)
        #expect(!quoting.message.contains("token-of-att_1"))
    }

    @Test(arguments: KlingDoor.allCases)
    func aPauseThatIsNamedIsKept(_ door: KlingDoor) async throws {
        try await door.stage { simulator, adapter in
            simulator.inject(.status(429, retryAfter: 7), on: .submit)
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await KlingAttempt().submit(KlingRequests.video(), to: adapter)
            }
            #expect(failure?.retry == .after(seconds: 7))
        }
    }

    /// Nobody knows what became of the request; the attempt's own id tells later.
    @Test(arguments: KlingDoor.allCases)
    func anAnswerThatCannotBeReadLeavesTheOutcomeOpen(_ door: KlingDoor) async throws {
        let faults: [SimulatedFault] = [
            .malformedJSON, .truncatedJSON, .otherJSON, .html, .empty, .answerLost, .statusAfterwards(500),
            .statusAfterwards(409), .answer(.json(200, ["code": 0, "message": "SUCCEED"])),
            .answer(.json(200, ["code": 0, "data": ["task_id": "../../etc", "id": "../../etc"]])),
            .answer(.json(200, Self.body(9_999))),
        ]
        try await door.stage { simulator, adapter in
            for (index, fault) in faults.enumerated() {
                simulator.inject(fault, on: .submit)
                let failure = await #expect(throws: ProviderFailure.self, "\(fault.word)") {
                    _ = try await KlingAttempt("att_\(index)").submit(KlingRequests.video(), to: adapter)
                }
                #expect(failure?.isDefiniteRefusal == false, "\(fault.word)")
            }
        }
    }

    /// A key of the other door opens nothing (probed by a third party on 2026-10-04).
    @Test func theSignedWireKnowsItsTokenAndTheKeyedOneItsKey() async throws {
        func code(_ door: KlingDoor, _ keys: [String: String], now: Int64? = nil) async throws -> String? {
            try await withSimulator(door.wire, door.settings) { simulator in
                let time = now.map { simulator.world.now() + $0 * 1_000 }
                let adapter = try door.adapter(simulator.baseURL, keys: keys) { time ?? simulator.world.now() }
                do {
                    _ = try await KlingAttempt().submit(KlingRequests.video(), to: adapter)
                    return nil
                } catch let failure as ProviderFailure {
                    #expect(failure.code == .authentication)
                    return failure.providerCode
                }
            }
        }
        #expect(try await code(.signed, [:]) == nil)
        #expect(try await code(.signed, ["KLING_ACCESS_KEY": "other"]) == "1002")
        #expect(try await code(.signed, ["KLING_SECRET_KEY": "other"]) == "1002")
        #expect(try await code(.signed, [:], now: 3) == nil)
        #expect(try await code(.signed, [:], now: 60) == "1003")
        #expect(try await code(.signed, [:], now: -1_900) == "1004")
        #expect(try await code(.keyed, [:]) == nil)
        #expect(try await code(.keyed, ["KLING_API_KEY": "other"]) == "1002")
    }
}
