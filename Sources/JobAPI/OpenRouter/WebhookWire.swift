import Generation
package import JobCore
import JobEngine
import Ledger

/// Writes what callback URLs are told, in OpenRouter's form: `type`, `created_at`, `data`.
///
/// A terminal job and its message never change, so the bytes are the same at each sending. Only a new public URL of this
/// installation changes them, as it changes where the artifacts are.
package struct WebhookWire: WebhookComposer {
    private let wire: @Sendable () -> JobWire

    /// Makes a writer.
    ///
    /// - Parameter wire: Knows the URLs; asked at each message, since a server on any free port learns its own late.
    package init(_ wire: @escaping @Sendable () -> JobWire) { self.wire = wire }

    package func body(of message: OutboxMessage, job: Job) -> [UInt8] {
        let wire = wire()
        var json = JSONWriter()
        json.beginObject()
        json.key("type")
        json.string("\(job.admitted.request.type.rawValue).generation.\(message.state.rawValue)")
        json.key("created_at")
        json.time(message.createdAt)
        json.key("data")
        json.beginObject()
        json.key("id")
        json.string(job.id.description)
        json.key("status")
        json.string(message.state.rawValue)
        json.key("generation_id")
        json.string(job.id.description)
        json.key("model")
        json.string(job.admitted.request.model)
        switch job.state {
        case .completed(let completed):
            json.key("unsigned_urls")
            json.beginArray()
            for artifact in completed.artifacts {
                json.string(
                    job.admitted.request.type == .video
                        ? wire.videoContent(of: job.id, index: artifact.index)
                        : wire.artifact(artifact.index, of: job.id)
                )
            }
            json.endArray()
            json.key("usage")
            json.beginObject()
            json.key("cost")
            json.dollars(completed.bill.total)
            json.key("is_byok")
            json.bool(job.admitted.isServedByCustomerKey)
            json.endObject()
        case .failed, .cancelled, .expired, .queued, .submitting, .running, .storing:
            // Only an end leaves a message; should there be one all the same, it says so much.
            json.key("error")
            json.string(VideoWire.error(of: job.state) ?? "The job is not over.")
        }
        json.endObject()
        json.endObject()
        return json.bytes
    }
}
