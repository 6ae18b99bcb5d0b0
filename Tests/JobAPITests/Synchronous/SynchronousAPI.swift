import Cryptography
import Foundation
import Generation
import JobCore
import Ledger
import Testing

@testable import JobEngine
@testable import ProviderKit

/// The surfaces that wait for their jobs, as clients use them.
extension TestAPI {
    /// A good request: an image for 0.04 US dollars.
    static let picture: JSONValue = ["model": "test/image", "prompt": "a lighthouse at dusk"]

    /// A good request: the sound flows while it is made.
    static let words: JSONValue = ["model": "test/reader", "input": "Good morning.", "response_format": "mp3"]

    func post(
        _ path: String,
        _ body: JSONValue,
        headers: [(String, String)] = []
    ) async throws -> RawAnswer {
        try await request("POST", path, headers: headers, body: Array(body.canonicalText.utf8))
    }

    /// Sends a request whose answer is read bit by bit.
    func open(
        _ path: String,
        _ body: JSONValue,
        headers: [(String, String)] = []
    ) async throws -> RawConnection {
        let connection = try await connect()
        let bytes = Array(body.canonicalText.utf8)
        let all = [authorization, ("Content-Type", "application/json")] + headers
        try await connection.send(RawConnection.head("POST", path, headers: all, length: bytes.count) + bytes)
        return connection
    }

    /// The job that a request which waits has made.
    ///
    /// - Parameter known: Those from before.
    /// - Returns: The one besides them, once it is there.
    /// - Throws: When none comes.
    func newJob(besides known: [JobID] = []) async throws -> JobID {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let list = try await get("/api/v1/jobs").json["data"]?.elements ?? []
            let ids = list.compactMap { $0["id"]?.stringValue.flatMap { JobID($0) } }
            if let new = ids.first(where: { !known.contains($0) }) { return new }
            try #require(ContinuousClock.now < deadline, "no job came")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Lets a job that waits be done, with pictures or sounds.
    func finish(_ id: JobID, _ files: [(mediaType: String, bytes: [UInt8])]) async throws {
        try await run(id)
        try await completeTruly(id, files)
    }

    /// Ends a running job with files under their true hashes.
    func completeTruly(_ id: JobID, _ files: [(mediaType: String, bytes: [UInt8])]) async throws {
        let all = files.enumerated().map { index, file in
            let hash = SHA256.hash(file.bytes).hex
            let key = ArtifactKey.artifact(job: id, attempt: 1, index: index, sha256: hash)
            artifacts.put(file.bytes, as: key)
            return Artifact(
                index: index,
                mediaType: file.mediaType,
                bytes: Int64(file.bytes.count),
                sha256: hash,
                key: key,
                width: nil,
                height: nil,
                durationMilliseconds: nil
            )
        }
        try await complete(id, artifacts: all)
        outputs.end(id)
    }

    /// Lets a job that waits fail: at the provider, or refused by it.
    func fail(_ id: JobID, _ failure: JobFailure, accepted: Bool) async throws {
        if accepted {
            try await run(id)
            try await advance(id, .providerFailed(failure, retryAt: nil))
            return
        }
        let job = try #require(try await store.job(id))
        let attempt = NewAttempt(number: 1, endpoint: job.admitted.endpoint, externalID: "x-\(id)", token: "t-\(id)")
        try await advance(id, .attemptBegan(attempt))
        try await advance(id, .sendingBegan(bodySHA256: String(repeating: "0", count: 64)))
        try await advance(id, .refused(failure, isForCapacity: false, retryAt: nil))
    }

    /// Where an adapter would write what the job makes.
    func attempt(of id: JobID) -> AttemptOutputs { outputs.outputs(of: id, externalID: "\(id)_1") }

    /// Shows a preview, as an adapter would.
    func preview(_ bytes: [UInt8], index: Int, of id: JobID) throws {
        let attempt = attempt(of: id)
        let file = try attempt.newFile()
        try FileHandle(fileDescriptor: file.descriptor, closeOnDealloc: true).write(contentsOf: Data(bytes))
        attempt.watcher?.previewed(file.path, index: index, mediaType: "image/png")
    }

    var jobCount: Int { get async throws { try await store.audit().jobs } }

    /// The jobs whose answers nobody has got.
    var unanswered: [JobID] {
        get async throws {
            try await store.unansweredJobs(since: Timestamp(milliseconds: 0), limit: 1_000).map(\.id)
        }
    }
}

extension RawAnswer {
    /// The data of the events in a body.
    var events: [String] {
        text.split(separator: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst("data: ".count)) }
    }
}

extension String {
    var parsed: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(utf8))) ?? .null }
    var bytesOfBase64: [UInt8]? { Data(base64Encoded: self).map { Array($0) } }
}

extension JobFailure {
    static let refusedContent = JobFailure(.contentPolicy, "The prompt was refused.", retryable: false)
    static let down = JobFailure(.unavailable, "The provider was down.", retryable: true)
    static let busy = JobFailure(.rateLimited, "The provider had no capacity.", retryable: true)
    static let wrong = JobFailure(.invalidRequest, "The provider found the request wrong.", retryable: false)
}
