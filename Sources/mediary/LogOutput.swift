import Foundation
import Glibc
import JobCore
import Logging

/// Log lines on standard error: for people, or one JSON object a line for machines.
struct LogOutput: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let isJSON: Bool
    let label: String

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        let time = SystemEnvironment.now().description
        let line: String
        if isJSON {
            var fields: [String: String] = all.mapValues { "\($0)" }
            fields["time"] = time
            fields["level"] = event.level.rawValue
            fields["message"] = "\(event.message)"
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            line = (try? encoder.encode(fields)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        } else {
            let level = event.level.rawValue.uppercased().padding(toLength: 8, withPad: " ", startingAt: 0)
            let details = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            line = "\(time) \(level) \(event.message)\(details)"
        }
        // What comes from outside may hold anything; a line stays one line, and steers no terminal.
        var bytes = line.utf8.map { $0 < 32 || $0 == 127 ? UInt8(ascii: " ") : $0 }
        bytes.append(UInt8(ascii: "\n"))
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
