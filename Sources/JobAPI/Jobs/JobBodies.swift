import JobCore
import JobEngine
import NIOCore
import Synchronization

/// Jobs that were written lately, as bytes: who asks again before anything has changed gets the same.
///
/// Bounded: when full, all are forgotten, and written again as they are asked for.
final class JobBodies: Sendable {
    /// What a body depends on besides the job's version, which stands for all else about it.
    private struct Key: Hashable {
        let version: Int64
        /// They can be deleted afterwards.
        let hasArtifacts: Bool
        /// They come when the job is over, and can be deleted as well.
        let lateArtifacts: [Artifact]
        let etaSeconds: Int64?
        let isCancellable: Bool
        let url: String
    }

    private struct State {
        var bodies: [JobID: (key: Key, body: ByteBuffer)] = [:]
        var bytes = 0
    }

    private static let bytesMax = 8 << 20
    /// A longer one is written each time: few of them would drive out all others.
    private static let bodyBytesMax = 16 << 10

    private let state = Mutex(State())

    /// The body of a job as it stands.
    ///
    /// - Parameters:
    ///   - view: The job.
    ///   - wire: Writes it, unless it was written already.
    /// - Returns: Its JSON.
    func body(of view: JobView, _ wire: JobWire) -> ByteBuffer {
        // Where a job stands in the queue changes with other jobs.
        guard view.queuePosition == nil else { return ByteBuffer(bytes: wire.body(of: view)) }
        let id = view.job.id
        let key = Key(
            version: view.job.version,
            hasArtifacts: !view.job.isDeleted,
            lateArtifacts: view.lateArtifacts,
            etaSeconds: view.etaSeconds.map(JobWire.wholeSeconds),
            isCancellable: view.isCancellable,
            url: wire.publicURL
        )
        if let known = state.withLock({ $0.bodies[id] }), known.key == key { return known.body }
        let body = ByteBuffer(bytes: wire.body(of: view))
        guard body.readableBytes <= Self.bodyBytesMax else { return body }
        state.withLock { state in
            if state.bytes > Self.bytesMax { state = State() }
            let earlier = state.bodies.updateValue((key, body), forKey: id)
            state.bytes += body.readableBytes - (earlier?.body.readableBytes ?? 0)
        }
        return body
    }
}
