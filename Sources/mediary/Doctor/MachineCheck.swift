import CurlTransport
import Glibc
import JobCore

/// What the operating system gives the program.
struct MachineCheck {
    /// A clock before this date was never set.
    private static let earliest = Timestamp(rfc3339: "2026-01-01T00:00:00Z")
    private static let latest = Timestamp(rfc3339: "2100-01-01T00:00:00Z")
    /// Below this many file descriptors the service serves few connections.
    private static let descriptorsComfortable: UInt64 = 4_096

    let now: Timestamp

    func findings() -> [Finding] { [date(), descriptors(), library()] }

    private func date() -> Finding {
        guard let earliest = Self.earliest, let latest = Self.latest, now > earliest, now < latest else {
            return .fail("date", "\(now) cannot be right", hint: "set the clock: keys and signatures depend on it")
        }
        return .ok("date", now.description)
    }

    private func descriptors() -> Finding {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .warn("files", "the limit of open files cannot be told", hint: "see `ulimit -n`")
        }
        let text = "\(limit.rlim_cur) may be open, \(limit.rlim_max) at most"
        guard UInt64(limit.rlim_max) >= Self.descriptorsComfortable else {
            return .warn("files", text, hint: "each connection takes one: raise the hard limit (ulimit -Hn)")
        }
        return .ok("files", text)
    }

    private func library() -> Finding {
        let version = CurlTransport.libraryVersion
        guard version.contains("libcurl/") else {
            return .fail("libcurl", "does not tell its version", hint: "install libcurl4")
        }
        return .ok("libcurl", version)
    }
}
