import Foundation
import Glibc
import ServiceLifecycle
import Synchronization

/// A service in a temporary folder, on any free port: for commands that show what the program does.
struct TemporaryService {
    let gateway: Gateway
    /// The folder; the data is in it, and whatever else the command leaves there.
    let folder: String

    /// Makes the folder and opens the stores in it.
    ///
    /// - Throws: `ClientFailure` when no folder can be made; what the stores throw.
    init(_ name: String, _ configuration: Configuration) throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/mediary-\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ClientFailure("no temporary folder can be made: \(String(cString: strerror(errno)))")
        }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var configuration = configuration
        configuration.dataFolder = folder + "/data"
        configuration.port = 0
        gateway = try Gateway(configuration, logger: configuration.logger())
    }

    /// Serves while `use` runs, which is told the port, and stops then.
    ///
    /// - Throws: What `use` throws, or why the service does not start.
    func run<Value: Sendable>(_ use: (_ port: Int) async throws -> Value) async throws -> Value {
        let service = Stop()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { port.finish() }
                try await gateway.run(
                    gracefulShutdownSignals: true,
                    group: { service.started($0) },
                    onListening: { port.yield($0) }
                )
            }
            var used: Result<Value, any Error>?
            for await number in ports {
                do { used = .success(try await use(number)) } catch { used = .failure(error) }
                break
            }
            await service.stop()
            try await group.waitForAll()
            guard let used else { throw ClientFailure("the service stopped before it was ready") }
            return try used.get()
        }
    }

    /// Removes the folder with all that is in it.
    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    private final class Stop: Sendable {
        private let group = Mutex<ServiceGroup?>(nil)

        func started(_ group: ServiceGroup) { self.group.withLock { $0 = group } }

        func stop() async { await group.withLock { $0 }?.triggerGracefulShutdown() }
    }
}
