extension Schema {
    /// What became of a payment system's message.
    static let paymentReceipt = named(
        "PaymentReceipt",
        object([
            "received": bool, "outcome": word(["applied", "unchanged", "ignored"]), "reason": string().orNull,
        ])
    )
}
