extension Migrations {
    /// What a job is expected to cost, beside what is held for it; and one row for each job that is over: what it cost, and how much came of it.
    ///
    /// Kept in the order in which it is asked for, by workspace and time: a month of a workspace is read in one piece.
    /// The jobs that were over before get their rows here. Whose outputs were deleted since has lost what was measured on
    /// them; what its bill says is still there.
    static let usage = """
        ALTER TABLE jobs ADD COLUMN estimated_nano INTEGER CHECK (estimated_nano >= 0);
        CREATE TABLE usage (
            workspace     TEXT NOT NULL,
            finished_at   INTEGER NOT NULL,
            job           BLOB NOT NULL UNIQUE REFERENCES jobs (id),
            key_hash      TEXT NOT NULL,
            type          TEXT NOT NULL
                          CHECK (type IN ('video', 'image', 'speech', 'transcription', 'music', 'sound')),
            model         TEXT NOT NULL,
            provider      TEXT NOT NULL,
            account       TEXT NOT NULL,
            end_user      TEXT,
            session_id    TEXT,
            state         TEXT NOT NULL CHECK (state IN ('completed', 'failed', 'cancelled', 'expired')),
            is_byok       INTEGER NOT NULL CHECK (is_byok IN (0, 1)),
            charged_nano  INTEGER NOT NULL CHECK (charged_nano >= 0),
            fee_nano      INTEGER NOT NULL CHECK (fee_nano BETWEEN 0 AND charged_nano),
            list_nano     INTEGER NOT NULL CHECK (list_nano >= 0),
            created_at    INTEGER NOT NULL,
            started_at    INTEGER,
            milliseconds  INTEGER NOT NULL CHECK (milliseconds >= 0),
            images        INTEGER NOT NULL CHECK (images >= 0),
            outputs       INTEGER NOT NULL CHECK (outputs >= 0),
            input_tokens  INTEGER NOT NULL CHECK (input_tokens >= 0),
            output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
            characters    INTEGER NOT NULL CHECK (characters >= 0),
            PRIMARY KEY (workspace, finished_at, job)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO usage
            SELECT jobs.workspace, jobs.finished_at, jobs.id, jobs.key_hash, jobs.type, endpoints.model,
                endpoints.provider, endpoints.account, json_extract(parameters, '$.user'),
                json_extract(parameters, '$.sessionID'), jobs.state,
                json_extract(state_data, '$.completed._0.bill.byokListPrice') IS NOT NULL, ifnull(charged_nano, 0),
                platform_nano, ifnull(json_extract(state_data, '$.completed._0.bill.byokListPrice'), 0), jobs.created_at,
                jobs.started_at,
                (SELECT ifnull(sum(duration_milliseconds), 0) FROM artifacts WHERE artifacts.job = jobs.id),
                (SELECT count(*) FROM artifacts WHERE artifacts.job = jobs.id AND media_type GLOB 'image/*'),
                (SELECT count(*) FROM artifacts WHERE artifacts.job = jobs.id),
                \(billed("'input_text_token', 'input_image_token', 'input_audio_token'")),
                \(billed("'output_text_token', 'output_image_token', 'output_audio_token', 'token'")),
                \(billed("'character'"))
            FROM jobs
                JOIN endpoints ON endpoints.id = jobs.endpoint
                JOIN job_requests ON job_requests.job = jobs.id
                JOIN holds ON holds.job = jobs.id
            WHERE jobs.finished_at IS NOT NULL;
        """

    /// How much of some units a job's bill counts, in wholes.
    private static func billed(_ units: String) -> String {
        """
        (SELECT ifnull(sum(CAST(json_extract(value, '$.quantity') AS INTEGER)), 0)
            FROM json_each(jobs.state_data, '$.completed._0.bill.lines')
            WHERE json_extract(value, '$.unit') IN (\(units)))
        """
    }
}
