extension Migrations {
    /// What managing keys and workspaces needs: limits that start anew, budgets, and alerts.
    ///
    /// A workspace gets an identifier for the wire, a random UUID; its name stays what everything here refers to it by.
    /// `limit_reset`, `period`: of a budget or a key's limit, after what time it counts anew. An alert's `period_start` is
    /// a day since 1970, or 0 for a period without end; a limit that is changed is another one, with alerts of its own.
    static let keyTerms = """
        ALTER TABLE api_keys ADD COLUMN limit_reset TEXT NOT NULL DEFAULT 'lifetime'
            CHECK (limit_reset IN ('daily', 'weekly', 'monthly', 'lifetime'));
        ALTER TABLE api_keys ADD COLUMN includes_byok INTEGER NOT NULL DEFAULT 0 CHECK (includes_byok IN (0, 1));
        ALTER TABLE api_keys ADD COLUMN is_disabled INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1));
        ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
        ALTER TABLE api_keys ADD COLUMN creator TEXT;
        ALTER TABLE api_keys ADD COLUMN external_user TEXT;
        ALTER TABLE api_keys ADD COLUMN updated_at INTEGER;
        ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;

        CREATE TABLE workspace_profiles (
            workspace      TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
            id             TEXT NOT NULL UNIQUE,
            title          TEXT NOT NULL,
            summary        TEXT,
            creator        TEXT,
            updated_at     INTEGER,
            text_model     TEXT,
            image_model    TEXT,
            provider_sort  TEXT,
            includes_byok  INTEGER NOT NULL DEFAULT 0 CHECK (includes_byok IN (0, 1))
        ) STRICT, WITHOUT ROWID;
        -- However a workspace comes to be, it has a profile.
        CREATE TRIGGER workspace_profiles_insert AFTER INSERT ON workspaces BEGIN
            INSERT INTO workspace_profiles (workspace, id, title)
            SELECT new.name, \(newID), upper(substr(new.name, 1, 1)) || substr(new.name, 2)
            FROM (SELECT lower(hex(randomblob(16))) AS digits);
        END;
        INSERT INTO workspace_profiles (workspace, id, title)
            SELECT name, \(newID), upper(substr(name, 1, 1)) || substr(name, 2)
            FROM (SELECT name, lower(hex(randomblob(16))) AS digits FROM workspaces);

        CREATE TABLE workspace_budgets (
            workspace  TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
            period     TEXT NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'lifetime')),
            id         TEXT NOT NULL UNIQUE,
            limit_nano INTEGER NOT NULL CHECK (limit_nano > 0),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (workspace, period)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE alert_thresholds (
            percent INTEGER PRIMARY KEY NOT NULL CHECK (percent BETWEEN 1 AND 100)
        ) STRICT;
        CREATE TABLE spending_alerts (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            workspace    TEXT NOT NULL,
            key_hash     TEXT,
            subject      TEXT NOT NULL,
            period       TEXT NOT NULL,
            period_start INTEGER NOT NULL,
            percent      INTEGER NOT NULL,
            limit_nano   INTEGER NOT NULL,
            spent_nano   INTEGER NOT NULL,
            created_at   INTEGER NOT NULL,
            due_at       INTEGER NOT NULL,
            tries        INTEGER NOT NULL DEFAULT 0,
            sent_at      INTEGER,
            UNIQUE (subject, period, period_start, limit_nano, percent)
        ) STRICT;
        CREATE INDEX spending_alerts_due ON spending_alerts (due_at) WHERE sent_at IS NULL;
        """

    /// A random UUID of version 4 from 32 hexadecimal digits.
    private static let newID = """
        substr(digits, 1, 8) || '-' || substr(digits, 9, 4) || '-4' || substr(digits, 14, 3) || '-8'
            || substr(digits, 18, 3) || '-' || substr(digits, 21, 12)
        """
}
