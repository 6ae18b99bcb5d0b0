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
        let environment = gateway.stores.environment
        let started = environment.bootSeconds()
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
        let client = APIClient(
            baseURL: "http://127.0.0.1:\(port)",
            key: key.secret,
            environment: environment
        )
        var failed = false
        for scene in Scene.all {
            guard !gateway.catalog.endpoints(model: scene.model, at: environment.now()).isEmpty else {
                throw ClientFailure(
                    "\(scene.model) is not available: ffmpeg and espeak-ng must be installed."
                )
            }
            failed = try await !play(scene, client, environment, folder: folder) || failed
        }
        let balance = try await accounts.balance(of: AccountService.defaultWorkspace)
        print("  credits left: \(balance.available) USD, held: \(balance.held) USD\n")
        let report = try await Auditor(store: gateway.stores.jobs, files: gateway.stores.artifacts).run()
        AuditCommand.show(report)
        let seconds = environment.bootSeconds() - started
        print(
            "\n\(failed ? "Not everything worked" : "Three real artifacts") in \(String(format: "%.1f", seconds)) s. They stay in \(folder)/out\n"
        )
        return failed || !report.findings.isEmpty
    }

    /// Runs one job with its progress on screen; false when it does not complete.
    private func play(
        _ scene: Scene,
        _ client: APIClient,
        _ environment: EngineEnvironment,
        folder: String
    ) async throws -> Bool {
        print("  \(scene.body["type"]?.stringValue ?? "")  \(scene.model)  \"\(scene.words)\"")
        fflush(nil)
        let screen = JobScreen(isQuiet: isatty(STDERR_FILENO) != 1)
        let started = environment.bootSeconds()
        let posted = try await client.submit(scene.body) { screen.note($0) }
        let job = try await JobFollower(client: client, environment: environment)
            .follow(posted, since: started, on: screen)
        guard JobEnding.code(of: job) == .success else {
            print("    \(JobEnding.summary(of: job))\n")
            return false
        }
        let took = environment.bootSeconds() - started
        let saved = try await ArtifactDownload(client: client, environment: environment)
            .save(job, to: try Destination("\(folder)/out/\(scene.file)")) { screen.note($0) }
        print(
            """
                \(JobStanding(job).id)  completed in \(String(format: "%.1f", took)) s
                \(saved.map(\.facts).joined(separator: "; "))
                cost \(Output.money(job["usage"]?["cost"]?.stringValue ?? "?")) USD
                \(saved.map(\.path).joined(separator: "\n    "))

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
