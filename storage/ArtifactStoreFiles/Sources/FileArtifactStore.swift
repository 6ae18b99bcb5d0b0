import Cryptography
import Glibc
package import JobCore
import Synchronization

/// Keeps artifacts and inputs as files of one folder.
///
///     <folder>/spool/<token>/<n>          being received by the process that drew the token
///     <folder>/artifacts/<job>/<name>     kept
///     <folder>/inputs/<sha256>            kept
///
/// A kept file is written once and never changed. It comes to its name by link(2), which refuses a name that is taken,
/// after its bytes are on the medium; so a name never stands for part of a file, and whatever a crash interrupts is
/// repeated with the same result:
///
/// - While receiving: the bytes lie in the spool, and are removed at the next start.
/// - After a new folder was made: it is empty; the repeated `keep` uses it.
/// - After the link: the repeated `keep` finds its own bytes under the name and adopts them. The name may be lost if
///   power fails now, and `keep` has not returned, so nothing relies on it.
/// - After the folders were synced: as before; the temporary name is removed at the next start.
///
/// All blocking calls are made on two workers: short ones (chunks) and long ones (fsync, scans), so that a client's
/// read never waits behind a flush.
package final class FileArtifactStore: ArtifactStore {
    /// How much is written or read in one step.
    private static let chunkBytes = 128 * 1_024
    /// The folders that hold kept files.
    private static let roots = ["artifacts", "inputs"]
    /// For how long a walk is kept for the next page.
    private static let walkLifetime = Duration.seconds(10)

    private struct PausedWalk {
        let walk: TreeWalk
        let prefix: String
        let last: ArtifactKey
        let pausedAt: ContinuousClock.Instant
    }

    private let base: Folder
    private let received: SpoolFolder
    private let chunks = FileWorker(label: "mediary.files.chunks", width: 4)
    private let flushes = FileWorker(label: "mediary.files.flushes", width: 8)
    private let pausedWalk = Mutex<PausedWalk?>(nil)

    /// Opens the store in a folder, making what is missing.
    ///
    /// It blocks: to be called at start. Throws `failed` when the folder cannot be used, or when its file system has no
    /// hard links or no locks: better now than with the first artifact that somebody paid for.
    package init(folder path: String) throws {
        do {
            let base = try Folder(makingPath: path)
            let spool = try base.makeFolder("spool", mode: 0o700)
            let kept = try Self.roots.map { try base.makeFolder($0, mode: 0o750) }
            try base.sync()
            self.base = base
            received = try SpoolFolder(in: spool, path: (path.hasSuffix("/") ? path : path + "/") + "spool")
            for folder in kept { try Self.checkLinks(from: received, to: folder) }
        } catch let failure as SystemFailure {
            throw ArtifactStoreError.failed("\(path): \(failure)")
        }
    }

    /// Tries one hard link.
    ///
    /// A full disk is no reason not to start: what is stored can still be read and deleted.
    private static func checkLinks(from spool: SpoolFolder, to folder: Folder) throws(SystemFailure) {
        do throws(SystemFailure) {
            let name = try spool.create().name
            defer { spool.remove(name) }
            // No key begins with a dot, so nobody takes the probe for a kept file.
            let probe = ".probe-\(Hex.encode(SystemRandom.bytes(8)))"
            try folder.link(probe, to: name, in: spool.contents)
            try folder.removeFile(probe)
        } catch {
            if [EXDEV, EPERM, EOPNOTSUPP, ENOSYS].contains(error.code) { throw error }
        }
    }

    /// Receives a stream into the spool.
    ///
    /// Over the limit, the source is not asked again. Whatever is thrown, cancellation included, the temporary file is
    /// removed first; a crash leaves it to `removeLeftovers`. The file is synced here and not by `keep`, because only
    /// the descriptor that wrote is certain to be told of every failed write.
    ///
    /// - Parameters:
    ///   - bytesMax: The most bytes accepted.
    ///   - declaredLength: The length the sender declared.
    ///   - next: Gives the next chunk.
    /// - Returns: The file, its bytes already on the medium.
    /// - Throws: `wrongLength`, whose `expected` is nil when `bytesMax` is what was passed; `failed`; what `next`
    ///   throws.
    package func spool(
        bytesMax: Int64,
        declaredLength: Int64?,
        next: @Sendable () async throws -> [UInt8]?
    ) async throws -> SpooledFile {
        if let declaredLength, declaredLength > bytesMax {
            throw ArtifactStoreError.wrongLength(expected: nil, found: declaredLength)
        }
        try Task.checkCancellation()
        let (name, file) = try await run(on: chunks, "spool") { [received] in try received.create() }
        do {
            var hash = SHA256()
            var count: Int64 = 0
            var pending: [UInt8] = []
            while let chunk = try await next() {
                try Task.checkCancellation()
                count += Int64(chunk.count)
                guard count <= declaredLength ?? bytesMax else {
                    throw ArtifactStoreError.wrongLength(expected: declaredLength, found: count)
                }
                if pending.isEmpty { pending = chunk } else { pending += chunk }
                guard pending.count >= Self.chunkBytes else { continue }
                hash = try await run(on: chunks, "spool") { [hash, pending] in try file.append(pending, hash) }
                pending = []
            }
            // A source may answer cancellation with its end: what came so far is not the file.
            try Task.checkCancellation()
            if let declaredLength, count != declaredLength {
                throw ArtifactStoreError.wrongLength(expected: declaredLength, found: count)
            }
            hash = try await run(on: flushes, "spool") { [hash, pending] in
                let hash = try file.append(pending, hash)
                try file.sync()
                return hash
            }
            return SpooledFile(path: "\(received.path)/\(name)", bytes: count, sha256: hash.finalize().hex)
        } catch {
            await remove(name)
            throw error
        }
    }

    /// Keeps a spooled file under its final name, durably.
    ///
    /// Not interrupted by cancellation. When it throws, the spooled file is still there, for another try or for
    /// `discard`; when it returns, it is gone. A file that was kept before by the same call is adopted like any other.
    ///
    /// - Parameters:
    ///   - file: What `spool` of this store returned.
    ///   - key: The final name.
    /// - Throws: `conflict` when the name holds other bytes; `failed`.
    package func keep(_ file: SpooledFile, as key: ArtifactKey) async throws {
        let place = try Place(key, roots: Self.roots)
        guard let name = received.name(ofPath: file.path) else {
            throw ArtifactStoreError.failed("\(file.path) is not in the spool of this process")
        }
        try await run(on: flushes, key.path) { [self] in try keep(name, file, at: place) }
    }

    /// Removes a spooled file.
    ///
    /// What cannot be removed now is removed at the next start.
    package func discard(_ file: SpooledFile) async {
        guard let name = received.name(ofPath: file.path) else { return }
        await remove(name)
    }

    /// The length of a file, or nil when there is none.
    package func length(of key: ArtifactKey) async throws -> Int64? {
        let place = try Place(key, roots: Self.roots)
        return try await run(on: chunks, key.path) { [base] in
            guard let parent = try place.parents(in: base)?.last, let found = try parent.attributes(of: place.name),
                found.isRegular
            else { return nil }
            return found.bytes
        }
    }

    /// Reads a file or part of it, chunk by chunk.
    ///
    /// A file that is deleted meanwhile is read to its end.
    ///
    /// - Parameters:
    ///   - key: The file.
    ///   - range: The bytes wanted, at least one and all within the file; nil for all.
    ///   - chunk: Called with each chunk in order.
    /// - Throws: `notFound`, `invalidRange`, `failed`, what `chunk` throws, `CancellationError`.
    package func read(
        _ key: ArtifactKey,
        range: Range<Int64>?,
        chunk: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let place = try Place(key, roots: Self.roots)
        let opened = try await run(on: chunks, key.path) { [base] in try place.openFile(in: base) }
        guard let (file, bytes) = opened else { throw ArtifactStoreError.notFound(key.path) }
        if let range, range.isEmpty || range.lowerBound < 0 || range.upperBound > bytes {
            throw ArtifactStoreError.invalidRange(bytes: bytes)
        }
        var offset = range?.lowerBound ?? 0
        let end = range?.upperBound ?? bytes
        while offset < end {
            try Task.checkCancellation()
            let wanted = Int(min(Int64(Self.chunkBytes), end - offset))
            let part = try await run(on: chunks, key.path) { [offset] in try file.read(wanted, at: offset) }
            guard !part.isEmpty else { throw ArtifactStoreError.failed("\(key): ends at \(offset) of \(end) bytes") }
            try await chunk(part)
            offset += Int64(part.count)
        }
    }

    /// Deletes a file, and its folder when it was the last one in it.
    ///
    /// A crash may leave the folder, empty; the next `delete` or `keep` of a file in it takes it up.
    package func delete(_ key: ArtifactKey) async throws {
        let place = try Place(key, roots: Self.roots)
        try await run(on: flushes, key.path) { [base] in
            guard let parents = try place.parents(in: base) else { return }
            try parents.last?.removeFile(place.name)
            // Upwards while the folder becomes empty. The store's own folders stay.
            var depth = parents.count - 1
            while depth > 1, try parents[depth - 1].removeFolder(place.folders[depth - 1]) { depth -= 1 }
            try parents[depth].sync()
        }
    }

    /// Lists files under a prefix in the order of their keys.
    ///
    /// `modifiedAt` is when the file came to its name or was adopted last, not when it was received: a sweeper that
    /// spares young files spares those that are about to be recorded.
    ///
    /// A page is continued where the last one ended if it is asked for soon after. What is kept meanwhile may be
    /// missing then; the next listing has it.
    ///
    /// - Parameters:
    ///   - prefix: What the keys begin with.
    ///   - after: The last key of the page before.
    ///   - limit: The most files returned.
    /// - Returns: The files; fewer than `limit` only at the end.
    /// - Throws: `failed`.
    package func list(prefix: String, after: ArtifactKey?, limit: Int) async throws -> [StoredFile] {
        guard limit > 0 else { return [] }
        return try await run(on: flushes, prefix) { [self] in
            var walk = continuedWalk(prefix: prefix, after: after)
            var page: [StoredFile] = []
            while page.count < limit, let file = try walk.next() { page.append(file) }
            if page.count == limit, let last = page.last?.key {
                let paused = PausedWalk(walk: walk, prefix: prefix, last: last, pausedAt: .now)
                pausedWalk.withLock { $0 = paused }
            }
            return page
        }
    }

    /// Removes what processes that no longer live had in their spools; those of living ones stay.
    package func removeLeftovers() async throws {
        try await run(on: flushes, "spool") { [received] in try received.removeLeftovers() }
    }
}

extension FileArtifactStore {
    /// Runs blocking work and names what it was about when the system refuses.
    private func run<Value: Sendable>(
        on worker: FileWorker,
        _ subject: String,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        do {
            return try await worker.run(work)
        } catch let failure as SystemFailure {
            throw ArtifactStoreError.failed("\(subject): \(failure)")
        }
    }

    private func remove(_ name: String) async {
        try? await chunks.run { [received] in received.remove(name) }
    }

    private func continuedWalk(prefix: String, after: ArtifactKey?) -> TreeWalk {
        let paused = pausedWalk.withLock { $0.take() }
        if let paused, paused.prefix == prefix, paused.last == after,
            ContinuousClock.now - paused.pausedAt < Self.walkLifetime
        {
            return paused.walk
        }
        return TreeWalk(base: base, roots: Self.roots, prefix: prefix, after: after)
    }

    private func keep(_ name: String, _ file: SpooledFile, at place: Place) throws {
        // Again when a `delete` removes the folder, or the file to be adopted, in between.
        for _ in 0..<64 {
            guard let spooled = try received.contents.attributes(of: name) else {
                // Kept before, if at all.
                guard let parents = try place.parents(in: base), try adopt(file, at: place, in: parents) else {
                    throw ArtifactStoreError.failed("\(place.key): the spooled file is gone")
                }
                return
            }
            guard spooled.bytes == file.bytes else {
                throw ArtifactStoreError.failed("\(place.key): the spooled file has \(spooled.bytes) bytes")
            }
            switch try link(name, at: place) {
            case .linked:
                received.remove(name)
                return
            case .taken:
                guard let parents = try place.parents(in: base), try adopt(file, at: place, in: parents) else {
                    continue
                }
                received.remove(name)
                return
            case .vanished:
                continue
            }
        }
        throw ArtifactStoreError.failed("\(place.key): its folder is removed again and again")
    }

    private enum LinkOutcome { case linked, taken, vanished }

    /// Gives the spooled file its final name and brings that to the medium.
    private func link(_ name: String, at place: Place) throws(SystemFailure) -> LinkOutcome {
        do throws(SystemFailure) {
            let parents = try place.makeParents(in: base)
            try parents.last?.link(place.name, to: name, in: received.contents)
            try sync(parents)
            return .linked
        } catch {
            if error.code == EEXIST { return .taken }
            if error.code == ENOENT { return .vanished }
            throw error
        }
    }

    /// Takes the file under the name as the one to be kept if it has the same bytes; false when there is none.
    ///
    /// Its age starts anew: for a sweeper it is as young as one that was just kept. And it is synced like one: who made
    /// it may have died before that.
    private func adopt(_ file: SpooledFile, at place: Place, in parents: [Folder]) throws -> Bool {
        guard let parent = parents.last, let found = try parent.attributes(of: place.name) else { return false }
        guard found.isRegular, found.bytes == file.bytes else { throw ArtifactStoreError.conflict(place.key.path) }
        guard let (existing, bytes) = try place.openFile(in: base) else { return false }
        var hash = SHA256()
        var offset: Int64 = 0
        while offset < bytes {
            let part = try existing.read(Self.chunkBytes, at: offset)
            guard !part.isEmpty else { break }
            hash.update(bytes: part)
            offset += Int64(part.count)
        }
        guard hash.finalize().hex == file.sha256 else { throw ArtifactStoreError.conflict(place.key.path) }
        try existing.touch()
        try existing.sync()
        try sync(parents)
        // A sweeper that saw the file when it was old may have deleted it meanwhile.
        let own = try existing.attributes()
        guard let named = try parent.attributes(of: place.name) else { return false }
        return named.device == own.device && named.inode == own.inode
    }

    /// Brings the name and the folders above it to the medium.
    ///
    /// All of them each time: one that was there already may have been made a moment ago by a writer that has not
    /// synced it yet, or that died before. A folder without changes costs next to nothing.
    private func sync(_ parents: [Folder]) throws(SystemFailure) {
        for folder in parents.dropFirst().reversed() { try folder.sync() }
    }
}

/// Where a key's file lies.
private struct Place: Sendable {
    let key: ArtifactKey
    /// The names of the folders from the store's own down to the file's.
    let folders: [String]
    let name: String

    /// Finds the place of a key.
    ///
    /// - Throws: `failed` for a key outside of the folders of kept files, such as the spool.
    init(_ key: ArtifactKey, roots: [String]) throws(ArtifactStoreError) {
        let parts = key.path.split(separator: "/").map(String.init)
        guard let root = parts.first, roots.contains(root), let name = parts.last else {
            throw .failed("\(key): not a place for files")
        }
        self.key = key
        self.folders = Array(parts.dropLast())
        self.name = name
    }

    /// The folder of the store and those down to the file's; nil when one is missing.
    func parents(in base: Folder) throws(SystemFailure) -> [Folder]? {
        do throws(SystemFailure) {
            return try open(from: base) { parent, name throws(SystemFailure) in try parent.folder(name) }
        } catch {
            if error.isAbsence { return nil }
            throw error
        }
    }

    /// The same, with missing folders made.
    func makeParents(in base: Folder) throws(SystemFailure) -> [Folder] {
        try open(from: base) { parent, name throws(SystemFailure) in try parent.makeFolder(name, mode: 0o750) }
    }

    private func open(
        from base: Folder,
        _ step: (Folder, String) throws(SystemFailure) -> Folder
    ) throws(SystemFailure) -> [Folder] {
        var chain = [base]
        var current = base
        for name in folders {
            current = try step(current, name)
            chain.append(current)
        }
        return chain
    }

    /// Opens the file; nil when there is none, or something that is not a file.
    func openFile(in base: Folder) throws(SystemFailure) -> (file: OpenFile, bytes: Int64)? {
        do throws(SystemFailure) {
            guard let file = try parents(in: base)?.last?.openFile(name) else { return nil }
            let attributes = try file.attributes()
            return attributes.isRegular ? (file, attributes.bytes) : nil
        } catch {
            if error.isAbsence { return nil }
            throw error
        }
    }
}

extension OpenFile {
    /// Writes bytes at the end and adds them to a hash.
    fileprivate func append(_ bytes: [UInt8], _ hash: SHA256) throws(SystemFailure) -> SHA256 {
        try append(bytes)
        var hash = hash
        hash.update(bytes: bytes)
        return hash
    }
}

extension Timestamp {
    /// The millisecond of a time of the file system.
    init(_ time: timespec) {
        self.init(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
