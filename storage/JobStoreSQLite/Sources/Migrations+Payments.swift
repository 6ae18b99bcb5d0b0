extension Migrations {
    /// What payments, credits that end and bounds on free models need.
    static let payments = """
        -- What is known of each payment, in whatever order it was told; no purchase as long as only other things are.
        CREATE TABLE payments (
            id            TEXT PRIMARY KEY NOT NULL,
            workspace     TEXT REFERENCES workspaces (name),
            paid_nano     INTEGER CHECK (paid_nano > 0),
            credits_nano  INTEGER CHECK (credits_nano >= 0),
            fee_nano      INTEGER CHECK (fee_nano >= 0),
            paid_at       INTEGER,
            refunded_nano INTEGER NOT NULL CHECK (refunded_nano >= 0),
            taken_nano    INTEGER NOT NULL CHECK (taken_nano >= 0),
            CHECK ((workspace IS NULL) = (paid_nano IS NULL)),
            CHECK ((workspace IS NULL) = (paid_at IS NULL)),
            CHECK (paid_nano IS credits_nano + fee_nano),
            CHECK (taken_nano <= ifnull(credits_nano, 0))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX payments_workspace ON payments (workspace, paid_at) WHERE workspace IS NOT NULL;

        CREATE TABLE payment_disputes (
            payment     TEXT NOT NULL REFERENCES payments (id),
            id          TEXT NOT NULL,
            amount_nano INTEGER NOT NULL CHECK (amount_nano >= 0),
            state       TEXT NOT NULL CHECK (state IN ('open', 'returned', 'lost')),
            told_at     INTEGER NOT NULL,
            PRIMARY KEY (payment, id)
        ) STRICT, WITHOUT ROWID;

        -- Every message of a payment system that was about a payment, and what became of it.
        CREATE TABLE payment_events (
            id          TEXT PRIMARY KEY NOT NULL,
            kind        TEXT NOT NULL,
            payment     TEXT,
            outcome     TEXT NOT NULL CHECK (outcome IN ('applied', 'unchanged', 'ignored', 'refused')),
            reason      TEXT,
            created_at  INTEGER NOT NULL,
            received_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX payment_events_received ON payment_events (received_at);

        -- Credits that end: what is not spent of them, as of the workspace's last reckoning.
        CREATE TABLE credit_lots (
            id             TEXT PRIMARY KEY NOT NULL,
            workspace      TEXT NOT NULL REFERENCES workspaces (name),
            remaining_nano INTEGER NOT NULL CHECK (remaining_nano >= 0),
            expires_at     INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX credit_lots_workspace ON credit_lots (workspace);
        CREATE INDEX credit_lots_ending ON credit_lots (expires_at) WHERE remaining_nano > 0;

        -- owned_nano: what the workspace owned at that reckoning, free and held.
        CREATE TABLE credit_reckonings (
            workspace  TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (name),
            owned_nano INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Requests to free models in the last minute and on the last day that had any; both counted from 1970, in UTC.
        CREATE TABLE free_requests (
            workspace    TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (name),
            minute       INTEGER NOT NULL,
            minute_count INTEGER NOT NULL CHECK (minute_count > 0),
            day          INTEGER NOT NULL,
            day_count    INTEGER NOT NULL CHECK (day_count > 0)
        ) STRICT, WITHOUT ROWID;
        """
}
