import ArtifactStoreFiles
import ConformanceKit
import Cryptography
import Foundation
import JobCore
import Synchronization
import Testing

@Suite struct FileArtifactStoreTests {
    private let folder = try? TemporaryFolder()

    @Test(arguments: ArtifactStoreConformance.checks)
    func conforms(_ check: ArtifactStoreConformance.Check) async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        try await check.run(store)
        #expect(try folder.spooled().isEmpty)
        // Not before: a store that ends removes its folder while it is being listed.
        withExtendedLifetime(store) {}
    }

    @Test func `folders and files are not open to everyone`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: "\(folder.path)/data")
        let file = try await store.spool("x")
        let spoolMode = try folder.mode(file.path)
        try await store.keep(file, as: key)

        let mask = try umask()
        let data = "\(folder.path)/data"
        #expect(try folder.mode(data) == 0o750 & ~mask)
        #expect(try folder.mode("\(data)/spool") == 0o700 & ~mask)
        #expect(try folder.mode("\(data)/artifacts") == 0o750 & ~mask)
        #expect(try folder.mode("\(data)/inputs") == 0o750 & ~mask)
        #expect(try folder.mode("\(data)/artifacts/job") == 0o750 & ~mask)
        #expect(spoolMode == 0o640 & ~mask)
        #expect(try folder.mode("\(data)/\(key)") == 0o640 & ~mask)
    }

    @Test func `the folder is made with those above it, and opened again as it is`() async throws {
        let folder = try #require(folder)
        for path in ["\(folder.path)/a/b/c", "\(folder.path)/a/b/c/"] {
            let store = try FileArtifactStore(folder: path)
            try await store.put("x", as: key)
        }
        #expect(try folder.text("a/b/c/\(key)") == "x")
        #expect(try !folder.contents("a/b/c").contains { $0.contains("probe") })
    }

    @Test func `a folder that cannot be made is refused at start`() throws {
        let folder = try #require(folder)
        try folder.plant("file")
        #expect(throws: ArtifactStoreError.self) { try FileArtifactStore(folder: "\(folder.path)/file/data") }
        #expect(throws: ArtifactStoreError.self) { try FileArtifactStore(folder: "/proc/mediary") }
    }

    @Test func `a key outside of the folders of kept files is refused`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        let file = try await store.spool("x")
        let path = file.path.dropFirst(folder.path.count + 1)
        let spooled = try #require(ArtifactKey(String(path)))
        await #expect(throws: ArtifactStoreError.self) { try await store.length(of: spooled) }
        await #expect(throws: ArtifactStoreError.self) { try await store.text(spooled) }
        await #expect(throws: ArtifactStoreError.self) { try await store.delete(spooled) }
        await #expect(throws: ArtifactStoreError.self) { try await store.keep(file, as: spooled) }
        #expect(try await store.list(prefix: "spool/", after: nil, limit: 10).isEmpty)
        #expect(try folder.text(String(path)) == "x")
    }

    @Test func `only files of its own spool are kept or discarded`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: "\(folder.path)/data")
        try folder.plant("1")
        for path in ["\(folder.path)/1", "\(folder.path)/data/spool/../../1", ""] {
            let foreign = SpooledFile(path: path, bytes: 7, sha256: SHA256.hash("planted".utf8).hex)
            await #expect(throws: ArtifactStoreError.self) { try await store.keep(foreign, as: key) }
            await store.discard(foreign)
        }
        #expect(try folder.text("1") == "planted")
    }

    @Test func `keeping a file that this call kept before is no error`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        let file = try await store.spool("x")
        for _ in 0..<3 { try await store.keep(file, as: key) }
        try await withThrowingTaskGroup { group in
            let second = try await store.spool("y")
            let other = try #require(ArtifactKey("artifacts/job/other"))
            for _ in 0..<16 { group.addTask { try await store.keep(second, as: other) } }
            try await group.waitForAll()
        }
        await #expect(throws: ArtifactStoreError.self) { try await store.keep(file, as: .input(sha256: "elsewhere")) }
        #expect(try await store.text(key) == "x")
    }

    @Test func `a spooled file that lost bytes is not kept`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        let file = try await store.spool("whole")
        #expect(truncate(file.path, 2) == 0)
        await #expect(throws: ArtifactStoreError.self) { try await store.keep(file, as: key) }
        #expect(try await store.length(of: key) == nil)
    }

    @Test func `deleting the last file of folders removes them, but none of the store's own`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        let deep = try #require(ArtifactKey("artifacts/a/b/c"))
        for key in [key, deep, .input(sha256: "a")] {
            try await store.put("x", as: key)
            try await store.delete(key)
        }
        #expect(try folder.contents("artifacts").isEmpty)
        #expect(try folder.contents("inputs").isEmpty)
        // As a crash between the two steps of a deletion leaves it.
        mkdir("\(folder.path)/artifacts/job", 0o750)
        try await store.delete(key)
        #expect(try folder.contents("artifacts").isEmpty)
    }

    @Test func `a file's age counts from when it was kept, and anew from when it was adopted`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        let file = try await store.spool("x")
        var attributes = stat()
        #expect(stat(file.path, &attributes) == 0)
        let received = Int64(attributes.st_mtim.tv_sec) * 1_000 + Int64(attributes.st_mtim.tv_nsec) / 1_000_000
        try await Task.sleep(for: .milliseconds(30))
        try await store.keep(file, as: key)
        let kept = try #require(await store.list(prefix: "artifacts/", after: nil, limit: 1).first).modifiedAt
        try await Task.sleep(for: .milliseconds(30))
        try await store.put("x", as: key)
        let adopted = try #require(await store.list(prefix: "artifacts/", after: nil, limit: 1).first).modifiedAt
        #expect(kept.milliseconds >= received + 20)
        #expect(adopted.milliseconds >= kept.milliseconds + 20)
    }

    @Test func `listing skips what is not the store's`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        try await store.put("x", as: key)
        for name in [".hidden", "UPPER", "lost+found/a", "job/.hidden", "a/b/c/too-deep", "space d"] {
            try folder.plant("artifacts/\(name)")
        }
        try folder.plant("elsewhere/file")
        #expect(try await store.list(prefix: "", after: nil, limit: 10).map(\.key) == [key])
        #expect(try await store.list(prefix: "artifacts/jo", after: nil, limit: 10).map(\.key) == [key])
        #expect(try await store.list(prefix: "artifacts/job/f", after: nil, limit: 10).map(\.key) == [key])
        #expect(try await store.list(prefix: "artifacts/job2", after: nil, limit: 10).isEmpty)
    }

    @Test func `a folder of more files than one window is listed whole and in order`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        let names = (0..<40_000).map { String($0 &* 7_919 % 40_009, radix: 32) }
        for name in names { close(open("\(folder.path)/inputs/\(name)", O_CREAT | O_WRONLY, 0o640)) }
        var found: [StoredFile] = []
        while true {
            let page = try await store.list(prefix: "inputs/", after: found.last?.key, limit: 999)
            found += page
            if page.count < 999 { break }
        }
        #expect(found.map(\.key.path) == names.map { "inputs/\($0)" }.sorted())
        // Another store has no walk to continue.
        let other = try FileArtifactStore(folder: folder.path)
        let page = try await other.list(prefix: "inputs/", after: found[19_999].key, limit: 20_000)
        #expect(page == Array(found[20_000...]))
    }
}

// MARK: - Links

extension FileArtifactStoreTests {
    @Test func `a folder that is a link is not followed`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: "\(folder.path)/data")
        try folder.plant("outside/file", "secret")
        try folder.plantLink("data/artifacts/job", to: "\(folder.path)/outside")

        #expect(try await store.length(of: key) == nil)
        await #expect(throws: ArtifactStoreError.notFound(key.path)) { try await store.text(key) }
        #expect(try await store.list(prefix: "artifacts/", after: nil, limit: 10).isEmpty)
        try await store.delete(key)
        let file = try await store.spool("x")
        await #expect(throws: ArtifactStoreError.self) { try await store.keep(file, as: key) }
        let other = try #require(ArtifactKey("artifacts/job/new"))
        await #expect(throws: ArtifactStoreError.self) { try await store.keep(file, as: other) }
        #expect(try folder.contents("outside") == ["file"])
        #expect(try folder.text("outside/file") == "secret")
    }

    @Test func `a file that is a link is not followed`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: "\(folder.path)/data")
        try folder.plant("outside/file", "secret")
        try folder.plantLink("data/\(key)", to: "\(folder.path)/outside/file")
        try folder.plantLink("data/inputs/dangling", to: "\(folder.path)/outside/new")

        #expect(try await store.length(of: key) == nil)
        await #expect(throws: ArtifactStoreError.notFound(key.path)) { try await store.text(key) }
        #expect(try await store.list(prefix: "", after: nil, limit: 10).isEmpty)
        for taken in [key, .input(sha256: "dangling")] {
            let file = try await store.spool("secret")
            await #expect(throws: ArtifactStoreError.conflict(taken.path)) { try await store.keep(file, as: taken) }
        }
        try await store.delete(key)
        #expect(try folder.contents("outside") == ["file"])
        #expect(try folder.text("outside/file") == "secret")
    }

    @Test func `a file where a folder belongs is no place for files, and stays`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        try folder.plant("artifacts/job")
        #expect(try await store.length(of: key) == nil)
        try await store.delete(key)
        let file = try await store.spool("x")
        await #expect(throws: ArtifactStoreError.self) { try await store.keep(file, as: key) }
        #expect(try folder.text("artifacts/job") == "planted")
    }

    @Test func `a pipe in the tree holds nobody up`() async throws {
        let folder = try #require(folder)
        let store = try FileArtifactStore(folder: folder.path)
        #expect(mkfifo("\(folder.path)/inputs/pipe", 0o640) == 0)
        await #expect(throws: ArtifactStoreError.notFound("inputs/pipe")) {
            try await store.text(.input(sha256: "pipe"))
        }
        let file = try await store.spool("")
        await #expect(throws: ArtifactStoreError.conflict("inputs/pipe")) {
            try await store.keep(file, as: .input(sha256: "pipe"))
        }
    }
}

// MARK: - Crashes

// The steps of `keep` are: folder made, name linked, folders synced, temporary name removed. Between any two of them
// the tree is one that a repeated `keep` turns into the same end. A killed process leaves every call it made in the
// kernel's memory, so the tests below reach each of these states, but not the loss of power: against that stands the
// order alone (bytes synced before the name is made, names synced before `keep` returns).
extension FileArtifactStoreTests {
    @Test(arguments: [5, 20, 60, 130, 250])
    func `a process killed at any moment leaves whole files only, and everything can be done again`(
        milliseconds: Int
    ) async throws {
        let folder = try #require(folder)
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String, milliseconds] in
            let store = try FileArtifactStore(folder: path)
            DispatchQueue(label: "killer").asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                kill(getpid(), SIGKILL)
            }
            try await withThrowingTaskGroup { group in
                for worker in 0..<4 {
                    group.addTask {
                        for round in 0..<1_000_000 { try await store.put(of: worker, round: round) }
                    }
                }
                try await group.waitForAll()
            }
        }
        let store = try FileArtifactStore(folder: path)
        let kept = try await store.list(prefix: "", after: nil, limit: 100_000)
        for file in kept {
            let text = try await store.text(file.key)
            #expect(file.key.path.hasSuffix(SHA256.hash(text.utf8).hex))
        }
        try await store.removeLeftovers()
        #expect(try folder.contents("spool").count == 1)
        for worker in 0..<4 {
            for round in 0..<(kept.count / 4 + 4) { try await store.put(of: worker, round: round) }
        }
    }

    @Test func `what dead processes left in the spool is removed, what living ones write is not`() async throws {
        let folder = try #require(folder)
        let path = folder.path
        let store = try FileArtifactStore(folder: path)
        let other = try FileArtifactStore(folder: path)
        for _ in 0..<2 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
                let store = try FileArtifactStore(folder: path)
                for _ in 0..<3 { _ = try await store.spool("left over") }
                kill(getpid(), SIGKILL)
            }
        }
        try folder.plant("spool/stray")
        try folder.plant("outside")
        try folder.plantLink("spool/link", to: "\(path)/outside")
        let own = try await store.spool("own")
        let others = try await other.spool("others")
        #expect(try folder.spooled().count == 8)

        try await store.removeLeftovers()
        #expect(try folder.spooled().map { "\(path)/spool/\($0)" }.sorted() == [own.path, others.path].sorted())
        #expect(try folder.contents("spool").count == 4)
        #expect(try folder.text("outside") == "planted")
        try await other.keep(others, as: key)
        try await store.keep(own, as: .input(sha256: "a"))
    }

    @Test func `a store that ends well leaves nothing in the spool`() async throws {
        let folder = try #require(folder)
        try await FileArtifactStore(folder: folder.path).put("x", as: key)
        // The store ends with the last of its own work, a moment after the call.
        var tries = 0
        while try !folder.contents("spool").isEmpty, tries < 500 {
            tries += 1
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try folder.contents("spool").isEmpty)
    }
}

// MARK: - Limits of the machine

extension FileArtifactStoreTests {
    @Test func `a full disk fails the call and nothing else`() async throws {
        let folder = try #require(folder)
        let disk = "\(folder.path)/disk"
        mkdir(disk, 0o750)
        guard mount("tmpfs", disk, "tmpfs", 0, "size=1m") == 0 else {
            print("skipped: a full disk (mounting a tmpfs: \(String(cString: strerror(errno))))")
            return
        }
        defer { umount2(disk, Int32(MNT_DETACH)) }
        let store = try FileArtifactStore(folder: disk)
        try await store.put("small", as: key)
        let failure = await #expect(throws: ArtifactStoreError.self) {
            try await store.spool(bytesMax: 4 << 20, declaredLength: 4 << 20) { [UInt8](repeating: 1, count: 100_000) }
        }
        #expect(failure == .failed("spool: write: No space left on device"))
        // The failed file's room is free again as soon as its last holder has let go of it.
        var tries = 0
        while tries < 500, (try? await store.put("small too", as: .input(sha256: "a"))) == nil {
            tries += 1
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(tries < 500)

        // Full to the last page: reading, deleting and starting still work.
        let filler = try #require(fopen("\(disk)/filler", "w"))
        while fwrite([UInt8](repeating: 1, count: 4_096), 1, 4_096, filler) == 4_096, fflush(filler) == 0 {}
        fclose(filler)
        let again = try FileArtifactStore(folder: disk)
        await #expect(throws: ArtifactStoreError.self) { try await again.spool("more") }
        #expect(try await again.text(key) == "small")
        try await again.delete(key)
        try await again.removeLeftovers()
        #expect(try await again.list(prefix: "", after: nil, limit: 10).map(\.key.path) == ["inputs/a"])
    }

    @Test func `memory does not grow with a file: 512 MiB in, adopted, and out`() async throws {
        let folder = try #require(folder)
        // In a process of its own: other tests' memory is not counted.
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            let store = try FileArtifactStore(folder: path)
            try await store.put("warm", as: .input(sha256: "warm"))
            let before = try peakMemory()
            let length: Int64 = 512 << 20
            for _ in 0..<2 {
                let sent = Mutex<Int64>(0)
                let file = try await store.spool(bytesMax: length, declaredLength: length) {
                    let offset = sent.withLock { sent in
                        sent += 65_536
                        return sent - 65_536
                    }
                    return offset < length ? [UInt8](repeating: UInt8(offset >> 16 & 255), count: 65_536) : nil
                }
                try await store.keep(file, as: key)
            }
            let received = Mutex<Int64>(0)
            try await store.read(key, range: nil) { chunk in received.withLock { $0 += Int64(chunk.count) } }
            #expect(received.withLock { $0 } == length)
            let growth = try peakMemory() - before
            print("512 MiB received twice and sent once: peak memory grew by \(growth / 1_024) KiB")
            #expect(growth < 32 << 20)
        }
    }
}

// MARK: - Helpers

private let key = ArtifactKey.named("artifacts/job/file")

extension ArtifactKey {
    fileprivate static func named(_ path: String) -> ArtifactKey {
        guard let key = ArtifactKey(path) else { preconditionFailure("not a key: \(path)") }
        return key
    }
}

/// The most memory the process ever held, in bytes.
private func peakMemory() throws -> Int {
    try (status("VmHWM") ?? 0) * 1_024
}

private func umask() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Umask:") }
    return try #require(line?.split(separator: "\t").last.flatMap { Int($0, radix: 8) })
}

private func status(_ name: String) throws -> Int? {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
}

extension FileArtifactStore {
    fileprivate func spool(_ text: String) async throws -> SpooledFile {
        let rest = Mutex<[UInt8]?>(Array(text.utf8))
        return try await spool(bytesMax: 1 << 20, declaredLength: nil) { rest.withLock { $0.take() } }
    }

    fileprivate func put(_ text: String, as key: ArtifactKey) async throws {
        try await keep(spool(text), as: key)
    }

    /// Keeps one of an endless row of files, each named by its content.
    fileprivate func put(of worker: Int, round: Int) async throws {
        let text = String(repeating: "\(worker)-\(round) ", count: 500)
        let job = JobID(high: UInt64(worker), low: UInt64(round / 3))
        let sha256 = SHA256.hash(text.utf8).hex
        try await put(text, as: .artifact(job: job, attempt: 1, index: round % 3, sha256: sha256))
    }

    @discardableResult
    fileprivate func text(_ key: ArtifactKey) async throws -> String {
        let bytes = Mutex<[UInt8]>([])
        try await read(key, range: nil) { chunk in bytes.withLock { $0 += chunk } }
        return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
    }
}
