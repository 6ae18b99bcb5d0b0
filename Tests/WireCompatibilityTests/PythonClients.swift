import ConformanceKit
import Foundation
import Generation
import ServiceHarness

/// The clients of others, in the Python environment that scripts/wire-venv makes.
enum PythonClients {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    private static let python = folder.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".venv-wire/bin/python").path

    /// Whether the environment is there: what a test that needs it is enabled by.
    static var areThere: Bool { FileManager.default.isExecutableFile(atPath: python) }

    /// Runs one of the scripts in `Clients`, and reads the JSON that it prints.
    ///
    /// - Throws: `Unexpected` with its words when it does not end well.
    static func run(_ script: String, _ arguments: [String]) async throws -> JSONValue {
        let path = folder.appending(path: "Clients/\(script)").path
        let (status, output, errors) = try await Tool.run(python, [path] + arguments)
        guard status == 0 else { throw Unexpected("\(script) ended with \(status)\n\(output)\(errors)") }
        return try JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))
    }
}
