import ConformanceKit
import Foundation
import Generation
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What Imagen is asked for, and what its answers mean.
@Suite(.timeLimit(.minutes(3))) struct ImagenTests {
    private static let imagen = "google/imagen-4"

    private func image(_ change: (inout ImageRequest) -> Void = { _ in }) -> GenerationRequest.Content {
        var image = ImageRequest(prompt: "A boat on a lake.")
        change(&image)
        return .image(image)
    }

    @Test func everythingHasItsPlace() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(
                adapter,
                Self.imagen,
                image { image in
                    (image.n, image.resolution, image.aspectRatio, image.seed) = (2, "2K", "16:9", 7)
                    (image.negativePrompt, image.outputFormat, image.outputCompression) = ("text", "jpeg", 70)
                },
                options: ["google-vertex": ["parameters": ["personGeneration": "dont_allow"]]]
            )
            let (outputs, _) = try await stage.complete(request, at: adapter)
            let prefix = "/v1/projects/demo-project/locations/us-central1/publishers/google/models"
            #expect(stage.path == "\(prefix)/imagen-4.0-generate-001:predict")
            let parameters: JSONValue = [
                "sampleCount": 2, "aspectRatio": "16:9", "sampleImageSize": "2K", "negativePrompt": "text", "seed": 7,
                "addWatermark": false, "enhancePrompt": false, "includeRaiReason": true,
                "personGeneration": "dont_allow",
                "outputOptions": ["mimeType": "image/jpeg", "compressionQuality": 70],
            ]
            #expect(stage.sent == ["instances": [["prompt": "A boat on a lake."]], "parameters": parameters])
            #expect(outputs.count == 2 && outputs.allSatisfy { $0.mediaType == "image/jpeg" })
            for output in outputs {
                let bytes = try await AdapterConformance.read(output, at: adapter)
                let facts = try MediaInspector.inspect(bytes: bytes, expecting: .jpeg)
                #expect(facts.width == 2_816 && facts.height == 1_536)
            }
        }
    }

    @Test func theFastOneHasOneSize() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, "google/imagen-4-fast", image())
            let (outputs, _) = try await stage.complete(request, at: adapter)
            #expect(stage.sent["parameters"]?["sampleImageSize"] == nil)
            #expect(stage.sent["parameters"]?["addWatermark"] == nil)
            #expect(outputs.map(\.mediaType) == ["image/png"])
            #expect(throws: RequestProblem.self) {
                try stage.resolved(adapter, "google/imagen-4-fast", image { $0.resolution = "2K" })
            }
            #expect(throws: RequestProblem.self) { try stage.resolved(adapter, Self.imagen, image { $0.n = 5 }) }
        }
    }

    @Test(arguments: ["1", "4"]) func imagesThatAreHeldBackAreMissed(held: String) async throws {
        var settings = SimulatorSettings.forConformance
        settings.hasCheapMedia = true
        settings.wire["rai_filtered"] = held
        try await GoogleStage.run(.vertex, settings) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, Self.imagen, image { $0.n = 4 })
            let failure = await #expect(throws: ProviderFailure.self) {
                try await stage.complete(request, at: adapter)
            }
            #expect(failure?.code == .contentPolicy && failure?.isDefiniteRefusal == true)
            #expect(failure?.providerCode == "63429089")
            #expect(failure?.message.contains("1 of 4") == (held == "1"))
        }
    }

    @Test func anEmptyAnswerIsTheFiltersAndAnotherShapeIsNobodys() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let request = try stage.resolved(adapter, Self.imagen, image())
            stage.simulator.inject(.answer(.json(200, [:])), on: .submit)
            let empty = await #expect(throws: ProviderFailure.self) {
                try await stage.complete(request, at: adapter)
            }
            #expect(empty?.code == .contentPolicy)
            stage.simulator.inject(.answer(.json(200, ["images": []])), on: .submit)
            let strange = await #expect(throws: ProviderFailure.self) {
                try await stage.complete(request, at: adapter)
            }
            #expect(strange?.isDefiniteRefusal == false)
            stage.simulator.world.force(.filteredInput)
            let refused = await #expect(throws: ProviderFailure.self) {
                try await stage.complete(request, at: adapter)
            }
            #expect(refused?.code == .contentPolicy && refused?.providerCode == "42876398")
        }
    }

    @Test func aSeedExcludesWhatSpoilsIt() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try #require(try stage.adapter() as? any ValidatingAdapter)
            for option in ["addWatermark", "enhancePrompt"] {
                let request = try stage.resolved(
                    adapter,
                    Self.imagen,
                    image { $0.seed = 7 },
                    options: ["google-vertex": [option: true]]
                )
                let problem = #expect(throws: RequestProblem.self) { try adapter.validate(request) }
                #expect(problem?.field == "seed", "\(option)")
            }
            let other = try stage.resolved(
                adapter,
                Self.imagen,
                image(),
                options: ["google-vertex": ["resizeMode": "pad"]]
            )
            #expect(throws: RequestProblem.self) { try adapter.validate(other) }
        }
    }

    @Test func whatImagenMadeCannotBeFoundAgain() async throws {
        try await GoogleStage.run(.vertexStorage) { stage in
            let adapter = try #require(try stage.adapter() as? any RecoverableAdapter)
            let request = try stage.resolved(adapter, Self.imagen, image())
            #expect(adapter.recovery(of: request) == .unrecoverable)
        }
    }
}
