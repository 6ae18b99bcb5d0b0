import ArgumentParser
import Foundation
import Generation
import Glibc
import JobCore
import JobEngine
import Ledger

/// `mediary demo`: the whole path once, with real media, through the real API, without a key of any provider.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start a service in a temporary folder and run one video, one image and one speech job."
    )

    func run() async throws {
        let service = try TemporaryService("demo", try Configuration(environment: ["MEDIARY_LOG_LEVEL": "error"]))
        try FileManager.default.createDirectory(atPath: service.folder + "/out", withIntermediateDirectories: true)
        let failed = try await service.run { port in
            do {
                return try await play(service.gateway, port: port, folder: service.folder)
            } catch {
                print("\nThe demo failed: \(error)")
                return true
            }
        }
        if failed { throw ExitCode.failure }
    }

    /// Runs the three jobs and the audit; true when anything is not as it should be.
    private func play(_ gateway: Gateway, port: Int, folder: String) async throws -> Bool {
        let started = ContinuousClock.now
        let accounts = gateway.stores.accounts
        let key = try await accounts.createKey(name: "demo")
        let granted = try await accounts.grant(
            try dollars("10", option: "--amount"),
            to: AccountService.defaultWorkspace,
            reason: "demo"
        )
        print(
            """

            Mediary \(Mediary.version): one asynchronous job API for image, audio and video models

              service   http://127.0.0.1:\(port)
              data      \(folder)/data
              key       \(key.key.label)
              credits   \(granted.available) USD

            """
        )
        let client = APIClient(baseURL: "http://127.0.0.1:\(port)", key: key.secret)
        var failed = false
        for scene in Scene.all {
            guard gateway.catalog.endpoint(model: scene.model) != nil else {
                throw ClientFailure(
                    description: "\(scene.model) is not available: ffmpeg and espeak-ng must be installed."
                )
            }
            failed = try await !play(scene, client, folder: folder) || failed
        }
        let balance = try await accounts.balance(of: AccountService.defaultWorkspace)
        print("  credits left: \(balance.available) USD, held: \(balance.held) USD\n")
        let report = try await Auditor(store: gateway.stores.jobs, files: gateway.stores.artifacts).run()
        AuditCommand.show(report)
        let seconds = Double((ContinuousClock.now - started) / .milliseconds(1)) / 1_000
        print(
            "\n\(failed ? "Not everything worked" : "Three real artifacts") in \(String(format: "%.1f", seconds)) s. They stay in \(folder)/out\n"
        )
        return failed || !report.findings.isEmpty
    }

    /// Runs one job with its progress on screen; false when it does not complete.
    private func play(_ scene: Scene, _ client: APIClient, folder: String) async throws -> Bool {
        print("  \(scene.body["type"]?.stringValue ?? "")  \(scene.model)  \"\(scene.words)\"")
        let screen = ProgressLine()
        var job = try await client.json("POST", "/api/v1/jobs", body: scene.body, idempotencyKey: "demo-\(scene.file)")
        guard let id = job["id"]?.stringValue else { throw ClientFailure(description: "the answer has no job id") }
        let started = ContinuousClock.now
        while let status = job["status"]?.stringValue, status == "queued" || status == "in_progress" {
            screen.show(job, id: id)
            try await Task.sleep(for: .milliseconds(150))
            job = try await client.json("GET", "/api/v1/jobs/\(id)")
        }
        screen.clear()
        guard job["status"]?.stringValue == "completed", case .array(let artifacts) = job["artifacts"],
            let artifact = artifacts.first, let url = artifact["url"]?.stringValue
        else {
            print("    \(id)  \(job["status"]?.stringValue ?? "?"): \(job["error"]?["message"]?.stringValue ?? "")\n")
            return false
        }
        let path = "\(folder)/out/\(scene.file)"
        try await client.download(url, to: path)
        var facts: [String] = [artifact["media_type"]?.stringValue ?? ""]
        if let width = artifact["width"]?.integerValue, let height = artifact["height"]?.integerValue {
            facts.append("\(width)x\(height)")
        }
        if let seconds = artifact["duration_seconds"], seconds != .null { facts.append("\(seconds.canonicalText) s") }
        facts.append(Output.bytes(artifact["bytes"]?.integerValue ?? 0))
        let took = Double((ContinuousClock.now - started) / .milliseconds(1)) / 1_000
        print(
            """
                \(id)  completed in \(String(format: "%.1f", took)) s
                \(facts.joined(separator: ", "))
                cost \(job["usage"]?["cost"]?.stringValue ?? "?") USD
                \(path)

            """
        )
        return true
    }
}

/// One job of the demo.
private struct Scene {
    let model: String
    let words: String
    let file: String
    let body: JSONValue

    static let all = [
        Scene(
            model: "studio/motion",
            words: "a paper boat on a slow river at dusk",
            file: "video.mp4",
            body: [
                "type": "video", "model": "studio/motion", "prompt": "a paper boat on a slow river at dusk",
                "duration": 5, "resolution": "720p", "aspect_ratio": "16:9", "seed": 7,
            ]
        ),
        Scene(
            model: "studio/still",
            words: "a lighthouse in the fog",
            file: "image.png",
            body: ["type": "image", "model": "studio/still", "prompt": "a lighthouse in the fog", "seed": 7]
        ),
        Scene(
            model: "studio/voice",
            words: "Every job is kept, and every cent is counted.",
            file: "speech.wav",
            body: [
                "type": "speech", "model": "studio/voice", "input": "Every job is kept, and every cent is counted.",
                "response_format": "wav",
            ]
        ),
    ]
}

/// A line that is rewritten as a job moves on; nothing where the output is no terminal.
private struct ProgressLine {
    private let isTerminal = isatty(STDOUT_FILENO) == 1

    func show(_ job: JSONValue, id: String) {
        guard isTerminal else { return }
        let phase = job["phase"]?.stringValue ?? job["status"]?.stringValue ?? ""
        var share: Double?
        if case .number(let value) = job["progress"] { share = value }
        if case .integer(let value) = job["progress"] { share = Double(value) }
        let bar = share.map { share in
            let full = Int(share * 24)
            return String(repeating: "█", count: full) + String(repeating: "░", count: 24 - full)
                + String(format: " %3.0f %%", share * 100)
        }
        print("\r\u{1B}[K    \(id)  \(phase)  \(bar ?? "")", terminator: "")
        fflush(nil)
    }

    func clear() {
        guard isTerminal else { return }
        print("\r\u{1B}[K", terminator: "")
        fflush(nil)
    }
}
