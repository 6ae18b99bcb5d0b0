import Foundation
import Glibc
import JobEngine

/// What the system tells about this process, for its operator.
struct ProcessFacts {
    /// Memory that is in use, in bytes.
    let residentBytes: Int
    /// Time that its threads have run, in seconds.
    let processorSeconds: Double
    /// How many files, sockets and pipes it has open.
    let openDescriptors: Int
    /// How many it may have.
    let descriptorsMax: Int

    /// Reads them now; nil where the system has no `/proc`.
    init?() {
        guard let pages = Self.fields("/proc/self/statm").dropFirst().first.flatMap({ Int($0) }),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        residentBytes = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        // One of them was this look itself.
        openDescriptors = descriptors.count - 1
        var usage = rusage()
        getrusage(.init(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime]
        processorSeconds = times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        descriptorsMax = Int(clamping: limit.rlim_cur)
    }

    private static func fields(_ path: String) -> [Substring] {
        guard let bytes = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: " ")
    }

    /// Writes them under the names that all exporters use.
    func write(to text: inout PrometheusText) {
        text.single("process_resident_memory_bytes", .gauge, "Memory in use.", residentBytes)
        text.single("process_cpu_seconds_total", .counter, "Time that the threads have run.", processorSeconds)
        text.single("process_open_fds", .gauge, "Open files, sockets and pipes.", openDescriptors)
        text.single("process_max_fds", .gauge, "How many there may be.", descriptorsMax)
    }
}
