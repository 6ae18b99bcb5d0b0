import Generation
import JobCore
import JobEngine
import Ledger

/// Writes what a job that is over has used, in OpenRouter's words: every key that its clients require, null where there is
/// nothing to say.
struct GenerationWire {
    let view: JobView
    let record: UsageRecord
    /// The identifier of its workspace.
    let workspaceID: String
    /// The names of the providers by their slugs.
    let providers: [String: String]

    /// Keys about what this service does not have: text, searches, presets, who called.
    static let absent: [StaticString] = [
        "app_id", "cache_discount", "finish_reason", "http_referer", "moderation_latency", "native_finish_reason",
        "native_tokens_cached", "native_tokens_reasoning", "num_fetches", "num_search_results", "preset_id", "router",
        "service_tier", "streamed", "user_agent", "web_search_engine",
    ]

    /// The whole answer.
    var body: [UInt8] {
        var json = JSONWriter(capacity: 2_048)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("id")
        json.string(record.job.description)
        json.key("api_type")
        json.string(Self.apiType(record.type))
        json.key("model")
        json.string(record.endpoint.model)
        json.key("provider_name")
        json.string(name(of: record.endpoint.provider))
        json.key("created_at")
        json.time(record.createdAt)
        json.key("cancelled")
        json.bool(record.state == .cancelled)
        json.key("data_region")
        json.word("global")
        json.key("origin")
        json.word("")
        json.key("external_user")
        json.string(record.user)
        json.key("session_id")
        json.string(record.session)
        json.key("workspace_id")
        json.string(workspaceID)
        writeCost(to: &json)
        json.key("latency")
        json.integer(milliseconds(since: record.createdAt))
        json.key("generation_time")
        json.integer(record.startedAt.map(milliseconds))
        writeQuantities(to: &json)
        json.key("upstream_id")
        json.string(view.attempts.last { $0.remoteID != nil }?.remoteID)
        json.key("provider_responses")
        json.beginArray()
        for attempt in view.attempts { write(attempt, to: &json) }
        json.endArray()
        for key in Self.absent {
            json.key(key)
            json.null()
        }
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private func writeCost(to json: inout JSONWriter) {
        json.key("total_cost")
        json.dollars(record.charge.charged)
        json.key("usage")
        json.dollars(record.charge.charged)
        json.key("is_byok")
        json.bool(record.endpoint.customerKeyID != nil)
        json.key("upstream_inference_cost")
        json.dollars(record.charge.isBYOK ? record.charge.listPrice : nil)
    }

    private func writeQuantities(to json: inout JSONWriter) {
        let quantities = record.quantities
        let inputs = view.job.admitted.request.inputs.count
        json.key("num_media_prompt")
        json.integer(inputs)
        json.key("num_media_completion")
        json.integer(quantities.outputs)
        json.key("num_input_audio_prompt")
        json.integer(record.type == .transcription ? inputs : 0)
        let tokens: [(StaticString, Int64)] = [
            ("tokens_prompt", quantities.inputTokens), ("native_tokens_prompt", quantities.inputTokens),
            ("tokens_completion", quantities.outputTokens), ("native_tokens_completion", quantities.outputTokens),
            ("native_tokens_completion_images", record.type == .image ? quantities.outputTokens : 0),
        ]
        for (name, count) in tokens {
            json.key(name)
            json.integer(count)
        }
    }

    private func write(_ attempt: Attempt, to json: inout JSONWriter) {
        let endpoint = attempt.start.endpoint
        json.beginObject()
        json.key("status")
        switch attempt.state {
        case .accepted, .found: json.integer(200)
        // The provider's own status is not kept.
        case .intent, .sending, .refused, .unknown, .absent, .abandoned: json.null()
        }
        json.key("provider_name")
        json.string(name(of: endpoint.provider))
        json.key("model_permaslug")
        json.string(endpoint.model)
        json.key("endpoint_id")
        json.string("\(endpoint.provider)/\(endpoint.model)")
        json.key("is_byok")
        json.bool(record.endpoint.customerKeyID != nil)
        if let remoteID = attempt.remoteID {
            json.key("id")
            json.string(remoteID)
        }
        if let ended = attempt.endedAt, let sent = attempt.sendingAt {
            json.key("latency")
            json.integer(max(0, ended.milliseconds - sent.milliseconds))
        }
        json.endObject()
    }

    private func name(of provider: String) -> String { providers[provider] ?? provider }

    private func milliseconds(since start: Timestamp) -> Int64 {
        max(0, record.finishedAt.milliseconds - start.milliseconds)
    }

    /// The kind of job as this dialect calls it.
    private static func apiType(_ type: GenerationType) -> String {
        switch type {
        case .video: "video"
        case .image: "image"
        case .speech: "tts"
        case .transcription: "stt"
        case .music: "music"
        case .sound: "sound"
        }
    }
}
