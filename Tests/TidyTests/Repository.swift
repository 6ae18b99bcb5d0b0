import Foundation

/// A text file of the repository, by its path from the root.
struct TextFile: Sendable {
    let path: String
    let text: String
    /// Swift taken apart, once for all rules; empty for anything else.
    let lines: [SwiftText.Line]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = path.hasSuffix(".swift") ? SwiftText(text).lines : []
    }

    var isSwift: Bool { path.hasSuffix(".swift") }

    /// Swift that goes into the product, as opposed to tests and manifests.
    var isProductSource: Bool {
        guard isSwift else { return false }
        return path.hasPrefix("Sources/")
            || ((path.hasPrefix("adapters/") || path.hasPrefix("storage/")) && !path.contains("/Tests/"))
    }
}

/// A broken rule and where.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// The tree that these tests stand in.
enum Repository {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every text file that people maintain; build folders and data folders are never entered.
    static let files: [TextFile] = {
        let roots = ["Sources", "adapters", "storage", "Tests", "scripts", ".ci", "Documentation.docc", "docs"]
        var paths = contents(of: "").filter { !isFolder($0) }
        for folder in roots where isFolder(folder) {
            paths += descend(folder)
        }
        return paths.filter(isText).compactMap { path in
            (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
                .map { TextFile(path: path, text: $0) }
        }
    }()

    /// Folders under adapters/: the names of the providers.
    static let adapters: [String] = contents(of: "adapters").filter { isFolder("adapters/\($0)") }

    /// The providers that host models of other vendors, as the file that registers them says in these words.
    static let hosts: [String] = adapters.filter { name in
        files.contains {
            $0.path == "adapters/\(name)/Sources/\(name)Adapters.swift" && $0.text.contains("models of many vendors")
        }
    }

    private static func descend(_ folder: String) -> [String] {
        contents(of: folder).map { "\(folder)/\($0)" }.flatMap { isFolder($0) ? descend($0) : [$0] }
    }

    private static func contents(of folder: String) -> [String] {
        let url = root.appendingPathComponent(folder)
        return ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(
            atPath: root.appendingPathComponent(path).path,
            isDirectory: &isFolder
        )
        return exists && isFolder.boolValue
    }

    private static func isText(_ path: String) -> Bool {
        let endings = [
            "swift", "md", "h", "modulemap", "yml", "yaml", "html", "css", "js", "mustache", "sql", "py", "sh",
        ]
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return true }
        return endings.contains(String(name[name.index(after: dot)...]))
    }
}
