import Foundation

/// Real MP4s and pictures of any size, made by ffmpeg and kept for all processes of this user.
package actor SimulatorMedia {
    /// A file that cannot be made.
    package struct Failure: Error {
        let text: String
    }

    private let folder: URL
    private let isCheap: Bool
    private var made: [String: [UInt8]] = [:]
    private var underWay: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Makes a shelf.
    package init(isCheap: Bool) {
        self.isCheap = isCheap
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("mediary-simulator-media-\(getuid())")
    }

    /// A video: a moving test picture, with a tone if it has sound.
    ///
    /// - Throws: When ffmpeg is not there or does not like the size.
    package func video(width: Int, height: Int, seconds: Int, hasAudio: Bool) async throws -> [UInt8] {
        isCheap
            ? try await file(width: 320, height: 180, seconds: 1, hasAudio: false)
            : try await file(width: width, height: height, seconds: seconds, hasAudio: hasAudio)
    }

    /// A picture: a test card.
    ///
    /// - Parameters:
    ///   - width: Its width.
    ///   - height: Its height.
    ///   - format: `png`, `jpeg` or `webp`.
    /// - Returns: The file.
    /// - Throws: When ffmpeg is not there or does not like the size.
    package func picture(width: Int, height: Int, format: String) async throws -> [UInt8] {
        let (width, height) = isCheap ? (320, 180) : (width, height)
        return try await file("\(width)x\(height).\(format)") { path in
            let arguments = [
                "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=size=\(width)x\(height):rate=1",
                "-frames:v", "1", "-update", "1", "-q:v", "8", "-threads", "2", path,
            ]
            let (status, errors) = try await Self.run("ffmpeg", arguments)
            guard status == 0 else { throw Failure(text: "ffmpeg ended with \(status): \(errors)") }
        }
    }

    private func file(width: Int, height: Int, seconds: Int, hasAudio: Bool) async throws -> [UInt8] {
        try await file("\(width)x\(height)-\(seconds)s\(hasAudio ? "-audio" : "").mp4") { path in
            try await Self.encode(width: width, height: height, seconds: seconds, hasAudio: hasAudio, to: path)
        }
    }

    private func file(_ name: String, _ make: (_ path: String) async throws -> Void) async throws -> [UInt8] {
        while underWay[name] != nil {
            await withCheckedContinuation { underWay[name, default: []].append($0) }
        }
        if let bytes = made[name] { return bytes }
        underWay[name] = []
        defer { for waiter in underWay.removeValue(forKey: name) ?? [] { waiter.resume() } }
        let path = folder.appendingPathComponent(name)
        if !FileManager.default.fileExists(atPath: path.path) {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            // Under a name of its own first: another process may be making the same file.
            let draft = folder.appendingPathComponent("draft-\(getpid())-\(UInt64.random(in: 0...UInt64.max))-\(name)")
            try await make(draft.path)
            guard rename(draft.path, path.path) == 0 else { throw Failure(text: "\(path.path) cannot be written") }
        }
        let bytes = Array(try Data(contentsOf: path))
        if made.count > 32 { made = [:] }
        made[name] = bytes
        return bytes
    }

    private static func encode(width: Int, height: Int, seconds: Int, hasAudio: Bool, to path: String) async throws {
        // The size is what was asked for; of large pictures there are fewer a second.
        let pixels = width * height
        let rate = pixels <= 1_000_000 ? 12 : pixels <= 2_200_000 ? 8 : 3
        var arguments = ["-v", "error", "-nostdin", "-y", "-f", "lavfi"]
        arguments += ["-i", "testsrc2=size=\(width)x\(height):rate=\(rate):duration=\(seconds)"]
        if hasAudio {
            arguments += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=\(seconds)"]
            arguments += ["-c:a", "aac", "-b:a", "64k"]
        }
        let isEven = width % 2 == 0 && height % 2 == 0
        arguments += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "45"]
        arguments += ["-pix_fmt", isEven ? "yuv420p" : "yuv444p", "-movflags", "+faststart", "-threads", "2", path]
        let (status, errors) = try await run("ffmpeg", arguments)
        guard status == 0 else { throw Failure(text: "ffmpeg ended with \(status): \(errors)") }
    }

    private static func run(_ name: String, _ arguments: [String]) async throws -> (status: Int32, errors: String) {
        // On a thread of its own: waiting here would keep one of the few threads that all tasks share.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                        process.arguments = [name] + arguments
                        let errors = Pipe()
                        process.standardInput = FileHandle.nullDevice
                        process.standardOutput = FileHandle.nullDevice
                        process.standardError = errors
                        try process.run()
                        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        return (process.terminationStatus, String(decoding: complaints, as: UTF8.self))
                    }
                )
            }
        }
    }
}
