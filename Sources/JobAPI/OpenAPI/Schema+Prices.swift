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
        ])
    )

    /// All models.
    static let catalog = named("Catalog", .object(["object": const("list"), "data": array(of: catalogModel)]))

    private static let catalogModel = named(
        "CatalogModel",
        .object([
            "slug": .string(min: 1),
            "object": const("model"),
            "name": .string(min: 1),
            "summary": .string(),
            "type": word(GenerationType.self),
            "provider": .string(min: 1),
            "cancellable": bool,
            "parameters": .object([:], isOpen: true).about("What may be asked for, by the native names."),
            "prices": array(
                of: .object([
                    "unit": word(PriceUnit.self), "price": decimal, "currency": const("USD"),
                    "conditions": map(of: .string()),
                ])
            ),
            "limits": .object(["slots": count, "submits_per_minute": count.orNull]),
            "typical_seconds": .number(in: 0...1e9),
            "deadline_seconds": count,
            "source": .string(),
        ])
    )
}
