import ConformanceKit
import Foundation
import Generation
import Ledger
import ServiceHarness
import Synchronization
import Testing

/// The real program under OpenAI's official SDK, which is pointed at it by a URL and a key alone.
///
/// What is asserted stands in the scripts under `Clients`: each ends with a message when anything is not as it must be.
@Suite(.keepsEvidence, .enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct OpenAIDialectTests {
    /// Runs a script against a service of its own, and stops the service in good order.
    ///
    /// - Parameter script: Its name; it is given the service's address, the key, and a folder with some files.
    /// - Returns: What it prints.
    /// - Throws: Its words when it does not end well.
    private static func run(_ script: String) async throws -> JSONValue {
        let installation = try Installation("openai")
        let folder = installation.folder
        try Data("model_aliases:\n  sora-2: sandbox/video\n".utf8).write(to: URL(filePath: "\(folder)/mediary.yaml"))
        try await picture("color=c=navy:s=1280x720", "rgb24", "\(folder)/frame.png")
        try await picture("color=c=black@0.0:s=512x512", "rgba", "\(folder)/mask.png")
        let service = try await Gate.machine.run {
            try installation.serve(["MEDIARY_CONFIG": "\(folder)/mediary.yaml"])
        }
        defer { service.child.end() }
        let result = try await PythonClients.run(
            script,
            ["http://127.0.0.1:\(service.port)", installation.key, folder]
        )
        try await Gate.machine.run {
            try service.stop()
            // A violation is an ending that is no success.
            _ = try installation.json("audit")
        }
        installation.remove()
        return result
    }

    /// Makes a picture of one colour.
    private static func picture(_ source: String, _ format: String, _ path: String) async throws {
        let (status, _, errors) = try await Tool.run(
            "/usr/bin/env",
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1", "-pix_fmt", format, path]
        )
        guard status == 0 else { throw Unexpected("ffmpeg ended with \(status): \(errors)") }
    }

    @Test func modelsAreListedAndVideosMade() async throws {
        #expect(try await Self.run("openai_videos.py")["videos"] == 4)
    }

    @Test func imagesAreMadeAndChanged() async throws {
        #expect(try await Self.run("openai_images.py")["jobs"] != nil)
    }

    @Test func textIsSpokenAndSpeechIsWritten() async throws {
        #expect(try await Self.run("openai_audio.py")["seconds"] != nil)
    }

    // MARK: Repeats

    private static let runs = 60

    /// The SDK repeats a request that waits for its image twice, without any key: each is one job and one charge.
    ///
    /// Requests are cut before their answer begins, while the job runs and after it has ended.
    @Test func imagesOfCutConnectionsAreMadeOnce() async throws {
        let installation = try Installation("openai-repeats")
        // Longer than any cut takes: no answer is written in the moment of a cut.
        let service = try await Gate.machine.run(weight: 3) {
            try installation.serve(["MEDIARY_TEST_CRASH_AT": "admitted:1000:pause"])
        }
        defer { service.child.end() }
        let seen = Mutex<[Int: Int]>([:])
        let proxy = try CuttingProxy(to: service.port, resetting: true) { request in
            let line = request.text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("x-run: ") }
            guard let run = line.flatMap({ Int($0.dropFirst("x-run: ".count)) }) else { return nil }
            let count = seen.withLock { seen in
                seen[run, default: 0] += 1
                return seen[run] ?? 0
            }
            // The first request of each, and of every fourth the second as well: the SDK sends three at most.
            return count <= (run % 4 == 0 ? 2 : 1) ? 0.2 + Double(run % 11) / 50 : nil
        }
        let report = try await PythonClients.run(
            "openai_repeats.py",
            [
                "http://127.0.0.1:\(service.port)", installation.key, "http://127.0.0.1:\(proxy.port)",
                "\(Self.runs)", "12",
            ]
        )
        proxy.stop()
        let after = try await Gate.machine.run {
            try poll("the end of all jobs", within: 60, every: 0.1) {
                try service.client.count(status: "queued,in_progress") == 0 ? () : nil
            }
            try service.stop()
            return try Aftermath(installation)
        }
        #expect(report["answered"]?.integerValue == Int64(Self.runs))
        // The window is really hit.
        #expect(proxy.cutCount > Self.runs * 3 / 4)
        // One image is 0.01 US dollars.
        try after.check(spent: try #require(Credits(usd: "0.6")), jobs: Self.runs)
        #expect(after.submits.count == Self.runs)
        installation.remove()
    }
}
