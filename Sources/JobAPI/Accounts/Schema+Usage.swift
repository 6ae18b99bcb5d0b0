import Generation
import JobCore

/// The forms of the routes of usage.
extension Schema {
    /// What a job has used.
    static let generation: Schema = {
        var members: [String: Schema] = [
            "id": jobID, "api_type": word(["video", "image", "tts", "stt", "music", "sound"]),
            "model": .string(min: 1), "provider_name": .string(min: 1), "created_at": time, "cancelled": bool,
            "data_region": const("global"), "origin": .string(), "external_user": .string().orNull,
            "session_id": .string().orNull, "workspace_id": .string(format: "uuid"), "total_cost": dollars,
            "usage": dollars,
            "is_byok": bool, "upstream_inference_cost": dollars.orNull,
            "latency": count.about("Milliseconds from its admission to its end."),
            "generation_time": count.orNull.about("Milliseconds from its first attempt to its end."),
            "upstream_id": .string().orNull.about("The provider's own id."),
            "provider_responses": array(
                of: object(
                    [
                        "status": count.orNull, "provider_name": .string(min: 1), "model_permaslug": .string(min: 1),
                        "endpoint_id": .string(min: 1), "is_byok": bool, "id": .string(), "latency": count,
                    ],
                    optional: ["id", "latency"]
                )
            ),
        ]
        for name in [
            "num_media_prompt", "num_media_completion", "num_input_audio_prompt", "tokens_prompt",
            "native_tokens_prompt", "tokens_completion", "native_tokens_completion", "native_tokens_completion_images",
        ] { members[name] = count }
        for name in GenerationWire.absent { members["\(name)"] = null }
        return object(["data": named("GenerationUsage", object(members))])
    }()

    /// Usage day by day.
    static let activity: Schema = {
        var members: [String: Schema] = [
            "date": calendarDate, "model": .string(min: 1), "model_permaslug": .string(min: 1),
            "endpoint_id": .string(min: 1), "provider_name": .string(min: 1), "usage": dollars,
            "byok_usage_inference": dollars, "workspace_id": .string(format: "uuid"),
        ]
        for name in ["requests", "prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens"] {
            members[name] = count
        }
        return object(["data": array(of: named("Activity", object(members, optional: ["workspace_id"])))])
    }()

    /// What can be asked about usage.
    static let analyticsMeta: Schema = {
        func labelled(_ name: Schema) -> Schema { object(["name": name, "display_label": .string(min: 1)]) }
        return object([
            "data": object([
                "metrics": array(
                    of: object([
                        "name": word(AnalyticsMetric.self), "display_label": .string(min: 1),
                        "display_format": word(AnalyticsMetric.Format.self), "is_rate": bool,
                    ])
                ),
                "dimensions": array(of: labelled(word(AnalyticsDimension.self))),
                "granularities": array(of: labelled(word(UsageGranularity.self))),
                "operators": array(
                    of: object(["name": word(AnalyticsOperator.self), "value_type": word(["scalar", "array"])])
                ),
            ])
        ])
    }()

    /// A question about usage; null is the same as absent.
    static let analyticsQuestion: Schema = {
        let scalar = anyOf([text(max: AnalyticsQuestion.valueMax), Schema.number(in: -1e15...1e15)])
        func filter(_ operators: [AnalyticsOperator], _ value: Schema) -> Schema {
            object(
                [
                    "field": word(AnalyticsDimension.self), "operator": word(operators.map(\.rawValue)), "value": value,
                    "include_unset": bool.orNull.about("Whether rows without a value count too; for lists."),
                ],
                optional: ["include_unset"],
                isOpen: true
            )
        }
        let all = AnalyticsOperator.allCases
        let optional: [String: Schema] = [
            "dimensions": array(of: word(AnalyticsDimension.self), max: AnalyticsDimension.allCases.count),
            "filters": array(
                of: anyOf([
                    filter(all.filter { !$0.takesList }, scalar),
                    filter(all.filter(\.takesList), array(of: scalar, min: 1, max: AnalyticsQuestion.valuesMax)),
                ]),
                max: AnalyticsQuestion.filtersMax
            ),
            "granularity": word(UsageGranularity.self),
            "limit": integer(in: 1...AnalyticsQuestion.limitMax).byDefault(1_000),
            "group_limit": integer(in: 1...AnalyticsQuestion.limitMax)
                .about("How many periods at most for each combination of dimensions."),
            "order_by": object(
                [
                    "field": .string(min: 1, max: 64)
                        .about("A metric, one of the `dimensions`, or `date` with a `granularity`."),
                    "direction": word(["asc", "desc"]),
                ],
                isOpen: true
            ),
            "time_range": object(["start": instant, "end": instant], isOpen: true),
        ]
        let metrics = array(of: word(AnalyticsMetric.self), min: 1, max: AnalyticsMetric.allCases.count)
        return named(
            "AnalyticsQuery",
            object(
                optional.mapValues(\.orNull).merging(["metrics": metrics]) { $1 },
                optional: Set(optional.keys),
                isOpen: true
            )
        )
    }()

    private static let instant = string(
        pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$",
        format: "date-time"
    )

    /// The rows that answer a question.
    static let analyticsAnswer: Schema = {
        var row: [String: Schema] = ["date": .string(min: 10)]
        for dimension in AnalyticsDimension.allCases { row[dimension.rawValue] = .string().orNull }
        for metric in AnalyticsMetric.allCases { row[metric.rawValue] = Schema.number(in: -1e15...1e15) }
        return object([
            "data": object([
                "data": array(of: named("AnalyticsRow", object(row, optional: Set(row.keys)))),
                "metadata": object(["query_time_ms": Schema.number(in: 0...1e9), "row_count": count, "truncated": bool]
                ),
            ])
        ])
    }()
}
