import GRDB
import Generation
package import JobCore

extension SQLiteJobStore {
    package func recordReferences(
        _ references: [FetchedReference],
        of id: JobID,
        fence: Fence
    ) async throws -> [FetchedReference]? {
        try await writer.write { db in
            let isHeld = try db.integer(ReferenceSQL.isHeld, [.id(id), .worker(fence.worker), .integer(fence.epoch)])
            guard isHeld != nil else { return nil }
            let known = Set(try db.references(of: id).map(\.url))
            for reference in references where !known.contains(reference.url) {
                try db.run(ReferenceSQL.refer, [.id(id), .text(reference.stored.sha256)])
                try db.run(
                    ReferenceSQL.record,
                    [
                        .id(id), .text(reference.url), .text(reference.stored.sha256),
                        .text(reference.stored.mediaType), .integer(reference.stored.bytes),
                        .integer(reference.stored.width), .integer(reference.stored.height),
                        .integer(reference.stored.milliseconds), .integer(reference.stored.sampleRate),
                    ]
                )
            }
            return try db.references(of: id)
        }
    }

    package func references(of id: JobID) async throws -> [FetchedReference] {
        try await pool.read { db in try db.references(of: id) }
    }
}

/// The statements about references by URL; their plans are tested.
enum ReferenceSQL {
    /// Whether a job is still a worker's in an epoch: never when it is over.
    static let isHeld = "SELECT 1 FROM jobs WHERE id = ? AND worker = ? AND epoch = ?"

    /// Keeps the sweeper away from the file, which media of the request itself may be as well.
    static let refer = "INSERT OR IGNORE INTO job_inputs (job, sha256) VALUES (?, ?)"

    /// What was recorded first for a URL stays.
    static let record = """
        INSERT INTO job_references
            (job, url, sha256, media_type, bytes, width, height, milliseconds, sample_rate)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (job, url) DO NOTHING
        """

    /// All that is recorded for a job.
    static let all = """
        SELECT url, sha256, media_type, bytes, width, height, milliseconds, sample_rate
        FROM job_references WHERE job = ? ORDER BY url
        """
}

extension Database {
    fileprivate func references(of id: JobID) throws -> [FetchedReference] {
        try rows(ReferenceSQL.all, [.id(id)]).map { row in
            var stored = StoredInput(sha256: row[1], mediaType: row[2], bytes: row[3])
            (stored.width, stored.height) = (row[4], row[5])
            (stored.milliseconds, stored.sampleRate) = (row[6], row[7])
            return FetchedReference(url: row[0], stored: stored)
        }
    }
}
