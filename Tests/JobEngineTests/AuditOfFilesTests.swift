import ArtifactStoreFiles
import ConformanceKit
import Cryptography
import Foundation
import JobCore
import JobEngine
import JobStoreSQLite
import Ledger
import Testing

/// What an audit reads besides the database: every byte of every artifact, on a real disk.
@Suite("The audit of files") struct AuditOfFilesTests {
    // What is done to the one file, and the rule that no longer holds then.
    @Test(arguments: [
        ("nothing", nil), ("removed", "artifact_missing"), ("cut", "artifact_changed"),
        ("one byte flipped", "artifact_changed"), ("another file put in its place", "artifact_changed"),
    ])
    func finds(_ deed: String, _ rule: String?) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mediary-audit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try SQLiteJobStore(path: folder.appending(path: "jobs.sqlite").path)
        let files = try FileArtifactStore(folder: folder.appending(path: "files").path)

        let bytes = Array("a video of a lighthouse".utf8)
        var driver = try await JobDriver(store)
        let job = try await driver.job(in: .storing)
        let sha256 = SHA256.hash(bytes).description
        let key = ArtifactKey.artifact(job: job.id, attempt: 1, index: 0, sha256: sha256)
        let artifact = Artifact(
            index: 0,
            mediaType: "video/mp4",
            bytes: Int64(bytes.count),
            sha256: sha256,
            key: key,
            width: nil,
            height: nil,
            durationMilliseconds: nil
        )
        let chunks = Chunks(bytes)
        let spooled = try await files.spool(bytesMax: 1_000, declaredLength: nil) { await chunks.next() }
        try await files.keep(spooled, as: key)
        try await driver.commit(.artifactsStored([artifact], JobScript.bill(Credits(nanoUSD: 1))), of: job)

        let path = folder.appending(path: "files").appending(path: key.path)
        switch deed {
        case "removed": try FileManager.default.removeItem(at: path)
        case "cut": try Data(bytes.dropLast()).write(to: path)
        case "one byte flipped": try Data([bytes[0] ^ 1] + bytes.dropFirst()).write(to: path)
        case "another file put in its place": try Data("something else".utf8).write(to: path)
        case _: break
        }
        let findings = try await Auditor(store: store, files: files).run().findings
        #expect(findings.map(\.rule) == (rule.map { [$0] } ?? []), "\(findings)")
        #expect(findings.allSatisfy { $0.subject == key.path })
        try store.close()
    }
}

/// Bytes in one chunk.
private actor Chunks {
    private var rest: [[UInt8]]

    init(_ bytes: [UInt8]) { rest = [bytes] }

    func next() -> [UInt8]? { rest.popLast() }
}
