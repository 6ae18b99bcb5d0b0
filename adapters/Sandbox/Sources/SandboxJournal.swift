import Foundation
import HTTPTransport

/// What the sandbox's provider has seen, one line of JSON per submit and per cancel.
///
/// The witness of crash tests: a line is appended by a single `write`, before anything is answered, and so outlives
/// the process's death. With a journal the provider also answers look-ups from it: a submit that it never saw is not
/// found.
struct SandboxJournal: Sendable {
    /// One line.
    ///
    /// Keys on the wire are in snake case; those of a submit are missing from a cancel.
    struct Line: Codable {
        var event: String
        var id: String
        var token: String?
        var bodySha256: String?
        var attempt: Int?
        var earlierSends: Int?
        var accepted: Bool?
        /// Of an accepted submit: by which the generation is asked for.
        var ticket: String?
        var timeMs: Int64
    }

    private let path: String

    init(path: String) {
        self.path = path
    }

    /// Appends a line.
    ///
    /// - Throws: `noConnection` when it cannot be written: a provider without its witness must not start anything.
    func append(_ line: Line) throws(TransportFailure) {
        let bytes = Wire.encode(line) + [UInt8(ascii: "\n")]
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let written = descriptor < 0 ? -1 : write(descriptor, bytes, bytes.count)
        if descriptor >= 0 { close(descriptor) }
        guard written == bytes.count else {
            throw TransportFailure(.noConnection, requestReachedPeer: .no, "the journal cannot be written")
        }
    }

    /// The generations that were accepted since a time, the newest first, each once.
    func accepted(since start: Int64) -> [Line] {
        var seen: Set<String> = []
        let lines = FileManager.default.contents(atPath: path)?.split(separator: UInt8(ascii: "\n")) ?? []
        return lines.compactMap { try? Wire.decode(Line.self, Array($0)) }
            .filter { $0.accepted == true && $0.timeMs >= start && $0.ticket != nil && seen.insert($0.id).inserted }
            .reversed()
    }

    /// Whether a submit with this token was accepted.
    func hasAccepted(token: String) throws(TransportFailure) -> Bool {
        guard let data = FileManager.default.contents(atPath: path) else { return false }
        return data.split(separator: UInt8(ascii: "\n")).contains { text in
            guard let line = try? Wire.decode(Line.self, Array(text)) else { return false }
            return line.token == token && line.accepted == true
        }
    }
}
