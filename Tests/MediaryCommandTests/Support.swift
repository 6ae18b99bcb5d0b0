import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Synchronization
import Testing

@testable import mediary

/// Fails unless `work` fails for the person at the keyboard, in words that begin so.
func expectFailure<Value>(
    _ words: String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () throws -> Value
) {
    do {
        _ = try work()
        Issue.record("nothing failed", sourceLocation: sourceLocation)
    } catch let failure as ClientFailure {
        #expect(failure.description.hasPrefix(words), "\(failure)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("another failure: \(error)", sourceLocation: sourceLocation)
    }
}

/// A clock that only sleeping moves.
final class TestTime: Sendable {
    private let milliseconds = Mutex<Int64>(1_790_000_000_000)
    /// How long each sleep was, in seconds.
    let sleeps = Mutex<[Double]>([])

    var environment: EngineEnvironment {
        EngineEnvironment(
            now: { Timestamp(milliseconds: self.milliseconds.withLock { $0 }) },
            bootSeconds: { Double(self.milliseconds.withLock { $0 }) / 1_000 },
            sleep: { seconds in
                self.sleeps.withLock { $0.append(seconds) }
                self.milliseconds.withLock { $0 += Int64(seconds * 1_000) }
            },
            randomBytes: { count in (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
        )
    }

    func client(_ transport: any HTTPTransport) -> APIClient {
        APIClient(baseURL: "http://service", key: "sk-med-v1-test", transport: transport, environment: environment)
    }
}

extension TransportFailure {
    static let refused = TransportFailure(.noConnection, requestReachedPeer: .no, "refused")
    static let lost = TransportFailure(.connectionLost, requestReachedPeer: .unknown, "lost")
}
