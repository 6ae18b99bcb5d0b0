extension Migrations {
    /// What jobs that several endpoints may serve need, and what is known about how endpoints have done.
    ///
    /// `jobs.route` counts the routes of a job from 0; `job_routes` has rows for jobs with more than one. request and
    /// adjustments are there as the endpoint takes them. A job may have been admitted with several of its workspace's own
    /// keys: each is kept until it is over.
    static let routing = """
        ALTER TABLE jobs ADD COLUMN route INTEGER NOT NULL DEFAULT 0 CHECK (route >= 0);
        ALTER TABLE jobs ADD COLUMN route_count INTEGER NOT NULL DEFAULT 1 CHECK (route_count > route);
        CREATE INDEX jobs_movable ON jobs (lane, id)
            WHERE state = 'queued' AND worker IS NULL AND is_ready = 1 AND route_count > 1;

        CREATE TABLE job_routes (
            job                      BLOB NOT NULL REFERENCES jobs (id),
            number                   INTEGER NOT NULL CHECK (number >= 0),
            endpoint                 INTEGER NOT NULL REFERENCES endpoints (id),
            lane                     TEXT NOT NULL,
            price_snapshot           INTEGER NOT NULL REFERENCES price_snapshots (id),
            hold_nano                INTEGER NOT NULL CHECK (hold_nano >= 0),
            estimated_nano           INTEGER NOT NULL CHECK (estimated_nano >= 0),
            default_deadline_seconds INTEGER NOT NULL,
            request                  TEXT NOT NULL,
            adjustments              TEXT NOT NULL,
            reason                   TEXT NOT NULL,
            PRIMARY KEY (job, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE endpoint_health (
            endpoint   INTEGER PRIMARY KEY REFERENCES endpoints (id),
            figures    TEXT NOT NULL CHECK (json_valid(figures)),
            updated_at INTEGER NOT NULL
        ) STRICT;

        ALTER TABLE customer_key_jobs RENAME TO customer_key_jobs_before;
        CREATE TABLE customer_key_jobs (
            job          BLOB NOT NULL REFERENCES jobs (id),
            customer_key TEXT NOT NULL REFERENCES customer_keys (id),
            PRIMARY KEY (job, customer_key)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO customer_key_jobs SELECT job, customer_key FROM customer_key_jobs_before;
        DROP TABLE customer_key_jobs_before;
        CREATE INDEX customer_key_jobs_of ON customer_key_jobs (customer_key);
        """
}
