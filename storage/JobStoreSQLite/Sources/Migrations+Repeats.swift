extension Migrations {
    /// What the repeats of unanswered requests need.
    static let repeats = """
        """
}
