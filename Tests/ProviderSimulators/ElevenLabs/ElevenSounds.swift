import Foundation

/// Real sounds in every format of the wire, made by ffmpeg and kept.
actor ElevenSounds {
    static let shared = ElevenSounds()

    private var made: [String: [UInt8]] = [:]

    struct Failure: Error {
        let text: String
    }

    /// A tone of a length in a format such as `mp3_44100_128`.
    ///
    /// - Throws: When ffmpeg is not there, or knows no such format.
    func sound(_ format: String, _ seconds: Double) async throws -> [UInt8] {
        let name = "\(format)-\(seconds)"
        if let bytes = made[name] { return bytes }
        let parts = format.split(separator: "_").map(String.init)
        let rate = parts.count > 1 ? parts[1] : "44100"
        let bits = parts.count > 2 ? "\(parts[2])k" : "64k"
        var arguments = ["-v", "error", "-nostdin", "-f", "lavfi"]
        arguments += ["-i", "sine=frequency=330:sample_rate=\(rate):duration=\(seconds)", "-ac", "1", "-bitexact"]
        switch parts.first {
        case "mp3": arguments += ["-c:a", "libmp3lame", "-b:a", bits, "-f", "mp3"]
        case "opus": arguments += ["-c:a", "libopus", "-b:a", bits, "-f", "ogg"]
        // Into a pipe, so that its header has no true length: as a stream's.
        case "wav": arguments += ["-c:a", "pcm_s16le", "-f", "wav"]
        case "pcm": arguments += ["-c:a", "pcm_s16le", "-f", "s16le"]
        case "ulaw": arguments += ["-c:a", "pcm_mulaw", "-f", "mulaw"]
        case "alaw": arguments += ["-c:a", "pcm_alaw", "-f", "alaw"]
        case _: throw Failure(text: "no such format: \(format)")
        }
        let bytes = try await Self.run(arguments + ["-"])
        if made.count > 64 { made = [:] }
        made[name] = bytes
        return bytes
    }

    private static func run(_ arguments: [String]) async throws -> [UInt8] {
        // On a thread of its own: waiting here would keep one of the few threads that all tasks share.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                        process.arguments = ["ffmpeg"] + arguments
                        let output = Pipe()
                        process.standardInput = FileHandle.nullDevice
                        process.standardOutput = output
                        try process.run()
                        let bytes = Array(output.fileHandleForReading.readDataToEndOfFile())
                        process.waitUntilExit()
                        guard process.terminationStatus == 0, !bytes.isEmpty else {
                            throw Failure(text: "ffmpeg ended with \(process.terminationStatus)")
                        }
                        return bytes
                    }
                )
            }
        }
    }
}
