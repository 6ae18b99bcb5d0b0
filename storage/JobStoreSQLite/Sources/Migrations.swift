import GRDB

/// The schema, step by step.
///
/// A step that was ever released is never edited: databases exist that have taken it.
enum Migrations {
    /// `MEDI`: marks a file as ours.
    static let applicationID: Int64 = 0x4D45_4449

    /// The steps; the database's `user_version` counts those it has taken.
    static let steps = [
        initial,
        repeats,
        deliveries,
        inputs,
        keyUsage,
        callbacks,
        measures,
        money,
        payments,
        customerKeys,
        usage,
        keyTerms,
        lateResults,
        routing,
    ]

    /// Brings a database up to date.
    ///
    /// In one transaction that is begun as a writer: of two processes that open a new file at once, the second finds
    /// all done. A crash leaves the schema as it was.
    ///
    /// A step may make a table anew under its name: other tables' references to it hold meanwhile by their names, and are
    /// looked at again from then on.
    ///
    /// - Parameters:
    ///   - db: The database.
    ///   - mayMigrate: Whether steps may be taken on a database that has taken some; a new one takes all in any case.
    /// - Throws: `foreignFile`, `newerSchema`, `olderSchema`, or what SQLite says.
    static func apply(to db: Database, mayMigrate: Bool = true) throws {
        // Nothing but an order of its own, outside of any transaction, changes this.
        try db.execute(sql: "PRAGMA foreign_keys = OFF")
        defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
        try db.inTransaction(.immediate) {
            let known = Int64(steps.count)
            let version = try db.integer("PRAGMA user_version") ?? 0
            let application = try db.integer("PRAGMA application_id") ?? 0
            let tables = try db.integer("SELECT count(*) FROM sqlite_schema") ?? 0
            guard application == applicationID || (application == 0 && version == 0 && tables == 0) else {
                throw SQLiteJobStoreError.foreignFile
            }
            guard version <= known else { throw SQLiteJobStoreError.newerSchema(found: version, known: known) }
            guard mayMigrate || version == known || version == 0 else {
                throw SQLiteJobStoreError.olderSchema(found: version, known: known)
            }
            for step in steps.dropFirst(Int(version)) { try db.execute(sql: step) }
            try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(known)")
            return .commit
        }
    }

    /// Times are milliseconds since 1970, amounts are nano US dollars, job ids are the 16 bytes of a UUID version 7.
    private static let initial = """
        CREATE TABLE workspaces (
            name       TEXT PRIMARY KEY NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- committed_nano: what the key's jobs have cost, plus their open holds.
        CREATE TABLE api_keys (
            hash           TEXT PRIMARY KEY NOT NULL,
            name           TEXT NOT NULL,
            label          TEXT NOT NULL,
            workspace      TEXT NOT NULL REFERENCES workspaces (name),
            limit_nano     INTEGER CHECK (limit_nano >= 0),
            is_management  INTEGER NOT NULL CHECK (is_management IN (0, 1)),
            committed_nano INTEGER NOT NULL DEFAULT 0 CHECK (committed_nano >= 0),
            created_at     INTEGER NOT NULL,
            revoked_at     INTEGER
        ) STRICT;

        CREATE TABLE endpoints (
            id       INTEGER PRIMARY KEY,
            model    TEXT NOT NULL,
            provider TEXT NOT NULL,
            account  TEXT NOT NULL,
            UNIQUE (model, provider, account)
        ) STRICT;

        -- The price sheets that jobs were accepted at, each once.
        CREATE TABLE price_snapshots (
            id    INTEGER PRIMARY KEY,
            sheet TEXT NOT NULL UNIQUE
        ) STRICT;

        -- A lease that has ended never comes back: the row stays, so that its id cannot either.
        CREATE TABLE workers (
            id          TEXT PRIMARY KEY NOT NULL,
            alive_until INTEGER NOT NULL,
            has_ended   INTEGER NOT NULL DEFAULT 0 CHECK (has_ended IN (0, 1))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX workers_alive ON workers (alive_until) WHERE has_ended = 0;

        -- What moves in a job's life.
        -- is_ready: its time has come; due_at: when the state next wants attention by itself; deadline_at: of a waiting
        -- job, when it expires.
        CREATE TABLE jobs (
            id                       BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
            workspace                TEXT NOT NULL REFERENCES workspaces (name),
            key_hash                 TEXT NOT NULL REFERENCES api_keys (hash),
            type                     TEXT NOT NULL
                                     CHECK (type IN ('video', 'image', 'speech', 'transcription', 'music', 'sound')),
            model                    TEXT NOT NULL,
            endpoint                 INTEGER NOT NULL REFERENCES endpoints (id),
            lane                     TEXT NOT NULL,
            priority                 INTEGER NOT NULL,
            price_snapshot           INTEGER NOT NULL REFERENCES price_snapshots (id),
            hold_nano                INTEGER NOT NULL CHECK (hold_nano >= 0),
            request_fingerprint      TEXT NOT NULL,
            created_at               INTEGER NOT NULL,
            default_deadline_seconds INTEGER NOT NULL,
            answered_at              INTEGER,
            state                    TEXT NOT NULL
                                     CHECK (state IN ('queued', 'submitting', 'running', 'storing', 'completed',
                                                      'failed', 'cancelled', 'expired')),
            state_data               TEXT NOT NULL
                                     CHECK (substr(state_data, 1, length(state) + 4) = '{"' || state || '":'),
            version                  INTEGER NOT NULL CHECK (version >= 1),
            epoch                    INTEGER NOT NULL CHECK (epoch >= 0),
            worker                   TEXT REFERENCES workers (id),
            is_ready                 INTEGER NOT NULL CHECK (is_ready IN (0, 1)),
            due_at                   INTEGER,
            deadline_at              INTEGER NOT NULL,
            started_at               INTEGER,
            finished_at              INTEGER,
            CHECK ((finished_at IS NOT NULL) = (state IN ('completed', 'failed', 'cancelled', 'expired'))),
            CHECK ((due_at IS NOT NULL) = (state IN ('queued', 'running'))),
            CHECK (is_ready = 0 OR state = 'queued'),
            CHECK (worker IS NULL OR finished_at IS NULL),
            CHECK (started_at IS NOT NULL OR state NOT IN ('submitting', 'running', 'storing', 'completed'))
        ) STRICT;

        -- All lists: by state or, as one list for each, by none. An index by type and one by model would cost each
        -- admission more than all the rest of it; with both in here, filtering by them does not look at the jobs.
        CREATE INDEX jobs_listed ON jobs (workspace, state, id, type, model);
        -- state and worker are the same in all of it: with them, counting does not look at the jobs themselves.
        CREATE INDEX jobs_waiting ON jobs (lane, is_ready, workspace, priority DESC, id, state, worker)
            WHERE state = 'queued' AND worker IS NULL;
        CREATE INDEX jobs_not_due ON jobs (lane, due_at) WHERE state = 'queued' AND is_ready = 0;
        CREATE INDEX jobs_deadline ON jobs (deadline_at, id) WHERE state = 'queued' AND worker IS NULL;
        CREATE INDEX jobs_in_flight ON jobs (lane, workspace)
            WHERE state IN ('submitting', 'running') OR (state = 'queued' AND worker IS NOT NULL);
        CREATE INDEX jobs_held ON jobs (worker, id) WHERE worker IS NOT NULL;
        CREATE INDEX jobs_unheld ON jobs (id)
            WHERE worker IS NULL AND state IN ('submitting', 'running', 'storing');

        -- How many jobs are in each state: the queue's bound is checked at each admission.
        CREATE TABLE job_counts (
            state TEXT PRIMARY KEY NOT NULL,
            jobs  INTEGER NOT NULL CHECK (jobs >= 0)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO job_counts VALUES ('queued', 0), ('submitting', 0), ('running', 0), ('storing', 0),
            ('completed', 0), ('failed', 0), ('cancelled', 0), ('expired', 0);
        CREATE TRIGGER jobs_counted_insert AFTER INSERT ON jobs BEGIN
            UPDATE job_counts SET jobs = jobs + 1 WHERE state = new.state;
        END;
        CREATE TRIGGER jobs_counted_update AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
            UPDATE job_counts SET jobs = jobs - 1 WHERE state = old.state;
            UPDATE job_counts SET jobs = jobs + 1 WHERE state = new.state;
        END;
        CREATE TRIGGER jobs_counted_delete AFTER DELETE ON jobs BEGIN
            UPDATE job_counts SET jobs = jobs - 1 WHERE state = old.state;
        END;

        -- What never changes about a job, and may be long: apart, so that a poll does not write it again.
        CREATE TABLE job_requests (
            job         BLOB PRIMARY KEY NOT NULL REFERENCES jobs (id),
            request     TEXT NOT NULL,
            parameters  TEXT NOT NULL,
            adjustments TEXT NOT NULL
        ) STRICT;

        CREATE TABLE job_inputs (
            job    BLOB NOT NULL REFERENCES jobs (id),
            sha256 TEXT NOT NULL,
            PRIMARY KEY (job, sha256)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_inputs_sha256 ON job_inputs (sha256);

        -- provider and account repeat the endpoint's: a provider's id is unique within its account.
        CREATE TABLE attempts (
            job              BLOB NOT NULL REFERENCES jobs (id),
            number           INTEGER NOT NULL CHECK (number >= 1),
            endpoint         INTEGER NOT NULL REFERENCES endpoints (id),
            provider         TEXT NOT NULL,
            account          TEXT NOT NULL,
            external_id      TEXT NOT NULL UNIQUE,
            token            TEXT NOT NULL UNIQUE,
            state            TEXT NOT NULL
                             CHECK (state IN ('intent', 'sending', 'accepted', 'refused', 'unknown', 'found', 'absent',
                                              'abandoned')),
            epoch            INTEGER NOT NULL CHECK (epoch >= 0),
            sends            INTEGER NOT NULL CHECK (sends >= 0),
            body_sha256      TEXT,
            began_at         INTEGER NOT NULL,
            sending_at       INTEGER,
            ended_at         INTEGER,
            remote_id        TEXT,
            submission       TEXT,
            failure          TEXT,
            orphan_remote_id TEXT,
            PRIMARY KEY (job, number),
            CHECK (remote_id IS NULL OR state IN ('accepted', 'found')),
            CHECK ((sends > 0) = (sending_at IS NOT NULL)),
            CHECK ((sends > 0) = (body_sha256 IS NOT NULL)),
            CHECK (sends = 0 OR state <> 'intent'),
            CHECK (sends > 0 OR state IN ('intent', 'refused')),
            CHECK (ended_at IS NOT NULL OR state NOT IN ('refused', 'absent', 'abandoned'))
        ) STRICT;
        CREATE UNIQUE INDEX attempts_remote_id ON attempts (provider, account, remote_id)
            WHERE remote_id IS NOT NULL;

        CREATE TABLE idempotency (
            key_hash            TEXT NOT NULL REFERENCES api_keys (hash),
            key                 TEXT NOT NULL,
            request_fingerprint TEXT NOT NULL,
            job                 BLOB NOT NULL REFERENCES jobs (id),
            answer              TEXT NOT NULL,
            created_at          INTEGER NOT NULL,
            PRIMARY KEY (key_hash, key)
        ) STRICT;

        -- sequence: the order of all events, for streams over many jobs.
        CREATE TABLE events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            job      BLOB NOT NULL REFERENCES jobs (id),
            version  INTEGER NOT NULL CHECK (version >= 1),
            at       INTEGER NOT NULL,
            state    TEXT NOT NULL
                     CHECK (state IN ('queued', 'submitting', 'running', 'storing', 'completed', 'failed', 'cancelled',
                                      'expired')),
            phase    TEXT,
            progress REAL CHECK (progress BETWEEN 0 AND 1),
            UNIQUE (job, version)
        ) STRICT;

        CREATE TABLE outbox (
            id           INTEGER PRIMARY KEY,
            job          BLOB NOT NULL REFERENCES jobs (id),
            version      INTEGER NOT NULL CHECK (version >= 1),
            state        TEXT NOT NULL CHECK (state IN ('completed', 'failed', 'cancelled', 'expired')),
            url          TEXT NOT NULL,
            created_at   INTEGER NOT NULL,
            due_at       INTEGER NOT NULL,
            deliveries   INTEGER NOT NULL DEFAULT 0 CHECK (deliveries >= 0),
            delivered_at INTEGER,
            UNIQUE (job, version)
        ) STRICT;
        CREATE INDEX outbox_due ON outbox (due_at) WHERE delivered_at IS NULL;

        -- balance_nano: the sum of the account's transfers. What a workspace has never goes below zero.
        CREATE TABLE accounts (
            name         TEXT PRIMARY KEY NOT NULL,
            balance_nano INTEGER NOT NULL,
            CHECK (balance_nano >= 0 OR NOT (name GLOB 'available:*' OR name GLOB 'held:*'))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE transfers (
            sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
            id           TEXT NOT NULL UNIQUE,
            from_account TEXT NOT NULL REFERENCES accounts (name),
            to_account   TEXT NOT NULL REFERENCES accounts (name),
            amount_nano  INTEGER NOT NULL CHECK (amount_nano > 0),
            cause        TEXT NOT NULL,
            at           INTEGER NOT NULL,
            CHECK (from_account <> to_account)
        ) STRICT;
        CREATE TRIGGER transfers_never_change BEFORE UPDATE ON transfers BEGIN
            SELECT raise(ABORT, 'transfers are append-only');
        END;
        CREATE TRIGGER transfers_never_go BEFORE DELETE ON transfers BEGIN
            SELECT raise(ABORT, 'transfers are append-only');
        END;

        CREATE TABLE holds (
            job          BLOB PRIMARY KEY NOT NULL REFERENCES jobs (id),
            workspace    TEXT NOT NULL REFERENCES workspaces (name),
            amount_nano  INTEGER NOT NULL CHECK (amount_nano >= 0),
            state        TEXT NOT NULL CHECK (state IN ('pending', 'posted', 'voided')),
            charged_nano INTEGER CHECK (charged_nano BETWEEN 0 AND amount_nano),
            CHECK ((charged_nano IS NOT NULL) = (state = 'posted'))
        ) STRICT, WITHOUT ROWID;

        -- expires_at: null is for ever.
        CREATE TABLE artifacts (
            job                   BLOB NOT NULL REFERENCES jobs (id),
            number                INTEGER NOT NULL CHECK (number >= 0),
            key                   TEXT NOT NULL UNIQUE,
            media_type            TEXT NOT NULL,
            bytes                 INTEGER NOT NULL CHECK (bytes >= 0),
            sha256                TEXT NOT NULL,
            width                 INTEGER,
            height                INTEGER,
            duration_milliseconds INTEGER,
            created_at            INTEGER NOT NULL,
            expires_at            INTEGER,
            PRIMARY KEY (job, number)
        ) STRICT;
        """
}
