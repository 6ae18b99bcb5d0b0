import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance

@testable import OpenAIAdapter

/// The adapter, as its settings make it, and what it is asked for.
enum OpenAIStage {
    static let key = "sk-test-of-nobody"

    /// The adapter before a server at that address.
    static func adapter(
        _ baseURL: String?,
        transport: any HTTPTransport = CurlTransport.forTests,
        environment: [String: String] = [:],
        pictures: PictureScaler = PictureScaler { (bytes, type, _) in (bytes, type) },
        now: @escaping @Sendable () -> Int64 = { 0 }
    ) throws -> OpenAIAdapter {
        var all = environment.merging(["OPENAI_API_KEY": key]) { own, _ in own }
        all["OPENAI_BASE_URL"] = baseURL
        var settings = ProviderSettings(
            environment: all,
            workFolder: "/nowhere",
            transport: transport,
            processorCount: 1,
            now: now
        )
        settings.pictures = pictures
        guard let adapter = OpenAIAdapter(settings) else { throw NoAdapter() }
        return adapter
    }

    struct NoAdapter: Error {}

    /// A first frame in the size of a video, and its bytes.
    static func frame(_ width: Int, _ height: Int) -> (input: MediaInput, stored: StoredInput, bytes: [UInt8]) {
        let bytes = TestPicture.png(width: width, height: height)
        let hash = "\(width)x\(height)".utf8.map { String($0, radix: 16) }.joined()
        let stored = StoredInput(
            sha256: hash + String(repeating: "0", count: 64 - hash.count),
            mediaType: "image/png",
            bytes: Int64(bytes.count)
        )
        return (.stored(stored), stored, bytes)
    }

    /// A request, resolved against its model.
    static func request(
        _ prompt: String = "A paper boat",
        model: String = "openai/sora-2",
        frame: MediaInput? = nil,
        options: JSONValue? = nil,
        _ change: (inout VideoRequest) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var video = VideoRequest(prompt: prompt)
        video.size = PixelSize(width: 1_280, height: 720)
        if let frame { video.frameImages = [FrameImage(role: .first, image: frame)] }
        change(&video)
        let request = GenerationRequest(
            model: model,
            content: .video(video),
            providerOptions: options.map { ["openai": $0] } ?? [:]
        )
        guard let capabilities = OpenAIAdapters.models.first(where: { $0.slug == model }) else { throw NoAdapter() }
        return try request.resolved(against: capabilities, strict: true).request
    }
}
