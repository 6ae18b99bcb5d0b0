extension AuditRule {
    /// What must hold of payments and of credits that end.
    static let payments = [
        AuditRule(
            "payment_booked",
            """
            SELECT coalesce(payments.id, substr(booked.cause, 9)), 'brought ' || ifnull(credits_nano, 0) || ', of which '
                || ifnull(taken_nano, 0) || ' were taken back; its transfers make ' || ifnull(total, 0)
            FROM payments FULL JOIN (
                SELECT cause, sum(CASE WHEN to_account GLOB 'available:*' THEN amount_nano ELSE -amount_nano END) AS total
                FROM transfers
                WHERE cause GLOB 'payment:*' AND (to_account GLOB 'available:*' OR from_account GLOB 'available:*')
                GROUP BY cause
            ) AS booked ON booked.cause = 'payment:' || payments.id
            WHERE ifnull(credits_nano, 0) - ifnull(taken_nano, 0) <> ifnull(total, 0)
            """
        ),
        AuditRule(
            "credit_lots",
            """
            SELECT credit_reckonings.workspace, 'owned ' || owned_nano || ' at its reckoning, of which ' || lots
                || ' end; it owns ' || owns
            FROM (
                SELECT workspace, owned_nano,
                    (SELECT ifnull(sum(remaining_nano), 0) FROM credit_lots
                        WHERE credit_lots.workspace = credit_reckonings.workspace) AS lots,
                    (SELECT ifnull(sum(balance_nano), 0) FROM accounts
                        WHERE name IN ('available:' || credit_reckonings.workspace,
                            'held:' || credit_reckonings.workspace)) AS owns
                FROM credit_reckonings
            ) AS credit_reckonings
            WHERE lots > max(0, owned_nano) OR owns > owned_nano
            """
        ),
    ]
}
