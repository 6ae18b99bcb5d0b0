import Generation
import JobCore
import Synchronization

/// How long providers took lately, per model and settings: what poll times and estimates come from.
///
/// Kept in memory: after a restart the catalog's typical figure serves until jobs have been seen.
package final class ObservedDurations: Sendable {
    private static let samplesMax = 64
    private let samples = Mutex<[String: [Double]]>([:])

    package init() {}

    /// Takes note of a generation that took so many seconds at its provider.
    func observe(_ seconds: Double, of job: Job) {
        samples.withLock { samples in
            var list = samples[Self.name(job), default: []]
            list.append(seconds)
            if list.count > Self.samplesMax { list.removeFirst() }
            samples[Self.name(job)] = list
        }
    }

    /// The duration below which a share of the seen ones lie; nil when too few were seen.
    func percentile(_ share: Double, of job: Job, atLeast countMin: Int = 3) -> Double? {
        let list = samples.withLock { $0[Self.name(job)] ?? [] }
        guard list.count >= countMin else { return nil }
        return list.sorted()[Int((Double(list.count - 1) * share).rounded())]
    }

    /// Seconds until a running job is probably done; nil when nothing is known, or it is not running.
    func eta(of job: Job, now: Timestamp) -> Double? {
        guard case .running(let running) = job.state, let median = percentile(0.5, of: job) else { return nil }
        return max(0, median - now.seconds(since: running.acceptedAt))
    }

    private static func name(_ job: Job) -> String {
        let request = job.admitted.request
        switch request.content {
        case .video(let video): return "\(request.model) \(video.duration ?? 0)s \(video.resolution ?? "")"
        case .image(let image): return "\(request.model) \(image.resolution ?? "") x\(image.n ?? 1)"
        case .speech, .transcription: return request.model
        case .music(let music): return "\(request.model) \(music.duration ?? 0)s"
        case .sound(let sound): return "\(request.model) \(sound.duration ?? 0)s"
        }
    }
}
