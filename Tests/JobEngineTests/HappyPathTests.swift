import ConformanceKit
import Generation
import JobCore
import JobEngine
import Ledger
import Testing

@Suite("From a request to a paid artifact")
struct HappyPathTests {
    @Test("a video, an image and speech are made, checked, kept and settled at what was measured")
    func threeTypes() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            // Five seconds are asked for and held; four come out and are charged.
            let video = try await node.submit("a video", duration: 5)
            let image = try await node.submit("an image", model: "fake/image")
            let speech = try await node.submit("hello", model: "fake/speech")
            for id in [video, image, speech] { try await harness.end(of: id) }

            let charges: [(JobID, hold: Int64, charged: Int64, bytes: [UInt8], type: String)] = [
                (video, 500_000_000, 400_000_000, TestMedia.video, "video/mp4"),
                (image, 40_000_000, 40_000_000, TestMedia.image, "image/png"),
                (speech, 5_000_000, 5_000_000, TestMedia.speech, "audio/wav"),
            ]
            for (id, hold, charged, bytes, type) in charges {
                let job = try await harness.job(id)
                guard case .completed(let completed) = job.state else {
                    Issue.record("\(job.state)")
                    continue
                }
                #expect(job.admitted.hold == Credits(nanoUSD: hold))
                #expect(completed.bill.total == Credits(nanoUSD: charged))
                let artifact = try #require(completed.artifacts.first)
                #expect(harness.files.bytes(of: artifact.key) == bytes)
                #expect(artifact.mediaType == type)
                #expect(try await harness.attempts(id).map(\.state) == [.accepted])
                #expect(
                    try await harness.events(id).map(\.state)
                        == [.queued, .submitting, .submitting, .running, .storing, .completed]
                )
            }
            #expect(harness.provider.submits.count == 3)
            #expect(harness.files.leftovers == [])
            try await harness.expectSound([video, image, speech])
        }
    }

    @Test("a provider that answers at once is never polled")
    func synchronous() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let node = try harness.startedNode()
            let id = try await node.submit("an image", model: "fake/image")
            #expect(try await harness.end(of: id).state.name == .completed)
            #expect(harness.provider.generations.map(\.polls) == [0])
            try await harness.expectSound([id])
        }
    }

    @Test("several outputs are billed by their number, in their order")
    func severalOutputs() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.outputs = 3
            let node = try harness.startedNode()
            var image = ImageRequest(prompt: "three")
            image.n = 4
            let id = try await node.submit(GenerationRequest(model: "fake/image", content: .image(image)))
            guard case .completed(let completed) = try await harness.end(of: id).state else {
                Issue.record("not completed")
                return
            }
            #expect(completed.artifacts.map(\.index) == [0, 1, 2])
            #expect(completed.bill.total == Credits(nanoUSD: 120_000_000))
            try await harness.expectSound([id])
        }
    }

    @Test("references are kept under their hash, and the adapter reads them")
    func references() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            var image = ImageRequest(prompt: "like this")
            image.inputReferences = [.url(TestMedia.imageDataURL), .url(TestMedia.imageDataURL)]
            let id = try await node.submit(GenerationRequest(model: "fake/image", content: .image(image)))
            try await harness.end(of: id)
            let inputs = harness.files.keys.filter { $0.path.hasPrefix("inputs/") }
            #expect(inputs.map { harness.files.bytes(of: $0) } == [TestMedia.image])
            try await harness.expectSound([id])
        }
    }

    @Test("progress is the provider's, never goes back, and is written only when it is news")
    func progress() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: 100) }
            harness.provider.script.status = { generation, now in
                let elapsed = now.seconds(since: generation.startedAt)
                if elapsed >= 100 { return nil }
                if elapsed < 20 { return .pending(progress: nil, isQueued: true) }
                return .pending(progress: elapsed < 60 ? 0.5 : 0.25)
            }
            let node = try harness.startedNode()
            let id = try await node.submit()
            try await harness.end(of: id)
            let running = try await harness.events(id).filter { $0.state == .running }
            #expect(running.map(\.phase) == [.generating, .providerQueue, .generating])
            #expect(running.map(\.progress) == [nil, nil, 0.5])
            try await harness.expectSound([id])
        }
    }

    @Test("the end is noticed within a tenth of what a job takes", arguments: [4.0, 30, 200])
    func completionLag(seconds: Double) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .accept(seconds: seconds) }
            let node = try harness.startedNode()
            // The first ones teach how long such jobs take.
            for _ in 0..<4 { try await harness.end(of: node.submit()) }
            let id = try await node.submit()
            try await harness.end(of: id)
            let generation = try #require(harness.provider.generations.last)
            let done = generation.startedAt.adding(seconds: seconds)
            let told = try #require(try await harness.events(id).last?.at)
            #expect(told.seconds(since: done) <= max(2, seconds / 10))
        }
    }

    @Test("the same seed gives the same run")
    func isDeterministic() async throws {
        func run() async throws -> [String] {
            let lines = Lines()
            try await EngineHarness.run(seed: 42) { harness in
                let node = try harness.startedNode()
                var ids: [JobID] = []
                for number in 0..<5 { ids.append(try await node.submit("\(number)")) }
                for id in ids {
                    try await harness.end(of: id)
                    for event in try await harness.events(id) { lines.append("\(event)") }
                }
            }
            return lines.all
        }
        #expect(try await run() == run())
    }
}
