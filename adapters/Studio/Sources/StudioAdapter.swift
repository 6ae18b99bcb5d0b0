import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// Real media without any key: pictures and videos by ffmpeg, speech by espeak-ng, transcripts by a recognizer, on this
/// machine.
///
/// A generation is a process that outlives the service, in a folder of its own. Nothing is remembered here: the folder
/// tells how a generation stands, and its name is the operation.
///
/// - Crash: the runner goes on. The next service ends what it finds running and answers `unavailable` for it, so the
///   job runs again; what had finished is taken as it is.
/// - Lost start: an unknown outcome is run again, in another folder; at worst a few seconds of processor time are lost.
/// - Another machine: folders are local, and so are operations. Each machine's own service answers for them.
package struct StudioAdapter: ValidatingAdapter, RecoverableAdapter, CancellableAdapter {
    package let id = ProviderID("studio")
    package let account = "local"
    package let models: [ModelCapabilities]
    package let transport: any HTTPTransport = UnavailableTransport()

    private let root: String
    private let tools: StudioTools
    private let slots: Int
    private let now: @Sendable () -> Int64
    private let ownership: StudioOwnership?
    private let sweeps = StudioSweeps()

    /// One instance, or none when nothing that makes media is installed.
    ///
    /// Ends what an earlier service left running and removes folders older than a day, unless a live service holds the
    /// work folder: then nothing is touched.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        StudioAdapter(settings).map { [$0] } ?? []
    }

    init?(_ settings: ProviderSettings) {
        guard let tools = StudioTools(settings.environment) else { return nil }
        let folder =
            settings.workFolder.hasPrefix("/")
            ? settings.workFolder : "\(FileManager.default.currentDirectoryPath)/\(settings.workFolder)"
        // The kernel shows a process's folder without links in its path, and so must we.
        root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path + "/studio"
        self.tools = tools
        slots = settings.processorCount
        now = settings.now
        models = settings.models(id, StudioModels.all(tools, processorCount: settings.processorCount))
        ownership = StudioOwnership(of: root)
        if ownership != nil { StudioSweeper.takeOver(root, now: settings.now()) }
    }

    /// Refuses GIFs, of which no one picture is meant, and options of Studio's own that are wrong.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        for (path, input) in request.inputs where Self.isGIF(input) {
            throw RequestProblem(
                .unsupportedValue,
                field: path,
                "`\(path)` is image/gif, which `\(request.model)` does not take; allowed: image/png, image/jpeg, image/webp."
            )
        }
        _ = try StudioOptions(request, slug: id.slug, speaks: tools.espeak != nil)
    }

    /// Whether a picture is a GIF, by what it says it is: the service refuses one that is another thing.
    private static func isGIF(_ input: MediaInput) -> Bool {
        let type = Array("image/gif".utf8)
        switch input {
        case .stored(let stored): return stored.mediaType.utf8.elementsEqual(type)
        case .upload: return false
        case .url(let url):
            // ASCII letters differ from their lower case by one bit.
            let head = url.utf8.dropFirst("data:".utf8.count).prefix(type.count + 1)
            let isWhole = head.dropFirst(type.count).allSatisfy { [UInt8(ascii: ";"), UInt8(ascii: " ")].contains($0) }
            return isWhole && head.prefix(type.count).map { $0 | 0x20 } == type
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        sweeps.removeFinished(in: root, now: now())
        let plan = try plan(request, entropy: context.reference.externalID)
        let folder = try StudioFolder(
            externalID: context.reference.externalID,
            send: context.earlierSends + 1,
            in: root
        )
        let draft = try StudioFolder.draft(in: root)
        do {
            for text in plan.texts { try draft.write(Array(text.text.utf8), to: text.name) }
            for input in plan.inputs {
                try draft.write(try await context.bytes(of: input.input), to: input.name)
            }
            let script = StudioRunner.script(plan, tools: tools, slots: slots)
            try draft.write(Array(script.utf8), to: "run.sh")
            try draft.write(Self.encoded(plan.record), to: "plan")
            try await context.start(Self.description(of: request, context)) { () async throws(ProviderFailure) in
                try draft.become(folder)
                do throws(ProviderFailure) {
                    try await StudioRunner.start(folder, tools: tools)
                } catch {
                    // A runner that may have started keeps its folder: it is swept when it has ended.
                    if error.requestReachedProvider == .no { folder.remove() }
                    throw error
                }
            }
        } catch {
            draft.remove()
            throw error
        }
        return .accepted(ProviderOperation(remoteID: folder.name, payload: folder.name))
    }

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        let folder = try StudioFolder(name: operation.payload, in: root)
        guard let record = folder.record else { throw StudioFolder.notFound }
        if let exit = folder.exit { return Self.outcome(exit, record, folder) }
        if folder.runner?.isAlive == true { return Self.pending(record, folder) }
        // It may have ended between the two looks.
        if let exit = folder.exit { return Self.outcome(exit, record, folder) }
        guard !folder.has("cancelled") else { return .cancelled(chargedNanoUSD: 0) }
        return .failed(Self.failure(.unavailable, retry: .backoff, Self.interrupted, folder))
    }

    /// Ends a generation at once.
    ///
    /// One that has finished by then keeps its outcome.
    ///
    /// - Throws: `notFound` for an operation of another machine; `unavailable` when the wish cannot be written down.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        let folder = try StudioFolder(name: operation.payload, in: root)
        guard folder.record != nil else { throw StudioFolder.notFound }
        guard folder.exit == nil else { return }
        try folder.write([], to: "cancelled")
        folder.runner?.end(folder: folder.path)
    }

    /// An unknown start is run again: nobody bills for it, and each send has a folder of its own.
    package func recovery(of request: GenerationRequest) -> RecoveryClass { .resend }

    /// Never asked in this adapter's class.
    package func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? { nil }

    // MARK: - Plans

    /// What a request comes to; `entropy` stands in for a seed: equal for a resend, another for another job.
    private func plan(_ request: GenerationRequest, entropy: String) throws(ProviderFailure) -> StudioPlan {
        let plan: StudioPlan? =
            switch request.content {
            case .video(let video):
                try motion(video, of: request, entropy: Self.entropy(video.seed, entropy))
            case .image(let image):
                tools.ffmpeg.flatMap {
                    StudioStill.plan(image, entropy: Self.entropy(image.seed, entropy), tools: tools, ffmpeg: $0)
                }
            case .speech(let speech):
                speech.voice == StudioVoice.narrator
                    ? tools.speech.flatMap { StudioVoice.narration(speech, studio: $0, tools: tools) }
                    : tools.espeak.flatMap { StudioVoice.plan(speech, tools: tools, espeak: $0) }
            case .transcription(let transcription): listening(transcription)
            case .music, .sound: nil
            }
        guard let plan else {
            throw ProviderFailure(
                .invalidRequest,
                retry: .never,
                billing: .notCharged,
                requestReachedProvider: .no,
                message:
                    "The request has a value or a file that this model cannot take; pictures are PNG, JPEG or WebP.",
                details: "no plan for \(request.model)"
            )
        }
        return plan
    }

    private func motion(
        _ video: VideoRequest,
        of request: GenerationRequest,
        entropy: String
    ) throws(ProviderFailure) -> StudioPlan? {
        guard let ffmpeg = tools.ffmpeg else { return nil }
        let options: StudioOptions
        do {
            options = try StudioOptions(request, slug: id.slug, speaks: tools.espeak != nil)
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        return StudioMotion.plan(
            video,
            narration: options.narration,
            entropy: entropy,
            tools: tools,
            ffmpeg: ffmpeg
        )
    }

    private func listening(_ transcription: TranscriptionRequest) -> StudioPlan? {
        guard let ffmpeg = tools.ffmpeg, let speech = tools.speech, let recognizer = speech.recognizer
        else {
            return nil
        }
        return StudioListener.plan(
            transcription,
            speech: speech,
            recognizer: recognizer,
            ffmpeg: ffmpeg
        )
    }

    private static func entropy(_ seed: Int64?, _ fallback: String) -> String {
        seed.map { "seed \($0)" } ?? fallback
    }

    /// What is started, byte for byte: the request, with its files by their hashes.
    private static func description(of request: GenerationRequest, _ context: AttemptContext) -> [UInt8] {
        let whole: JSONValue = [
            "attempt": .string(context.reference.externalID), "model": .string(request.model), "request": request.json,
        ]
        return Array(whole.canonicalText.utf8)
    }

    private static func encoded(_ record: StudioPlan.Record) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(record))
        } catch {
            preconditionFailure("a plan's record always encodes: \(error)")
        }
    }

    // MARK: - Standings

    private static func pending(_ record: StudioPlan.Record, _ folder: StudioFolder) -> OperationStatus {
        guard folder.has("running") else { return .pending(progress: nil, isQueued: true) }
        if let frames = record.frames {
            let share = folder.framesDone.map { min(1, max(0, Double($0) / Double(max(1, frames)))) }
            return .pending(progress: share)
        }
        guard record.outputs.count > 1 else { return .pending(progress: nil) }
        let done = record.outputs.filter { folder.has($0.name) }.count
        return .pending(progress: Double(done) / Double(record.outputs.count))
    }

    private static func outcome(
        _ exit: String,
        _ record: StudioPlan.Record,
        _ folder: StudioFolder
    ) -> OperationStatus {
        if exit == "0" {
            let outputs = record.outputs.map {
                ProviderOutput(.file("\(folder.path)/\($0.name)"), mediaType: $0.mediaType)
            }
            return .completed(outputs, ReportedUsage(characters: record.characters))
        }
        let parts = exit.split(separator: " ")
        let signal = parts.last.flatMap { Int32($0) }.map { $0 - 128 } ?? SIGKILL
        // The signals by name: ffmpeg's own statuses reach beyond 128 too.
        if signal == SIGXCPU || signal == SIGXFSZ {
            return .failed(failure(.timedOut, retry: .never, "The generation went beyond its bounds.", folder))
        }
        if signal == SIGKILL || signal == SIGTERM {
            return .failed(failure(.unavailable, retry: .backoff, interrupted, folder))
        }
        return switch parts.first.flatMap({ StudioPlan.Step.Stage(rawValue: String($0)) }) {
        case .inputs:
            .failed(failure(.invalidRequest, retry: .never, "A file of the request cannot be read.", folder))
        case .speech:
            .failed(failure(.invalidRequest, retry: .never, "The text has nothing that can be spoken.", folder))
        case .render, nil:
            .failed(failure(.unknown, retry: .never, "The generation failed on this machine.", folder))
        }
    }

    private static let interrupted = "The generation was interrupted."

    private static func failure(
        _ code: ProviderFailure.Code,
        retry: ProviderFailure.Retry,
        _ message: String,
        _ folder: StudioFolder
    ) -> ProviderFailure {
        ProviderFailure(
            code,
            retry: retry,
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: message,
            providerCode: folder.exit,
            details: folder.complaints
        )
    }
}
