import Foundation

/// A runner of this machine, known so well that no other process can be taken for it.
///
/// A process number alone proves nothing: numbers are used again. Together with the start time, which the kernel counts
/// from its boot, and the boot's own id, it names one process for ever.
struct StudioProcess: Hashable {
    let pid: pid_t
    /// Field 22 of `/proc/PID/stat`: clock ticks between the boot and the process's start.
    let startTicks: UInt64
    let bootID: String

    /// Reads what a runner noted about itself: `PID TICKS BOOT`.
    init?(note: String) {
        let parts = note.split(whereSeparator: \.isWhitespace)
        guard parts.count == 3, let pid = pid_t(parts[0]), pid > 1, let ticks = UInt64(parts[1]) else { return nil }
        self.pid = pid
        startTicks = ticks
        bootID = String(parts[2])
    }

    /// Whether the runner still runs; one that ended and was not yet buried does not.
    var isAlive: Bool {
        guard bootID == Self.currentBootID, let stat = Stat(pid: pid) else { return false }
        return stat.startTicks == startTicks && !stat.isDead
    }

    /// Ends the runner and all that it started, at once.
    ///
    /// The group goes first, in one stroke. What outlived a leader that had died before (killed for its memory, say) is
    /// found by its session: as long as one member lives, the kernel gives the number to nobody else, and a member
    /// works in the runner's own folder.
    func end(folder: String) {
        if isAlive { kill(-pid, SIGKILL) }
        guard bootID == Self.currentBootID else { return }
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let other = pid_t(entry), other != pid, let stat = Stat(pid: other), stat.session == pid,
                stat.startTicks >= startTicks, !stat.isDead,
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(other)/cwd")) == folder
            else { continue }
            kill(other, SIGKILL)
        }
    }

    private static var currentBootID: String? {
        StudioFolder.text("/proc/sys/kernel/random/boot_id")?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What the kernel says about a process.
    ///
    /// Source: proc(5), `/proc/PID/stat`.
    private struct Stat {
        let isDead: Bool
        let session: pid_t
        let startTicks: UInt64

        init?(pid: pid_t) {
            // The program's name stands in parentheses and may hold anything; what counts follows the last one.
            guard let text = StudioFolder.text("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
                return nil
            }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 19, let session = pid_t(fields[3]), let ticks = UInt64(fields[19]) else { return nil }
            isDead = fields[0] == "Z" || fields[0] == "X"
            self.session = session
            startTicks = ticks
        }
    }
}
