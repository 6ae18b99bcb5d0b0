extension Migrations {
    /// What the delivery of callbacks needs.
    ///
    /// `origin` is `OutboxMessage.origin` in SQL. `outbox_origins` has a row for each origin with messages that wait, and
    /// when the first of them is due: a claim looks at origins that have something due, not at every message of one that
    /// is busy. Triggers keep it, whatever changes the messages.
    static let deliveries = """
        ALTER TABLE outbox ADD COLUMN exhausted_at INTEGER CHECK (exhausted_at IS NULL OR delivered_at IS NULL);
        ALTER TABLE outbox ADD COLUMN origin TEXT GENERATED ALWAYS AS
            (lower(substr(url, 1, instr(substr(replace(url, '?', '/'), 9) || '/', '/') + 7))) VIRTUAL;
        DROP INDEX outbox_due;
        CREATE INDEX outbox_waiting ON outbox (origin, due_at) WHERE delivered_at IS NULL AND exhausted_at IS NULL;
        CREATE INDEX outbox_exhausted ON outbox (exhausted_at) WHERE exhausted_at IS NOT NULL;

        CREATE TABLE outbox_origins (
            origin TEXT PRIMARY KEY NOT NULL,
            due_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outbox_origins_due ON outbox_origins (due_at);
        INSERT INTO outbox_origins SELECT origin, min(due_at) FROM outbox WHERE delivered_at IS NULL GROUP BY origin;
        CREATE TRIGGER outbox_origins_insert AFTER INSERT ON outbox BEGIN
            INSERT INTO outbox_origins VALUES (new.origin, new.due_at)
            ON CONFLICT (origin) DO UPDATE SET due_at = min(due_at, excluded.due_at);
        END;
        CREATE TRIGGER outbox_origins_update AFTER UPDATE OF due_at, delivered_at, exhausted_at ON outbox BEGIN
            DELETE FROM outbox_origins WHERE origin = new.origin;
            INSERT INTO outbox_origins SELECT origin, due_at FROM outbox
            WHERE origin = new.origin AND delivered_at IS NULL AND exhausted_at IS NULL ORDER BY due_at LIMIT 1;
        END;

        -- One row for each try: the status of the answer, or why there was none.
        CREATE TABLE webhook_deliveries (
            job          BLOB NOT NULL,
            version      INTEGER NOT NULL,
            number       INTEGER NOT NULL CHECK (number >= 1),
            at           INTEGER NOT NULL,
            status       INTEGER,
            error        TEXT,
            milliseconds INTEGER NOT NULL CHECK (milliseconds >= 0),
            PRIMARY KEY (job, version, number),
            FOREIGN KEY (job, version) REFERENCES outbox (job, version),
            CHECK ((status IS NULL) <> (error IS NULL))
        ) STRICT, WITHOUT ROWID;
        """
}
