import Generation
import JobCore

/// The forms of OpenRouter's routes: requests are open, answers are just these.
extension Schema {
    // MARK: Requests

    /// The body of a request for a video; null is the same as absent.
    static let videoRequest: Schema = {
        let optional: [String: Schema] = [
            "duration": duration,
            "resolution": text(max: 20).example("720p"),
            "aspect_ratio": text(max: 20).example("16:9"),
            "size": pixelSize,
            "frame_images": openFrames.about("Pictures that the video starts and ends with; they win over references."),
            "input_references": array(of: reference, max: 16).about(
                "What to be guided by; kinds that the model does not take are passed over."
            ),
            "generate_audio": bool,
            "seed": seed,
            "callback_url": callbackURL,
            "previous_job_id": text(max: 100),
            "upscale_factor": Schema.number(in: 0...1_000).about("Of models that upscale."),
            "creativity": integer(in: Int64.min...Int64.max).about("Of models that upscale."),
            "provider": preferences,
            "models": fallbackModels,
            "user": text(max: 512),
            "session_id": text(max: 256),
            "trace": object([:], isOpen: true).about("Yours, kept as it is: at most 8192 bytes."),
        ]
        let needs = ["model": text(min: 1, max: 200), "prompt": prompt]
        return named(
            "VideoGenerationRequest",
            object(
                optional.mapValues(\.orNull).merging(needs) { $1 },
                optional: Set(optional.keys),
                isOpen: true
            )
        )
    }()

    static let preferences: Schema = {
        var members = routingMembers
        members["options"] = map(of: object([:], isOpen: true).orNull).orNull
            .about("By provider, its own options, also under `parameters`.")
        return named("ProviderPreferences", object(members, optional: Set(members.keys), isOpen: true))
    }()

    private static let address = object(["url": text(min: 1).about("A `data:` URL, or an http(s) one.")], isOpen: true)

    private static let reference = anyOf(
        ["image_url", "audio_url", "video_url"].map {
            object(["type": const($0), $0: address], isOpen: true)
        }
    )

    private static let openFrames: Schema = {
        func frame(_ role: FrameRole) -> Schema {
            object(
                ["type": const("image_url"), "image_url": address, "frame_type": const(role.rawValue)],
                isOpen: true
            )
        }
        return anyOf([
            array(of: anyOf([frame(.first), frame(.last)]), max: 1),
            tuple(of: [frame(.first), frame(.last)]), tuple(of: [frame(.last), frame(.first)]),
        ])
    }()

    // MARK: Videos

    /// A video's job.
    static let video = named(
        "VideoGeneration",
        .object(
            [
                "id": jobID,
                "polling_url": url,
                "status": word(VideoWire.Status.self),
                "generation_id": jobID.about("Once it has ended."),
                "error": .string(min: 1).about("Why there is no video."),
                "unsigned_urls": array(of: url).about("The outputs; they want the key."),
                "usage": object(["cost": dollars, "is_byok": bool]),
                "adjustments": array(of: adjustment, min: 1),
            ],
            optional: ["generation_id", "error", "unsigned_urls", "usage", "adjustments"]
        )
    )

    static let dollars = Schema.number(in: -1e10...1e10).about("US dollars.")
    static let time1970 = Schema.count.about("Seconds since 1970.")
    static let words = array(of: .string(min: 1))

    /// The list of video models.
    static let videoModels = object([
        "data": array(
            of: named(
                "VideoModel",
                .object(
                    names.merging([
                        "description": .string(),
                        "supported_resolutions": words, "supported_aspect_ratios": words, "supported_sizes": words,
                        "supported_durations": array(of: count),
                        "supported_frame_images": array(of: word(FrameRole.self)),
                        "generate_audio": bool, "seed": bool,
                        "upscale_factor": null, "creativity": null,
                        "allowed_passthrough_parameters": words,
                        "pricing_skus": map(of: decimal),
                        "endpoints": array(of: .object(dialectHealth.merging(["tag": .string(min: 1)]) { $1 }), min: 1)
                            .about("Who serves it, and how each has done."),
                    ]) { $1 }
                )
            )
        )
    ])

    private static let names: [String: Schema] = [
        "id": .string(min: 1), "canonical_slug": .string(min: 1), "name": .string(min: 1), "created": time1970,
    ]

    // MARK: Models

    /// One page of models.
    static let models = object([
        "data": array(of: model), "links": object(["next": .string().orNull]), "total_count": count,
    ])

    /// One model in its envelope.
    static let modelAnswer = object(["data": model])

    /// How many models there are.
    static let modelCount = object(["data": object(["count": count])])

    private static let model = named(
        "Model",
        .object(
            names.merging([
                "description": .string(),
                "architecture": architecture,
                "context_length": null, "default_parameters": null, "per_request_limits": null,
                "expiration_date": calendarDate.about("The day on which its last endpoint ends, if one is known."),
                "links": object(["details": .string(min: 1)]),
                "pricing": pricing,
                "supported_parameters": words,
                "supported_voices": words.orNull,
                "top_provider": object(["is_moderated": bool, "context_length": null, "max_completion_tokens": null]),
            ]) { $1 },
            optional: ["expiration_date"]
        )
    )

    private static let architecture = named(
        "Architecture",
        .object([
            "input_modalities": words, "output_modalities": words, "modality": .string(min: 1), "instruct_type": null,
            "tokenizer": null,
        ])
    )

    private static let pricing = object(
        [
            "prompt": decimal, "completion": decimal, "request": decimal, "image_output": decimal, "audio": decimal,
            "audio_output": decimal,
        ],
        optional: ["request", "image_output", "audio", "audio_output"]
    )

    /// A model's endpoints.
    static let endpoints = object([
        "data": object([
            "id": .string(min: 1), "name": .string(min: 1), "created": time1970, "description": .string(),
            "architecture": architecture, "endpoints": array(of: endpoint),
        ])
    ])

    /// Endpoints of any models.
    static let endpointList = object(["data": array(of: endpoint)])

    /// How an endpoint has done.
    private static let dialectHealth: [String: Schema] = {
        var members: [String: Schema] = [
            "throughput_last_30m": percentiles.orNull.about("Output per second."),
            "perf_last_30m_by_workload": map(
                of: .object(["latency": percentiles.orNull, "throughput": percentiles.orNull, "request_count": count])
            ).about("Latency from end to end, in milliseconds."),
            "status": integer(in: -2...0).about("0 is well, -1 fails now and then, -2 is left alone for now."),
        ]
        for name in ["uptime_last_5m", "uptime_last_30m", "uptime_last_1d"] {
            members[name] = Schema.number(in: 0...100).orNull.about("Percent.")
        }
        return members
    }()

    private static let endpoint: Schema = {
        var members: [String: Schema] = [
            "name": .string(min: 1), "model_id": .string(min: 1), "model_name": .string(min: 1),
            "provider_name": .string(min: 1), "tag": .string(min: 1), "context_length": count, "pricing": pricing,
            "supported_parameters": words, "native_tools": object([:]),
            "supports_tool_choice": object(["auto": bool, "function": bool, "none": bool, "required": bool]),
            "supports_diarization": bool, "supports_implicit_caching": bool,
        ]
        for name in [
            "max_completion_tokens", "max_prompt_tokens", "quantization", "service_tier", "latency_last_30m",
        ] { members[name] = null }
        members.merge(dialectHealth) { $1 }
        members["available_until"] = calendarDate.about("The day on which the provider ends it, if one is known.")
        return named("Endpoint", object(members, optional: ["available_until"]))
    }()

    /// The providers.
    static let providers = object([
        "data": array(
            of: object([
                "name": .string(min: 1), "slug": .string(min: 1), "privacy_policy_url": null,
                "terms_of_service_url": null, "status_page_url": null,
            ])
        )
    ])

    // MARK: Credits

    /// A workspace's credits.
    static let credits = object([
        "data": object([
            "total_credits": dollars, "total_usage": dollars, "available": dollars,
            "held": dollars.about("Set aside for jobs that are not over, in US dollars."),
        ])
    ])

    /// The key of the request.
    static let currentKey: Schema = {
        var members: [String: Schema] = [
            "label": .string(min: 1), "limit": dollars.orNull, "limit_remaining": dollars.orNull,
            "include_byok_in_limit": bool, "is_free_tier": bool, "is_management_key": bool,
            "is_provisioning_key": bool, "workspace_id": .string(min: 1), "allowed_data_regions": words,
            "budgets": array(of: keyBudget, max: 5), "effective_budget": keyBudget.orNull,
            "free_model_daily_requests": object(["limit": count, "remaining": count, "used": count]),
            "rate_limit": object([
                "interval": .string(min: 1), "note": .string(min: 1), "requests": integer(in: -1 ... -1),
            ]),
        ]
        members["limit_reset"] = word(SpendingPeriod.resetting.map(\.rawValue)).orNull
        members["creator_user_id"] = .string().orNull
        members["expires_at"] = time.orNull
        members["organization_id"] = null
        for name in ["usage", "byok_usage"] {
            for period in ["", "_daily", "_weekly", "_monthly"] { members[name + period] = dollars }
        }
        return object(["data": named("CurrentKey", object(members))])
    }()
}
