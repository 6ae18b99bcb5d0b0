extension Migrations {
    /// Customers' own keys at providers, sealed, and which jobs under way were admitted with them.
    ///
    /// A key that was deleted stays while a job refers to it. `customer_key_revision` counts all changes: whoever keeps
    /// keys in memory asks for that number alone.
    static let customerKeys = """
        CREATE TABLE customer_keys (
            id                 TEXT PRIMARY KEY NOT NULL,
            workspace          TEXT NOT NULL REFERENCES workspaces (name),
            provider           TEXT NOT NULL,
            sealed             BLOB NOT NULL CHECK (length(sealed) > 28),
            label              TEXT NOT NULL,
            name               TEXT,
            allowed_models     TEXT CHECK (allowed_models IS NULL OR json_type(allowed_models) = 'array'),
            allowed_key_hashes TEXT CHECK (allowed_key_hashes IS NULL OR json_type(allowed_key_hashes) = 'array'),
            allowed_user_ids   TEXT CHECK (allowed_user_ids IS NULL OR json_type(allowed_user_ids) = 'array'),
            is_disabled        INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
            is_fallback        INTEGER NOT NULL CHECK (is_fallback IN (0, 1)),
            is_required        INTEGER NOT NULL CHECK (is_required IN (0, 1)),
            is_only            INTEGER NOT NULL CHECK (is_only IN (0, 1)),
            declared_zdr       INTEGER CHECK (declared_zdr IN (0, 1)),
            declared_region    TEXT,
            sort_order         INTEGER NOT NULL CHECK (sort_order >= 0),
            created_at         INTEGER NOT NULL,
            deleted_at         INTEGER,
            revision           INTEGER NOT NULL CHECK (revision >= 1),
            CHECK (is_fallback = 0 OR is_only = 0)
        ) STRICT;
        CREATE INDEX customer_keys_listed ON customer_keys (workspace, provider, sort_order, id);

        CREATE TABLE customer_key_jobs (
            job          BLOB PRIMARY KEY NOT NULL REFERENCES jobs (id),
            customer_key TEXT NOT NULL REFERENCES customer_keys (id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX customer_key_jobs_of ON customer_key_jobs (customer_key);

        CREATE TABLE customer_key_revision (
            id       INTEGER PRIMARY KEY CHECK (id = 1),
            revision INTEGER NOT NULL CHECK (revision >= 0)
        ) STRICT;
        INSERT INTO customer_key_revision (id, revision) VALUES (1, 0);
        """
}
