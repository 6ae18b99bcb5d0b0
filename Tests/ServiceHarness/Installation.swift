import Foundation
package import Generation
package import JobCore
import JobStoreSQLite
import Ledger
import Synchronization
package import Testing

/// A data folder of a test's own, with a key and credits, and the real program to run upon it.
package final class Installation: Sendable {
    /// What a command said.
    package struct CommandResult: Sendable {
        package let ending: ChildProcess.Ending
        package let output: String
        package let errors: String

        package var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))) ?? .null }
    }

    /// What the default workspace of a new installation has, in US dollars.
    package static let granted = "100"

    /// The folder of the test: data, logs, the provider's journal.
    package let folder: String
    package let data: String
    package let journalPath: String
    /// A key of the default workspace.
    package let key: String

    /// Copies an installation that was made once by the program's own commands.
    package init(_ name: String) throws {
        let template = try Self.template.get()
        folder = try Self.newFolder(name)
        data = "\(folder)/data"
        journalPath = "\(folder)/journal.jsonl"
        key = template.key
        try FileManager.default.copyItem(atPath: template.data, toPath: data)
    }

    private init(newIn folder: String, key: String = "") {
        self.folder = folder
        data = "\(folder)/data"
        journalPath = "\(folder)/journal.jsonl"
        self.key = key
    }

    /// Removes the folder, unless any test has found something wrong: then it stays, to be looked at.
    package func remove() {
        guard Self.problems.count == 0 else { return }
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: Running

    /// Starts the service and waits until it is ready.
    package func serve(_ settings: [String: String] = [:]) throws -> ServiceProcess {
        try ServiceProcess(self, settings)
    }

    /// Runs a command to its end.
    package func command(
        _ arguments: [String],
        _ settings: [String: String] = [:],
        within seconds: Double = 60
    ) throws -> CommandResult {
        try run(Self.program, arguments, settings, within: seconds)
    }

    /// Runs any program to its end.
    package func run(
        _ program: String,
        _ arguments: [String],
        _ settings: [String: String] = [:],
        within seconds: Double
    ) throws -> CommandResult {
        let name = "\(folder)/command-\(Self.counter.next())"
        let child = try ChildProcess(
            program,
            arguments,
            environment: environment(settings),
            output: name + ".out",
            errors: name + ".err"
        )
        defer { child.end() }
        let ending = try child.waitForEnd(within: seconds)
        return CommandResult(ending: ending, output: Self.text(name + ".out"), errors: Self.text(name + ".err"))
    }

    /// Runs a command that must succeed, and reads what it prints.
    package func json(_ arguments: String..., settings: [String: String] = [:]) throws -> JSONValue {
        let result = try command(arguments + ["--json"], settings)
        guard result.ending == .exited(0), result.json != .null else {
            throw Unexpected(
                "mediary \(arguments.joined(separator: " ")): \(result.ending)\n\(result.output)\(result.errors)"
            )
        }
        return result.json
    }

    /// The environment that the program gets: the test's own, without settings of whoever runs it.
    package func environment(_ settings: [String: String]) -> [String: String] {
        var all = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MEDIARY_") && !$0.key.hasPrefix("SANDBOX_")
        }
        all["MEDIARY_DATA"] = data
        all["SANDBOX_JOURNAL"] = journalPath
        all["TMPDIR"] = folder
        return all.merging(settings) { _, new in new }
    }

    /// The program, built beside the tests.
    package static let program: String = {
        let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let loaded = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let folders = [tests, loaded, Bundle.main.bundleURL].flatMap {
            [$0.deletingLastPathComponent().path, $0.path]
        }
        let paths = folders.map { "\($0)/mediary" } + [".build/debug/mediary"]
        return paths.first { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
        } ?? "mediary"
    }()

    // MARK: Looking

    /// What the provider has seen.
    package func journal() throws -> [JournalLine] {
        guard let bytes = FileManager.default.contents(atPath: journalPath) else { return [] }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try bytes.split(separator: 10).map { try decoder.decode(JournalLine.self, from: $0) }
    }

    /// The attempts of jobs as the database has them; to be asked when no service runs.
    package func attempts(of ids: [String]) async throws -> [String: [Attempt]] {
        let store = try SQLiteJobStore(path: "\(data)/mediary.sqlite")
        var attempts: [String: [Attempt]] = [:]
        for id in ids { if let job = JobID(id) { attempts[id] = try await store.attempts(of: job) } }
        try store.close()
        return attempts
    }

    /// The processes that work in this installation: known by the folder that they are in.
    package func workers() -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.filter { Int32($0) != nil }.compactMap { entry in
            guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(entry)/cwd"),
                place.hasPrefix(folder + "/")
            else { return nil }
            return Self.text("/proc/\(entry)/cmdline").replacing("\0", with: " ")
        }
    }

    /// The files that are being received, or never were to their end.
    package func parts() -> [String] {
        FileManager.default.enumerator(atPath: "\(data)/files/spool")?.compactMap { $0 as? String }
            .filter { $0.contains("/") } ?? []
    }

    package static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    // MARK: Making

    private static let counter = Counter()
    /// How many problems the tests have found.
    fileprivate static let problems = Counter()

    /// Everything of this run; links resolved, since the kernel shows folders without them.
    fileprivate static let root: String = {
        atexit {
            if Installation.problems.count == 0 {
                try? FileManager.default.removeItem(atPath: Installation.root)
            } else {
                print("crash tests: see \(Installation.root)")
            }
        }
        return FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
            + "/mediary-crash-tests-\(getpid())"
    }()

    private static let template = Result<Installation, any Error> {
        let folder = try newFolder("template")
        let bare = Installation(newIn: folder)
        let made = try bare.json("keys", "create", "--name", "tests")
        _ = try bare.json("credits", "grant", "--workspace", "default", "--amount", granted)
        guard let key = made["key"]?.stringValue else { throw Unexpected("no key in \(made.canonicalText)") }
        return Installation(newIn: folder, key: key)
    }

    private static func newFolder(_ name: String) throws -> String {
        let path = "\(root)/\(name)-\(counter.next())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}

extension Trait where Self == IssueHandlingTrait {
    /// Keeps the folders of all tests when one finds something wrong.
    package static var keepsEvidence: Self {
        .filterIssues { _ in
            _ = Installation.problems.next()
            return true
        }
    }
}

/// One line of the provider's journal.
package struct JournalLine: Codable, Sendable {
    package let event: String
    package let id: String
    package var token: String?
    package var bodySha256: String?
    package var attempt: Int?
    package var earlierSends: Int?
    package var accepted: Bool?
}

/// Counts up, from any thread.
package final class Counter: Sendable {
    private let value = Atomic(0)

    package func next() -> Int { value.add(1, ordering: .relaxed).newValue }
    package var count: Int { value.load(ordering: .relaxed) }
}
