import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What Gemini's image models are asked for, and what their answers mean, through both doors.
@Suite(.timeLimit(.minutes(3))) struct GeminiImageTests {
    private static let pictures = (0..<2).map { TestPicture.png(width: 64, height: 36, seed: $0) }
    private static let inputs = pictures.indices.map { index in
        StoredInput(
            sha256: String(repeating: "\(index)", count: 64),
            mediaType: "image/png",
            bytes: Int64(pictures[index].count)
        )
    }
    private static let bytes = Dictionary(uniqueKeysWithValues: zip(inputs.map(\.sha256), pictures))
    private static let nano = "google/gemini-3.1-flash-image"

    private static func data(_ index: Int) -> JSONValue {
        ["inlineData": ["mimeType": "image/png", "data": .string(Data(pictures[index]).base64EncodedString())]]
    }

    private func image(_ change: (inout ImageRequest) -> Void = { _ in }) -> GenerationRequest.Content {
        var image = ImageRequest(prompt: "A boat on a lake.")
        change(&image)
        return .image(image)
    }

    @Test func wordsAndPicturesArePartsInOrder() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let plain = try stage.resolved(adapter, Self.nano, image())
            _ = try await stage.complete(plain, at: adapter)
            #expect(stage.path == "/v1beta/models/gemini-3.1-flash-image:generateContent")
            let expected: JSONValue = [
                "contents": [["role": "user", "parts": [["text": "A boat on a lake."]]]],
                "generationConfig": ["responseModalities": ["IMAGE"], "imageConfig": ["imageSize": "1K"]],
            ]
            #expect(stage.sent == expected)
            let edit = try stage.resolved(
                adapter,
                Self.nano,
                image { image in
                    image.inputReferences = Self.inputs.map { .stored($0) }
                    (image.resolution, image.aspectRatio, image.seed) = ("4K", "21:9", 7)
                }
            )
            _ = try await stage.complete(edit, at: adapter, inputs: Self.bytes)
            let parts: JSONValue = [["text": "A boat on a lake."], Self.data(0), Self.data(1)]
            #expect(stage.sent["contents"] == [["role": "user", "parts": parts]])
            let config: JSONValue = [
                "responseModalities": ["IMAGE"], "imageConfig": ["imageSize": "4K", "aspectRatio": "21:9"], "seed": 7,
            ]
            #expect(stage.sent["generationConfig"] == config)
        }
    }

    @Test func aModelOfOneSizeIsNotToldIt() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(
                adapter,
                "google/gemini-2.5-flash-image",
                image { $0.size = PixelSize(width: 1_344, height: 768) }
            )
            let (outputs, usage) = try await stage.complete(request, at: adapter)
            #expect(
                stage.sent["generationConfig"]
                    == ["responseModalities": ["IMAGE"], "imageConfig": ["aspectRatio": "16:9"]]
            )
            let facts = try MediaInspector.inspect(
                bytes: try await AdapterConformance.read(try #require(outputs.first), at: adapter),
                expecting: .png
            )
            #expect(facts.width == 1_344 && facts.height == 768)
            #expect(outputs.first?.mediaType == "image/png" && outputs.count == 1)
            #expect(usage.outputImageTokens == 1_290 && usage.outputTextTokens == 0)
            #expect(usage.inputTextTokens == 4 && usage.inputImageTokens == 0)
        }
    }

    @Test func draftsArePassedOverAndThoughtsAreCounted() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(
                adapter,
                "google/gemini-3-pro-image",
                image { image in
                    image.inputReferences = [.stored(Self.inputs[0])]
                    (image.resolution, image.aspectRatio) = ("2K", "1:1")
                }
            )
            let (outputs, usage) = try await stage.complete(request, at: adapter, inputs: Self.bytes)
            let bytes = try await AdapterConformance.read(try #require(outputs.first), at: adapter)
            let facts = try MediaInspector.inspect(bytes: bytes, expecting: .jpeg)
            #expect(facts.width == 2_048 && outputs.count == 1)
            #expect(usage.inputImageTokens == 258 && usage.outputTextTokens == 173)
            // Only what is an output is left in the attempt's folder.
            guard case .file(let path) = outputs[0].location else { throw Unexpected(text: "no file") }
            let folder = URL(filePath: path).deletingLastPathComponent().path
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
        }
    }

    @Test func theTypeIsWhatTheFileIs() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let inline: JSONValue = [
                "mimeType": "image/jpeg", "data": .string(Data(Self.pictures[0]).base64EncodedString()),
            ]
            let answer: JSONValue = [
                "candidates": [["content": ["parts": [["inlineData": inline]]], "finishReason": "STOP"]],
                "usageMetadata": ["promptTokenCount": 5, "candidatesTokenCount": 1_120],
            ]
            stage.simulator.inject(.answer(.json(200, answer)), on: .submit)
            let request = try stage.resolved(adapter, Self.nano, image())
            let (outputs, usage) = try await stage.complete(request, at: adapter)
            #expect(outputs.first?.mediaType == "image/png")
            // Without details all that comes out is the image.
            #expect(usage.outputImageTokens == 1_120 && usage.outputTextTokens == 0 && usage.inputTextTokens == 5)
        }
    }

    /// An answer without an image, and what it means.
    private static let withheld: [(JSONValue, ProviderFailure.Code, ProviderFailure.Retry, String)] = [
        (["promptFeedback": ["blockReason": "PROHIBITED_CONTENT"]], .contentPolicy, .never, "PROHIBITED_CONTENT"),
        (["promptFeedback": ["blockReason": "OTHER"]], .contentPolicy, .never, "OTHER"),
        (["candidates": [["finishReason": "IMAGE_SAFETY"]]], .contentPolicy, .never, "IMAGE_SAFETY"),
        (["candidates": [["finishReason": "RECITATION"]]], .contentPolicy, .never, "RECITATION"),
        (["candidates": [["finishReason": "NO_IMAGE"]]], .unknown, .backoff, "NO_IMAGE"),
        (["candidates": [["finishReason": "OTHER"]]], .unknown, .backoff, "OTHER"),
        (["candidates": [["finishReason": "MAX_TOKENS"]]], .unknown, .never, "MAX_TOKENS"),
        (
            ["candidates": [["finishReason": "STOP", "content": ["parts": [["text": "I cannot draw that."]]]]]],
            .contentPolicy, .never, "STOP"
        ),
    ]

    @Test func anAnswerWithoutAnImageSaysWhy() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, Self.nano, image())
            for (answer, code, retry, word) in Self.withheld {
                stage.simulator.inject(.answer(.json(200, answer)), on: .submit)
                let failure = await #expect(throws: ProviderFailure.self) {
                    try await stage.complete(request, at: adapter)
                }
                #expect(failure?.code == code && failure?.retry == retry, "\(word)")
                #expect(failure?.providerCode == word && failure?.isDefiniteRefusal == true, "\(word)")
                // Each try costs something: none is free of charge against the job.
                #expect(failure?.isForCapacity == false, "\(word)")
            }
            stage.simulator.inject(.answer(.json(200, ["candidates": [["finishReason": "STOP"]]])), on: .submit)
            #expect(try await stage.complete(request, at: adapter).outputs.isEmpty)
            stage.simulator.inject(.answer(.json(200, ["responseId": "r1"])), on: .submit)
            let strange = await #expect(throws: ProviderFailure.self) {
                try await stage.complete(request, at: adapter)
            }
            #expect(strange?.isDefiniteRefusal == false)
        }
    }

    @Test func whatTheWireCannotCarryIsRefusedAtTheDoor() async throws {
        try await GoogleStage.run(.omni) { stage in
            let adapter = try #require(try stage.adapter() as? any ValidatingAdapter)
            func problem(_ change: (inout ImageRequest) -> Void) throws -> RequestProblem? {
                let request = try stage.resolved(adapter, Self.nano, image(change))
                do {
                    try adapter.validate(request)
                    return nil
                } catch {
                    return error
                }
            }
            #expect(try problem { $0.seed = -1 }?.field == "seed")
            #expect(try problem { $0.seed = 2_147_483_648 }?.field == "seed")
            #expect(try problem { $0.seed = 2_147_483_647 } == nil)
            let large = StoredInput(sha256: String(repeating: "a", count: 64), mediaType: "image/png", bytes: 7_500_000)
            #expect(try problem { $0.inputReferences = [.stored(large)] } == nil)
            let both = try problem { $0.inputReferences = [.stored(large), .stored(large)] }
            #expect(both?.field == "input_references[1].image_url.url")
            let heic = StoredInput(sha256: String(repeating: "a", count: 64), mediaType: "image/gif", bytes: 10)
            #expect(try problem { $0.inputReferences = [.stored(heic)] } != nil)
        }
    }

    @Test func vertexTakesTheFormatAndItsOwnOptions() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(
                adapter,
                Self.nano,
                image { image in
                    (image.outputFormat, image.outputCompression, image.aspectRatio) = ("jpeg", 80, "1:8")
                },
                options: ["google-vertex": ["personGeneration": "ALLOW_NONE"]]
            )
            let (outputs, _) = try await stage.complete(request, at: adapter)
            let prefix = "/v1beta1/projects/demo-project/locations/global/publishers/google/models"
            #expect(stage.path == "\(prefix)/gemini-3.1-flash-image:generateContent")
            let expected: JSONValue = [
                "personGeneration": "ALLOW_NONE", "aspectRatio": "1:8", "imageSize": "1K",
                "imageOutputOptions": ["mimeType": "image/jpeg", "compressionQuality": 80],
            ]
            #expect(stage.sent["generationConfig"]?["imageConfig"] == expected)
            #expect(outputs.first?.mediaType == "image/jpeg")
        }
    }
}
