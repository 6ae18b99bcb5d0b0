import Generation
import JobCore
import JobEngine

/// Writes a video's job as OpenAI's `video` object: every key always, null where there is nothing to say.
struct VideoObject: Sendable {
    /// The statuses of this dialect: its clients' loops know these four and no other.
    enum Status: String, Sendable, CaseIterable {
        case queued
        case inProgress = "in_progress"
        case completed, failed

        init(_ state: JobState.Name) {
            self =
                switch state {
                case .queued, .submitting: .queued
                case .running, .storing: .inProgress
                case .completed: .completed
                case .failed, .cancelled, .expired: .failed
                }
        }
    }

    /// The name of the header that says when to poll again, in milliseconds.
    ///
    /// The SDK's helper reads it once, on its first poll, and keeps to it.
    static func pollAfterMilliseconds(_ etaSeconds: Double?) -> Int64 {
        // A tenth of what is left: the end is told late by no more than that.
        Int64(min(max((etaSeconds ?? 10) * 100, 250), 10_000))
    }

    /// The object as text, for an answer that is kept.
    static func text(_ job: Job) -> String {
        var json = JSONWriter(capacity: 512)
        write(job, &json)
        return json.text
    }

    /// The object as a whole answer.
    static func body(_ job: Job) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        write(job, &json)
        return json.bytes
    }

    /// Writes the object as a value.
    static func write(_ job: Job, _ json: inout JSONWriter) {
        let video = video(of: job)
        json.beginObject()
        json.key("id")
        json.string(job.id.description)
        json.key("object")
        json.word("video")
        json.key("model")
        json.string(job.admitted.request.model)
        json.key("status")
        json.string(Status(job.state.name).rawValue)
        json.key("progress")
        json.integer(progress(of: job.state))
        json.key("created_at")
        json.integer(job.admitted.createdAt.milliseconds / 1_000)
        json.key("completed_at")
        json.integer(completedAt(job))
        json.key("expires_at")
        json.integer(expiresAt(job))
        json.key("prompt")
        json.string(job.admitted.request.prompt)
        json.key("size")
        json.string(size(of: job, video))
        json.key("seconds")
        json.string(seconds(of: job, video))
        json.key("remixed_from_video_id")
        json.string(video?.previousJobID)
        json.key("error")
        writeError(of: job.state, &json)
        if !job.adjustments.isEmpty {
            json.key("adjustments")
            JobWire.write(job.adjustments, to: &json)
        }
        json.endObject()
    }

    private static func video(of job: Job) -> VideoRequest? {
        guard case .video(let video) = job.admitted.request.content else { return nil }
        return video
    }

    /// The provider's own figure; never invented.
    private static func progress(of state: JobState) -> Int64 {
        if case .completed = state { return 100 }
        return Int64(((state.progress ?? 0) * 100).rounded(.down))
    }

    private static func completedAt(_ job: Job) -> Int64? {
        guard case .completed = job.state else { return nil }
        return job.finishedAt.map { $0.milliseconds / 1_000 }
    }

    /// Artifacts are kept unless the client said for how long.
    private static func expiresAt(_ job: Job) -> Int64? {
        guard let days = job.admitted.parameters.retentionDays, let end = completedAt(job) else { return nil }
        return end + Int64(days) * 86_400
    }

    /// The size that was resolved, else the one that came out; `auto` until it is known.
    private static func size(of job: Job, _ video: VideoRequest?) -> String {
        if let size = video?.size { return size.description }
        guard let artifact = artifact(of: job), let width = artifact.width, let height = artifact.height else {
            return "auto"
        }
        return PixelSize(width: width, height: height).description
    }

    private static func seconds(of job: Job, _ video: VideoRequest?) -> String {
        if let duration = video?.duration, duration != VideoParameters.automatic { return String(duration) }
        guard let milliseconds = artifact(of: job)?.durationMilliseconds else { return "auto" }
        return String((milliseconds + 500) / 1_000)
    }

    private static func artifact(of job: Job) -> Artifact? {
        guard case .completed(let completed) = job.state else { return nil }
        return completed.artifacts.first
    }

    private static func writeError(of state: JobState, _ json: inout JSONWriter) {
        guard let (code, message) = error(of: state) else { return json.null() }
        json.beginObject()
        json.key("code")
        json.string(code)
        json.key("message")
        json.string(message)
        json.endObject()
    }

    /// Why a job that is over has no video.
    static func error(of state: JobState) -> (code: String, message: String)? {
        switch state {
        case .failed(let failure):
            (failure.code == .contentPolicy ? "moderation_blocked" : failure.code.rawValue, failure.message)
        case .cancelled: ("cancelled", "The job was cancelled.")
        case .expired: ("expired", "The job was not done by its deadline.")
        case .queued, .submitting, .running, .storing, .completed: nil
        }
    }
}
