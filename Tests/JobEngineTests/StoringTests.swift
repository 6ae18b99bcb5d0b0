import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@Suite("What the provider made becomes ours, whole or not at all")
struct StoringTests {
    private func failure(_ harness: EngineHarness, _ id: JobID) async throws -> JobFailure? {
        guard case .failed(let failure) = try await harness.end(of: id).state else { return nil }
        return failure
    }

    static let damages: [(name: String, reply: ScriptedProvider.FetchReply)] = {
        let video = TestMedia.video
        let start = Array(video.prefix(1_000))
        let whole = Int64(video.count)
        return [
            ("cut by the wire", .cutAfter(1_000)),
            ("shorter than declared", .bytes(start, declared: whole)),
            ("longer than declared", .bytes(video + [0, 0, 0], declared: whole)),
            ("truncated, and declared so", .bytes(start, declared: 1_000)),
            ("truncated by one byte", .bytes(video.dropLast(), declared: nil)),
            ("empty", .bytes([], declared: 0)),
            ("of another type", .bytes(TestMedia.image, declared: nil)),
            ("a web page", .bytes(Array("<html>Sign in</html>".utf8), declared: nil)),
            ("gone", .status(404)),
            ("forbidden", .status(403)),
            ("somewhere else", .status(302)),
            ("behind an error", .status(500)),
        ]
    }()

    @Test("an output that stays damaged is fetched again a few times, then the job failed", arguments: 0..<12)
    func damaged(index: Int) async throws {
        let (name, reply) = Self.damages[index]
        try await EngineHarness.run { harness in
            harness.provider.script.fetch = { _, _, _ in reply }
            let node = try harness.startedNode()
            let id = try await node.submit()
            let failure = try await failure(harness, id)
            #expect(failure?.code == .invalidOutput, "\(name)")
            // What only stands in the way is given more time than what is wrong.
            #expect(harness.provider.fetches.count == (name == "behind an error" ? 13 : 3), "\(name)")
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.spent() == .zero)
            #expect(harness.files.keys == [] && harness.files.leftovers == [], "\(name)")
            try await harness.expectSound([id])
        }
    }

    @Test("one that is damaged once is fetched again", arguments: 0..<12)
    func damagedOnce(index: Int) async throws {
        let (name, reply) = Self.damages[index]
        try await EngineHarness.run { harness in
            let once = Countdown(1)
            harness.provider.script.fetch = { _, _, _ in once.take() ? reply : .whole }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed, "\(name)")
            #expect(harness.provider.submits.count == 1)
            #expect(harness.files.leftovers == [], "\(name)")
            try await harness.expectSound([id])
        }
    }

    @Test("an output URL that has expired is asked for anew, and recorded")
    func renewed() async throws {
        try await EngineHarness.run { harness in
            let once = Countdown(1)
            let provider = harness.provider
            harness.provider.script.fetch = { generation, _, _ in
                guard once.take() else { return .whole }
                provider.renewURLs(of: generation.id)
                return .status(403)
            }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(
                harness.provider.fetches
                    == ["https://provider/outputs/gen-1/0/0", "https://provider/outputs/gen-1/0/1"]
            )
            #expect(try await harness.events(id).count { $0.state == .storing } == 2)
            try await harness.expectSound([id])
        }
    }

    @Test(
        "an output is fetched without credentials, and no further than a provider may send us",
        arguments: [true, false]
    )
    func guarded(isTrusted: Bool) async throws {
        let network = try #require(NetworkRange("10.1.0.0/16"))
        let reach = NetworkReach.publicInternet(and: [network])
        try await EngineHarness.run { harness in
            harness.provider.script.trustedOrigins = isTrusted ? ["https://provider:443"] : ["https://provider:444"]
            let node = try harness.startedNode(settings: { $0.allowNetworks = [network] })
            let id = try await node.submit()
            #expect(try await harness.end(of: id).state.name == .completed)
            let (headers, options) = try #require(harness.provider.fetchDemands.first)
            #expect(headers == 0)
            #expect(options.reach == (isTrusted ? .anywhere : reach))
            #expect(options.reachOfOtherOrigins == reach)
            #expect(options.redirectsMax == 3)
            #expect(options.bodyBytesMax == 8 << 30)
            // A provider that answers when it is done is silent until then.
            let submit = try #require(harness.provider.submitDemands.first)
            #expect(submit.isSubmit && submit.redirectsMax == 0)
            #expect(submit.idleTimeoutSeconds == submit.totalTimeoutSeconds)
        }
    }

    @Test("of several outputs those that are kept already are not fetched again")
    func severalWithOneDamaged() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.outputs = 3
            let once = Countdown(1)
            harness.provider.script.fetch = { _, index, _ in index == 1 && once.take() ? .cutAfter(10) : .whole }
            let node = try harness.startedNode()
            var image = ImageRequest(prompt: "three")
            image.n = 3
            let id = try await node.submit(GenerationRequest(model: "fake/image", content: .image(image)))
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.fetches.count == 4)
            try await harness.expectSound([id])
        }
    }

    @Test("an artifact store that fails for a while: it is tried again, and the provider is not asked to generate")
    func mediumAway() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            harness.files.failNext(12)
            let id = try await node.submit()
            let job = try await harness.end(of: id)
            #expect(job.state.name == .completed)
            #expect(try #require(job.finishedAt).seconds(since: job.admitted.createdAt) > 60)
            #expect(harness.provider.submits.count == 1)
            #expect(harness.provider.generations.count == 1)
            #expect(harness.files.leftovers == [])
            try await harness.expectSound([id])
        }
    }

    @Test("done without any media is a content filter's doing: refunded")
    func nothing() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.outputs = 0
            let node = try harness.startedNode()
            let polled = try await node.submit("polled")
            #expect(try await failure(harness, polled)?.code == .contentPolicy)
            harness.provider.script.submit = { _ in .completeAtOnce }
            let atOnce = try await node.submit("at once")
            #expect(try await failure(harness, atOnce)?.code == .contentPolicy)
            #expect(harness.provider.submits.count == 2)
            #expect(try await harness.spent() == .zero)
            try await harness.expectSound([polled, atOnce])
        }
    }

    @Test("more than was asked for is kept, and charged at most as quoted")
    func moreThanAsked() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.outputs = 4
            let node = try harness.startedNode()
            let id = try await node.submit("one", model: "fake/image")
            guard case .completed(let completed) = try await harness.end(of: id).state else {
                Issue.record("not completed")
                return
            }
            #expect(completed.bill.total == Credits(nanoUSD: 40_000_000))
            try await harness.expectSound([id])
        }
    }

    @Test("a worker that died after an output had its final name: the next adopts it")
    func adopted() async throws {
        try await EngineHarness.run { harness in
            let first = try harness.startedNode(passed: { node, step in if step == .kept { node.die() } })
            let id = try await first.submit()
            try await harness.until("the first is dead") { first.life.isDead }
            #expect(harness.files.keys.count == 1)
            _ = try harness.startedNode()
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.files.keys.count == 1 && harness.files.keeps == 2)
            #expect(harness.provider.submits.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("a cancelled download leaves nothing behind that the sweeper would not find")
    func sweeper() async throws {
        try await EngineHarness.run { harness in
            let first = try harness.startedNode(passed: { node, step in if step == .kept { node.die() } })
            let id = try await first.submit()
            try await harness.until("the first is dead") { first.life.isDead }
            // What comes out of it is another file: the first one is referred to by nobody.
            harness.provider.script.fetch = { _, _, _ in .bytes(TestMedia.otherVideo, declared: nil) }
            let second = try harness.startedNode()
            #expect(try await harness.end(of: id).state.name == .completed)
            let sweeper = ArtifactSweeper(
                store: harness.store,
                files: harness.files,
                environment: second.environment,
                logger: harness.log.logger
            )
            #expect(try await sweeper.sweep() == 0)
            let report = try await Auditor(store: harness.store, files: harness.files).run()
            #expect(report.leftovers.count == 1 && report.findings == [])
            try await harness.clock.sleep(90_000)
            #expect(try await sweeper.sweep() == 1)
            #expect(harness.files.keys.count == 1)
            try await harness.expectSound([id])
        }
    }

    @Test("a video that does not tell its length is charged as it was quoted")
    func lengthUnknown() throws {
        var video = VideoRequest(prompt: "a lighthouse")
        video.duration = 5
        let request = GenerationRequest(model: "fake/video", content: .video(video))
        func artifact(_ milliseconds: Int64?) throws -> Artifact {
            Artifact(
                index: 0,
                mediaType: "video/webm",
                bytes: 1,
                sha256: "00",
                key: try #require(ArtifactKey("artifacts/a")),
                width: 1,
                height: 1,
                durationMilliseconds: milliseconds
            )
        }
        let prices = PriceSheet(lines: [PriceLine(unit: .second, price: ExactDecimal(1))])
        for (milliseconds, dollars) in [(nil, 5), (4_000, 4)] as [(Int64?, Int64)] {
            let usage = MeteredUsage.measured(request, artifacts: [try artifact(milliseconds)])
            #expect(try prices.bill(usage, rounding: .halfToEven).total.nanoUSD == dollars * 1_000_000_000)
        }
    }
}
