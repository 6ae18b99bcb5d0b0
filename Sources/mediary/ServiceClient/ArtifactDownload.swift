import Cryptography
import Foundation
import Generation
import Glibc
import HTTPTransport
import JobEngine

/// Fetches what a job has made, whole or not at all.
///
/// The bytes go to a file of another name in the same folder, are compared with the length and the SHA-256 that the job
/// tells, and only then get the name that was asked for. What is cut off is fetched again; the job stays as it is.
struct ArtifactDownload {
    /// An artifact as it was saved.
    struct Saved: Equatable {
        let path: String
        let mediaType: String
        let bytes: Int64
        let width: Int64?
        let height: Int64?
        let seconds: Double?
    }

    private static let pauses = [0.5, 2]

    let client: APIClient
    let environment: EngineEnvironment

    /// Fetches all artifacts of a completed job.
    ///
    /// - Throws: `ClientFailure`, which says how to try again. Artifacts before the one that failed stay.
    func save(_ job: JSONValue, to destination: Destination, note: (String) -> Void) async throws -> [Saved] {
        let artifacts = job["artifacts"]?.elements ?? []
        let id = job["id"]?.stringValue ?? ""
        let types = artifacts.map { $0["media_type"]?.stringValue ?? "" }
        let replaces = destination.replaces(count: artifacts.count)
        var saved: [Saved] = []
        for (artifact, path) in zip(artifacts, destination.paths(for: types, of: id)) {
            do {
                try await fetch(artifact, of: id, to: path, replaces: replaces, note: note)
            } catch let failure as ClientFailure {
                throw ClientFailure(
                    "\(failure) The job is completed and paid for; fetch it again with `mediary jobs watch \(id) -o FILE`."
                )
            }
            saved.append(Saved(artifact, path: path))
        }
        return saved
    }

    private func fetch(
        _ artifact: JSONValue,
        of job: String,
        to path: String,
        replaces: Bool,
        note: (String) -> Void
    ) async throws {
        for pause in Self.pauses {
            do {
                return try await fetchOnce(artifact, of: job, to: path, replaces: replaces)
            } catch let failure as ClientFailure where failure.mayPass {
                note("\(failure) Trying again.")
                try await environment.sleep(pause)
            }
        }
        try await fetchOnce(artifact, of: job, to: path, replaces: replaces)
    }

    private func fetchOnce(
        _ artifact: JSONValue,
        of job: String,
        to path: String,
        replaces: Bool
    ) async throws {
        guard let index = artifact["index"]?.integerValue, let length = artifact["bytes"]?.integerValue,
            let hash = artifact["sha256"]?.stringValue
        else { throw ClientFailure("The service's answer does not describe its artifact.") }
        let body = try await client.open("/api/v1/jobs/\(job)/artifacts/\(index)")
        let part = try PartFile(beside: path, name: Hex.encode(environment.randomBytes(6)))
        do {
            var hasher = SHA256()
            var count: Int64 = 0
            while let chunk = try await Self.next(of: body) {
                count += Int64(chunk.count)
                guard count <= length else { break }
                hasher.update(bytes: chunk)
                try part.write(chunk)
            }
            guard count == length, hasher.finalize().hex == hash else {
                throw ClientFailure(
                    "\(path): what arrived is not what the job has made (\(count) of \(length) bytes).",
                    mayPass: true
                )
            }
            try part.become(path, replaces: replaces)
        } catch {
            part.remove()
            throw error
        }
    }

    private static func next(of body: HTTPBody) async throws -> [UInt8]? {
        do throws(TransportFailure) {
            return try await body.next()
        } catch {
            throw ClientFailure("The download was cut off.", mayPass: error.kind != .cancelled)
        }
    }
}

extension ArtifactDownload.Saved {
    init(_ artifact: JSONValue, path: String) {
        self.init(
            path: path,
            mediaType: artifact["media_type"]?.stringValue ?? "",
            bytes: artifact["bytes"]?.integerValue ?? 0,
            width: artifact["width"]?.integerValue,
            height: artifact["height"]?.integerValue,
            seconds: artifact["duration_seconds"]?.doubleValue
        )
    }

    /// What it is, in one line: `video/mp4, 1280x720, 5.042 s, 1.2 MB`.
    var facts: String {
        var facts = [Output.plain(mediaType)]
        if let width, let height { facts.append("\(width)x\(height)") }
        if let seconds { facts.append("\(seconds) s") }
        return (facts + [Output.bytes(bytes)]).joined(separator: ", ")
    }
}

/// A file that is being written, under a name that nobody else uses.
private struct PartFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    init(beside target: String, name: String) throws {
        let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
        path = "\(folder).mediary-\(name).part"
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.problem("\(path) cannot be written") }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Self.problem("\(path) cannot be written") }
            rest = rest.dropFirst(count)
        }
    }

    /// Gives the file its name; over an older one only if that may be replaced.
    func become(_ target: String, replaces: Bool) throws {
        guard fsync(descriptor) == 0, (replaces ? rename(path, target) : moveToNew(target)) == 0 else {
            guard replaces || errno != EEXIST else {
                throw ClientFailure("\(target) is there already and is not overwritten.")
            }
            throw Self.problem("\(target) cannot be written")
        }
    }

    /// Like `rename`, but fails with `EEXIST` when the name is taken.
    private func moveToNew(_ target: String) -> Int32 {
        if link(path, target) == 0 {
            unlink(path)
            return 0
        }
        // Some file systems have no second names: there the name is taken first, by an empty file.
        guard [EPERM, ENOTSUP, ENOSYS].contains(errno) else { return -1 }
        let taken = Glibc.open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard taken >= 0 else { return -1 }
        close(taken)
        return rename(path, target)
    }

    func remove() { unlink(path) }

    private static func problem(_ words: String) -> ClientFailure {
        ClientFailure("\(words): \(String(cString: strerror(errno))).")
    }
}
