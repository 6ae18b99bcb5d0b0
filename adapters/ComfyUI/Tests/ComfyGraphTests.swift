import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

@testable import ComfyUIAdapter

/// What is sent, to the value; and which templates are refused at the start.
@Suite struct ComfyGraphTests {
    private func sent(_ request: GenerationRequest) async throws -> JSONValue {
        try await withSimulator(ComfySimulator.self, .forConformance) { simulator in
            _ = try await ComfyStage.submit(request, to: ComfyStage.adapter(simulator.baseURL))
            let entry = try #require(simulator.journal.first { $0.operation == .submit })
            return try #require(entry.request.json)
        }
    }

    @Test func aRequestsValuesAreInTheirPlaces() async throws {
        var image = ImageRequest(prompt: "A boat")
        (image.n, image.seed, image.negativePrompt) = (2, 7, "fog")
        image.size = PixelSize(width: 1_280, height: 720)
        let request = try ComfyStage.request(.image(image), ComfyStage.models[0].model, options: ["steps": 30])
        let body = try await sent(request)
        #expect(body["client_id"] == "att_1")
        #expect(
            body["prompt_id"]?.stringValue.flatMap(UUID.init)?.uuidString.lowercased() == body["prompt_id"]?.stringValue
        )
        let nodes = body["prompt"]
        #expect(nodes?["2"]?["inputs"]?["text"] == "A boat" && nodes?["3"]?["inputs"]?["text"] == "fog")
        #expect(nodes?["4"]?["inputs"] == ["width": 1_280, "height": 720, "batch_size": 2])
        #expect(nodes?["5"]?["inputs"]?["seed"] == 7 && nodes?["5"]?["inputs"]?["steps"] == 30)
        #expect(nodes?["5"]?["inputs"]?["model"] == ["1", 0])
        #expect(nodes?["9"]?["inputs"]?["filename_prefix"] == "mediary_att_1")
    }

    @Test func framesAreCountedAndPicturesAreHandedInFirst() async throws {
        var video = VideoRequest(prompt: "A boat")
        (video.duration, video.fps) = (3, 16)
        video.frameImages = [FrameImage(role: .first, image: ComfyStage.picture(1).input)]
        let body = try await sent(ComfyStage.request(.video(video), ComfyStage.models[2].model))
        #expect(body["prompt"]?["4"]?["inputs"] == ["width": 832, "height": 480, "length": 49])
        let name = "mediary/\(ComfyStage.picture(1).sha256).png"
        #expect(body["prompt"]?["6"]?["inputs"]?["image"] == .string(name))
    }

    @Test func aSeedThatNobodyAskedForIsTheAttemptsOwn() async throws {
        let request = try #require(try ComfyStage.requests().first)
        let (one, other) = try await withSimulator(ComfySimulator.self, .forConformance) { simulator in
            let adapter = try ComfyStage.adapter(simulator.baseURL)
            for id in ["att_1", "att_2"] { _ = try await ComfyStage.submit(request, to: adapter, externalID: id) }
            let all = simulator.journal.filter { $0.operation == .submit }.compactMap(\.request.json)
            return (all[0]["prompt"]?["5"]?["inputs"]?["seed"], all[1]["prompt"]?["5"]?["inputs"]?["seed"])
        }
        #expect(one != other && one != 1)
    }

    @Test func aVideoThatStartsFromAPictureIsRefusedWithoutOne() throws {
        let adapter = try ComfyStage.adapter("http://127.0.0.1:9")
        let request = try ComfyStage.request(.video(VideoRequest(prompt: "x")), ComfyStage.models[2].model)
        let problem = #expect(throws: RequestProblem.self) { try adapter.validate(request) }
        #expect(problem?.field == "frame_images")
    }

    @Test func whatTheProgramRefusesIsToldWithoutTheOperatorsFiles() async throws {
        var entry = ComfyStage.models[0]
        entry.graph = entry.graph.replacing("model.safetensors", with: "gone.safetensors")
        let failure = try await withSimulator(ComfySimulator.self, .forConformance) { simulator in
            let settings = ProviderSettings(
                environment: [:],
                workFolder: "/nowhere",
                transport: CurlTransport.forTests,
                processorCount: 1,
                now: { 0 }
            )
            let make = try ComfyStage.read([entry], baseURL: simulator.baseURL)
            let adapter = try #require(make(settings) as? ComfyAdapter)
            let request = try #require(try ComfyStage.requests().first)
            return await #expect(throws: ProviderFailure.self) { try await ComfyStage.submit(request, to: adapter) }
        }
        let message = failure?.message ?? ""
        #expect(message.contains("node 1 (CheckpointLoaderSimple, ckpt_name): Value not in list"), "\(message)")
        #expect(!message.contains("secret_model") && failure?.isDefiniteRefusal == true)
    }

    // MARK: - Templates

    private func problem(
        _ change: (inout (model: ModelCapabilities, graph: String, inputs: JSONValue)) -> Void,
        outputs: JSONValue = ["9"]
    ) -> RequestProblem? {
        var entry = ComfyStage.models[0]
        change(&entry)
        do {
            _ = try ComfyStage.read([entry], outputs: outputs)
            return nil
        } catch {
            return error as? RequestProblem
        }
    }

    @Test(arguments: [
        ("99.text", "the workflow has no node 99"), ("2.words", "node 2 has no input words; it has: clip, text"),
        ("2.clip", "linked to another node"), ("text", "the form is NODE.INPUT"),
    ])
    func aPlaceThatIsNotThereIsRefused(_ place: String, _ words: String) {
        let found = problem({ $0.inputs = ["prompt": .string(place)] })
        #expect(found?.field == "models[0].workflow.inputs.prompt")
        #expect(found?.message.contains(words) == true, "\(found?.message ?? "none")")
    }

    @Test func aTemplateIsAWorkflowInTheFormOfTheAPI() {
        for (graph, words) in [
            (#"{"nodes": [], "links": []}"#, "Export (API)"), ("[]", "is no JSON object"), ("{}", "has no nodes"),
            (#"{"1": {"class_type": "X"}}"#, "its node 1 has no class_type or no inputs"),
        ] {
            let found = problem({ $0.graph = graph })
            #expect(found?.field == "models[0].workflow.file")
            #expect(found?.message.contains(words) == true, "\(found?.message ?? "none")")
        }
        #expect(problem({ _ in }, outputs: ["10"])?.field == "models[0].workflow.outputs[0]")
        #expect(problem({ _ in }, outputs: [9]) == nil)
    }

    @Test(arguments: ["negative_prompt", "seed", "width", "count", "steps", "prompt"])
    func whatHasNoPlaceCannotBeOffered(_ slot: String) {
        let found = problem({ entry in
            guard case .object(var places) = entry.inputs else { return }
            places[slot] = nil
            entry.inputs = .object(places)
        })
        #expect(found?.message.contains("cannot be offered") == true, "\(found?.message ?? "none")")
    }
}
