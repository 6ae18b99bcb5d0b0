extension Migrations {
    /// What came of generations whose jobs had given them up, each once.
    ///
    /// first_number and artifact_count say which of the job's artifacts it gave; loss_nano is what was booked as the
    /// operator's loss.
    static let lateResults = """
        CREATE TABLE late_results (
            job            BLOB NOT NULL REFERENCES jobs (id),
            attempt        INTEGER NOT NULL CHECK (attempt >= 1),
            remote_id      TEXT NOT NULL,
            first_number   INTEGER NOT NULL CHECK (first_number >= 0),
            artifact_count INTEGER NOT NULL CHECK (artifact_count >= 0),
            loss_nano      INTEGER NOT NULL CHECK (loss_nano >= 0),
            recorded_at    INTEGER NOT NULL,
            PRIMARY KEY (job, remote_id)
        ) STRICT, WITHOUT ROWID;
        """
}
