import AdapterCatalog
import Foundation
import Testing

/// One more provider is one folder and two lines: shown for those that are there, and by one that is made up.
@Suite struct SixthAdapterTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    /// Where the compiler left the modules that this test is built from.
    private static let modules = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "Modules")
    private static let canBuild = FileManager.default.fileExists(
        atPath: modules.appending(path: "ProviderKit.swiftmodule").path
    )

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func eachFolderIsOneLineInEachOfTwoFiles() throws {
        let (manifest, catalog) = (try Self.text("Package.swift"), try Self.text("adapters/AdapterCatalog.swift"))
        for folder in AdapterCatalog.all.map(\.folder) {
            #expect(manifest.split(separator: "\n").count { $0.hasPrefix("    (\"\(folder)\"") } == 1, "\(folder)")
            #expect(catalog.split(separator: "\n").count { $0.contains("\(folder)Adapter") } == 1, "\(folder)")
        }
    }

    /// What somebody writes who adds a provider: the folder, and these two lines.
    private static let folder = [
        "SixthAdapter.swift": """
        package import Generation
        package import HTTPTransport
        package import ProviderKit

        package struct SixthAdapter: ProviderAdapter {
            package let id = ProviderID("sixth")
            package let account = "main"
            package let models = SixthAdapters.models
            package let transport: any HTTPTransport

            package func submit(
                _ request: GenerationRequest,
                attempt context: AttemptContext
            ) async throws(ProviderFailure) -> Submission {
                let answer = try await ProviderAnswer(context.send(HTTPRequest(.post, "https://sixth.example/videos")))
                guard let id = answer.json?["id"]?.stringValue else { throw .unreadable("no id") }
                return .accepted(ProviderOperation(remoteID: id))
            }

            package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
                .pending(progress: nil)
            }
        }
        """,
        "SixthModels.swift": """
        package import Generation
        package import ProviderKit

        package enum SixthAdapters: ProviderFolder {
            package static let folder = "Sixth"
            package static let settings = ["SIXTH_API_KEY"]
            package static let models: [ModelCapabilities] = []

            package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
                settings.value("SIXTH_API_KEY") == nil ? [] : [SixthAdapter(transport: settings.transport)]
            }
        }
        """,
    ]
    private static let lineOfTheManifest = "    (\"Sixth\", []),\n"
    private static let lineOfTheCatalog = "        Registration(SixthAdapters.self),\n"

    /// A text with one line more at the end of a list.
    private static func adding(_ line: String, to text: String, list: String, end: String) throws -> String {
        let start = try #require(text.firstRange(of: list))
        let close = try #require(text[start.upperBound...].firstRange(of: end))
        let index = text.index(after: close.lowerBound)
        return text[..<index] + line + text[index...]
    }

    @Test(.enabled(if: canBuild)) func theManifestTakesItWithOneLine() async throws {
        let manifest = try Self.adding(
            Self.lineOfTheManifest,
            to: Self.text("Package.swift"),
            list: "let adapters:",
            end: "\n]"
        )
        try await Self.inFolder { folder in
            try manifest.write(to: folder.appending(path: "Package.swift"), atomically: true, encoding: .utf8)
            let dump = try await Self.run(["swift", "package", "--package-path", folder.path, "dump-package"])
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(dump.utf8)) as? [String: Any]
            )
            let targets = try #require(json["targets"] as? [[String: Any]])
            func target(_ name: String) -> [String: Any]? { targets.first { $0["name"] as? String == name } }
            #expect(target("SixthAdapter")?["path"] as? String == "adapters/Sixth/Sources")
            #expect(target("SixthAdapterTests")?["path"] as? String == "adapters/Sixth/Tests")
            let catalog = try #require(target("AdapterCatalog"))
            #expect("\(catalog["dependencies"] ?? "")".contains("SixthAdapter"))
            #expect("\(catalog["settings"] ?? "")".contains("SixthAdapter"))
        }
    }

    @Test(.enabled(if: canBuild)) func theCatalogTakesItWithOneLine() async throws {
        let catalog = try Self.adding(
            Self.lineOfTheCatalog,
            to: Self.text("adapters/AdapterCatalog.swift"),
            list: "let all: [Registration]",
            end: "\n    ]"
        )
        try await Self.inFolder { folder in
            var sources: [String] = []
            for (name, text) in Self.folder {
                let file = folder.appending(path: name)
                try (text + "\n").write(to: file, atomically: true, encoding: .utf8)
                sources.append(file.path)
            }
            let file = folder.appending(path: "AdapterCatalog.swift")
            try catalog.write(to: file, atomically: true, encoding: .utf8)
            let module = folder.appending(path: "SixthAdapter.swiftmodule").path
            let flags = Self.compilerFlags + ["-I", folder.path]
            _ = try await Self.run(
                ["swiftc", "-emit-module", "-module-name", "SixthAdapter", "-o", module] + flags + sources.sorted()
            )
            let imports = (AdapterCatalog.all.map(\.folder) + ["Sixth"]).flatMap {
                ["-Xfrontend", "-import-module", "-Xfrontend", "\($0)Adapter"]
            }
            _ = try await Self.run(
                ["swiftc", "-typecheck", "-module-name", "AdapterCatalog"] + imports + flags + [file.path]
            )
        }
    }

    /// As the manifest has them.
    private static var compilerFlags: [String] {
        let package = root.lastPathComponent.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
        let features = ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"]
            .flatMap { ["-enable-upcoming-feature", $0] }
        // The C modules that the adapters' own modules were built from.
        let checkouts = modules.appending(path: "../../../checkouts").standardized
        let included = names(in: checkouts).flatMap { package in
            let sources = checkouts.appending(path: "\(package)/Sources")
            return names(in: sources).map { sources.appending(path: "\($0)/include").path }
        }
        let folders =
            [modules.path] + ["CLibcrypto", "CLibUUID"].map { root.appending(path: "Sources/\($0)").path }
            + included.filter { FileManager.default.fileExists(atPath: "\($0)/module.modulemap") }
        return ["-swift-version", "6", "-package-name", String(package)] + features + folders.flatMap { ["-I", $0] }
    }

    private static func names(in folder: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    }

    private static func inFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mediary-sixth-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    private struct Failed: Error {
        let words: String
    }

    /// Runs a program, on a thread of its own.
    ///
    /// - Returns: What it writes.
    /// - Throws: Its complaints, when it ends badly.
    private static func run(_ command: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                        process.arguments = command
                        let (output, errors) = (Pipe(), Pipe())
                        process.standardInput = FileHandle.nullDevice
                        process.standardOutput = output
                        process.standardError = errors
                        try process.run()
                        let text = output.fileHandleForReading.readDataToEndOfFile()
                        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        guard process.terminationStatus == 0 else {
                            throw Failed(words: String(decoding: complaints, as: UTF8.self))
                        }
                        return String(decoding: text, as: UTF8.self)
                    }
                )
            }
        }
    }
}
