import ConformanceKit
import Foundation
import Generation
import JobCore
import JobEngine
import Ledger
import Synchronization
import Testing

@Suite("What a client may post, and what it gets")
struct JobServiceTests {
    /// Posts, expects to be refused, and that nothing at all was written.
    private func refused(
        _ harness: EngineHarness,
        location: SourceLocation = #_sourceLocation,
        _ submit: () async throws -> JobID
    ) async throws -> RequestProblem? {
        let before = try await harness.store.audit()
        let balance = try await harness.store.balance(of: harness.key.workspace)
        var problem: RequestProblem?
        do {
            _ = try await submit()
            Issue.record("accepted", sourceLocation: location)
        } catch let found as RequestProblem {
            problem = found
        } catch is SubmissionRefusal {}
        #expect(try await harness.store.audit() == before, sourceLocation: location)
        #expect(try await harness.store.balance(of: harness.key.workspace) == balance, sourceLocation: location)
        #expect(harness.files.keys == [] && harness.files.leftovers == [], sourceLocation: location)
        return problem
    }

    private func image(_ references: [String], mask: String? = nil) -> GenerationRequest {
        var image = ImageRequest(prompt: "like this")
        image.inputReferences = references.map { .url($0) }
        image.mask = mask.map { .url($0) }
        return GenerationRequest(model: "fake/image", content: .image(image))
    }

    // MARK: Refusals

    @Test("an unknown model is refused with the nearest names")
    func unknownModel() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let near = try await refused(harness) { try await node.submit(model: "fake/vidoe") }
            #expect(near?.kind == .unknownModel && near?.field == "model")
            #expect(near?.message.contains("Did you mean fake/video") == true)
            let far = try await refused(harness) { try await node.submit(model: "something-else-entirely") }
            #expect(far?.message.contains("Did you mean") == false)
            let long = try await refused(harness) {
                try await node.submit(model: String(repeating: "x", count: 100_000))
            }
            #expect(try #require(long?.message.count) < 300)
        }
    }

    @Test("options for a provider that does not serve the model are refused")
    func providerOptions() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            var request = GenerationRequest(model: "fake/video", content: .video(VideoRequest(prompt: "a")))
            request.providerOptions = ["other": ["a": 1]]
            let problem = try await refused(harness) { try await node.submit(request) }
            #expect(problem?.field == "provider.options.other")
            #expect(problem?.message.contains("scripted") == true)
            request.providerOptions = ["scripted": ["a": 1]]
            #expect(try await harness.state(node.submit(request)) == .queued)
        }
    }

    @Test("a job that may cost more than its client allows is refused")
    func maxCost() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            var parameters = JobParameters()
            parameters.maxCost = Credits(nanoUSD: 399_999_999)
            let problem = try await refused(harness) { try await node.submit(parameters: parameters) }
            #expect(problem?.field == "max_cost")
            parameters.maxCost = Credits(nanoUSD: 400_000_000)
            #expect(try await harness.state(node.submit(parameters: parameters)) == .queued)
        }
    }

    @Test("values outside of the model's set, and content of another type, are refused")
    func outOfSet() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let duration = try await refused(harness) { try await node.submit(duration: 7) }
            #expect(duration?.message.contains("4, 5, 8") == true)
            let type = try await refused(harness) {
                try await node.submit(
                    GenerationRequest(model: "fake/video", content: .image(ImageRequest(prompt: "a")))
                )
            }
            #expect(type?.field == "type")
            let long = try await refused(harness) { try await node.submit(String(repeating: "a", count: 1_001)) }
            #expect(long?.field == "prompt")
        }
    }

    @Test("a disk that is nearly full accepts nothing")
    func diskFloor() async throws {
        try await EngineHarness.run { harness in
            let free = Mutex(Int64(512 * 1_048_576 - 1))
            let box = FreeSpace(free)
            let node = try harness.node(freeDiskBytes: { box.bytes })
            await #expect(throws: SubmissionRefusal.storageFull) {
                try await node.submit(image([TestMedia.imageDataURL]))
            }
            _ = try await refused(harness) { try await node.submit() }
            box.bytes += 1
            #expect(try await harness.state(node.submit()) == .queued)
        }
    }

    @Test("too many waiting jobs, no credits, a used-up key, a revoked key: refused before anything is written")
    func admission() async throws {
        try await EngineHarness.run { harness in
            var limits = JobService.Limits()
            limits.queuedMax = 0
            let full = try harness.node(limits: limits)
            await #expect(throws: SubmissionRefusal.queueFull) { try await full.submit() }
            let node = try harness.node()
            let poor = try await harness.addKey(workspace: "poor", limit: Credits(nanoUSD: 100))
            await #expect(
                throws: SubmissionRefusal.keyLimitReached(
                    needed: Credits(nanoUSD: 400_000_000),
                    remaining: Credits(nanoUSD: 100)
                )
            ) { try await node.submit(key: poor) }
            var fixtures = JobFixtures(seed: 99)
            let broke = fixtures.key(workspace: "broke")
            try await harness.store.ensureWorkspace("broke", at: harness.clock.now)
            try await harness.store.createKey(broke)
            let needed = SubmissionRefusal.insufficientCredits(
                needed: Credits(nanoUSD: 400_000_000),
                available: .zero
            )
            await #expect(throws: needed) { try await node.submit(key: broke) }
            await #expect(throws: SubmissionRefusal.self) {
                try await node.submit(image([TestMedia.imageDataURL]), key: broke)
            }
            _ = try await harness.store.revokeKey(hash: poor.hash, at: harness.clock.now)
            await #expect(throws: SubmissionRefusal.keyRevoked) { try await node.submit(key: poor) }
            #expect(try await harness.store.audit().jobs == 0)
            #expect(harness.files.keys == [])
        }
    }

    /// References that are not what they should be.
    static let references: [(name: String, url: String, says: String)] = {
        let image = Data(TestMedia.image).base64EncodedString()
        return [
            ("a web address without a host", "https:///a.png", "no valid host"),
            ("a local file", "file:///etc/passwd", "no URL that is taken"),
            ("no scheme", "aGVsbG8=", "no URL that is taken"),
            ("no comma", "data:image/png;base64", "comma"),
            ("not base64 by its own word", "data:image/png,abc", "base64"),
            ("no type", "data:;base64,\(image)", "form"),
            ("empty", "data:image/png;base64,", "base64"),
            ("bad alphabet", "data:image/png;base64,****", "base64"),
            ("bad padding", "data:image/png;base64,\(image.dropLast(1))", "base64"),
            ("text", "data:image/png;base64,aGVsbG8gd29ybGQ=", "not an image"),
            ("cut", "data:image/png;base64,\(Data(TestMedia.image.dropLast(9)).base64EncodedString())", "not a usable"),
            ("a video", "data:video/mp4;base64,\(Data(TestMedia.video).base64EncodedString())", "not an image"),
            ("another type than it says", "data:image/jpeg;base64,\(image)", "says image/jpeg"),
            ("a type in capitals with a parameter", "data:IMAGE/JPEG;x=y;base64,\(image)", "says image/jpeg"),
            ("a pixel bomb", "data:image/png;base64,\(bomb)", "pixels"),
            ("too long", "data:image/png;base64,\(String(repeating: "A", count: 4 * 1_048_576))", "bytes"),
        ]
    }()

    /// A picture whose header promises 50,000 by 50,000 pixels.
    private static let bomb: String = {
        func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        func crc(_ bytes: [UInt8]) -> UInt32 {
            ~bytes.reduce(UInt32.max) { crc, byte in
                (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in
                    value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1
                }
            }
        }
        var image = TestMedia.image
        let header = Array("IHDR".utf8) + big(50_000) + big(50_000) + image[24..<29]
        image.replaceSubrange(12..<33, with: header + big(crc(header)))
        return Data(image).base64EncodedString()
    }()

    @Test("a reference that is not what it should be is refused, with its place and the reason", arguments: 0..<16)
    func references(index: Int) async throws {
        let (name, url, says) = Self.references[index]
        try await EngineHarness.run { harness in
            var limits = JobService.Limits()
            limits.inputBytesMax = 1_048_576
            let node = try harness.node(limits: limits)
            let problem = try await refused(harness) { try await node.submit(image([TestMedia.imageDataURL, url])) }
            #expect(problem?.field == "input_references[1].image_url.url", "\(name)")
            #expect(problem?.message.contains(says) == true, "\(name): \(problem?.message ?? "")")
            #expect(try #require(problem?.message.count) < 400)
        }
    }

    @Test("a first frame is a reference as well, and comes out as stored")
    func frames() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            var video = VideoRequest(prompt: "from here")
            video.frameImages = [FrameImage(role: .first, image: .url("ftp://example.com"))]
            let bad = GenerationRequest(model: "fake/video", content: .video(video))
            let problem = try await refused(harness) { try await node.submit(bad) }
            #expect(problem?.field == "frame_images[0].image_url.url")
            video.frameImages = [FrameImage(role: .first, image: .url(TestMedia.imageDataURL))]
            let id = try await node.submit(GenerationRequest(model: "fake/video", content: .video(video)))
            guard case .video(let stored) = try await harness.job(id).admitted.request.content,
                case .stored(let input) = stored.frameImages.first?.image
            else {
                Issue.record("not stored")
                return
            }
            #expect(harness.files.bytes(of: .input(sha256: input.sha256)) == TestMedia.image)
        }
    }

    // MARK: Repeats

    @Test("100 equal requests with one key at once are one job", arguments: 0..<5)
    func idempotentRace(seed: Int) async throws {
        try await EngineHarness.run(seed: UInt64(seed)) { harness in
            let node = try harness.node()
            let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
                for _ in 0..<100 {
                    group.addTask { try await node.submit(idempotencyKey: "the same") }
                }
                return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await harness.store.audit().jobs == 1)
            await #expect(throws: SubmissionRefusal.idempotencyConflict) {
                try await node.submit("something else", idempotencyKey: "the same")
            }
        }
    }

    @Test("a repeat has its answer also when the first has taken all the credits, with references too")
    func repeatWithoutCredits() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            var fixtures = JobFixtures(seed: 5)
            let key = fixtures.key(workspace: "small")
            try await harness.store.ensureWorkspace("small", at: harness.clock.now)
            try await harness.store.createKey(key)
            _ = try await harness.store.transfer(
                Transfer.grant(id: "small", workspace: "small", amount: Credits(nanoUSD: 40_000_000), reason: "test"),
                at: harness.clock.now
            )
            let request = image([TestMedia.imageDataURL])
            let first = try await node.submit(request, key: key, idempotencyKey: "a")
            #expect(try await harness.store.balance(of: "small").available == .zero)
            #expect(try await node.submit(request, key: key, idempotencyKey: "a") == first)
            await #expect(throws: SubmissionRefusal.self) { try await node.submit(request, key: key) }
        }
    }

    @Test("64 clients racing for the credits of 10 jobs get exactly 10")
    func creditsRace() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            var fixtures = JobFixtures(seed: 6)
            let key = fixtures.key(workspace: "ten")
            try await harness.store.ensureWorkspace("ten", at: harness.clock.now)
            try await harness.store.createKey(key)
            _ = try await harness.store.transfer(
                Transfer.grant(id: "ten", workspace: "ten", amount: Credits(nanoUSD: 4_100_000_000), reason: "test"),
                at: harness.clock.now
            )
            let accepted = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<64 {
                    group.addTask { (try? await node.submit("\(number)", key: key)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(accepted == 10)
            #expect(try await harness.store.balance(of: "ten").available == Credits(nanoUSD: 100_000_000))
        }
    }

    // MARK: Reading

    @Test("a long poll returns when the job is over, and not before its time otherwise")
    func longPoll() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            let id = try await node.submit()
            let workspace = harness.key.workspace
            let asked = harness.clock.bootSeconds
            let early = try await node.service.wait(for: id, workspace: workspace, seconds: 3)
            #expect(early?.job.state.isTerminal == false)
            #expect(abs(harness.clock.bootSeconds - asked - 3) < 0.01)
            let view = try await node.service.wait(for: id, workspace: workspace, seconds: 300)
            #expect(view?.job.state.name == .completed)
            #expect(harness.clock.bootSeconds - asked < 20)
            let told = try #require(view?.job.finishedAt)
            #expect(harness.clock.now.seconds(since: told) < 0.01)
            let again = try await node.service.wait(for: id, workspace: workspace, seconds: 300)
            #expect(again?.job == view?.job)
            #expect(try await node.service.wait(for: id, workspace: "other", seconds: 300) == nil)
            let nobody = JobID(high: 1, low: 1)
            #expect(try await node.service.wait(for: nobody, workspace: workspace, seconds: 300) == nil)
        }
    }

    @Test("a job shows where it stands in the queue, and that it can be cancelled")
    func views() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 100) }
            let node = try harness.startedNode(slots: 1)
            let workspace = harness.key.workspace
            var ids: [JobID] = []
            for number in 0..<3 {
                ids.append(try await node.submit("\(number)"))
                try await harness.clock.sleep(0.01)
            }
            let positions = try await ids.asyncMap {
                try await node.service.job($0, workspace: workspace)?.queuePosition
            }
            #expect(positions == [nil, 0, 1])
            let first = try #require(try await node.service.job(ids[0], workspace: workspace))
            #expect(first.isCancellable && first.attempts.map(\.state) == [.accepted])
            let list = try await node.service.jobs(JobQuery(workspace: workspace))
            #expect(list.map(\.job.id) == ids.reversed())
            #expect(try await node.service.job(ids[0], workspace: "other") == nil)
        }
    }

    @Test("a feed gives every event once and in order, however slow its reader", arguments: 0..<20)
    func feeds(seed: Int) async throws {
        try await EngineHarness.run(seed: UInt64(seed)) { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 20) }
            harness.provider.script.status = { generation, now in
                let elapsed = now.seconds(since: generation.startedAt)
                return elapsed < 20 ? .pending(progress: elapsed / 20, isQueued: elapsed < 5) : nil
            }
            let node = try harness.startedNode()
            let id = try await node.submit()
            let world = harness.world
            try await withThrowingTaskGroup(of: [JobEventRecord].self) { group in
                for reader in 0..<6 {
                    group.addTask {
                        // Some come late, some are slow, some have seen a part.
                        if reader % 2 == 1 { try await world.clock.sleep(Double(world.draw(below: 25))) }
                        var events: [JobEventRecord] = []
                        for try await event in node.service.events(of: id, after: reader > 3 ? 3 : 0) {
                            events.append(event)
                            if reader > 1 { try await world.clock.sleep(Double(world.draw(below: 4))) }
                        }
                        return events
                    }
                }
                for try await events in group {
                    let all = try await harness.events(id)
                    #expect(events == all.filter { $0.version >= (events.first?.version ?? 0) })
                    #expect(events.first?.version == 1 || events.first?.version == 4)
                    #expect(events.last?.state == .completed)
                }
            }
            // One who has seen everything is told the end at once.
            var more = 0
            for try await _ in node.service.events(of: id, after: try await harness.job(id).version) { more += 1 }
            #expect(more == 0)
            #expect(try await harness.events(id).count > 8)
        }
    }

    @Test("readers that leave leave nothing behind")
    func readersLeave() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 50) }
            let node = try harness.startedNode()
            let id = try await node.submit()
            for _ in 0..<20 {
                _ = try await node.service.wait(for: id, workspace: harness.key.workspace, seconds: 0.1)
                for try await _ in node.service.events(of: id, after: 0) { break }
            }
            #expect(node.live.watcherCount == 0)
        }
    }
}

/// Free disk space that a test sets.
private final class FreeSpace: Sendable {
    private let value: Mutex<Int64>

    init(_ value: consuming sending Mutex<Int64>) { self.value = value }

    var bytes: Int64 {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
