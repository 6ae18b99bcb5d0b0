import Generation
import JobEngine
import Ledger

/// What a model takes in and gives out, in the dialect's words.
extension ModelDirectory.Entry {
    /// What it takes in: `text`, and `image` where pictures can be given.
    var inputModalities: [String] {
        let takesPictures =
            switch model.parameters {
            case .video(let video): !video.frameRoles.isEmpty || video.referencesMax > 0
            case .image(let image): image.referencesMax > 0 || image.mask
            case .speech: false
            }
        return takesPictures ? ["text", "image"] : ["text"]
    }

    /// What it gives out.
    var outputModality: String { model.type.rawValue }

    /// The optional parameters that it takes.
    var supportedParameters: [String] {
        switch model.parameters {
        case .video(let video):
            names([
                ("duration", true), ("resolution", !video.sizes.isEmpty), ("aspect_ratio", !video.sizes.isEmpty),
                ("size", !video.sizes.isEmpty), ("frame_images", !video.frameRoles.isEmpty),
                ("input_references", video.referencesMax + video.videoReferencesMax + video.audioReferencesMax > 0),
                ("generate_audio", video.audio.canSound),
                ("seed", video.seeds != nil), ("previous_job_id", video.previousJob),
            ])
        case .image(let image):
            names([
                ("n", image.countMax > 1), ("resolution", !image.sizes.isEmpty), ("aspect_ratio", !image.sizes.isEmpty),
                ("size", !image.sizes.isEmpty), ("quality", !image.qualities.isEmpty),
                ("background", !image.backgrounds.isEmpty), ("output_format", !image.formats.isEmpty),
                ("output_compression", image.compression), ("input_references", image.referencesMax > 0),
                ("seed", image.seed),
            ])
        case .speech(let speech):
            names([
                ("voice", !speech.voices.isEmpty), ("speed", speech.speed != nil),
                ("instructions", speech.instructions), ("response_format", !speech.formats.isEmpty),
            ])
        }
    }

    private func names(_ offers: [(name: String, isThere: Bool)]) -> [String] {
        offers.filter(\.isThere).map(\.name)
    }
}

/// Writes models, endpoints and providers.
///
/// What nothing is known about, such as latencies, is null.
enum ModelWire {
    // MARK: Videos

    /// The list of video models.
    static func videoModels(_ entries: [ModelDirectory.Entry]) -> [UInt8] {
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for entry in entries {
            if case .video(let parameters) = entry.model.parameters { write(entry, parameters, &json) }
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private static func write(_ entry: ModelDirectory.Entry, _ video: VideoParameters, _ json: inout JSONWriter) {
        json.beginObject()
        writeNames(of: entry, &json)
        json.key("description")
        json.string(entry.model.summary)
        json.key("supported_resolutions")
        json.strings(unique(video.sizes.map(\.resolution)))
        json.key("supported_aspect_ratios")
        json.strings(unique(video.sizes.map(\.aspectRatio)))
        json.key("supported_sizes")
        json.strings(unique(video.sizes.filter { !$0.followsInput }.map(\.size.description)))
        json.key("supported_durations")
        json.beginArray()
        for duration in video.durations { json.integer(duration) }
        json.endArray()
        json.key("supported_frame_images")
        json.strings(video.frameRoles.sorted().map(\.rawValue))
        json.key("generate_audio")
        json.bool(video.audio.canSound)
        json.key("seed")
        json.bool(video.seeds != nil)
        json.key("upscale_factor")
        json.null()
        json.key("creativity")
        json.null()
        json.key("allowed_passthrough_parameters")
        json.strings(entry.model.options)
        json.key("pricing_skus")
        json.beginObject()
        for (key, price) in PricingSKUs.of(entry.endpoint.prices) {
            json.key(escaping: key)
            json.string(price)
        }
        json.endObject()
        json.endObject()
    }

    private static func writeNames(of entry: ModelDirectory.Entry, _ json: inout JSONWriter) {
        json.key("id")
        json.string(entry.model.slug)
        json.key("canonical_slug")
        json.string(entry.canonicalSlug)
        json.key("name")
        json.string(entry.model.name)
        json.key("created")
        json.integer(entry.created)
    }

    // MARK: Models

    /// One page of models.
    static func models(_ page: some Sequence<ModelDirectory.Entry>, next: String?, totalCount: Int) -> [UInt8] {
        var json = JSONWriter(capacity: 8_192)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for entry in page { write(entry, &json) }
        json.endArray()
        json.key("links")
        json.beginObject()
        json.key("next")
        json.string(next)
        json.endObject()
        json.key("total_count")
        json.integer(totalCount)
        json.endObject()
        return json.bytes
    }

    /// One model.
    static func model(_ entry: ModelDirectory.Entry) -> [UInt8] {
        var json = JSONWriter(capacity: 2_048)
        json.beginObject()
        json.key("data")
        write(entry, &json)
        json.endObject()
        return json.bytes
    }

    /// How many models there are.
    static func count(_ count: Int) -> [UInt8] {
        var json = JSONWriter(capacity: 64)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("count")
        json.integer(count)
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private static func write(_ entry: ModelDirectory.Entry, _ json: inout JSONWriter) {
        json.beginObject()
        writeNames(of: entry, &json)
        json.key("description")
        json.string(entry.model.summary)
        json.key("architecture")
        writeArchitecture(of: entry, &json)
        for key: StaticString in ["context_length", "default_parameters", "per_request_limits"] {
            json.key(key)
            json.null()
        }
        json.key("links")
        json.beginObject()
        json.key("details")
        json.string("/api/v1/models/\(entry.model.slug)/endpoints")
        json.endObject()
        json.key("pricing")
        writePricing(of: entry, &json)
        json.key("supported_parameters")
        json.strings(entry.supportedParameters)
        json.key("supported_voices")
        if case .speech(let speech) = entry.model.parameters { json.strings(speech.voices) } else { json.null() }
        json.key("top_provider")
        json.beginObject()
        json.key("is_moderated")
        json.bool(false)
        json.key("context_length")
        json.null()
        json.key("max_completion_tokens")
        json.null()
        json.endObject()
        json.endObject()
    }

    private static func writeArchitecture(of entry: ModelDirectory.Entry, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("input_modalities")
        json.strings(entry.inputModalities)
        json.key("output_modalities")
        json.strings([entry.outputModality])
        json.key("modality")
        json.string("\(entry.inputModalities.joined(separator: "+"))->\(entry.outputModality)")
        json.key("instruct_type")
        json.null()
        json.key("tokenizer")
        json.null()
        json.endObject()
    }

    /// Media have no price per token of text; what a video costs is in `/videos/models`.
    private static func writePricing(of entry: ModelDirectory.Entry, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("prompt")
        json.word("0")
        json.key("completion")
        json.word("0")
        if let line = entry.endpoint.prices.lines.first(where: { $0.unit == .request && $0.conditions.isEmpty }) {
            json.key("request")
            json.string(line.price.description)
        }
        json.endObject()
    }

    // MARK: Endpoints and providers

    /// An empty list of endpoints.
    static let noEndpoints = Array("{\"data\":[]}".utf8)

    /// A model's endpoints.
    static func endpoints(of entry: ModelDirectory.Entry) -> [UInt8] {
        var json = JSONWriter(capacity: 2_048)
        json.beginObject()
        json.key("data")
        json.beginObject()
        json.key("id")
        json.string(entry.model.slug)
        json.key("name")
        json.string(entry.model.name)
        json.key("created")
        json.integer(entry.created)
        json.key("description")
        json.string(entry.model.summary)
        json.key("architecture")
        writeArchitecture(of: entry, &json)
        json.key("endpoints")
        json.beginArray()
        writeEndpoint(entry, &json)
        json.endArray()
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private static func writeEndpoint(_ entry: ModelDirectory.Entry, _ json: inout JSONWriter) {
        let name = entry.endpoint.providerName
        json.beginObject()
        json.key("name")
        json.string("\(name) | \(entry.model.slug)")
        json.key("model_id")
        json.string(entry.canonicalSlug)
        json.key("model_name")
        json.string(entry.model.name)
        json.key("provider_name")
        json.string(name)
        json.key("tag")
        json.string(entry.provider)
        json.key("context_length")
        json.integer(0)
        json.key("pricing")
        writePricing(of: entry, &json)
        json.key("supported_parameters")
        json.strings(entry.supportedParameters)
        json.key("native_tools")
        json.beginObject()
        json.endObject()
        json.key("supports_tool_choice")
        json.beginObject()
        for key: StaticString in ["auto", "function", "none", "required"] {
            json.key(key)
            json.bool(false)
        }
        json.endObject()
        for key: StaticString in ["supports_diarization", "supports_implicit_caching"] {
            json.key(key)
            json.bool(false)
        }
        for key: StaticString in [
            "max_completion_tokens", "max_prompt_tokens", "quantization", "service_tier", "latency_last_30m",
            "throughput_last_30m", "uptime_last_5m", "uptime_last_30m", "uptime_last_1d",
        ] {
            json.key(key)
            json.null()
        }
        json.key("status")
        json.integer(0)
        json.endObject()
    }

    /// The providers that serve any model, each once.
    static func providers(_ entries: [ModelDirectory.Entry]) -> [UInt8] {
        let names = Dictionary(entries.map { ($0.provider, $0.endpoint.providerName) }) { first, _ in first }
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for (slug, name) in names.sorted(by: { $0.key < $1.key }) {
            json.beginObject()
            json.key("name")
            json.string(name)
            json.key("slug")
            json.string(slug)
            for key: StaticString in ["privacy_policy_url", "terms_of_service_url", "status_page_url"] {
                json.key(key)
                json.null()
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private static func unique(_ values: [String]) -> [String] {
        var seen: Set<String> = []
        return values.filter { seen.insert($0).inserted }
    }
}

extension JSONWriter {
    /// Writes an array of strings.
    fileprivate mutating func strings(_ values: [String]) {
        beginArray()
        for value in values { string(value) }
        endArray()
    }
}
