import Cryptography
package import JobCore

/// Proves that what must hold does hold: the database by its store's own checks, the files by reading every byte.
package struct Auditor: Sendable {
    /// What an audit looked at, and what it found.
    package struct Report: Sendable, Codable {
        /// The database.
        package let database: AuditReport
        /// How many bytes of artifacts were read.
        package let artifactBytes: Int64
        /// All violations, of the database and of the files.
        package let findings: [AuditFinding]
        /// Files that nothing refers to: leftovers of crashes, no violation.
        package let leftovers: [String]
    }

    private static let pageSize = 256

    private let store: any JobStore
    private let files: any ArtifactStore

    package init(store: any JobStore, files: any ArtifactStore) {
        self.store = store
        self.files = files
    }

    /// Checks everything.
    ///
    /// Cost grows with what is stored; it changes nothing.
    package func run() async throws -> Report {
        let database = try await store.audit()
        var findings = database.findings
        var bytes: Int64 = 0
        var last: ArtifactKey?
        while true {
            let page = try await store.artifacts(after: last, limit: Self.pageSize)
            for artifact in page {
                bytes += artifact.bytes
                if let finding = await check(artifact) { findings.append(finding) }
            }
            guard let final = page.last, page.count == Self.pageSize else { break }
            last = final.key
        }
        var leftovers: [String] = []
        for prefix in ["artifacts/", "inputs/"] {
            var after: ArtifactKey?
            while true {
                let page = try await files.list(prefix: prefix, after: after, limit: Self.pageSize)
                for file in page where try await !store.isReferenced(file.key) { leftovers.append(file.key.path) }
                guard let final = page.last, page.count == Self.pageSize else { break }
                after = final.key
            }
        }
        return Report(database: database, artifactBytes: bytes, findings: findings, leftovers: leftovers)
    }

    private func check(_ artifact: Artifact) async -> AuditFinding? {
        let hasher = ChunkHasher()
        do {
            try await files.read(artifact.key, range: nil) { hasher.update($0) }
        } catch {
            return AuditFinding(rule: "artifact_missing", subject: artifact.key.path, detail: "\(error)")
        }
        let found = hasher.finish()
        guard found.hex != artifact.sha256 || found.bytes != artifact.bytes else { return nil }
        return AuditFinding(
            rule: "artifact_changed",
            subject: artifact.key.path,
            detail: "recorded \(artifact.bytes) bytes \(artifact.sha256), found \(found.bytes) bytes \(found.hex)"
        )
    }
}
