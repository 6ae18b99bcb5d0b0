extension Migrations {
    /// What references by URL were found to be: sounds are billed by their length, and masks must fit their pictures.
    ///
    /// Null for those from before, and where a file does not tell.
    static let measures = """
        ALTER TABLE job_references ADD COLUMN width INTEGER CHECK (width >= 0);
        ALTER TABLE job_references ADD COLUMN height INTEGER CHECK (height >= 0);
        ALTER TABLE job_references ADD COLUMN milliseconds INTEGER CHECK (milliseconds >= 0);
        ALTER TABLE job_references ADD COLUMN sample_rate INTEGER CHECK (sample_rate >= 0);
        """
}
