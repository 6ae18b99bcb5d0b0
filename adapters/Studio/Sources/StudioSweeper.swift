import Foundation
import Synchronization

/// The right to clean up in a work folder: a lock that lives as long as this value, or the process.
///
/// Commands beside a running service make adapters too, to list models for instance: they must not end its work.
final class StudioOwnership: Sendable {
    private let descriptor: Int32

    /// How long the lock is tried for: a service that was just killed may have left a child that has not let go yet.
    private static let patience = (tries: 10, microsecondsBetween: UInt32(10_000))

    /// Takes the lock.
    ///
    /// - Returns: nil when another one has it, or the folder cannot be made.
    init?(of root: String) {
        let access: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        do {
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true, attributes: access)
        } catch {
            return nil
        }
        let descriptor = open("\(root)/owner.lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        for attempt in 1...Self.patience.tries {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                self.descriptor = descriptor
                return
            }
            if attempt < Self.patience.tries { usleep(Self.patience.microsecondsBetween) }
        }
        close(descriptor)
        return nil
    }

    deinit {
        close(descriptor)
    }
}

/// Sweeps at most once a minute: each sweep looks at every folder, and submits can come by the hundred.
final class StudioSweeps: Sendable {
    private static let interval: Int64 = 60_000

    private let last = Mutex<Int64?>(nil)

    /// Removes folders whose generation ended more than an hour ago, unless that was done within the minute.
    func removeFinished(in root: String, now: Int64) {
        let isDue = last.withLock { last in
            // A clock that was set back must not stop sweeps until it has caught up.
            if let before = last, (0..<Self.interval).contains(now - before) { return false }
            last = now
            return true
        }
        if isDue { StudioSweeper.removeFinished(in: root, now: now) }
    }
}

/// Removes what nobody will ask for any more.
enum StudioSweeper {
    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 24 * hour

    /// What a starting service does: ends what an earlier one left running, removes drafts and folders of yesterday.
    ///
    /// A runner that is ended leaves no `exit`; its operation answers `unavailable`, and its job runs again.
    static func takeOver(_ root: String, now: Int64) {
        for folder in folders(in: root) {
            if folder.exit == nil { folder.runner?.end(folder: folder.path) }
            if let age = age(of: folder.path, now: now), age > day { folder.remove() }
        }
        for name in names(in: root) where name.hasPrefix(StudioFolder.draftPrefix) {
            try? FileManager.default.removeItem(atPath: "\(root)/\(name)")
        }
    }

    /// What a submit does now and then: removes folders whose generation ended more than an hour ago.
    ///
    /// Outputs are copied within seconds; an hour leaves room for a store that is away for a while.
    static func removeFinished(in root: String, now: Int64) {
        for folder in folders(in: root) {
            if let age = age(of: "\(folder.path)/exit", now: now), age > hour { folder.remove() }
        }
    }

    private static func folders(in root: String) -> [StudioFolder] {
        names(in: root).compactMap { try? StudioFolder(name: $0, in: root) }
    }

    private static func names(in root: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    }

    /// The time since a file was written, in milliseconds.
    private static func age(of path: String, now: Int64) -> Int64? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let written = attributes[.modificationDate] as? Date
        else { return nil }
        return now - Int64(written.timeIntervalSince1970 * 1_000)
    }
}
