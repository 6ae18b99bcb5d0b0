import Foundation
import HTTPTransport
import ProviderKit

/// The folder of one send: what is to be made, who makes it, and how far it has come.
///
/// Everything about a generation is in files, so that any process of this machine can answer for it, after any crash:
///
/// - `plan`, `run.sh`, `caption.txt`, `speech.txt`, `wishes.json`, `input-N`: laid out before the start.
/// - `pid`: the runner's note of itself. `running`: it has a slot. `progress`: the program's own account.
/// - `cancelled`: the wish to stop. `errors`: what the programs complained about.
/// - `exit`: how it ended. `out-N.*`: the outputs, which count from `exit` on.
struct StudioFolder {
    /// The folder's name: the operation's remote id, and all of its payload.
    let name: String
    let path: String

    /// The folder of a send.
    init(externalID: String, send: Int, in root: String) throws(ProviderFailure) {
        try self.init(name: "\(externalID)-\(send)", in: root)
    }

    /// A folder by its name, which comes from storage: anything that is not of our making is not found.
    init(name: String, in root: String) throws(ProviderFailure) {
        guard Self.isName(name) else { throw Self.notFound }
        self.name = name
        path = "\(root)/\(name)"
    }

    /// Whether a name is one that `submit` gives: an attempt's id, a hyphen, and the number of the send.
    static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...40).contains(parts[0].utf8.count), (1...6).contains(parts[1].utf8.count) else {
            return false
        }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return parts[1].utf8.allSatisfy(digits.contains)
            && parts[0].utf8.allSatisfy {
                digits.contains($0) || $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
            }
    }

    static let notFound = ProviderFailure(
        .notFound,
        retry: .never,
        billing: .notCharged,
        requestReachedProvider: .yes,
        message: "The generation is not on this machine."
    )

    // MARK: - Laying out

    /// Makes an empty folder without a final name, so that a submit which may not send after all disturbs nothing.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    static func draft(in root: String) throws(ProviderFailure) -> StudioFolder {
        var path = Array("\(root)/\(draftPrefix)XXXXXX".utf8CString)
        try storing {
            let access: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
            try FileManager.default.createDirectory(
                atPath: "\(root)/slots",
                withIntermediateDirectories: true,
                attributes: access
            )
            guard mkdtemp(&path) != nil else { throw CocoaError(.fileWriteUnknown) }
        }
        return StudioFolder(draft: String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// How the names of drafts begin; no final name does.
    static let draftPrefix = "new."

    private init(draft path: String) {
        name = ""
        self.path = path
    }

    /// Gives a draft its final name.
    ///
    /// A folder of that name can only be left from a send that this one replaces, since the gate lets each send pass
    /// once. What runs in it is ended.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    func become(_ folder: StudioFolder) throws(ProviderFailure) {
        if folder.has(".") {
            folder.runner?.end(folder: folder.path)
            folder.remove()
        }
        try Self.storing { try FileManager.default.moveItem(atPath: path, toPath: folder.path) }
    }

    /// Writes a file.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    func write(_ bytes: [UInt8], to file: String) throws(ProviderFailure) {
        try Self.storing { try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(file)")) }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func storing(_ body: () throws -> Void) throws(ProviderFailure) {
        do {
            try body()
        } catch {
            throw ProviderFailure(
                .unavailable,
                retry: .backoff,
                billing: .notCharged,
                requestReachedProvider: .no,
                message: "The generation could not be laid out on this machine.",
                details: "\(error)"
            )
        }
    }

    // MARK: - Reading

    /// Whether a file of the folder is there.
    func has(_ file: String) -> Bool { access("\(path)/\(file)", F_OK) == 0 }

    /// The runner, as it noted itself; nil before that.
    var runner: StudioProcess? { Self.text("\(path)/pid").flatMap { StudioProcess(note: $0) } }

    /// How the runner ended; nil as long as it has not.
    var exit: String? { Self.text("\(path)/exit")?.trimmingCharacters(in: .whitespacesAndNewlines) }

    /// What was planned; nil when the folder is gone or was never finished.
    var record: StudioPlan.Record? {
        guard let text = Self.text("\(path)/plan") else { return nil }
        return try? JSONDecoder().decode(StudioPlan.Record.self, from: Data(text.utf8))
    }

    /// The number of frames that ffmpeg last reported, in blocks of `key=value` lines.
    var framesDone: Int? {
        guard let text = Self.text("\(path)/progress", tail: 2_048) else { return nil }
        return text.split(separator: "\n").last { $0.hasPrefix("frame=") }
            .flatMap { Int($0.dropFirst("frame=".count).trimmingCharacters(in: .whitespaces)) }
    }

    /// The end of what the programs complained about, for the log: without any line of the client's text.
    var complaints: String {
        let clientLines = ["caption.txt", "speech.txt"].compactMap { Self.text("\(path)/\($0)") }
            .flatMap { $0.split(separator: "\n") }.filter { $0.count > 3 }
        return clientLines.reduce(Self.text("\(path)/errors", tail: 2_000) ?? "") { text, line in
            text.replacing(line, with: "(the client's text)")
        }
    }

    /// The text of a small file, or the end of one that may be long; nil when it cannot be read.
    static func text(_ path: String, tail: Int? = nil) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if let tail {
            let size = lseek(descriptor, 0, SEEK_END)
            lseek(descriptor, max(0, size - off_t(tail)), SEEK_SET)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
            bytes += buffer.prefix(count)
        }
        return nil
    }
}
