import Generation
import JobCore
import Ledger
import MediaInspection

/// The native job and what it consists of.
extension Schema {
    /// A job: every key always, null where there is nothing to say.
    static let job = named(
        "Job",
        .object([
            "id": jobID,
            "object": const("job"),
            "type": word(GenerationType.self),
            "model": .string(min: 1, max: 200),
            "status": jobStatus,
            "phase": jobPhase,
            "progress": jobProgressFigure,
            "eta_seconds": count.orNull.about("An estimate from how long equal jobs took."),
            "queue_position": count.orNull,
            "cancellable": bool,
            "created_at": time,
            "started_at": time.orNull,
            "completed_at": time.orNull.about("When it ended, however it ended."),
            "expires_at": time.orNull.about("When it is given up; null once it has ended."),
            "input": jobInput,
            "adjustments": array(of: adjustment),
            "attempts": array(of: attempt),
            "routing": jobRouting,
            "artifacts": array(of: artifact),
            "estimated_cost": amount.orNull.about(
                "What it was expected to cost when it was accepted, in US dollars; `usage` tells what it did."
            ),
            "usage": usage.orNull,
            "error": jobError.orNull,
            "metadata": map(of: .string()),
            "links": .object(["self": url, "events": url, "cancel": url]),
        ])
    )

    /// One page of jobs, the newest first.
    static let jobList = named(
        "JobList",
        .object([
            "object": const("list"),
            "data": array(of: job),
            "has_more": bool,
            "next_cursor": jobID.orNull.about("What to send as `cursor` for the next page."),
        ])
    )

    /// The data of one event: a step, or the whole job at its end.
    static let jobEvent = named(
        "JobEvent",
        .anyOf([
            named(
                "JobStep",
                .object([
                    "id": jobID, "status": jobStatus, "phase": jobPhase, "progress": jobProgressFigure, "at": time,
                ])
            ), job,
        ])
    )

    private static let jobStatus = word(JobWire.Status.self)
    private static let jobPhase = word(JobPhase.self).orNull.about("More about a live job than its status tells.")
    private static let jobProgressFigure = Schema.number(in: 0...1).orNull
        .about("The provider's own figure; null when it gives none.")

    static let adjustment = named(
        "Adjustment",
        .object([
            "parameter": .string(min: 1),
            "asked": any,
            "used": any.about("What is used instead; null when nothing is."),
            "reason": word([
                "unsupported_parameter", "unknown_field", "nearest_value", "resized", "model_alias", "not_applicable",
                "delivered_otherwise",
            ]),
        ])
    )

    private static let attempt = named(
        "Attempt",
        .object([
            "endpoint": .string(min: 1).about("The provider and the model."),
            "provider": .string(min: 1),
            "status": word(AttemptState.self),
            "reason": .string(min: 1).orNull.about("Why it failed."),
            "cost": amount.orNull.about("What it cost the workspace; null while it is under way."),
            "started_at": time,
            "ended_at": time.orNull,
        ])
    )

    private static let artifact = named(
        "Artifact",
        .object([
            "index": count,
            "kind": word(["image", "audio", "video"]).orNull,
            "media_type": .string(min: 1),
            "bytes": count,
            "sha256": .string(pattern: "^[0-9a-f]{64}$"),
            "width": count.orNull,
            "height": count.orNull,
            "duration_seconds": Schema.number(in: 0...1e9).orNull,
            "url": url,
            "expires_at": time.orNull,
        ])
    )

    private static let usage = named(
        "Usage",
        .object([
            "cost": amount,
            "currency": const("USD"),
            "is_byok": bool,
            "lines": array(of: billLine),
        ])
    )

    /// One line of a bill.
    static let billLine = named(
        "BillLine",
        .object([
            "unit": word(PriceUnit.self), "quantity": decimal, "price": decimal, "amount": amount, "why": .string(),
        ])
    )

    private static let jobError = named(
        "JobError",
        .object([
            "code": word(JobFailure.Code.self),
            "type": .string(min: 1),
            "message": .string(min: 1),
            "provider_code": .string().orNull,
            "retryable": bool.about("Whether an equal new job may succeed."),
        ])
    )
}
