import Foundation
import Generation
import Glibc
import ServiceHarness
import Testing

/// Goal: a person with the real program and a key gets media, prices and clear words.
@Suite(.keepsEvidence) struct CommandTests {
    /// Runs the service, and commands that speak to it.
    private func withService<Value: Sendable>(
        _ name: String,
        weight: Int = 1,
        _ work: @escaping @Sendable (Shell) throws -> Value
    ) async throws -> Value {
        let installation = try Installation(name)
        let value = try await Gate.machine.run(weight: weight) {
            let service = try installation.serve()
            let value = try work(Shell(installation: installation, service: service, port: service.port))
            try service.stop()
            return value
        }
        installation.remove()
        return value
    }

    // MARK: Making

    @Test func mediaIsMadeAndSaved() async throws {
        let (video, pictures, speech) = try await withService("generate", weight: 2) { shell in
            let folder = shell.installation.folder
            let video = try shell.succeed(
                "generate",
                "video",
                "a paper boat",
                "--duration",
                "1",
                "--resolution",
                "360p",
                "--seed",
                "7",
                "-o",
                "\(folder)/clip"
            )
            #expect(video.output.hasPrefix("\(folder)/clip.mp4  video/mp4, 640x360, "))
            #expect(video.output.contains(", cost 0.01 USD"))
            #expect(video.errors.contains("The model is studio/motion; choose with --model"))
            #expect(!video.errors.contains("\u{1B}"), "no drawing where there is no terminal")
            let images = try shell.succeed(
                "generate",
                "image",
                "a lighthouse",
                "--model",
                "studio/still",
                "--n",
                "2",
                "--size",
                "512x512",
                "--output-format",
                "jpeg",
                "-o",
                "\(folder)/pictures.jpg"
            )
            #expect(images.output.contains("\(folder)/pictures-1.jpg") && images.output.contains("-2.jpg"))
            let speech = try shell.succeed(
                "generate",
                "speech",
                "Every cent is counted.",
                "-m",
                "studio/voice",
                "--response-format",
                "wav",
                "-o",
                folder,
                "--json"
            )
            #expect(speech.json["status"] == "completed")
            let id = try #require(speech.json["id"]?.stringValue)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(!names.contains { $0.hasSuffix(".part") })
            return (
                try MediaProbe("\(folder)/clip.mp4"), try MediaProbe("\(folder)/pictures-2.jpg"),
                try MediaProbe("\(folder)/\(id).wav")
            )
        }
        try video.checkVideo(codec: "h264", width: 640, height: 360, seconds: 1, framesPerSecond: 24)
        #expect(pictures.video?["codec_name"] == "mjpeg")
        #expect(pictures.video?["width"] == 512)
        #expect(speech.audio?["codec_name"] == "pcm_s16le")
    }

    @Test func soundsAreMadeAndWrittenDown() async throws {
        let (music, sound, text) = try await withService("generate-audio") { shell in
            let folder = shell.installation.folder
            let music = ["generate", "music", "a waltz", "-m", "sandbox/music", "--duration", "2"]
            try shell.succeed(music + ["--response-format", "flac", "-o", "\(folder)/waltz.flac"])
            let sound = ["generate", "sound", "rain", "-m", "sandbox/sound", "--duration", "1.5"]
            let made = try shell.succeed(sound + ["-o", "\(folder)/rain.wav"])
            #expect(made.output.contains("cost 0.003 USD"), "\(made.output)")
            let words = ["generate", "transcription", "\(folder)/rain.wav", "-m", "sandbox/transcription"]
            let heard = try shell.succeed(words + ["--response-format", "srt", "-o", "\(folder)/rain"])
            #expect(heard.output.hasPrefix("\(folder)/rain.srt  application/x-subrip"), "\(heard.output)")
            return (
                try MediaProbe("\(folder)/waltz.flac"), try MediaProbe("\(folder)/rain.wav"),
                try String(contentsOfFile: "\(folder)/rain.srt", encoding: .utf8)
            )
        }
        #expect(music.audio?["codec_name"] == "flac")
        #expect(sound.audio?["codec_name"] == "pcm_u8")
        #expect(text.contains("00:00:00,000 --> 00:00:01,500"), "\(text)")
        #expect(text.contains("This is what the sandbox heard in 1.5 seconds of sound."), "\(text)")
    }

    @Test func aPictureIsSentFromItsFile() async throws {
        let input = try await withService("first-frame") { shell in
            let folder = shell.installation.folder
            try shell.succeed("generate", "image", "x", "-m", "sandbox/image", "-o", "\(folder)/frame.png")
            return try shell.succeed(
                "generate",
                "video",
                "x",
                "-m",
                "sandbox/video",
                "--first-frame",
                "\(folder)/frame.png",
                "--duration",
                "1",
                "-o",
                "\(folder)/video.mp4",
                "--json"
            ).json["input"]
        }
        guard case .array(let frames)? = input?["frame_images"] else {
            Issue.record("no frame in \(input?.canonicalText ?? "")")
            return
        }
        #expect(frames.first?["image_url"]?["media_type"] == "image/png")
    }

    @Test func aJobThatFailsSaysWhy() async throws {
        let (failed, files) = try await withService("generate-fails") { shell in
            let failed = try shell.run(
                "generate",
                "image",
                "x",
                "-m",
                "sandbox/image",
                "--provider-option",
                "fake-provider.fail=content_policy",
                "-o",
                "\(shell.installation.folder)/never.png"
            )
            return (failed, try FileManager.default.contentsOfDirectory(atPath: shell.installation.folder))
        }
        #expect(failed.ending == .exited(1))
        #expect(failed.output == "")
        #expect(failed.errors.split(separator: "\n").last?.hasPrefix("Error: job_") == true, "\(failed.errors)")
        #expect(failed.errors.contains(" failed: "))
        #expect(!files.contains("never.png"))
    }

    @Test func aCutDownloadIsFetchedAgainAndNeverHalfSaved() async throws {
        try await withService("cut-download") { shell in
            let folder = shell.installation.folder
            let patient = try CuttingRelay(to: shell.port, cuts: 1)
            defer { patient.close() }
            let saved = try Shell(shell, port: patient.port).succeed(
                "generate",
                "image",
                "x",
                "-m",
                "sandbox/image",
                "-o",
                "\(folder)/picture.png"
            )
            #expect(saved.errors.contains("Trying again."), "\(saved.errors)")
            _ = try MediaProbe("\(folder)/picture.png")

            let cutting = try CuttingRelay(to: shell.port, cuts: 100)
            defer { cutting.close() }
            let failed = try Shell(shell, port: cutting.port).run(
                "generate",
                "image",
                "x",
                "-m",
                "sandbox/image",
                "-o",
                "\(folder)/half.png"
            )
            #expect(failed.ending == .exited(1))
            #expect(
                failed.errors.contains("The job is completed and paid for; fetch it again with `mediary jobs watch")
            )
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(!names.contains { $0.contains("half") || $0.hasSuffix(".part") }, "\(names)")

            // As the words say.
            let id = try #require(failed.errors.firstMatch(of: /job_[0-9a-z]{26}/).map { String($0.output) })
            let fetched = try shell.succeed("jobs", "watch", id, "-o", "\(folder)/half.png")
            #expect(fetched.output.contains("\(folder)/half.png"))
            _ = try MediaProbe("\(folder)/half.png")
        }
    }

    // MARK: Jobs

    @Test func ctrlCLeavesTheJobRunning() async throws {
        try await withService("interrupted") { shell in
            let folder = shell.installation.folder
            let child = try ChildProcess(
                Installation.program,
                [
                    "generate", "video", "x", "-m", "sandbox/video", "--provider-option",
                    "fake-provider.delay_ms=600000", "-o", "\(folder)/later.mp4",
                ],
                environment: shell.installation.environment(shell.settings),
                output: "\(folder)/interrupted.out",
                errors: "\(folder)/interrupted.err"
            )
            let id = try poll("the job's id", within: 30) {
                Installation.text("\(folder)/interrupted.err").firstMatch(of: /(job_[0-9a-z]{26}): generating/)
                    .map { String($0.output.1) }
            }
            child.signal(SIGINT)
            #expect(try child.waitForEnd(within: 20) == .exited(130))
            let words = Installation.text("\(folder)/interrupted.err")
            #expect(words.contains("\(id) goes on. See it with `mediary jobs watch \(id)`"), "\(words)")
            #expect(try shell.service.client.job(id)["status"] == "in_progress")
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/later.mp4"))

            let cancelled = try shell.succeed("jobs", "cancel", id)
            #expect(cancelled.output.hasPrefix("\(id) is being cancelled") || cancelled.output.contains("cancelled"))
            let watched = try shell.run("jobs", "watch", id)
            #expect(watched.ending == .exited(2))
            #expect(watched.errors.contains("Error: \(id) cancelled"))
            // Over already: said, and no error.
            #expect(try shell.succeed("jobs", "cancel", id).output == "\(id) cancelled\n")
        }
    }

    @Test func jobsAreListedAndWatched() async throws {
        try await withService("jobs") { shell in
            let folder = shell.installation.folder
            let arguments = [
                "generate", "image", "x", "-m", "sandbox/image", "--no-wait", "--metadata", "order=7",
                "--idempotency-key", "order-7",
            ]
            let submitted = try shell.run(arguments)
            let id = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try shell.run(arguments).output == submitted.output, "one key, one job")
            let watched = try shell.succeed("jobs", "watch", id, "-o", "\(folder)/watched")
            #expect(watched.output.contains("\(folder)/watched.png  image/png"))
            #expect(watched.output.hasSuffix("\(id) completed, cost 0.01 USD\n"))
            for _ in 0..<3 { try shell.succeed("generate", "speech", "x", "-m", "sandbox/speech", "--no-wait") }

            let all = try shell.succeed("jobs", "list")
            let lines = all.output.split(separator: "\n")
            #expect(lines.first?.split(separator: " ") == ["JOB", "TYPE", "MODEL", "STATUS", "CREATED", "COST"])
            #expect(lines.count == 5)
            #expect(lines.last?.hasPrefix("\(id)  image   sandbox/image   completed") == true, "\(all.output)")
            #expect(try shell.succeed("jobs", "list", "--limit", "2").output.hasSuffix("see --limit\n"))
            let json = try shell.succeed("jobs", "list", "--type", "image", "--status", "completed,failed", "--json")
                .json
            #expect(json.elements?.compactMap { $0["id"]?.stringValue } == [id])
            #expect(json.elements?.first?["metadata"] == ["order": "7"])
            #expect(try shell.succeed("jobs", "list", "--model", "no/such", "--json").json == [])
            let shown = try shell.succeed("jobs", "show", id)
            #expect(shown.output.contains("status     completed"))

            let unknown = "job_" + String(repeating: "0", count: 26)
            for command in ["show", "watch", "cancel"] {
                let answer = try shell.run("jobs", command, unknown)
                #expect(answer.ending == .exited(1))
                #expect(answer.errors.hasPrefix("Error: The service answered 404: "), "\(answer.errors)")
            }
            let wrong = try shell.run("jobs", "list", "--status", "done")
            #expect(wrong.ending == .exited(1))
            #expect(wrong.errors.hasPrefix("Error: The service answered 400: `status` must be"))
        }
    }

    // MARK: Prices

    @Test func aQuoteIsWhatTheJobCosts() async throws {
        try await withService("quote") { shell in
            let words = ["video", "x", "-m", "sandbox/video", "--duration", "7", "--resolution", "480p"]
            let quote = try shell.run(["quote"] + words + ["--json"]).json
            #expect(quote["total"] == "0.350000000")
            #expect(quote["hold"] == "0.350000000")
            let text = try shell.run(["quote"] + words)
            #expect(text.ending == .exited(0))
            #expect(
                text.output == """
                    7 second  x 0.05 USD  = 0.35 USD
                    total 0.35 USD; 0.35 USD are set aside while the job runs

                    """
            )
            #expect(try shell.service.client.exchange("GET", "/api/v1/jobs").json["data"] == [])
            let job = try shell.run(
                ["generate"] + words + ["--json", "-o", "\(shell.installation.folder)/quoted.mp4"]
            ).json
            #expect(job["usage"]?["cost"] == quote["total"])
            #expect(job["usage"]?["lines"]?.elements?.first?["amount"] == quote["lines"]?.elements?.first?["amount"])
            let dear = try shell.run(["quote"] + words + ["--max-cost", "0.34"])
            #expect(dear.ending == .exited(1))
            #expect(dear.errors.contains("this request can cost up to 0.350000000 USD"))
        }
    }

    @Test func modelsAreListedWithTheirPrices() async throws {
        try await withService("models") { shell in
            let table = try shell.succeed("models").output.split(separator: "\n").map(String.init)
            #expect(table.first?.split(separator: " ") == ["MODEL", "TYPE", "PRICE", "TAKES", "PROVIDERS"])
            let motion = try #require(table.first { $0.hasPrefix("studio/motion ") })
            #expect(motion.contains("video") && motion.contains("0.01 USD/second") && motion.contains("1-10 s; 720p "))
            let speech = try shell.succeed("models", "--type", "speech", "--json").json.elements ?? []
            // A neural voice is there where it was installed.
            let slugs = speech.compactMap { $0["slug"]?.stringValue }.filter { $0 != "studio/voice-natural" }
            #expect(slugs == ["sandbox/speech", "studio/voice"])
            #expect(try shell.run("models", "--type", "movie").ending == .exited(1))
        }
    }

    // MARK: Refusals

    @Test func whatIsWrongIsSaidInOneLineAndCostsNothing() async throws {
        try await withService("refused") { shell in
            let folder = shell.installation.folder
            func refused(_ words: String, _ settings: [String: String] = [:], _ arguments: String...) throws {
                let result = try shell.run(arguments, settings)
                #expect(result.ending == .exited(1), "\(arguments)")
                #expect(result.output == "", "\(arguments)")
                let lines = result.errors.split(separator: "\n")
                #expect(lines.last?.hasPrefix("Error: " + words) == true, "\(arguments): \(result.errors)")
            }
            let image = ["generate", "image", "x", "-m", "sandbox/image"]
            try refused(
                "The service answered 400: `n` is 9",
                [:],
                "generate",
                "image",
                "x",
                "-m",
                "sandbox/image",
                "--n",
                "9"
            )
            try refused(
                "The service answered 404: There is no model",
                [:],
                "generate",
                "image",
                "x",
                "-m",
                "sandbox/imgae"
            )
            try refused(
                "The service answered 400: Unknown field `colour`",
                [:],
                "quote",
                "image",
                "x",
                "--field",
                "colour=1"
            )
            try refused(
                "There is no folder \(folder)/none.",
                [:],
                "generate",
                "image",
                "x",
                "-o",
                "\(folder)/none/x.png"
            )
            try refused(
                "--reference: \(folder)/none cannot be opened",
                [:],
                "generate",
                "image",
                "x",
                "--reference",
                "\(folder)/none"
            )
            try refused("Say what to make", [:], "generate", "image", "-m", "sandbox/image")
            try refused("The service answered 401", ["MEDIARY_API_KEY": "sk-med-v1-wrong"], "models")
            try refused(
                "MEDIARY_API_KEY is not set; make a key with `mediary keys create",
                ["MEDIARY_API_KEY": ""],
                "models"
            )
            let port = try CuttingRelay(to: 1, cuts: 0)
            port.close()
            try refused(
                "No answer from http://127.0.0.1:\(port.port). Is the service running?",
                ["MEDIARY_URL": "http://127.0.0.1:\(port.port)"],
                "generate",
                "image",
                "x",
                "-m",
                "sandbox/image"
            )
            #expect(try shell.run(image + ["--no-wait", "-o", "x"]).ending == .exited(64))
            #expect(try shell.run(image + ["--voice", "x"]).ending == .exited(64))
            #expect(try shell.service.client.exchange("GET", "/api/v1/jobs").json["data"] == [])
        }
    }
}

/// A person at the keyboard, with a key.
private struct Shell: Sendable {
    let installation: Installation
    let service: ServiceProcess
    let port: Int

    init(installation: Installation, service: ServiceProcess, port: Int) {
        (self.installation, self.service, self.port) = (installation, service, port)
    }

    init(_ other: Shell, port: Int) {
        self.init(installation: other.installation, service: other.service, port: port)
    }

    var settings: [String: String] {
        ["MEDIARY_URL": "http://127.0.0.1:\(port)", "MEDIARY_API_KEY": installation.key]
    }

    func run(_ arguments: [String], _ settings: [String: String] = [:]) throws -> Installation.CommandResult {
        try installation.command(arguments, self.settings.merging(settings) { _, new in new })
    }

    func run(_ arguments: String...) throws -> Installation.CommandResult { try run(arguments) }

    @discardableResult
    func succeed(_ arguments: String...) throws -> Installation.CommandResult { try succeed(arguments) }

    @discardableResult
    func succeed(_ arguments: [String]) throws -> Installation.CommandResult {
        let result = try run(arguments)
        guard result.ending == .exited(0) else {
            throw Unexpected("\(arguments.joined(separator: " ")): \(result.ending)\n\(result.output)\(result.errors)")
        }
        return result
    }
}

extension JSONValue {
    fileprivate var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}
