import Foundation
package import JobCore
import ProviderKit
import Synchronization

/// Media that come while a job runs: their files, and those who want to hear and see them before the job is over.
///
/// What a reader gets are the bytes of the very file that becomes the artifact, from its start on, so that what a client
/// hears is what is kept. Only this process's own jobs have any; of all others, and after a crash, the stored artifact is
/// what there is. Nothing of a job depends on it.
package final class LiveOutputs: Sendable {
    /// A file that grows.
    package struct Output: Sendable, Equatable {
        /// Where it is; its bytes may be read up to `bytes`.
        package let path: String
        /// What it is.
        package let mediaType: String
        /// How long it is by now.
        package var bytes: Int64 = 0
        /// Whether that is all.
        package var isWhole = false
    }

    /// A picture on the way to an image.
    package struct Preview: Sendable, Equatable {
        /// Where it is.
        package let path: String
        /// Which one it is, from 0.
        package let index: Int
        /// What it is.
        package let mediaType: String
    }

    /// What there is of a job at a moment.
    package struct Standing: Sendable, Equatable {
        /// Its outputs, in the order they were opened.
        package var outputs: [Output] = []
        /// Its previews, in the order they came.
        package var previews: [Preview] = []
        /// Whether an output was taken back: what was read of it is not what will be kept.
        package var isTakenBack = false
    }

    private struct Entry {
        var standing = Standing()
        var readers: [UInt64: AsyncStream<Void>.Continuation] = [:]
    }

    private struct State {
        var jobs: [JobID: Entry] = [:]
        var lastReader: UInt64 = 0
    }

    /// How old the folder of a job is before anybody asks whether it is still wanted, in seconds.
    private static let leftoverSecondsMin = 3_600.0

    private let root: String
    private let state = Mutex(State())

    /// Names the folder that holds those of all attempts.
    package init(folder: String) { root = folder }

    /// Where an attempt keeps its media.
    func outputs(of job: JobID, externalID: String) -> AttemptOutputs {
        AttemptOutputs(folder: "\(root)/\(job)/\(externalID)", watcher: Watcher(job: job, live: self))
    }

    /// Signals that there may be something new of a job, and what there is.
    ///
    /// - Returns: A stream that a slow reader sees only the latest of, ended with the job, and a look at what there is.
    package func follow(_ job: JobID) -> (news: AsyncStream<Void>, standing: @Sendable () -> Standing) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let reader = state.withLock { state in
            state.lastReader += 1
            state.jobs[job, default: Entry()].readers[state.lastReader] = continuation
            return state.lastReader
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.jobs[job]?.readers[reader] = nil
                if let entry = state.jobs[job], entry.readers.isEmpty, entry.standing == Standing() {
                    state.jobs[job] = nil
                }
            }
        }
        return (stream, { [weak self] in self?.state.withLock { $0.jobs[job]?.standing } ?? Standing() })
    }

    /// The job is over: its media are kept elsewhere, or wanted by nobody.
    ///
    /// Who has a file open reads on to its end.
    func end(_ job: JobID) {
        let readers = state.withLock { $0.jobs.removeValue(forKey: job)?.readers ?? [:] }
        for reader in readers.values { reader.finish() }
        try? FileManager.default.removeItem(atPath: "\(root)/\(job)")
    }

    /// Removes the folders of jobs that are over, or that nobody knows: a crash may leave some.
    ///
    /// A job that is not over keeps its media however old they are: they may be all that there is of what was paid for.
    ///
    /// - Throws: What the store throws.
    func removeLeftovers(now: Timestamp, of store: any JobStore) async throws {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            let folder = "\(root)/\(name)"
            guard let id = JobID(name), let attributes = try? FileManager.default.attributesOfItem(atPath: folder),
                let written = attributes[.modificationDate] as? Date,
                Double(now.milliseconds) / 1_000 - written.timeIntervalSince1970 > Self.leftoverSecondsMin
            else { continue }
            if try await store.job(id)?.state.isTerminal ?? true { end(id) }
        }
    }

    fileprivate func change(_ job: JobID, _ change: (inout Standing) -> Void) {
        let readers = state.withLock { state in
            change(&state.jobs[job, default: Entry()].standing)
            return state.jobs[job]?.readers ?? [:]
        }
        for reader in readers.values { reader.yield() }
    }
}

/// Passes on what an adapter writes.
private struct Watcher: OutputWatcher {
    let job: JobID
    let live: LiveOutputs

    func opened(_ path: String, mediaType: String) {
        live.change(job) { $0.outputs.append(LiveOutputs.Output(path: path, mediaType: mediaType)) }
    }

    func grew(_ path: String, to bytes: Int64) {
        live.change(job) { standing in
            for index in standing.outputs.indices where standing.outputs[index].path == path {
                standing.outputs[index].bytes = max(bytes, standing.outputs[index].bytes)
            }
        }
    }

    func finished(_ path: String) {
        live.change(job) { standing in
            for index in standing.outputs.indices where standing.outputs[index].path == path {
                standing.outputs[index].isWhole = true
            }
        }
    }

    func discarded(_ path: String) {
        live.change(job) { standing in
            standing.outputs.removeAll { $0.path == path }
            standing.isTakenBack = true
        }
    }

    func previewed(_ path: String, index: Int, mediaType: String) {
        live.change(job) {
            $0.previews.append(LiveOutputs.Preview(path: path, index: index, mediaType: mediaType))
        }
    }
}
