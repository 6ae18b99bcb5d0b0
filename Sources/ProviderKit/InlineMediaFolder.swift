import Foundation
import Synchronization

/// Where an adapter keeps media that came inside of answers until the service has copied them.
///
/// Outputs are copied within seconds of the answer; a file that is gone when it is wanted is made again by asking for
/// the generation's status again. So files may be removed when they are an hour old, and after a crash nothing needs to
/// be cleaned up at once.
public final class InlineMediaFolder: Sendable {
    /// The folder.
    public let path: String

    /// How the names of files begin that have no final name yet.
    static let draftPrefix = "new."
    private static let hour: Int64 = 3_600_000
    private static let sweepInterval: Int64 = 60_000

    private let now: @Sendable () -> Int64
    private let lastSweep = Mutex<Int64?>(nil)

    /// Names the folder; it is made when the first file comes.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - now: The time, in milliseconds since 1970.
    public init(_ path: String, now: @escaping @Sendable () -> Int64) {
        // What is handed on must not depend on the folder that the process is in.
        self.path = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        self.now = now
    }

    /// Removes files older than an hour, at most once a minute.
    public func removeOld() {
        let now = now()
        let isDue = lastSweep.withLock { last in
            // A clock that was set back must not stop sweeps until it has caught up.
            if let before = last, (0..<Self.sweepInterval).contains(now - before) { return false }
            last = now
            return true
        }
        guard isDue else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            let file = "\(path)/\(name)"
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: file),
                let written = attributes[.modificationDate] as? Date
            else { continue }
            if now - Int64(written.timeIntervalSince1970 * 1_000) > Self.hour { unlink(file) }
        }
    }
}
