import ConformanceKit
import Cryptography
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import MediaInspection
import ProviderKit
import Testing

@Suite("References by URL: fetched before anything is recorded to be sent, once in a job's life")
struct ReferenceTests {
    static let url = "https://pictures.example/a.png?signature=secret"
    private static let other = "https://pictures.example/b.png?signature=secret"

    static func image(_ urls: String...) -> GenerationRequest {
        var image = ImageRequest(prompt: "like this")
        image.inputReferences = urls.map { .url($0) }
        return GenerationRequest(model: "fake/image", content: .image(image))
    }

    /// The same picture with other bytes.
    static func variant(_ text: String) -> [UInt8] {
        func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        let chunk = Array("tEXt".utf8) + Array("Comment".utf8) + [0] + Array(text.utf8)
        let crc = chunk.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
        }
        let image = TestMedia.image
        // After the header, which is eight bytes of signature and 25 of IHDR.
        return image[..<33] + big(UInt32(chunk.count - 4)) + chunk + big(~crc) + image[33...]
    }

    private static func hash(_ bytes: [UInt8]) -> String { SHA256.hash(bytes).hex }

    /// What never happened of a job that failed before its first attempt, and that all of it is undone.
    private func expectNothingSent(_ harness: EngineHarness, _ id: JobID) async throws {
        #expect(harness.provider.submits.isEmpty)
        #expect(try await harness.attempts(id).isEmpty)
        #expect(try await harness.spent() == .zero)
        #expect(harness.files.leftovers == [])
        try await harness.expectSound([id])
    }

    // MARK: Success

    @Test("the adapter gets the bytes, the client sees its URL, and the file stays for the job's life")
    func success() async throws {
        try await EngineHarness.run { harness in
            // What the server says about the type counts for nothing.
            harness.web.reply = { _, _ in .bytes(TestMedia.image, type: "text/html") }
            let node = try harness.startedNode()
            let id = try await node.submit(Self.image(Self.url))
            let job = try await harness.end(of: id)
            #expect(job.state.name == .completed)
            #expect(job.admitted.request.inputs.map(\.input) == [.url(Self.url)])
            #expect(job.admitted.request.json.canonicalText.contains(Self.url))
            let hash = Self.hash(TestMedia.image)
            #expect(harness.provider.submits.map(\.inputs) == [[hash]])
            #expect(harness.web.asked == [Self.url])
            var stored = StoredInput(sha256: hash, mediaType: "image/png", bytes: Int64(TestMedia.image.count))
            let size = try MediaInspector.imageDimensions(TestMedia.image, pixelLimit: .max)
            (stored.width, stored.height) = (size.width, size.height)
            #expect(try await harness.store.references(of: id) == [FetchedReference(url: Self.url, stored: stored)])
            try await harness.clock.sleep(3 * 86_400)
            let sweeper = ArtifactSweeper(
                store: harness.store,
                files: harness.files,
                environment: node.environment,
                logger: harness.log.logger
            )
            #expect(try await sweeper.sweep() == 0)
            #expect(harness.files.bytes(of: .input(sha256: hash)) == TestMedia.image)
            #expect(!harness.log.all.contains { $0.contains("secret") })
            try await harness.expectSound([id])
        }
    }

    @Test("the exchange is held to public addresses, few redirects, a length and a time, without credentials")
    func options() async throws {
        try await EngineHarness.run { harness in
            let range = try #require(NetworkRange("10.1.0.0/16"))
            var source = ReferenceSource()
            source.allowedNetworks = [range]
            let node = try harness.node(references: source)
            node.start()
            let id = try await node.submit(Self.image(Self.url))
            try await harness.end(of: id)
            let options = try #require(harness.web.options.first)
            #expect(options.reach == .publicInternet(and: [range]))
            #expect(options.redirectsMax == 3)
            #expect(options.bodyBytesMax == 20_971_520)
            #expect(options.totalTimeoutSeconds <= 60 && options.idleTimeoutSeconds <= 15 && !options.isSubmit)
            #expect(Set(harness.web.headers) == ["Accept"])
        }
    }

    @Test("equal URLs of one job are fetched once; different ones at the same time; mixed with what came along")
    func several() async throws {
        try await EngineHarness.run { harness in
            let (first, second) = (Self.variant("1"), Self.variant("2"))
            harness.web.reply = { url, _ in .after(seconds: 5, .bytes(url == Self.url ? first : second)) }
            let node = try harness.startedNode()
            let twice = try await node.submit(Self.image(Self.url, Self.url))
            try await harness.end(of: twice)
            #expect(harness.web.asked == [Self.url])
            #expect(harness.provider.submits.map(\.inputs) == [[Self.hash(first), Self.hash(first)]])
            let both = try await node.submit(Self.image(Self.url, Self.other))
            try await harness.end(of: both)
            #expect(harness.web.openMax == 2)
            #expect(harness.provider.submits.last?.inputs == [Self.hash(first), Self.hash(second)])
            let mixed = try await node.submit(Self.image(TestMedia.imageDataURL, Self.other))
            try await harness.end(of: mixed)
            #expect(harness.provider.submits.last?.inputs == [Self.hash(TestMedia.image), Self.hash(second)])
            #expect(harness.web.asked.count == 4)
            try await harness.expectSound([twice, both, mixed])
        }
    }

    @Test("what passes is tried again", arguments: [408, 425, 429, 500, 502, 503, 504])
    func retry(status: Int) async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, number in
                switch number {
                case 1: .status(status, headers: [("Retry-After", "4000")])
                case 2: .failure([.noConnection, .timedOut, .connectionLost][status % 3])
                case _: .bytes(TestMedia.image)
                }
            }
            let node = try harness.startedNode()
            let id = try await node.submit(Self.image(Self.url))
            #expect(try await harness.end(of: id, within: 60).state.name == .completed)
            #expect(harness.web.asked.count == 3)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    // MARK: Failures

    /// What comes, what the client is told about it, and whether that may pass.
    static let failures: [(name: String, reply: ScriptedWeb.Reply, says: String, isPassing: Bool)] = [
        ("gone", .status(404), "answered 404", false),
        ("closed", .status(403), "answered 403", false),
        ("nothing", .status(204), "answered 204", false),
        ("elsewhere", .status(301), "answered 301", false),
        ("inside", .failure(.forbidden), "not public", false),
        ("too long, found by the transport", .failure(.tooLarge), "longer than 100000 bytes", false),
        ("too long by its word", .declared([], 100_001), "longer than 100000 bytes", false),
        ("too long", .declared([UInt8](repeating: 0, count: 100_001), nil), "longer than 100000 bytes", false),
        ("text", .bytes(Array("hello world".utf8)), "not an image", false),
        ("a page", .bytes(Array("<!DOCTYPE html><svg/>".utf8)), "not an image", false),
        ("a video", .bytes(TestMedia.video, type: "image/png"), "not an image", false),
        ("empty", .bytes([]), "not an image", false),
        ("broken", .bytes(Array(TestMedia.image.dropLast(9))), "not a usable image", false),
        ("too large", .bytes(TestMedia.image), "pixels", false),
        ("cut", .cutAfter(30), "cut short", true),
        ("shorter than its word", .declared(TestMedia.image, 1_000), "cut short", true),
        ("down", .status(503), "answered 503", true),
        ("slow", .failure(.timedOut), "too long", true),
        ("unreachable", .failure(.noConnection), "no connection", true),
    ]

    @Test("a reference that cannot be had fails the job, in words, and the hold is void", arguments: failures.indices)
    func failure(index: Int) async throws {
        let (name, reply, says, isPassing) = Self.failures[index]
        try await EngineHarness.run { harness in
            harness.web.reply = { url, _ in url == Self.other ? reply : .bytes(Self.variant("good")) }
            var limits = JobService.Limits()
            limits.inputBytesMax = 100_000
            if name == "too large" { limits.inputPixelsMax = 63 }
            let node = try harness.node(limits: limits)
            node.start()
            let good = name == "too large" ? Self.other : Self.url
            let id = try await node.submit(Self.image(good, Self.other))
            let job = try await harness.end(of: id, within: 60)
            guard case .failed(let failure) = job.state else {
                Issue.record("\(name): \(job.state.name)")
                return
            }
            #expect(failure.code == .inputUnavailable)
            let field = "`input_references[\(name == "too large" ? 0 : 1)].image_url.url`"
            #expect(failure.message.hasPrefix(field) && failure.message.contains(says), "\(failure.message)")
            #expect(!failure.message.contains("secret") && !failure.message.contains("example"))
            #expect(failure.retryable == isPassing)
            #expect(harness.web.asked.count { $0 == Self.other } == (isPassing ? 3 : 1), "\(name)")
            let took = try #require(job.finishedAt).seconds(since: job.admitted.createdAt)
            #expect(took < (isPassing ? 30 : 1), "\(name)")
            #expect(!harness.log.all.contains { $0.contains("secret") })
            try await expectNothingSent(harness, id)
        }
    }

    @Test("a format that the adapter does not take is found when the bytes are there")
    func validated() async throws {
        try await EngineHarness.run { harness in
            let gif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
            harness.web.reply = { _, _ in .bytes(Array(Data(base64Encoded: gif) ?? Data())) }
            let node = try harness.startedNode()
            let id = try await node.submit(Self.image(Self.url))
            guard case .failed(let failure) = try await harness.end(of: id).state else {
                Issue.record("not failed")
                return
            }
            #expect(failure.code == .invalidRequest && failure.message.contains("GIF"))
            try await expectNothingSent(harness, id)
        }
    }

    @Test("a medium or a database that is away costs time, not the job")
    func ownFaults() async throws {
        try await EngineHarness.run { harness in
            let faults = Countdown(0)
            let node = try harness.startedNode(fault: { operation in
                operation == "recordReferences" && faults.take() ? .fails : nil
            })
            faults.arm(after: 0, count: 2)
            harness.files.failNext(2)
            let id = try await node.submit(Self.image(Self.url))
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.files.leftovers == [])
            try await harness.expectSound([id])
        }
    }

    // MARK: Crashes and restarts

    @Test("killed after the record: the next worker sends those bytes, whatever the URL gives by then")
    func killedAfterRecord() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, number in .bytes(Self.variant("\(number)")) }
            let first = try harness.startedNode(passed: { node, step in if step == .referenced { node.die() } })
            let id = try await first.submit(Self.image(Self.url))
            try await harness.until("the node is dead") { first.life.isDead }
            await first.kill()
            #expect(try await harness.attempts(id).isEmpty)
            #expect(try await harness.state(id) == .queued)
            _ = try harness.startedNode(settings: { $0.isOnlyProcess = true })
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.web.asked.count == 1)
            #expect(harness.provider.submits.map(\.inputs) == [[Self.hash(Self.variant("1"))]])
            try await harness.expectSound([id])
        }
    }

    @Test("killed while fetching: nothing was sent, and the next worker fetches anew")
    func killedWhileFetching() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, number in .after(seconds: 50, .bytes(Self.variant("\(number)"))) }
            let first = try harness.startedNode()
            let id = try await first.submit(Self.image(Self.url))
            try await harness.until("it is fetched") { harness.web.asked.count == 1 }
            await first.kill()
            _ = try harness.startedNode(settings: { $0.isOnlyProcess = true })
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.map(\.inputs) == [[Self.hash(Self.variant("2"))]])
            try await harness.expectSound([id])
        }
    }

    @Test("recorded, but the worker was not told: it looks, and does not fetch again")
    func recordedWithoutAnswer() async throws {
        try await EngineHarness.run { harness in
            let faults = Countdown(0)
            faults.arm(after: 0, count: 1)
            let node = try harness.startedNode(fault: { operation in
                operation == "recordReferences" && faults.take() ? .failsAfterwards : nil
            })
            let id = try await node.submit(Self.image(Self.url))
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.web.asked.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("stopped in good order while fetching: at once, and the next worker goes on")
    func stopped() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, number in number == 1 ? .after(seconds: 50, .status(404)) : .bytes(TestMedia.image)
            }
            let first = try harness.startedNode()
            let id = try await first.submit(Self.image(Self.url))
            try await harness.until("it is fetched") { harness.web.asked.count == 1 }
            let askedAt = harness.clock.bootSeconds
            try await first.stop()
            #expect(harness.clock.bootSeconds - askedAt < 1)
            #expect(try await harness.job(id).worker == nil)
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id).state.name == .completed)
            try await harness.expectSound([id])
        }
    }

    @Test("a worker that stood still past its lease can record nothing: the bytes are those of the next")
    func stalled() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, number in .after(seconds: 2, .bytes(Self.variant("\(number)"))) }
            let first = try harness.startedNode()
            let id = try await first.submit(Self.image(Self.url))
            try await harness.until("it is fetched") { harness.web.asked.count == 1 }
            first.life.freeze()
            let second = try harness.startedNode()
            try await harness.until("the second has fetched", within: 60) {
                try await !harness.store.references(of: id).isEmpty
            }
            first.life.thaw()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.submits.map(\.inputs) == [[Self.hash(Self.variant("2"))]])
            _ = second
            try await harness.expectSound([id])
        }
    }

    @Test("a resend, and another attempt, carry the bytes of the first, and nothing is fetched again")
    func sameBytes() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.recovery = ["fake/image": .resend]
            harness.provider.script.submit = { submit in
                switch submit.number {
                case 1: .refuse(503)
                case 2: .acceptAndLose()
                case _: .accept()
                }
            }
            harness.web.reply = { _, number in number == 1 ? .bytes(TestMedia.image) : .status(404) }
            let node = try harness.startedNode()
            let id = try await node.submit(Self.image(Self.url))
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.web.asked.count == 1)
            #expect(
                harness.provider.submits.map(\.inputs) == [[String]](repeating: [Self.hash(TestMedia.image)], count: 3)
            )
            #expect(harness.provider.refusedTokens == [])
            try await harness.expectSound([id])
        }
    }

    // MARK: Meanwhile

    @Test("a client that wants it stopped while it is fetched is followed at once")
    func cancelled() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, _ in .after(seconds: 50, .bytes(TestMedia.image)) }
            let node = try harness.startedNode()
            let id = try await node.submit(Self.image(Self.url))
            try await harness.until("it is fetched") { harness.web.asked.count == 1 }
            let view = try await node.cancel(id)
            #expect(view?.job.state.name == .cancelled)
            // The worker has let go of it: the slot is free.
            try await harness.until("the exchange is given up", within: 1) { harness.web.openNow == 0 }
            try await harness.clock.sleep(100)
            #expect(harness.web.asked.count == 1)
            try await expectNothingSent(harness, id)
        }
    }

    @Test("the deadline ends it while it is fetched")
    func late() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, _ in .after(seconds: 50, .bytes(TestMedia.image)) }
            let node = try harness.startedNode()
            var parameters = JobParameters()
            parameters.expiresAfterSeconds = 7
            let id = try await node.submit(Self.image(Self.url), parameters: parameters)
            let job = try await harness.end(of: id)
            #expect(job.state == .expired)
            let took = try #require(job.finishedAt).seconds(since: job.admitted.createdAt)
            #expect(took >= 7 && took < 8)
            try await expectNothingSent(harness, id)
        }
    }

    @Test("news that are none do not disturb a fetch")
    func news() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, _ in .after(seconds: 50, .bytes(TestMedia.image)) }
            let node = try harness.startedNode()
            let id = try await node.submit(Self.image(Self.url))
            try await harness.until("it is fetched") { harness.web.asked.count == 1 }
            for _ in 0..<10 {
                node.signals.wake(id)
                try await harness.clock.sleep(1)
            }
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.web.asked.count == 1)
        }
    }

    @Test("a slow reference holds up no other job")
    func others() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { _, _ in .after(seconds: 55, .bytes(TestMedia.image)) }
            let node = try harness.startedNode(slots: 2)
            let slow = try await node.submit(Self.image(Self.url))
            try await harness.until("it is fetched") { harness.web.asked.count == 1 }
            let quick = try await node.submit("quick", model: "fake/image")
            #expect(try await harness.end(of: quick, within: 15).state.name == .completed)
            #expect(try await harness.state(slow) == .queued)
            #expect(try await harness.end(of: slow).state.name == .completed)
            try await harness.expectSound([slow, quick])
        }
    }

    @Test("a start in the rate budget counts from the send, and is given back when nothing is sent")
    func rateBudget() async throws {
        try await EngineHarness.run { harness in
            harness.web.reply = { url, _ in
                url == Self.url ? .after(seconds: 50, .bytes(TestMedia.image)) : .status(404)
            }
            let node = try harness.startedNode(submitsPerMinute: 1)
            let failing = try await node.submit(Self.image(Self.other))
            try await harness.end(of: failing, within: 5)
            let slow = try await node.submit(Self.image(Self.url))
            try await harness.clock.sleep(1)
            let next = try await node.submit("next", model: "fake/image")
            for id in [slow, next] { #expect(try await harness.end(of: id).state.name == .completed) }
            let times = harness.provider.submits.map { $0.at.seconds(since: harness.provider.submits[0].at) }
            #expect(times.count == 2 && times[1] >= 60 && times[1] < 70, "\(times)")
            let first = harness.provider.submits[0].at.seconds(since: try await harness.job(slow).admitted.createdAt)
            #expect(first >= 50 && first < 55, "\(first)")
            try await harness.expectSound([failing, slow, next])
        }
    }
}
