import Generation
import Ledger

/// Quotes, and the catalog of models.
extension Schema {
    /// What a submission would cost.
    static let quote = named(
        "Quote",
        .object([
            "total": amount,
            "currency": const("USD"),
            "hold": amount.about("The worst case, rounded up: what a job would set aside."),
            "lines": array(of: billLine),
            "adjustments": array(of: adjustment),
            "routes": quotedRoutes.about("Who would be asked, in this order; the lines are those of the first."),
        ])
    )

    /// All models.
    static let catalog = named("Catalog", .object(["object": const("list"), "data": array(of: catalogModel)]))

    private static let catalogModel = named(
        "CatalogModel",
        .object(
            catalogOffer.merging([
                "slug": .string(min: 1),
                "object": const("model"),
                "name": .string(min: 1),
                "summary": .string(),
                "type": word(GenerationType.self),
                "aliases": array(of: .string(min: 1)).about("Other names that stand for it here."),
                "endpoints": array(
                    of: .object(
                        catalogOffer.merging([
                            "provider_name": .string(min: 1), "provider_model": .string(min: 1),
                        ]) { $1 }
                    ),
                    min: 1
                ).about("Who serves it, the preferred one first: what stands beside this list is of that one."),
            ]) { $1 }
        )
    )

    /// What one endpoint takes and costs.
    private static let catalogOffer: [String: Schema] = [
        "provider": .string(min: 1),
        "cancellable": bool,
        "parameters": .object([:], isOpen: true).about("What may be asked for, by the native names."),
        "prices": array(
            of: .object(
                [
                    "unit": word(PriceUnit.self), "price": decimal, "currency": const("USD"),
                    "conditions": map(of: .string()),
                    "above": decimal.about("Of a higher tier: it counts for what is above this quantity."),
                    "until": time.about("When the price ends; a job that was accepted keeps it."),
                ],
                optional: ["above", "until"]
            )
        ).about("What counts now."),
        "video_tokens": .object([
            "frames_per_second": count, "extra_frames": count, "pixels_per_token": count,
            "pixels_max": map(of: count), "input_seconds_max": count,
        ]).orNull.about("Tokens of a video: width × height × (rate × seconds + extra) ÷ pixels, rounded up."),
        "limits": .object(["slots": count, "submits_per_minute": count.orNull, "submits_per_second": count.orNull]),
        "typical_seconds": .number(in: 0...1e9),
        "deadline_seconds": count,
        "available_until": calendarDate.orNull.about("The day on which the provider ends it, if one is known."),
        "replaced_by": .string(min: 1).orNull,
        "data_policy": .object([
            "zero_retention": bool, "retention_days": count.orNull, "trains_on_inputs": bool.orNull,
            "source": .string(),
        ]).orNull,
        "source": .string(),
        "health": endpointHealth,
    ]

    /// A day, as `2026-09-24`.
    static let calendarDate = Schema.string(pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", format: "date")
}
