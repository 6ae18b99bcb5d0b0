import ConformanceKit
import Foundation
import JobCore
import Testing

@Suite struct JobIDTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func theTextFormReadsBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let id = JobID(high: generator.next(), low: generator.next())
            let text = id.description
            #expect(text.utf8.count == 30)
            #expect(JobID(text) == id, "seed \(seed)")
            #expect(JobID(bytes: id.bytes) == id, "seed \(seed)")
        }
    }

    @Test(arguments: [
        (JobID(high: 0, low: 0), "job_00000000000000000000000000"),
        (JobID(high: 0, low: 1), "job_00000000000000000000000001"),
        (JobID(high: 0, low: 31), "job_0000000000000000000000000z"),
        (JobID(high: 0, low: 32), "job_00000000000000000000000010"),
        (JobID(high: 0, low: .max), "job_0000000000000fzzzzzzzzzzzz"),
        (JobID(high: .max, low: .max), "job_7zzzzzzzzzzzzzzzzzzzzzzzzz"),
    ])
    func theTextFormIsCrockfordBase32(_ id: JobID, _ text: String) {
        #expect(id.description == text)
        #expect(JobID(text) == id)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func textAndBytesSortAsTheIDsDo(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let left = JobID(high: generator.next(), low: generator.next())
            let isNear = Bool.random(using: &generator)
            let right = JobID(high: isNear ? left.high : generator.next(), low: generator.next())
            #expect((left < right) == (left.description < right.description), "seed \(seed)")
            #expect((left < right) == left.bytes.lexicographicallyPrecedes(right.bytes), "seed \(seed)")
        }
    }

    @Test func idsSortByTime() {
        var fixtures = JobFixtures()
        let ids = (0..<100).map { _ in fixtures.id() }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 100)
    }

    @Test(arguments: [
        "", "job_", "job_0000000000000000000000000", "job_000000000000000000000000000",
        "job_80000000000000000000000000", "job_zzzzzzzzzzzzzzzzzzzzzzzzzz", "JOB_00000000000000000000000000",
        "job_0000000000000000000000000A", "job_0000000000000000000000000i", "job_0000000000000000000000000l",
        "job_0000000000000000000000000o", "job_0000000000000000000000000u", "job_0000000000000000000000000-",
        " job_0000000000000000000000000", "job-00000000000000000000000000", "000000000000000000000000000000",
        "job_000000000000000000000000é", "job_0000000000000000000000000\u{0}",
        "018f3c1e-7e4a-7000-8000-000000000000",
    ])
    func nothingElseReads(_ text: String) {
        #expect(JobID(text) == nil)
    }

    @Test func sixteenBytesAreAnID() {
        #expect(JobID(bytes: [UInt8](0..<16))?.bytes == [UInt8](0..<16))
        #expect(JobID(bytes: [UInt8](0..<15)) == nil)
        #expect(JobID(bytes: [UInt8](0..<17)) == nil)
    }

    @Test func isStoredAsText() throws {
        let id = JobID(high: 1, low: 2)
        let encoded = try JSONEncoder().encode([id])
        #expect(String(decoding: encoded, as: UTF8.self) == "[\"\(id)\"]")
        #expect(try JSONDecoder().decode([JobID].self, from: encoded) == [id])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([JobID].self, from: Data(#"["job_1"]"#.utf8))
        }
    }

    @Test func anArtifactKeyIsOfOurMaking() {
        let job = JobID(high: 1, low: 2)
        let key = ArtifactKey.artifact(job: job, attempt: 2, index: 0, sha256: "ab")
        #expect(key.path == "artifacts/\(job)/2-0-ab")
        #expect(ArtifactKey(key.path) == key)
        #expect(ArtifactKey("inputs/ab") == .input(sha256: "ab"))
    }

    @Test(arguments: [
        "", "a", "/a/b", "a//b", "a/../b", "a/./b", "a/.hidden", "a/b/", "A/b", "a/b c", "a/b/c/d/e", "a/é", "a/b\u{0}",
        "a\\b/c", "a/%2e", String(repeating: "a", count: 150) + "/" + String(repeating: "b", count: 150),
    ])
    func noOtherPathIsAnArtifactKey(_ path: String) {
        #expect(ArtifactKey(path) == nil)
    }
}
