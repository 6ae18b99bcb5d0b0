import ConformanceKit
import Foundation
import Generation
import JobCore
import ProviderKit
import Testing

@testable import JobEngine

@Suite("A file in another format than was asked for is told of, and kept")
struct DeliveredFormatTests {
    private func artifact(_ mediaType: String) throws -> Artifact {
        let hash = String(repeating: "a", count: 64)
        let id = try #require(JobID("job_00000000000000000000000000"))
        return Artifact(
            index: 0,
            mediaType: mediaType,
            bytes: 1,
            sha256: hash,
            key: .artifact(job: id, attempt: 1, index: 0, sha256: hash),
            width: nil,
            height: nil,
            durationMilliseconds: nil
        )
    }

    private func told(_ request: GenerationRequest, _ found: [String]) throws -> [Adjustment] {
        DeliveredFormat.adjustments(of: try found.map(artifact), for: request)
    }

    private func image(_ format: String?) -> GenerationRequest {
        var image = ImageRequest(prompt: "x")
        image.outputFormat = format
        return GenerationRequest(model: "fake/image", content: .image(image))
    }

    private func speech(_ format: String?) -> GenerationRequest {
        var speech = SpeechRequest(input: "x")
        speech.responseFormat = format
        return GenerationRequest(model: "fake/speech", content: .speech(speech))
    }

    @Test(
        "the same format has several names",
        arguments: [
            ("png", "image/png"), ("jpeg", "image/jpeg"), ("jpg", "image/jpeg"), ("JPEG", "image/jpg"),
            ("webp", "image/webp"), ("auto", "image/png"), ("auto", "image/jpeg"), ("best", "image/webp"),
            (nil, "image/jpeg"), ("", "image/jpeg"),
        ] as [(String?, String)]
    )
    func sameImage(asked: String?, found: String) throws {
        #expect(try told(image(asked), [found]) == [])
    }

    @Test(
        "the same format of sound has several names",
        arguments: [
            ("mp3", "audio/mpeg"), ("opus", "audio/ogg"), ("opus", "audio/opus"), ("ogg", "audio/ogg"),
            ("wav", "audio/wav"), ("wav", "audio/x-wav"), ("pcm", "audio/pcm;rate=24000;channels=1"),
            ("pcm", "audio/pcm;rate=16000;channels=2"), ("flac", "audio/flac"), ("aac", "audio/aac"),
            (nil, "audio/mpeg"), ("mp3_44100_128", "audio/wav"),
        ] as [(String?, String)]
    )
    func sameSound(asked: String?, found: String) throws {
        #expect(try told(speech(asked), [found]) == [])
    }

    @Test("another one is told by its name")
    func others() throws {
        for (asked, found, used) in [
            ("png", "image/jpeg", "jpeg"), ("jpg", "image/png", "png"), ("webp", "image/gif", "gif"),
        ] {
            let told = try told(image(asked), [found])
            let expected = Adjustment(
                parameter: "output_format",
                asked: .string(asked),
                used: .string(used),
                reason: .deliveredOtherwise
            )
            #expect(told == [expected])
        }
        for (asked, found, used) in [
            ("mp3", "audio/wav", "wav"), ("opus", "audio/webm", "weba"), ("aac", "audio/mp4", "m4a"),
            ("wav", "audio/pcm;rate=24000;channels=1", "pcm"), ("pcm", "audio/wav", "wav"),
            ("mp3", "audio/ogg", "ogg"), ("mp3", "audio/x-new;a=b", "audio/x-new"),
        ] {
            let told = try told(speech(asked), [found])
            #expect(told.map(\.parameter) == ["response_format"])
            #expect(told.map(\.asked) == [.string(asked)])
            #expect(told.map(\.used) == [.string(used)])
        }
    }

    @Test("of several files, each other format is told of once")
    func several() throws {
        let found = ["image/jpeg", "image/png", "image/webp", "image/jpeg"]
        #expect(try told(image("png"), found).map(\.used) == ["jpeg", "webp"])
        #expect(try told(image("png"), ["image/png", "image/png"]) == [])
    }

    @Test("the job says so, for good; one that got what it asked for says nothing")
    func job() async throws {
        let gif = try #require(Data(base64Encoded: "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"))
        try await EngineHarness.run { harness in
            harness.provider.script.fetch = { generation, _, _ in
                generation.prompt == "moves" ? .bytes(Array(gif), declared: nil) : .whole
            }
            let node = try harness.startedNode()
            var jobs: [JobID] = []
            for prompt in ["moves", "stands"] {
                var image = ImageRequest(prompt: prompt)
                image.outputFormat = "png"
                jobs.append(try await node.submit(GenerationRequest(model: "fake/image", content: .image(image))))
            }
            let moving = try await harness.end(of: jobs[0])
            let adjustment = Adjustment(
                parameter: "output_format",
                asked: "png",
                used: "gif",
                reason: .deliveredOtherwise
            )
            guard case .completed(let completed) = moving.state else {
                Issue.record("not completed: \(moving.state)")
                return
            }
            #expect(completed.artifacts.map(\.mediaType) == ["image/gif"])
            #expect(moving.adjustments == [adjustment])
            #expect(moving.deleted?.job.adjustments == [adjustment])
            let standing = try await harness.end(of: jobs[1])
            #expect(standing.state.name == .completed)
            #expect(standing.adjustments == [])
            try await harness.expectSound(jobs)
        }
    }
}
