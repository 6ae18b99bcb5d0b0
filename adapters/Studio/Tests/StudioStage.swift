import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import Testing

@testable import StudioAdapter

/// An adapter over a work folder of its own.
struct StudioStage {
    static let isPossible = Tool.areThere("ffmpeg", "ffprobe", "espeak-ng", "setsid", "flock", "prlimit")

    /// The optional environment: as set, or in the checkout, or none.
    static let python =
        ProcessInfo.processInfo.environment["STUDIO_PYTHON"]
        ?? URL(filePath: #filePath).appending(path: "../../../../\(StudioSpeech.usualPython)").standardized.path
    private static let speech = StudioSpeech(["STUDIO_PYTHON": python])
    /// Whether there is a recognizer.
    static var listens: Bool { speech?.recognizer != nil }
    /// Whether there is a neural voice.
    static var narrates: Bool { speech?.speaks == true }
    /// Whether a package can be imported there.
    static func has(_ package: String) -> Bool {
        let python = Process()
        python.executableURL = URL(filePath: Self.python)
        python.arguments = ["-I", "-c", "import \(package)"]
        python.standardError = FileHandle.nullDevice
        guard (try? python.run()) != nil else { return false }
        python.waitUntilExit()
        return python.terminationStatus == 0
    }
    /// Whether the recognizer is the better one.
    var isWhisper: Bool { Self.speech?.recognizer == .whisper }

    let work: String
    let adapter: StudioAdapter
    var inputs: [String: [UInt8]] = [:]

    init(work: String, processorCount: Int = 2, now: @escaping @Sendable () -> Int64 = realNow) throws {
        self.work = work
        adapter = try #require(StudioAdapter(Self.settings(work, processorCount: processorCount, now: now)))
    }

    /// A stage with another Python than the usual one.
    init(work: String, python: String) throws {
        self.work = work
        adapter = try #require(StudioAdapter(Self.settings(work, python: python)))
    }

    static func settings(
        _ work: String,
        processorCount: Int = 2,
        path: String? = nil,
        python: String = python,
        now: @escaping @Sendable () -> Int64 = realNow
    ) -> ProviderSettings {
        var environment = ProcessInfo.processInfo.environment
        environment["STUDIO_PYTHON"] = python
        // With programs of its own, a test has no optional ones.
        if let path {
            environment["PATH"] = path
            environment["STUDIO_PYTHON"] = "\(path)/python"
        }
        return ProviderSettings(
            environment: environment,
            workFolder: work,
            transport: UnavailableTransport(),
            processorCount: processorCount,
            now: now
        )
    }

    /// Files have the kernel's times, so ages are told by the same clock.
    @Sendable static func realNow() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000
    }

    static func motion(
        _ prompt: String = "a boat",
        seconds: Int = 1,
        resolution: String = "360p",
        ratio: String = "4:3",
        seed: Int64? = 7
    ) -> VideoRequest {
        var video = VideoRequest(prompt: prompt)
        video.duration = seconds
        video.resolution = resolution
        video.aspectRatio = ratio
        video.seed = seed
        return video
    }

    static func still(_ prompt: String = "a boat", format: String = "png", seed: Int64? = 7) -> ImageRequest {
        var image = ImageRequest(prompt: prompt)
        image.resolution = "512"
        image.aspectRatio = "4:3"
        image.outputFormat = format
        image.seed = seed
        return image
    }

    static func voice(_ text: String, format: String = "wav") -> SpeechRequest {
        var speech = SpeechRequest(input: text)
        speech.responseFormat = format
        return speech
    }

    static func narration(_ text: String, format: String = "wav") -> SpeechRequest {
        var speech = voice(text, format: format)
        speech.voice = StudioVoice.narrator
        return speech
    }

    /// What the recognizer makes of a file.
    func transcript(
        of path: String,
        _ mediaType: String,
        words: Bool = false,
        id: String = "transcript"
    ) async throws -> Transcript {
        var stage = self
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        var wish = TranscriptionRequest(inputAudio: stage.keep(bytes, "sound", as: mediaType))
        if words { wish.timestampGranularities = [.word] }
        let output = try await stage.output(.transcription(wish), id: id)
        return try JSONDecoder().decode(Transcript.self, from: Data(contentsOf: URL(fileURLWithPath: output)))
    }

    func submit(
        _ content: GenerationRequest.Content,
        id: String = "att_1",
        sends: Int = 0,
        options: [String: JSONValue] = [:]
    ) async throws -> ProviderOperation {
        let slug =
            switch content {
            case .video: "studio/motion"
            case .image: "studio/still"
            case .speech(let speech): speech.voice == StudioVoice.narrator ? "studio/voice-natural" : "studio/voice"
            case .transcription: "studio/transcribe"
            case .music, .sound: "none"
            }
        let model = try #require(adapter.models.first { $0.slug == slug })
        let request = try GenerationRequest(model: slug, content: content, providerOptions: options)
            .resolved(against: model, strict: true).request
        let attempt = TestAttempt(at: adapter, externalID: id, inputs: inputs)
        guard
            case .accepted(let operation) = try await adapter.submit(
                request,
                attempt: attempt.context(earlierSends: sends)
            )
        else {
            Issue.record("not accepted")
            return ProviderOperation(remoteID: "")
        }
        return operation
    }

    /// Asks until a condition holds; a minute at most.
    func wait<Value>(_ what: String, _ condition: () async throws -> Value?) async throws -> Value {
        for _ in 0..<3_000 {
            if let value = try await condition() { return value }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("waited in vain for \(what)")
        throw CancellationError()
    }

    func end(of operation: ProviderOperation) async throws -> OperationStatus {
        try await wait("the end of \(operation.remoteID)") {
            let status = try await adapter.status(of: operation)
            if case .pending = status { return nil }
            return status
        }
    }

    /// The paths of what a request comes to.
    func outputs(
        _ content: GenerationRequest.Content,
        id: String = "att_1",
        sends: Int = 0
    ) async throws -> [String] {
        let status = try await end(of: submit(content, id: id, sends: sends))
        guard case .completed(let outputs, _) = status else {
            Issue.record("ended otherwise: \(status)")
            return []
        }
        return outputs.compactMap { output in
            guard case .file(let path) = output.location else { return nil }
            return path
        }
    }

    func output(_ content: GenerationRequest.Content, id: String = "att_1") async throws -> String {
        try #require(try await outputs(content, id: id).first)
    }

    func folder(of operation: ProviderOperation) throws -> StudioFolder {
        try StudioFolder(name: operation.payload, in: "\(work)/studio")
    }

    /// How many processes work in a generation's folder.
    func processes(of operation: ProviderOperation, named name: String? = nil) throws -> Int {
        let path = try folder(of: operation).path
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { entry in
            guard entry.allSatisfy(\.isNumber),
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(entry)/cwd")) == path
            else { return false }
            guard let name else { return true }
            return (try? String(contentsOfFile: "/proc/\(entry)/comm", encoding: .utf8)) == "\(name)\n"
        }.count
    }

    /// Whether anything of the work is written yet.
    func hasOutput(of operation: ProviderOperation) throws -> Bool {
        let path = try folder(of: operation).path
        return try FileManager.default.contentsOfDirectory(atPath: path).contains { name in
            let size = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.size] as? Int
            return ["mp4", "progress", "mkv"].contains { name.hasSuffix($0) } && size ?? 0 > 0
        }
    }

    mutating func keep(_ bytes: [UInt8], _ name: String, as mediaType: String = "image/png") -> MediaInput {
        inputs[name] = bytes
        return .stored(StoredInput(sha256: name, mediaType: mediaType, bytes: Int64(bytes.count)))
    }
}

/// Hands over a stage in a folder of its own, and leaves nothing running.
func withStage(
    processorCount: Int = 2,
    now: @escaping @Sendable () -> Int64 = StudioStage.realNow,
    _ body: (StudioStage) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        // An operator may call the folder anything.
        let work = "\(folder)/the operator's work: $HOME"
        defer { StudioSweeper.takeOver("\(work)/studio", now: 0) }
        try await body(try StudioStage(work: work, processorCount: processorCount, now: now))
    }
}
