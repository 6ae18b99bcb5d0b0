import Foundation
import Generation
import HTTPTransport
import KlingAdapter
import ProviderKit
import Synchronization
import Testing

/// The token of the signed wire.
@Suite struct KlingTokenTests {
    /// Keeps the tokens that are sent, and answers nothing.
    private final class Tap: HTTPTransport {
        let tokens = Mutex<[String]>([])

        func exchange(
            _ request: HTTPRequest,
            options: ExchangeOptions
        ) async throws(TransportFailure) -> HTTPResponse {
            tokens.withLock { $0.append(request.header("Authorization") ?? "") }
            throw TransportFailure(.noConnection, requestReachedPeer: .no, "a tap")
        }
    }

    private func tokens(at seconds: [Int64]) async throws -> [String] {
        let tap = Tap()
        let clock = Mutex<Int64>(0)
        let adapter = try KlingDoor.signed.adapter("http://127.0.0.1:9", transport: tap) { clock.withLock { $0 } }
        for second in seconds {
            clock.withLock { $0 = second * 1_000 + 999 }
            _ = try? await adapter.status(of: ProviderOperation(remoteID: "8319", payload: "omni 5000"))
        }
        return tap.tokens.withLock { $0 }
    }

    /// Made with Python's `hmac` and `base64` for the keys `ak-simulated` and `sk-simulated`, on 2026-11-21.
    @Test func itIsAnHS256JWTOfTheTwoKeys() async throws {
        let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
        let payload = "eyJleHAiOjE3NjM3MjI5MzcsImlzcyI6ImFrLXNpbXVsYXRlZCIsIm5iZiI6MTc2MzcyMTEzMn0"
        let signature = "u7y7YppLgcaVYsCQ21rbf-oW0-GJNgEeBlSCAJYf40A"
        #expect(try await tokens(at: [1_763_721_137]) == ["Bearer \(header).\(payload).\(signature)"])
    }

    @Test func itIsMadeAnewAfterItsWindowAndWhenTheClockGoesBack() async throws {
        let start: Int64 = 1_763_721_137
        let used = try await tokens(at: [start, start + 299, start + 300, start + 599, start + 100])
        #expect(used[0] == used[1])
        #expect(used[1] != used[2])
        #expect(used[2] == used[3])
        #expect(used[3] != used[4])
    }
}
