import Generation
import JobCore
import JobEngine
import Ledger

/// Writes a video's job in OpenRouter's words.
struct VideoWire: Sendable {
    /// The statuses of this dialect: its clients' loops know these six and no other.
    enum Status: String, Sendable, CaseIterable {
        case pending
        case inProgress = "in_progress"
        case completed, failed, cancelled, expired

        init(_ state: JobState.Name) {
            self =
                switch state {
                case .queued, .submitting: .pending
                case .running, .storing: .inProgress
                case .completed: .completed
                case .failed: .failed
                case .cancelled: .cancelled
                case .expired: .expired
                }
        }
    }

    /// Knows the URLs.
    let wire: JobWire

    /// Where a video is polled.
    func url(of id: JobID) -> String { wire.video(id) }

    /// What a submission is answered with: a function of the id alone.
    func accepted(_ id: JobID) -> String {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        begin(id, .pending, &json)
        json.endObject()
        return json.text
    }

    /// A video as it stands.
    func body(of job: Job) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        begin(job.id, Status(job.state.name), &json)
        if job.state.isTerminal {
            json.key("generation_id")
            json.string(job.id.description)
        }
        if let error = Self.error(of: job.state) {
            json.key("error")
            json.string(error)
        }
        if case .completed(let completed) = job.state { write(completed.artifacts, of: job.id, &json) }
        if let cost = Self.cost(of: job.state) {
            json.key("usage")
            json.beginObject()
            json.key("cost")
            json.dollars(cost)
            json.key("is_byok")
            json.bool(job.admitted.isServedByCustomerKey)
            json.endObject()
        }
        if !job.adjustments.isEmpty {
            json.key("adjustments")
            JobWire.write(job.adjustments, to: &json)
        }
        json.endObject()
        return json.bytes
    }

    private func begin(_ id: JobID, _ status: Status, _ json: inout JSONWriter) {
        json.key("id")
        json.string(id.description)
        json.key("polling_url")
        json.string(url(of: id))
        json.key("status")
        json.string(status.rawValue)
    }

    /// The URLs want the key; artifacts are kept, so there is no time to tell at which they expire.
    private func write(_ artifacts: [Artifact], of id: JobID, _ json: inout JSONWriter) {
        json.key("unsigned_urls")
        json.beginArray()
        for artifact in artifacts { json.string(wire.videoContent(of: id, index: artifact.index)) }
        json.endArray()
    }

    /// Why a job that is over has no output: a plain sentence.
    static func error(of state: JobState) -> String? {
        switch state {
        case .failed(let failure): failure.message
        case .cancelled: "The job was cancelled."
        case .expired: "The job was not done by its deadline."
        case .queued, .submitting, .running, .storing, .completed: nil
        }
    }

    /// What was charged: of completed jobs, and of stopped ones that a provider charged for.
    private static func cost(of state: JobState) -> Credits? {
        switch state {
        case .completed(let completed): completed.bill.total
        case .cancelled(let cancelled): cancelled.charged == .zero ? nil : cancelled.charged
        case .queued, .submitting, .running, .storing, .failed, .expired: nil
        }
    }
}
