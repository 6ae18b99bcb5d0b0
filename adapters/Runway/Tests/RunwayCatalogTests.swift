import Generation
import ProviderKit
import RunwayAdapter
import Testing

/// What is offered, and what is refused before anything is sent.
@Suite struct RunwayCatalogTests {
    private func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try RunwayStage.adapter(nil)
        do {
            try adapter.validate(try RunwayStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    @Test func theKeyAndTheAddressAreTheSettings() throws {
        let own = try RunwayStage.adapter(nil)
        #expect(own.trustedOrigins == ["https://api.dev.runwayml.com:443"])
        #expect(own.recoveryClass(of: RunwayStage.request()) == .unrecoverable)
        #expect(own.canCancel)
        #expect(
            try RunwayStage.adapter("https://proxy.example.org/v1/").trustedOrigins == ["https://proxy.example.org:443"]
        )
        #expect(RunwayStage.instances(nil, key: "").isEmpty)
        #expect(RunwayStage.instances(nil, key: nil).isEmpty)
    }

    /// The models of other vendors go by the slugs that they have everywhere.
    @Test func modelsOfOthersHaveTheirOwnSlugs() {
        let slugs = Set(RunwayAdapters.models.map(\.slug))
        let shared: Set<String> = [
            "google/veo-3.1", "google/veo-3.1-fast", "bytedance/seedance-2.0", "bytedance/seedance-2.0-fast",
            "bytedance/seedance-2.0-mini", "bytedance/seedance-2.5", "minimax/hailuo-3",
        ]
        #expect(shared.isSubset(of: slugs))
        #expect(slugs.subtracting(shared).allSatisfy { $0.hasPrefix("runway/") })
    }

    @Test func shapesDependOnThePicture() throws {
        #expect(try refusal(RunwayStage.request { $0.aspectRatio = "1:1" })?.field == "aspect_ratio")
        #expect(try refusal(RunwayStage.request { $0.aspectRatio = "9:16" }) == nil)
        let adaptive = RunwayStage.request(RunwayStage.hailuo) { $0.aspectRatio = "adaptive" }
        #expect(try refusal(adaptive)?.field == "aspect_ratio")
        let framed = RunwayStage.request {
            $0.aspectRatio = "1:1"
            $0.frameImages = [FrameImage(role: .first, image: RunwayPictures.first)]
        }
        #expect(try refusal(framed) == nil)
        let last = RunwayStage.request {
            $0.frameImages = [
                FrameImage(role: .first, image: RunwayPictures.first),
                FrameImage(role: .last, image: RunwayPictures.last),
            ]
        }
        let adapter = try RunwayStage.adapter(nil)
        #expect(throws: RequestProblem.self) { try RunwayStage.resolved(last, adapter) }
    }

    @Test func theTurboNeedsAFrame() throws {
        #expect(try refusal(RunwayStage.request(RunwayStage.turbo)) == nil)
        let problem = try refusal(RunwayStage.request(RunwayStage.turbo) { $0.frameImages = [] })
        #expect(problem?.kind == .missingField)
        #expect(problem?.field == "frame_images")
    }

    /// The vendor counts in code units of UTF-16: five hundred boats are a thousand of them.
    @Test func thePromptIsCountedAsTheVendorCounts() throws {
        func boats(_ count: Int) -> GenerationRequest {
            RunwayStage.request { $0.prompt = String(repeating: "⛵️🛶", count: count / 4) }
        }
        #expect(try refusal(boats(1_000)) == nil)
        #expect(try refusal(boats(1_004))?.field == "prompt")
    }

    @Test func optionsAreHeldToTheModel() throws {
        let low: JSONValue = ["contentModeration": ["publicFigureThreshold": "low"]]
        #expect(try refusal(RunwayStage.request(options: low)) == nil)
        #expect(try refusal(RunwayStage.image(options: low)) == nil)
        #expect(try refusal(RunwayStage.request(RunwayStage.veo, options: low))?.kind == .unknownField)
        let odd: JSONValue = ["contentModeration": ["publicFigureThreshold": "none"]]
        #expect(try refusal(RunwayStage.request(options: odd))?.kind == .invalidValue)
        let more: JSONValue = ["contentModeration": ["other": 1]]
        #expect(try refusal(RunwayStage.request(options: more))?.kind == .unknownField)
    }

    /// What would change the price without the service's knowledge.
    @Test(arguments: ["outputFormat", "proresProfile", "draft", "referenceVideos", "ratio", "seed"])
    func whatTheServiceCannotAccountForIsRefusedWithTheReason(name: String) throws {
        let problem = try refusal(RunwayStage.request(options: [name: "prores"]))
        #expect(problem?.kind == .unsupportedParameter)
        #expect(problem?.field == "provider.options.runway.\(name)")
    }
}
