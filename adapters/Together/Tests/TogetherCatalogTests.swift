import Generation
import ProviderKit
import Testing
import TogetherAdapter

/// What is offered, and what is refused before anything is sent.
@Suite struct TogetherCatalogTests {
    private func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try TogetherStage.adapter(nil)
        do {
            try adapter.validate(try TogetherStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    @Test func theKeyAndTheAddressAreTheSettings() throws {
        let own = try TogetherStage.adapter(nil)
        #expect(own.trustedOrigins == ["https://api.together.ai:443"])
        #expect(own.recoveryClass(of: TogetherStage.request()) == .unrecoverable)
        #expect(!own.canCancel)
        for version in ["/v1", "/v2/", "/", ""] {
            let adapter = try TogetherStage.adapter("https://api.together.xyz\(version)")
            #expect(adapter.trustedOrigins == ["https://api.together.xyz:443"])
        }
        #expect(TogetherStage.instances(nil, key: "").isEmpty)
        #expect(TogetherStage.instances(nil, key: nil).isEmpty)
    }

    /// Nothing here is the host's own: each model goes by the slug that it has everywhere.
    @Test func modelsHaveTheSlugsOfTheirMakers() {
        let makers: Set<String> = [
            "google", "alibaba", "minimax", "black-forest-labs", "bytedance-seed", "qwen",
        ]
        for model in TogetherAdapters.models {
            #expect(makers.contains(String(model.slug.prefix { $0 != "/" })), "\(model.slug)")
        }
    }

    @Test func whatAModelLacksIsRefused() throws {
        func field(_ request: GenerationRequest) throws -> String? {
            let adapter = try TogetherStage.adapter(nil)
            do {
                _ = try TogetherStage.resolved(request, adapter)
                return nil
            } catch let problem as RequestProblem {
                return problem.field
            }
        }
        #expect(try field(TogetherStage.request(TogetherStage.wan) { $0.generateAudio = false }) == "generate_audio")
        #expect(try field(TogetherStage.request(TogetherStage.wan) { $0.resolution = "1080p" }) == "resolution")
        #expect(try field(TogetherStage.request(TogetherStage.hailuo) { $0.seed = 7 }) == "seed")
        #expect(try field(TogetherStage.image { $0.inputReferences = [TogetherPictures.first] }) == "input_references")
        #expect(try field(TogetherStage.image { $0.negativePrompt = "fog" }) == "negative_prompt")
        #expect(try field(TogetherStage.image { $0.n = 5 }) == "n")
    }

    @Test func optionsAreHeldToTheModel() throws {
        let off: JSONValue = ["disable_safety_checker": true]
        #expect(try refusal(TogetherStage.image(options: off)) == nil)
        #expect(try refusal(TogetherStage.image(TogetherStage.qwen, options: off))?.kind == .unknownField)
        #expect(try refusal(TogetherStage.request(options: off))?.kind == .unknownField)
        #expect(try refusal(TogetherStage.image(options: ["disable_safety_checker": 1]))?.kind == .invalidValue)
        for name in ["steps", "image_loras", "n"] {
            let problem = try refusal(TogetherStage.image(options: [name: 30]))
            #expect(problem?.kind == .unsupportedParameter)
            #expect(problem?.field == "provider.options.together.\(name)")
        }
    }
}
