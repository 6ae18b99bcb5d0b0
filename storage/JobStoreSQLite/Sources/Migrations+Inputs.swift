extension Migrations {
    /// What references by URL need: what each gave when it was fetched for a job, so that a worker that takes the job over
    /// sends the same bytes.
    ///
    /// The files stand in `job_inputs` as well, as those of media that came with the request do; a reference goes with its
    /// row there.
    static let inputs = """
        CREATE TABLE job_references (
            job        BLOB NOT NULL REFERENCES jobs (id),
            url        TEXT NOT NULL,
            sha256     TEXT NOT NULL,
            media_type TEXT NOT NULL,
            bytes      INTEGER NOT NULL CHECK (bytes >= 0),
            PRIMARY KEY (job, url),
            FOREIGN KEY (job, sha256) REFERENCES job_inputs (job, sha256) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        """
}
