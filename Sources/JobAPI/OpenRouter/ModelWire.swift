import Generation
import JobCore
import JobEngine
import Ledger
import Routing

/// What a model takes in and gives out, in the dialect's words.
extension ModelDirectory.Entry {
    /// What it takes in: `text`, and `image` where pictures can be given; sound where that is listened to.
    var inputModalities: [String] {
        if model.type == .transcription { return ["audio"] }
        return endpoints.contains(where: \.model.takesPictures) ? ["text", "image"] : ["text"]
    }

    /// What it gives out.
    var outputModality: String {
        switch model.type {
        case .video, .image, .speech, .transcription: model.type.rawValue
        case .music, .sound: "audio"
        }
    }

    /// Whether any of its endpoints tells speakers apart.
    fileprivate static func tellsSpeakers(_ model: ModelCapabilities) -> Bool {
        guard case .transcription(let transcription) = model.parameters else { return false }
        return transcription.diarize
    }

    /// The optional parameters that any of its endpoints takes.
    var supportedParameters: [String] { endpoints.flatMap(\.model.supportedParameters).unique }

    /// What its endpoints take, of a model that makes videos.
    var videos: [VideoParameters] {
        endpoints.compactMap { endpoint in
            guard case .video(let parameters) = endpoint.model.parameters else { return nil }
            return parameters
        }
    }
}

extension ModelCapabilities {
    /// Whether pictures can be given.
    fileprivate var takesPictures: Bool {
        switch parameters {
        case .video(let video): !video.frameRoles.isEmpty || video.referencesMax > 0
        case .image(let image): image.referencesMax > 0 || image.mask
        case .speech, .transcription, .music, .sound: false
        }
    }

    /// The optional parameters that it takes.
    fileprivate var supportedParameters: [String] {
        switch parameters {
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
        case .transcription(let transcription):
            names([
                ("language", transcription.languageChoice), ("temperature", transcription.temperatures != nil),
                ("response_format", !transcription.formats.isEmpty),
                ("timestamp_granularities", !transcription.granularities.isEmpty),
                ("diarize", transcription.diarize), ("keyterms", transcription.keytermsMax > 0),
            ])
        case .music(let music):
            names([
                ("lyrics", music.lyricsCharactersMax != nil), ("duration", music.durations != nil),
                ("seed", music.seeds != nil), ("response_format", !music.formats.isEmpty),
            ])
        case .sound(let sound):
            names([
                ("duration", sound.durations != nil), ("seed", sound.seeds != nil),
                ("response_format", !sound.formats.isEmpty),
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
    static func videoModels(
        _ entries: [ModelDirectory.Entry],
        _ figures: (EndpointID) -> EndpointFigures
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for entry in entries where entry.model.type == .video { writeVideoModel(entry, figures, &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    /// What any endpoint takes is taken: a request goes to one that does.
    ///
    /// The prices are those of the preferred one.
    private static func writeVideoModel(
        _ entry: ModelDirectory.Entry,
        _ figures: (EndpointID) -> EndpointFigures,
        _ json: inout JSONWriter
    ) {
        let videos = entry.videos
        let sizes = videos.flatMap(\.sizes)
        json.beginObject()
        writeNames(of: entry, &json)
        json.key("description")
        json.string(entry.model.summary)
        json.key("supported_resolutions")
        json.strings(sizes.map(\.resolution).unique)
        json.key("supported_aspect_ratios")
        json.strings(sizes.map(\.aspectRatio).unique)
        json.key("supported_sizes")
        json.strings(sizes.filter { !$0.followsInput }.map(\.size.description).unique)
        json.key("supported_durations")
        json.beginArray()
        for duration in videos.flatMap(\.durations).unique { json.integer(duration) }
        json.endArray()
        json.key("supported_frame_images")
        json.strings(videos.flatMap(\.frameRoles).unique.sorted().map(\.rawValue))
        json.key("generate_audio")
        json.bool(videos.contains(where: \.audio.canSound))
        json.key("seed")
        json.bool(videos.contains { $0.seeds != nil })
        json.key("upscale_factor")
        json.null()
        json.key("creativity")
        json.null()
        json.key("allowed_passthrough_parameters")
        json.strings(entry.endpoints.flatMap(\.model.options).unique)
        json.key("pricing_skus")
        json.beginObject()
        for (key, price) in PricingSKUs.of(entry.endpoint.prices) {
            json.key(escaping: key)
            json.string(price)
        }
        json.endObject()
        json.key("endpoints")
        json.beginArray()
        for endpoint in entry.endpoints {
            json.beginObject()
            json.key("tag")
            json.string(endpoint.id.provider)
            writeHealth(of: endpoint, figures(endpoint.id), &json)
            json.endObject()
        }
        json.endArray()
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
        if let day = entry.availableUntil {
            json.key("expiration_date")
            json.string(day.description)
        }
        json.key("links")
        json.beginObject()
        json.key("details")
        json.string("/api/v1/models/\(entry.model.slug)/endpoints")
        json.endObject()
        json.key("pricing")
        writePricing(of: entry.endpoint, &json)
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

    /// Most media have no price per token; what a video costs is in `/videos/models`, and what an image does with its
    /// endpoints.
    private static func writePricing(of endpoint: Endpoint, _ json: inout JSONWriter) {
        func price(_ unit: PriceUnit) -> String? {
            endpoint.prices.lines.first { $0.unit == unit && $0.conditions.isEmpty && $0.above == nil }?.price
                .description
        }
        json.beginObject()
        json.key("prompt")
        json.string(price(.inputTextToken) ?? "0")
        json.key("completion")
        json.string(price(.outputTextToken) ?? "0")
        let others: [(StaticString, PriceUnit)] = [
            ("request", .request), ("image_output", .outputImageToken), ("audio", .inputAudioToken),
            ("audio_output", .outputAudioToken),
        ]
        for (key, unit) in others {
            guard let price = price(unit) else { continue }
            json.key(key)
            json.string(price)
        }
        json.endObject()
    }

    // MARK: Endpoints and providers

    /// The endpoints whose provider says that it keeps nothing.
    static func endpointsWithoutRetention(
        _ entries: [ModelDirectory.Entry],
        _ figures: (EndpointID) -> EndpointFigures
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 2_048)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for entry in entries {
            for endpoint in entry.endpoints where endpoint.model.dataPolicy?.zeroRetention == true {
                write(endpoint, of: entry, figures(endpoint.id), &json)
            }
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    /// A model's endpoints.
    static func endpoints(
        of entry: ModelDirectory.Entry,
        _ figures: (EndpointID) -> EndpointFigures
    ) -> [UInt8] {
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
        for endpoint in entry.endpoints { write(endpoint, of: entry, figures(endpoint.id), &json) }
        json.endArray()
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private static func write(
        _ endpoint: Endpoint,
        of entry: ModelDirectory.Entry,
        _ figures: EndpointFigures,
        _ json: inout JSONWriter
    ) {
        let name = endpoint.providerName
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
        json.string(endpoint.id.provider)
        json.key("context_length")
        json.integer(0)
        json.key("pricing")
        writePricing(of: endpoint, &json)
        json.key("supported_parameters")
        json.strings(endpoint.model.supportedParameters)
        if let day = endpoint.model.availableUntil {
            json.key("available_until")
            json.string(day.description)
        }
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
        json.key("supports_diarization")
        json.bool(ModelDirectory.Entry.tellsSpeakers(endpoint.model))
        json.key("supports_implicit_caching")
        json.bool(false)
        for key: StaticString in [
            "max_completion_tokens", "max_prompt_tokens", "quantization", "service_tier", "latency_last_30m",
        ] {
            json.key(key)
            json.null()
        }
        writeHealth(of: endpoint, figures, &json)
        json.endObject()
    }

    /// How an endpoint has done: uptimes in percent, times from end to end in milliseconds.
    private static func writeHealth(of endpoint: Endpoint, _ figures: EndpointFigures, _ json: inout JSONWriter) {
        let standing = figures.standing
        json.key("uptime_last_5m")
        json.number(standing.uptime5m.map { $0 * 100 })
        json.key("uptime_last_30m")
        json.number(standing.uptime30m.map { $0 * 100 })
        json.key("uptime_last_1d")
        json.number(standing.uptime1d.map { $0 * 100 })
        json.key("throughput_last_30m")
        RoutingWire.write(standing.throughput, to: &json)
        json.key("perf_last_30m_by_workload")
        json.beginObject()
        if standing.samples > 0 {
            json.key(escaping: endpoint.model.type.workload)
            json.beginObject()
            json.key("latency")
            RoutingWire.write(standing.latency, times: 1_000, to: &json)
            json.key("throughput")
            RoutingWire.write(standing.throughput, to: &json)
            json.key("request_count")
            json.integer(standing.samples)
            json.endObject()
        }
        json.endObject()
        json.key("status")
        json.integer(standing.isOpen ? -2 : standing.isInOutage ? -1 : 0)
    }

    /// The providers that serve any model, each once.
    static func providers(_ entries: [ModelDirectory.Entry]) -> [UInt8] {
        let endpoints = entries.flatMap(\.endpoints)
        let names = Dictionary(endpoints.map { ($0.id.provider, $0.providerName) }) { first, _ in first }
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
}

extension JSONWriter {
    /// Writes an array of strings.
    mutating func strings(_ values: [String]) {
        beginArray()
        for value in values { string(value) }
        endArray()
    }
}

extension GenerationType {
    /// What this dialect calls the work of making it.
    fileprivate var workload: String {
        switch self {
        case .video: "video_generation"
        case .image: "image_generation"
        case .speech: "tts"
        case .transcription: "stt"
        case .music: "music_generation"
        case .sound: "sound_generation"
        }
    }
}
