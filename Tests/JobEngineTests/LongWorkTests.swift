import Foundation
import Generation
import JobCore
import Synchronization
import Testing

@testable import JobEngine

@Suite("Long synchronous work")
struct LongWorkTests {
    /// The place for long work, which counts it.
    private final class Aside: Sendable {
        let count = Atomic<Int>(0)

        func run(_ work: @escaping @Sendable () -> Void) {
            count.add(1, ordering: .relaxed)
            Thread.detachNewThread(work)
        }
    }

    /// A sound without any header.
    private func request(bytes: Int, declared: String = "audio/pcm") -> GenerationRequest {
        let sound = Data([UInt8](repeating: 3, count: bytes)).base64EncodedString()
        return GenerationRequest(
            model: "any",
            content: .transcription(TranscriptionRequest(inputAudio: .url("data:\(declared);base64,\(sound)")))
        )
    }

    private func admission(_ aside: Aside) -> ReferenceAdmission {
        ReferenceAdmission(
            source: ReferenceSource(),
            limits: JobService.Limits(),
            sleep: { _ in },
            aside: { aside.run($0) }
        )
    }

    @Test("long media in a request is decoded aside, short media right there", arguments: [(1_000, 0), (900_000, 1)])
    func decoding(bytes: Int, times: Int) async throws {
        let aside = Aside()
        let found = try await admission(aside).read(request(bytes: bytes))
        #expect(found.kept.first?.stored.bytes == Int64(bytes))
        #expect(aside.count.load(ordering: .relaxed) == times)
    }

    @Test("what is wrong with long media is told all the same")
    func refusals() async throws {
        let aside = Aside()
        let problem = await #expect(throws: RequestProblem.self) {
            _ = try await admission(aside).read(request(bytes: 900_000, declared: "audio/wav"))
        }
        #expect(problem?.field == "input_audio.data" || problem?.field.hasPrefix("input_audio") == true)
        #expect(aside.count.load(ordering: .relaxed) == 1)
    }
}
