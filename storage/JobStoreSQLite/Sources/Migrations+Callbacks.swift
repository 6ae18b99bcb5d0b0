extension Migrations {
    /// What providers' callbacks, and the search for lost sends, need.
    ///
    /// The address that a provider was given is kept with the attempt: a send that is repeated has the same body, also
    /// after a start at another port. The token is found by the index that makes it unique.
    static let callbacks = """
        ALTER TABLE attempts ADD COLUMN callback_url TEXT;
        CREATE INDEX attempts_orphan_remote_id ON attempts (provider, account, orphan_remote_id)
            WHERE orphan_remote_id IS NOT NULL;
        """
}
