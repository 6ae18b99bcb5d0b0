extension Migrations {
    /// What the delivery of callbacks needs.
    static let deliveries = """
        """
}
