// Before the modules that bring the C library in by a side door: its types belong to the module that is loaded first.
import Glibc
import JobEngine
import Subprocess

/// Runs a program of the operator's for each alert, with the alert's JSON on its standard input.
///
/// A program that ends with another status than 0, or takes longer than a minute, has not taken the alert: it is run again
/// later, with the same `id` in the JSON. It gets `PATH` and nothing else of the service's environment.
struct AlertCommand: AlertSender {
    private static let secondsMax = 60

    private let command: [String]
    private let path: String

    /// Describes a program with its arguments.
    init(_ command: [String], environment: [String: String]) {
        self.command = command
        self.path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    }

    func send(_ body: [UInt8], name: String) async throws {
        // The shell writes the pipe: a program that does not read would end whoever writes to it.
        let script = #"printf '%s\n' "$ALERT_JSON" | timeout -k 1 "$ALERT_SECONDS" "$@""#
        let result = try await Subprocess.run(
            .name("sh"),
            arguments: Arguments(["-c", script, "sh"] + command),
            environment: .custom([
                "PATH": path, "LC_ALL": "C.UTF-8", "ALERT_JSON": String(decoding: body, as: UTF8.self),
                "ALERT_SECONDS": "\(Self.secondsMax)",
            ]),
            output: .discarded,
            error: .string(limit: 4_096)
        )
        guard result.terminationStatus.isSuccess else {
            throw AlertNotTaken("the program ended with \(result.terminationStatus)")
        }
    }
}
