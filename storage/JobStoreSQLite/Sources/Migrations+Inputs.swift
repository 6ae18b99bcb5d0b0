extension Migrations {
    /// What references by URL need.
    static let inputs = """
        """
}
