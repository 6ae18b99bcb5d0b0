import JobCore
import JobEngine
import ServiceLifecycle

/// A body that is written while its job runs: what can be seen and heard of the job as it comes, then what its end adds.
///
/// What is heard are the bytes of the file that is kept: should that turn out otherwise, the connection is cut, and the
/// client knows that it has not got the whole.
struct LiveBody {
    /// The answer cannot be brought to its end.
    private struct Cut: Error {}

    private enum Signal: Sendable {
        /// There may be something new to be seen or heard.
        case news
        case beat
        case ended(JobView)
        case stop
    }

    private let wait: JobWait
    private let news: AsyncStream<Void>
    private let standing: @Sendable () -> LiveOutputs.Standing
    private var sound: LiveFile?
    private var previewsShown = 0
    private var isWhole = false

    init(wait: JobWait) {
        self.wait = wait
        (news, standing) = wait.answers.submitter.service.outputs.follow(wait.job)
    }

    /// Writes all of it.
    ///
    /// - Throws: What makes it impossible: the process stops, the client is gone, the job fails where that cannot be
    ///   told, or is not what was heard of it.
    @concurrent mutating func write(to writer: inout PatientWriter) async throws {
        let signals = HandOff<Signal>()
        let (wait, news) = (wait, news)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.follow(news, wait, signals) }
                group.addTask { try await Self.awaitEnd(of: wait, signals) }
                group.addTask { try await Self.beat(wait, signals) }
                try await signals.useAll { signal in try await take(signal, &writer) }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            signals.offer(.stop)
        }
        guard isWhole else { throw Cut() }
    }

    // MARK: Signals

    private static func follow(
        _ news: AsyncStream<Void>,
        _ wait: JobWait,
        _ signals: HandOff<Signal>
    ) async throws {
        guard wait.form.isLive else { return }
        try await signals.give(.news)
        for await _ in news { try await signals.give(.news) }
    }

    private static func awaitEnd(of wait: JobWait, _ signals: HandOff<Signal>) async throws {
        do {
            while true {
                let view = try await wait.view(within: 60)
                if view.job.state.isTerminal { return signals.offer(.ended(view)) }
                try Task.checkCancellation()
            }
        } catch {
            signals.end()
            throw error
        }
    }

    private static func beat(_ wait: JobWait, _ signals: HandOff<Signal>) async throws {
        while true {
            try await wait.answers.writer.sleep(wait.answers.keepAliveSeconds)
            signals.offer(.beat)
        }
    }

    /// Writes what a signal brings.
    ///
    /// - Returns: Whether there is more to come.
    @concurrent private mutating func take(_ signal: Signal, _ writer: inout PatientWriter) async throws -> Bool {
        switch signal {
        case .news:
            try await show(standing(), &writer)
            return true
        case .beat:
            switch wait.form.filler {
            case .spaces: try await writer.write([UInt8(ascii: " ")])
            case .comments: try await writer.write(Array(": waiting\n\n".utf8))
            case .nothing: guard await wait.connection.isStillOpen() else { throw Cut() }
            }
            return true
        case .ended(let view):
            try await finish(view, &writer)
            isWhole = true
            return false
        case .stop: throw CancellationError()
        }
    }

    // MARK: Writing

    @concurrent private mutating func show(_ standing: LiveOutputs.Standing, _ writer: inout PatientWriter) async throws
    {
        if let transform = wait.form.sound { try await play(standing.outputs, transform, &writer) }
        guard let event = wait.form.preview else { return }
        for preview in standing.previews.dropFirst(previewsShown) {
            previewsShown += 1
            // One that is gone already is not needed: the image itself follows.
            guard let bytes = LiveFile(preview.path)?.readAll() else { continue }
            try await writer.write(event(.init(index: preview.index, mediaType: preview.mediaType, bytes: bytes)))
        }
    }

    @concurrent private mutating func play(
        _ outputs: [LiveOutputs.Output],
        _ transform: ([UInt8]) -> [UInt8],
        _ writer: inout PatientWriter
    ) async throws {
        if sound == nil, let output = outputs.first(where: { $0.bytes > 0 }) {
            // Nothing is heard of one that cannot be opened: the job's end brings the whole.
            sound = LiveFile(output.path)
        }
        guard let path = sound?.path, !outputs.isEmpty else { return }
        // Taken back by its provider: what was heard is not what will be kept.
        guard let output = outputs.first(where: { $0.path == path }) else { throw Cut() }
        while let chunk = try sound?.next(upTo: output.bytes) { try await writer.write(transform(chunk)) }
    }

    @concurrent private mutating func finish(_ view: JobView, _ writer: inout PatientWriter) async throws {
        guard case .completed(let completed) = view.job.state else {
            guard sound == nil, let failed = wait.form.failed,
                let error = APIError(endOf: view, isNamed: wait.isNamed)
            else { throw Cut() }
            return try await writer.writeLast(failed(error))
        }
        if sound != nil, let transform = wait.form.sound {
            guard let artifact = completed.artifacts.first else { throw Cut() }
            while let chunk = try sound?.next(upTo: artifact.bytes) { try await writer.write(transform(chunk)) }
            guard sound?.isSame(as: artifact) == true else { throw Cut() }
        }
        let parts = try await wait.form.completed(
            .init(job: view.job, completed: completed, hasFlowed: sound != nil)
        )
        try await wait.answers.writer.write(parts, to: &writer)
    }
}
