import Foundation
import Glibc

/// A running `mediary serve`.
package final class ServiceProcess: Sendable {
    package let child: ChildProcess
    package let port: Int
    private let logPath: String
    private let installation: Installation

    /// Starts the service on any free port and waits until it is ready.
    ///
    /// - Throws: `Unexpected` with its last words when it ends instead.
    package init(_ installation: Installation, _ settings: [String: String] = [:], within seconds: Double = 30) throws {
        self.installation = installation
        logPath = "\(installation.folder)/serve-\(Self.counter.next()).log"
        let log = logPath
        let child = try Self.start(installation, settings, log)
        self.child = child
        port = try poll("the service's port in \(log)", within: seconds) {
            if let port = Self.port(in: Installation.text(log)) { return port }
            if let ending = child.endedAs { throw Unexpected("\(ending) at its start: \(Installation.text(log))") }
            return nil
        }
        let client = ServiceClient(port: port, key: "", silenceSeconds: 5)
        try poll("readiness", within: seconds) {
            guard child.endedAs == nil else { return () }
            return (try? client.exchange("GET", "/readyz"))?.status == 200 ? () : nil
        }
    }

    /// Starts the service and kills it so soon that it may not have got to work.
    package static func startAndKill(_ installation: Installation, afterMilliseconds milliseconds: Int) throws {
        let child = try start(installation, [:], "\(installation.folder)/serve-\(counter.next()).log")
        usleep(UInt32(milliseconds) * 1_000)
        child.signal(SIGKILL)
        _ = try child.waitForEnd(within: 10)
    }

    private static func start(
        _ installation: Installation,
        _ settings: [String: String],
        _ log: String
    ) throws -> ChildProcess {
        try ChildProcess(
            Installation.program,
            ["serve", "--port", "0"],
            environment: installation.environment(settings),
            output: log,
            errors: log
        )
    }

    /// What it has logged.
    package var log: String { Installation.text(logPath) }

    /// Speaks to it with the installation's key.
    package var client: ServiceClient { ServiceClient(port: port, key: installation.key) }

    /// Kills it, as a power cut would.
    package func kill() throws {
        child.signal(SIGKILL)
        let ending = try child.waitForEnd(within: 10)
        guard ending == .signalled(SIGKILL) else { throw Unexpected("ended with \(ending) instead\n\(log)") }
    }

    /// Lets it go on after it was suspended.
    package func resume() { child.signal(SIGCONT) }

    /// Asks it to stop, and waits for that.
    package func stop(within seconds: Double = 30) throws {
        child.signal(SIGTERM)
        let ending = try child.waitForEnd(within: seconds)
        guard ending == .exited(0) else { throw Unexpected("stopped with \(ending)\n\(log)") }
    }

    private static let counter = Counter()

    private static func port(in log: String) -> Int? {
        let lines = log.split(separator: "\n", omittingEmptySubsequences: true).filter { $0.contains(" listening ") }
        let words = lines.flatMap { $0.split(separator: " ") }
        // A line that is still being written has no next one.
        guard let url = words.first(where: { $0.hasPrefix("url=http://127.0.0.1:") }), log.hasSuffix("\n") else {
            return nil
        }
        return url.split(separator: ":").last.flatMap { Int($0) }
    }
}
