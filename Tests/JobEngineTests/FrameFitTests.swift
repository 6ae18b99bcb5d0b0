import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Synchronization
import Testing

@Suite("Frames for a provider that takes them in the video's own size alone: told at the door")
struct FrameFitTests {
    private func adjustments(of frame: String, model: String = "fake/other") async throws -> [Adjustment] {
        var video = VideoRequest(prompt: "from here")
        video.frameImages = [FrameImage(role: .first, image: .url(frame))]
        let request = GenerationRequest(model: model, content: .video(video))
        let found = Mutex<[Adjustment]>([])
        try await EngineHarness.run { harness in
            var source = ReferenceSource()
            source.resolve = { _ in .addresses([IPAddress("8.8.8.8")].compactMap(\.self)) }
            let id = try await harness.node(references: source).submit(request)
            let adjustments = try await harness.job(id).admitted.adjustments
            found.withLock { $0 = adjustments }
        }
        return found.withLock { $0 }
    }

    private static func data(_ width: Int, _ height: Int) -> String {
        "data:image/png;base64," + Data(TestPicture.png(width: width, height: height)).base64EncodedString()
    }

    @Test("a frame that fits is not mentioned")
    func fits() async throws {
        #expect(try await adjustments(of: Self.data(1_280, 720)) == [])
    }

    @Test("a frame of another size is told of with both sizes")
    func isResized() async throws {
        let told = Adjustment(parameter: "frame_images[0]", asked: "640x480", used: "1280x720", reason: .resized)
        #expect(try await adjustments(of: Self.data(640, 480)) == [told])
    }

    @Test("a frame by URL, whose size is not known yet, is told of too")
    func mayBeResized() async throws {
        let told = Adjustment(parameter: "frame_images[0]", asked: .null, used: "1280x720", reason: .resized)
        #expect(try await adjustments(of: "https://pictures.example/a.png") == [told])
    }

    @Test("a provider that takes any size is given any")
    func anySize() async throws {
        #expect(try await adjustments(of: Self.data(640, 480), model: "fake/video") == [])
    }
}
