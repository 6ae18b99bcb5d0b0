extension Migrations {
    /// What a key's usage by day needs: one row for each day on which jobs of the key were charged.
    ///
    /// Written when a job is charged, never at an admission. The days are those since 1970, in UTC.
    static let keyUsage = """
        CREATE TABLE key_usage (
            key_hash     TEXT NOT NULL REFERENCES api_keys (hash),
            day          INTEGER NOT NULL,
            charged_nano INTEGER NOT NULL CHECK (charged_nano > 0),
            PRIMARY KEY (key_hash, day)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO key_usage (key_hash, day, charged_nano)
            SELECT key_hash, finished_at / 86400000, sum(charged_nano)
            FROM jobs JOIN holds ON holds.job = jobs.id
            WHERE charged_nano > 0 AND finished_at IS NOT NULL
            GROUP BY 1, 2;
        CREATE INDEX api_keys_workspace ON api_keys (workspace);
        """
}
