import Cryptography
import Glibc
public import JobCore
import Synchronization
public import Testing

/// What every `ArtifactStore` must do, as named checks.
///
/// A store's test target runs them all, each on an empty store:
///
///     @Test(arguments: ArtifactStoreConformance.checks)
///     func conforms(_ check: ArtifactStoreConformance.Check) async throws {
///         try await check.run(makeEmptyStore())
///     }
public enum ArtifactStoreConformance {
    /// One named check.
    public struct Check: Sendable, CustomTestStringConvertible {
        /// The requirement, as a sentence.
        public let testDescription: String
        private let body: @Sendable (any ArtifactStore) async throws -> Void

        init(_ requirement: String, body: @escaping @Sendable (any ArtifactStore) async throws -> Void) {
            self.testDescription = requirement
            self.body = body
        }

        /// Holds `store` to the requirement.
        public func run(_ store: any ArtifactStore) async throws {
            try await body(store)
        }
    }

    /// Every check, each of which wants an empty store.
    public static let checks: [Check] = receiving + keeping + reading + deleting + listing
}

// MARK: - Receiving

extension ArtifactStoreConformance {
    private static let receiving: [Check] = [
        Check("a spooled file is whole, counted and hashed, and under no name yet") { store in
            let content = Content(bytes: 200_001)
            let file = try await store.spool(content)
            #expect(file.bytes == 200_001)
            #expect(file.sha256 == content.sha256)
            #expect(exists(file))
            let left = try await store.everything()
            #expect(left.isEmpty)
            await store.discard(file)
        },
        Check("chunks of any length make the same file, empty ones included") { store in
            let content = Content(bytes: 700_000)
            for lengths in [[1, 0, 65_535, 131_073], [700_000], [0, 0, 300_000, 1]] {
                let source = Source(content, chunks: lengths)
                let file = try await store.spool(bytesMax: 700_000, declaredLength: nil) { await source.next() }
                #expect(file.sha256 == content.sha256)
                await store.discard(file)
            }
        },
        Check("exactly the most bytes allowed are accepted, and exactly the declared length") { store in
            let content = Content(bytes: 4_096)
            let source = Source(content)
            let file = try await store.spool(bytesMax: 4_096, declaredLength: 4_096) { await source.next() }
            #expect(file.bytes == 4_096)
            await store.discard(file)
        },
        Check("one byte too many is refused, and the source is not asked again") { store in
            let source = Source(Content(bytes: 1_000_000), chunks: [40_000])
            await #expect(throws: ArtifactStoreError.wrongLength(expected: nil, found: 120_000)) {
                _ = try await store.spool(bytesMax: 119_999, declaredLength: nil) { await source.next() }
            }
            #expect(source.calls == 3)
            let left = try await store.everything()
            #expect(left.isEmpty)
        },
        Check("a declared length over the limit is refused before the source is asked") { store in
            let source = Source(Content(bytes: 2_000))
            await #expect(throws: ArtifactStoreError.wrongLength(expected: nil, found: 2_000)) {
                _ = try await store.spool(bytesMax: 1_999, declaredLength: 2_000) { await source.next() }
            }
            #expect(source.calls == 0)
        },
        Check("fewer bytes than declared are refused") { store in
            for (declared, found) in [(100_001, 100_000), (1, 0)] as [(Int64, Int)] {
                let source = Source(Content(bytes: found))
                await #expect(throws: ArtifactStoreError.wrongLength(expected: declared, found: Int64(found))) {
                    _ = try await store.spool(bytesMax: 1 << 20, declaredLength: declared) { await source.next() }
                }
            }
            let left = try await store.everything()
            #expect(left.isEmpty)
        },
        Check("more bytes than declared are refused, and the source is not asked again") { store in
            let source = Source(Content(bytes: 1_000_000), chunks: [1_000])
            await #expect(throws: ArtifactStoreError.wrongLength(expected: 1_500, found: 2_000)) {
                _ = try await store.spool(bytesMax: 1 << 20, declaredLength: 1_500) { await source.next() }
            }
            #expect(source.calls == 2)
        },
        Check("what the source throws is passed on") { store in
            let source = Source(Content(bytes: 1_000_000), chunks: [100_000], failsAfter: 4)
            await #expect(throws: SourceFailed()) {
                _ = try await store.spool(bytesMax: 1 << 20, declaredLength: nil) { try await source.nextOrFailure() }
            }
            let left = try await store.everything()
            #expect(left.isEmpty)
        },
        Check("a cancelled task stops receiving, even from a source that goes on") { store in
            let source = Source(Content(bytes: 1_000_000_000), chunks: [10_000])
            await #expect(throws: CancellationError.self) {
                try await inTaskOfItsOwn {
                    _ = try await store.spool(bytesMax: .max, declaredLength: nil) {
                        if source.calls == 2 { withUnsafeCurrentTask { $0?.cancel() } }
                        return await source.next()
                    }
                }
            }
            #expect(source.calls <= 4)
            let left = try await store.everything()
            #expect(left.isEmpty)
        },
        Check("a source that ends because its task was cancelled makes no file") { store in
            let source = Source(Content(bytes: 30_000), chunks: [10_000])
            await #expect(throws: CancellationError.self) {
                try await inTaskOfItsOwn {
                    _ = try await store.spool(bytesMax: .max, declaredLength: nil) {
                        let chunk = await source.next()
                        if chunk == nil { withUnsafeCurrentTask { $0?.cancel() } }
                        return chunk
                    }
                }
            }
        },
        Check("a discarded file is gone; discarding it again, or from a cancelled task, is no error") { store in
            let file = try await store.spool(Content(bytes: 10))
            let other = try await store.spool(Content(bytes: 10))
            await store.discard(file)
            await store.discard(file)
            #expect(!exists(file))
            #expect(exists(other))
            try await inTaskOfItsOwn {
                withUnsafeCurrentTask { $0?.cancel() }
                await store.discard(other)
            }
            #expect(!exists(other))
        },
        Check("files that are being received are no leftovers") { store in
            let file = try await store.spool(Content(bytes: 10))
            try await store.removeLeftovers()
            #expect(exists(file))
            try await store.keep(file, as: key(1))
            try await store.removeLeftovers()
            #expect(try await store.length(of: key(1)) == 10)
        },
    ]
}

// MARK: - Keeping

extension ArtifactStoreConformance {
    private static let keeping: [Check] = [
        Check("what was kept is read back unchanged, from no byte to several MiB") { store in
            let chunk = 131_072
            let part = 5 << 20
            for (index, bytes) in [
                0, 1, chunk / 2 - 1, chunk / 2, chunk / 2 + 1, chunk - 1, chunk, chunk + 1, part - 1, part, part + 1,
                8 << 20,
            ].enumerated() {
                let content = Content(bytes: bytes)
                try await store.put(content, as: key(index))
                #expect(try await store.length(of: key(index)) == Int64(bytes))
                let (found, chunks) = try await store.digest(key(index))
                #expect(found == content.sha256)
                #expect(bytes > 0 || chunks == 0)
            }
        },
        Check("a kept file's spooled one is gone") { store in
            let file = try await store.spool(Content(bytes: 10))
            try await store.keep(file, as: key(1))
            #expect(!exists(file))
        },
        Check("keys of two to four parts are kept side by side") { store in
            let keys = ["inputs/a", "inputs/a-b", "artifacts/a/b", "artifacts/a/b.c", "artifacts/a-b/c/d"]
            for (index, path) in keys.enumerated() {
                try await store.put(Content(bytes: index), as: #require(ArtifactKey(path)))
            }
            for (index, path) in keys.enumerated() {
                #expect(try await store.length(of: #require(ArtifactKey(path))) == Int64(index))
            }
        },
        Check("the same bytes under the same name are adopted") { store in
            try await store.put(Content(bytes: 300_000), as: key(1))
            let first = try #require(await store.everything().first)
            let again = try await store.spool(Content(bytes: 300_000))
            try await store.keep(again, as: key(1))
            #expect(!exists(again))
            let listed = try await store.everything()
            #expect(listed.map(\.key) == [key(1)])
            #expect(try #require(listed.first).modifiedAt >= first.modifiedAt)
        },
        Check("other bytes under the same name are a conflict, and the first stay") { store in
            let first = Content(bytes: 300_000)
            try await store.put(first, as: key(1))
            for other in [Content(bytes: 300_000, seed: 9), Content(bytes: 299_999), Content(bytes: 0)] {
                let file = try await store.spool(other)
                await #expect(throws: ArtifactStoreError.conflict(key(1).path)) {
                    try await store.keep(file, as: key(1))
                }
                await store.discard(file)
                #expect(!exists(file))
            }
            #expect(try await store.digest(key(1)).sha256 == first.sha256)
        },
        Check("a refused file can be kept under another name") { store in
            try await store.put(Content(bytes: 10), as: key(1))
            let other = Content(bytes: 11)
            let file = try await store.spool(other)
            await #expect(throws: ArtifactStoreError.self) { try await store.keep(file, as: key(1)) }
            try await store.keep(file, as: key(2))
            #expect(try await store.digest(key(2)).sha256 == other.sha256)
        },
        Check("of 16 writers of the same bytes under one name none fails, and one file is there") { store in
            let content = Content(bytes: 200_000)
            try await withThrowingTaskGroup { group in
                for _ in 0..<16 { group.addTask { try await store.put(content, as: key(1)) } }
                try await group.waitForAll()
            }
            #expect(try await store.everything().map(\.key) == [key(1)])
            #expect(try await store.digest(key(1)).sha256 == content.sha256)
        },
        Check("of 16 writers of different bytes under one name one wins, and the others conflict") { store in
            let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                for seed in 0..<16 {
                    group.addTask {
                        let file = try await store.spool(Content(bytes: 100_000, seed: seed))
                        do {
                            try await store.keep(file, as: key(1))
                            return seed
                        } catch ArtifactStoreError.conflict {
                            await store.discard(file)
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            #expect(winners.count == 1)
            let winner = Content(bytes: 100_000, seed: try #require(winners.first))
            #expect(try await store.digest(key(1)).sha256 == winner.sha256)
        },
        Check("many writers of different names do not disturb each other") { store in
            try await withThrowingTaskGroup { group in
                for index in 0..<48 {
                    group.addTask { try await store.put(Content(bytes: 10_000 + index), as: key(index)) }
                }
                try await group.waitForAll()
            }
            for index in 0..<48 {
                #expect(try await store.digest(key(index)).sha256 == Content(bytes: 10_000 + index).sha256)
            }
        },
        Check("keeping in a folder from which others delete loses nothing") { store in
            let name = ArtifactKey.artifact(job: job(1), attempt: 1, index: 0, sha256: "0")
            let other = ArtifactKey.artifact(job: job(1), attempt: 1, index: 1, sha256: "0")
            try await withThrowingTaskGroup { group in
                for _ in 0..<3 {
                    group.addTask { for _ in 0..<1_000 { try await store.delete(other) } }
                }
                group.addTask {
                    for _ in 0..<100 {
                        try await store.put(Content(bytes: 10), as: name)
                        guard try await store.length(of: name) == 10 else { throw SourceFailed() }
                        try await store.delete(name)
                    }
                }
                try await group.waitForAll()
            }
            let left = try await store.everything()
            #expect(left.isEmpty)
        },
    ]
}

// MARK: - Reading

extension ArtifactStoreConformance {
    private static let reading: [Check] = [
        Check("a range gives those bytes: the first, the last, some across chunks, all") { store in
            let content = Content(bytes: 400_001)
            try await store.put(content, as: key(1))
            for range in [
                0..<1, 400_000..<400_001, 1..<2, 131_071..<131_073, 100_000..<399_999, 262_144..<400_001, 0..<400_001,
            ] as [Range<Int64>] {
                #expect(try await store.read(key(1), range: range) == content.bytes(range))
            }
        },
        Check("an empty range and one that leaves the file are refused with the file's length") { store in
            try await store.put(Content(bytes: 1_000), as: key(1))
            try await store.put(Content(bytes: 0), as: key(2))
            for range in [0..<0, 5..<5, 1_000..<1_000, 999..<1_001, 1_000..<1_001, 5_000..<6_000, -1..<5]
                as [Range<Int64>]
            {
                await #expect(throws: ArtifactStoreError.invalidRange(bytes: 1_000)) {
                    _ = try await store.read(key(1), range: range)
                }
            }
            await #expect(throws: ArtifactStoreError.invalidRange(bytes: 0)) {
                _ = try await store.read(key(2), range: 0..<1)
            }
        },
        Check("a file that is not there has no length and is not found") { store in
            let length = try await store.length(of: key(1))
            #expect(length == nil)
            await #expect(throws: ArtifactStoreError.notFound(key(1).path)) {
                _ = try await store.read(key(1), range: nil)
            }
            await #expect(throws: ArtifactStoreError.notFound(key(1).path)) {
                _ = try await store.read(key(1), range: 0..<1)
            }
        },
        Check("what the reader throws is passed on, and no more is read") { store in
            try await store.put(Content(bytes: 2 << 20), as: key(1))
            let calls = Counter()
            await #expect(throws: SourceFailed()) {
                try await store.read(key(1), range: nil) { _ in
                    calls.add()
                    throw SourceFailed()
                }
            }
            #expect(calls.value == 1)
        },
        Check("a cancelled task stops reading") { store in
            try await store.put(Content(bytes: 4 << 20), as: key(1))
            let bytes = Counter()
            await #expect(throws: CancellationError.self) {
                try await inTaskOfItsOwn {
                    try await store.read(key(1), range: nil) { chunk in
                        bytes.add(chunk.count)
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                }
            }
            #expect(bytes.value < 4 << 20)
        },
        Check("16 readers of one file each get all of it") { store in
            let content = Content(bytes: 1 << 20)
            try await store.put(content, as: key(1))
            try await withThrowingTaskGroup { group in
                for _ in 0..<16 {
                    group.addTask { try #expect(await store.digest(key(1)).sha256 == content.sha256) }
                }
                try await group.waitForAll()
            }
        },
    ]
}

// MARK: - Deleting

extension ArtifactStoreConformance {
    private static let deleting: [Check] = [
        Check("a deleted file is gone; deleting it again, or what never was, is no error") { store in
            try await store.put(Content(bytes: 10), as: key(1))
            try await store.delete(key(1))
            #expect(try await store.length(of: key(1)) == nil)
            await #expect(throws: ArtifactStoreError.notFound(key(1).path)) {
                _ = try await store.read(key(1), range: nil)
            }
            try await store.delete(key(1))
            try await store.delete(key(2))
            try await store.delete(.input(sha256: "none"))
            let left = try await store.everything()
            #expect(left.isEmpty)
        },
        Check("deleting one file of a job leaves its others") { store in
            let first = ArtifactKey.artifact(job: job(1), attempt: 1, index: 0, sha256: "a")
            let second = ArtifactKey.artifact(job: job(1), attempt: 1, index: 1, sha256: "a")
            try await store.put(Content(bytes: 10), as: first)
            try await store.put(Content(bytes: 20), as: second)
            try await store.delete(first)
            #expect(try await store.everything().map(\.key) == [second])
        },
        Check("a deleted name can be used again, for other bytes") { store in
            try await store.put(Content(bytes: 10), as: key(1))
            try await store.delete(key(1))
            try await store.put(Content(bytes: 20), as: key(1))
            #expect(try await store.length(of: key(1)) == 20)
        },
    ]
}

// MARK: - Listing

extension ArtifactStoreConformance {
    private static let listing: [Check] = [
        Check("an empty store lists nothing") { store in
            let artifacts = try await store.list(prefix: "artifacts/", after: nil, limit: 10)
            let inputs = try await store.list(prefix: "inputs/", after: key(1), limit: 10)
            #expect(artifacts.isEmpty && inputs.isEmpty)
        },
        Check("a prefix lists its files and no others, with length and time") { store in
            try await store.put(Content(bytes: 10), as: .input(sha256: "a"))
            try await store.put(Content(bytes: 20), as: key(1))
            let inputs = try await store.list(prefix: "inputs/", after: nil, limit: 10)
            let artifacts = try await store.list(prefix: "artifacts/", after: nil, limit: 10)
            #expect(inputs.map(\.key) == [.input(sha256: "a")])
            #expect(inputs.map(\.bytes) == [10])
            #expect(artifacts.map(\.key) == [key(1)])
            #expect(artifacts.map(\.bytes) == [20])
            let year2024 = Timestamp(milliseconds: 1_704_067_200_000)
            #expect((inputs + artifacts).allSatisfy { $0.modifiedAt > year2024 })
        },
        Check("pages of any size give every key once, in order") { store in
            var keys: [ArtifactKey] = []
            for number in [7, 3, 300, 1, 12] {
                for index in 0..<3 {
                    keys.append(.artifact(job: job(number), attempt: 1, index: index, sha256: "f0"))
                }
            }
            // A folder's name that begins another's, and a file beside a folder: `/` sorts after `-` and `.`.
            for path in ["artifacts/a/b", "artifacts/a-b/c", "artifacts/a.b", "artifacts/a/b.c", "artifacts/a/b-c/d"] {
                keys.append(try #require(ArtifactKey(path)))
            }
            for key in keys { try await store.put(Content(bytes: 1), as: key) }
            try await store.put(Content(bytes: 1), as: .input(sha256: "a"))
            let expected = keys.map(\.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for limit in [1, 2, 3, 19, 20, 21, 1_000] {
                let pages = try await store.pages(prefix: "artifacts/", limit: limit)
                #expect(pages.flatMap(\.self).map(\.key.path) == expected)
                #expect(pages.dropLast().allSatisfy { $0.count == limit })
            }
        },
        Check("a listing starts after any key, kept or not") { store in
            for index in 0..<5 { try await store.put(Content(bytes: 1), as: .input(sha256: "\(index)")) }
            let expected = [ArtifactKey.input(sha256: "3"), .input(sha256: "4")]
            for after in ["inputs/2", "inputs/2a", "inputs/20"] {
                let found = try await store.list(prefix: "inputs/", after: ArtifactKey(after), limit: 10)
                #expect(found.map(\.key) == expected)
            }
            #expect(try await store.list(prefix: "inputs/", after: .input(sha256: "4"), limit: 10).isEmpty)
        },
        Check("deleting each page before the next is asked for reaches every file") { store in
            for index in 0..<25 { try await store.put(Content(bytes: 1), as: key(index)) }
            var seen: [ArtifactKey] = []
            while true {
                let page = try await store.list(prefix: "artifacts/", after: seen.last, limit: 4)
                if page.isEmpty { break }
                for file in page { try await store.delete(file.key) }
                seen += page.map(\.key)
            }
            #expect(seen == (0..<25).map(key))
            let left = try await store.everything()
            #expect(left.isEmpty)
        },
    ]
}

// MARK: - Helpers

/// Bytes that differ from offset to offset and from seed to seed, so that misplaced ones are noticed.
private struct Content: Sendable {
    let count: Int
    let seed: Int

    init(bytes count: Int, seed: Int = 0) {
        self.count = count
        self.seed = seed
    }

    func bytes(_ range: Range<Int64>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            var index = 0
            var offset = Int(range.lowerBound)
            while index < buffer.count {
                buffer[index] = UInt8(truncatingIfNeeded: offset &* 31 &+ offset >> 8 &* 7 &+ offset >> 16 &+ seed)
                index += 1
                offset += 1
            }
            filled = index
        }
    }

    var sha256: String { SHA256.hash(bytes(0..<Int64(count))).hex }
}

private struct SourceFailed: Error, Equatable {}

/// Gives content chunk by chunk and counts how often it was asked.
private final class Source: Sendable {
    private let content: Content
    private let chunks: [Int]
    private let failsAfter: Int?
    private let state = Mutex((calls: 0, offset: 0))

    /// The last of the `chunks`' lengths is repeated to the end.
    init(_ content: Content, chunks: [Int] = [65_536], failsAfter: Int? = nil) {
        self.content = content
        self.chunks = chunks
        self.failsAfter = failsAfter
    }

    var calls: Int { state.withLock { $0.calls } }

    func next() async -> [UInt8]? {
        await Task.yield()
        let range: Range<Int64>? = state.withLock { state in
            let length = chunks[min(state.calls, chunks.count - 1)]
            state.calls += 1
            guard state.offset < content.count else { return nil }
            let start = state.offset
            state.offset = min(content.count, start + length)
            return Int64(start)..<Int64(state.offset)
        }
        return range.map(content.bytes)
    }

    func nextOrFailure() async throws -> [UInt8]? {
        if let failsAfter, calls >= failsAfter { throw SourceFailed() }
        return await next()
    }
}

private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ amount: Int = 1) { count.add(amount, ordering: .relaxed) }
}

private func job(_ number: Int) -> JobID { JobID(high: 1, low: UInt64(number)) }

/// A key of a job of its own.
private func key(_ number: Int) -> ArtifactKey {
    .artifact(job: job(number), attempt: 1, index: 0, sha256: "00ff")
}

/// Whether a spooled file still lies on this machine's disk.
private func exists(_ file: SpooledFile) -> Bool { access(file.path, F_OK) == 0 }

/// Runs work in a task that it may cancel without cancelling the test.
private func inTaskOfItsOwn(_ work: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
        group.addTask { try await work() }
        try await group.waitForAll()
    }
}

extension ArtifactStore {
    fileprivate func spool(_ content: Content) async throws -> SpooledFile {
        let source = Source(content)
        return try await spool(bytesMax: Int64(content.count), declaredLength: nil) { await source.next() }
    }

    fileprivate func put(_ content: Content, as key: ArtifactKey) async throws {
        try await keep(spool(content), as: key)
    }

    fileprivate func read(_ key: ArtifactKey, range: Range<Int64>?) async throws -> [UInt8] {
        let collected = Mutex<[UInt8]>([])
        try await read(key, range: range) { chunk in collected.withLock { $0 += chunk } }
        return collected.withLock { $0 }
    }

    fileprivate func digest(_ key: ArtifactKey) async throws -> (sha256: String, chunks: Int) {
        let state = Mutex((hash: SHA256(), chunks: 0))
        try await read(key, range: nil) { chunk in
            state.withLock { state in
                state.hash.update(bytes: chunk)
                state.chunks += 1
            }
        }
        return state.withLock { ($0.hash.finalize().hex, $0.chunks) }
    }

    fileprivate func pages(prefix: String, limit: Int) async throws -> [[StoredFile]] {
        var pages: [[StoredFile]] = []
        while pages.last?.count ?? limit == limit {
            pages.append(try await list(prefix: prefix, after: pages.last?.last?.key, limit: limit))
        }
        return pages
    }

    fileprivate func everything() async throws -> [StoredFile] {
        try await list(prefix: "artifacts/", after: nil, limit: 1_000)
            + list(prefix: "inputs/", after: nil, limit: 1_000)
    }
}
