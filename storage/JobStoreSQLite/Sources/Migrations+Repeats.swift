extension Migrations {
    /// What the repeats of unanswered requests need.
    ///
    /// Jobs of before this step count as answered. The index holds only jobs whose answer is on its way or was lost.
    static let repeats = """
        UPDATE jobs SET answered_at = created_at WHERE answered_at IS NULL;
        CREATE INDEX jobs_unanswered ON jobs (created_at) WHERE answered_at IS NULL;
        """
}
