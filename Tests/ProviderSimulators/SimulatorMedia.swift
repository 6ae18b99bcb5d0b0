import Foundation

/// Real videos, pictures and sounds of any size and length, made by ffmpeg and kept for all processes of this user.
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

    private func file(width: Int, height: Int, seconds: Int, hasAudio: Bool) async throws -> [UInt8] {
        // The size is what was asked for; of large pictures there are fewer a second.
        let pixels = width * height
        let rate = pixels <= 1_000_000 ? 12 : pixels <= 2_200_000 ? 8 : 3
        var arguments = ["-f", "lavfi", "-i", "testsrc2=size=\(width)x\(height):rate=\(rate):duration=\(seconds)"]
        if hasAudio {
            arguments += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=\(seconds)"]
            arguments += ["-c:a", "aac", "-b:a", "64k"]
        }
        let isEven = width % 2 == 0 && height % 2 == 0
        arguments += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "45"]
        arguments += ["-pix_fmt", isEven ? "yuv420p" : "yuv444p", "-movflags", "+faststart"]
        return try await file("\(width)x\(height)-\(seconds)s\(hasAudio ? "-audio" : "").mp4", arguments)
    }

    /// A still picture: `png`, `jpeg` or `webp`.
    ///
    /// - Throws: When ffmpeg is not there or does not like the size.
    package func picture(width: Int, height: Int, format: String) async throws -> [UInt8] {
        let (width, height) = isCheap ? (320, 180) : (width, height)
        var arguments = ["-f", "lavfi", "-i", "testsrc2=size=\(width)x\(height)", "-frames:v", "1"]
        switch format {
        case "png": arguments += ["-c:v", "png", "-f", "image2"]
        case "jpeg": arguments += ["-c:v", "mjpeg", "-q:v", "6", "-pix_fmt", "yuvj420p", "-f", "image2"]
        case "webp": arguments += ["-c:v", "libwebp", "-f", "webp"]
        case _: throw Failure(text: "no pictures are made as \(format)")
        }
        return try await file("\(width)x\(height).\(format)", arguments)
    }

    /// A tone, mono: `mp3`, `opus`, `aac`, `flac`, `wav` or `pcm`, which is 16 bits without a header.
    ///
    /// - Throws: When ffmpeg is not there.
    package func sound(seconds: Int, format: String, sampleRate: Int = 24_000) async throws -> [UInt8] {
        let seconds = isCheap ? 1 : seconds
        var arguments = [
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=\(sampleRate):duration=\(seconds)", "-ac", "1",
        ]
        switch format {
        case "mp3": arguments += ["-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3"]
        case "opus": arguments += ["-c:a", "libopus", "-b:a", "32k", "-f", "ogg"]
        case "aac": arguments += ["-c:a", "aac", "-b:a", "64k", "-f", "adts"]
        case "flac": arguments += ["-c:a", "flac", "-f", "flac"]
        case "wav": arguments += ["-c:a", "pcm_s16le", "-f", "wav"]
        case "pcm": arguments += ["-c:a", "pcm_s16le", "-f", "s16le"]
        case _: throw Failure(text: "no sounds are made as \(format)")
        }
        return try await file("tone-\(sampleRate)-\(seconds)s.\(format)", arguments)
    }

    /// A file of that name: kept, or made by ffmpeg.
    private func file(_ name: String, _ arguments: [String]) async throws -> [UInt8] {
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
            let all = ["-v", "error", "-nostdin", "-y"] + arguments + ["-threads", "2", draft.path]
            let (status, errors) = try await Self.run("ffmpeg", all)
            guard status == 0 else { throw Failure(text: "ffmpeg ended with \(status): \(errors)") }
            guard rename(draft.path, path.path) == 0 else { throw Failure(text: "\(path.path) cannot be written") }
        }
        let bytes = Array(try Data(contentsOf: path))
        if made.count > 32 { made = [:] }
        made[name] = bytes
        return bytes
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
