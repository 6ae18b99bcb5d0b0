extension Migrations {
    /// What the final form of the ledger needs.
    ///
    /// Accounts are made anew: what a workspace has may now go below zero, by refunds and chargebacks alone, which the
    /// program checks; what is set aside never. Transfers are kept as they are, with an empty reason and actor.
    ///
    /// `platform_nano` is the part of a charge that is not the provider's. `workspace_usage` has a row for each day on
    /// which jobs of the workspace ended that cost something, here or by keys of the client's own; `key_byok_usage` one
    /// for each day of a key on which such keys were used. `sha256` is that of the sheet, as it was when it was written.
    static let money = """
        CREATE TABLE accounts_new (
            name         TEXT PRIMARY KEY NOT NULL,
            balance_nano INTEGER NOT NULL,
            CHECK (balance_nano >= 0 OR NOT (name GLOB 'held:*'))
        ) STRICT, WITHOUT ROWID;
        INSERT INTO accounts_new SELECT name, balance_nano FROM accounts;
        DROP TABLE accounts;
        ALTER TABLE accounts_new RENAME TO accounts;

        ALTER TABLE transfers ADD COLUMN reason TEXT NOT NULL DEFAULT '';
        ALTER TABLE transfers ADD COLUMN actor TEXT NOT NULL DEFAULT '';

        ALTER TABLE holds ADD COLUMN platform_nano INTEGER NOT NULL DEFAULT 0
            CHECK (platform_nano BETWEEN 0 AND ifnull(charged_nano, 0));

        ALTER TABLE price_snapshots ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
        UPDATE price_snapshots SET sha256 = sha256_text(sheet);

        CREATE TABLE workspace_usage (
            workspace      TEXT NOT NULL REFERENCES workspaces (name),
            day            INTEGER NOT NULL,
            charged_nano   INTEGER NOT NULL CHECK (charged_nano >= 0),
            byok_list_nano INTEGER NOT NULL CHECK (byok_list_nano >= 0),
            PRIMARY KEY (workspace, day)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO workspace_usage (workspace, day, charged_nano, byok_list_nano)
            SELECT jobs.workspace, finished_at / 86400000, sum(charged_nano), 0
            FROM jobs JOIN holds ON holds.job = jobs.id
            WHERE charged_nano > 0 AND finished_at IS NOT NULL
            GROUP BY 1, 2;

        CREATE TABLE key_byok_usage (
            key_hash  TEXT NOT NULL REFERENCES api_keys (hash),
            day       INTEGER NOT NULL,
            list_nano INTEGER NOT NULL CHECK (list_nano > 0),
            PRIMARY KEY (key_hash, day)
        ) STRICT, WITHOUT ROWID;
        """
}
