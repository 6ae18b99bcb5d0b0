import ConformanceKit
import Foundation
import Generation
import ServiceHarness

/// The clients of others, in the Python environment that scripts/wire-venv makes.
enum PythonClients {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    private static let python = path(of: ".venv-wire")
    private static let earlierPython = path(of: ".venv-wire-earlier")

    private static func path(of environment: String) -> String {
        folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "\(environment)/bin/python").path
    }

    /// Whether the environment is there: what a test that needs it is enabled by.
    static var areThere: Bool { FileManager.default.isExecutableFile(atPath: python) }

    /// The same of the environment with earlier versions.
    static var earlierAreThere: Bool { FileManager.default.isExecutableFile(atPath: earlierPython) }

    /// Runs one of the scripts in `Clients`, and reads the JSON that it prints.
    ///
    /// - Parameters:
    ///   - script: Its name.
    ///   - arguments: What it is given.
    ///   - isEarlier: Whether it runs with earlier versions of the clients.
    /// - Returns: What it prints.
    /// - Throws: `Unexpected` with its words when it does not end well.
    static func run(_ script: String, _ arguments: [String], isEarlier: Bool = false) async throws -> JSONValue {
        let python = isEarlier ? earlierPython : python
        let path = folder.appending(path: "Clients/\(script)").path
        let (status, output, errors) = try await Gate.clients.pass { try await Tool.run(python, [path] + arguments) }
        guard status == 0 else { throw Unexpected("\(script) ended with \(status)\n\(output)\(errors)") }
        return try JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))
    }
}
