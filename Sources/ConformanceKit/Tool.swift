import Foundation

/// Programs of this machine, which some tests ask for a second opinion.
public enum Tool {
    /// Whether all of these programs are installed: what a test that needs them is enabled by.
    public static func areThere(_ names: String...) -> Bool {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return names.allSatisfy { name in
            folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
        }
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - name: The program, found on `PATH`.
    ///   - arguments: Its arguments.
    /// - Returns: Its exit status, and what it wrote. It must not write much to both at once.
    /// - Throws: When it cannot be started.
    public static func run(
        _ name: String,
        _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        // On a thread of its own: waiting here would keep one of the few threads that tests share.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try runAndWait(name, arguments) }) }
        }
    }

    private static func runAndWait(
        _ name: String,
        _ arguments: [String]
    ) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (
            process.terminationStatus, String(decoding: text, as: UTF8.self),
            String(decoding: complaints, as: UTF8.self)
        )
    }
}

/// Makes an empty folder, hands over its path, and removes it with all that is in it.
///
/// - Parameter body: Uses the folder.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws, or that the folder cannot be made.
public func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// The same for a body that waits for nothing.
///
/// - Parameter body: Uses the folder.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws, or that the folder cannot be made.
public func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

private func makeTemporaryFolder() throws -> String {
    let pattern = FileManager.default.temporaryDirectory.path + "/mediary-test-XXXXXX"
    var bytes = Array(pattern.utf8CString)
    guard mkdtemp(&bytes) != nil else { throw CocoaError(.fileWriteUnknown) }
    return String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
