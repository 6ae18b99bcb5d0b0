import BytePlusAdapter
import Generation
import ProviderKit
import Testing

/// What is offered, where, and what is refused before anything is sent.
@Suite struct ArkCatalogTests {
    private func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try ArkStage.adapter("https://ark.example.com/api/v3")
        do {
            try adapter.validate(try ArkStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    @Test func theBaseURLSaysWhichRegionIsMeant() throws {
        let own = try ArkStage.adapter("https://ark.ap-southeast.bytepluses.com/api/v3/")
        #expect(own.account == "byteplus")
        #expect(own.trustedOrigins == ["https://ark.ap-southeast.bytepluses.com:443"])
        #expect(own.models.map(\.providerModel).contains("dreamina-seedance-2-0-260128"))
        let other = try ArkStage.adapter("https://ark.cn-beijing.volces.com")
        #expect(other.account == "volcengine")
        #expect(other.models.map(\.slug) == own.models.map(\.slug))
        for model in other.models {
            let kind = model.type == .image ? "seedream" : "seedance"
            #expect(model.providerModel.hasPrefix("doubao-\(kind)-"), "\(model.providerModel)")
        }
        let lite = try #require(other.models.first { $0.slug == "bytedance-seed/seedream-5.0-lite" })
        #expect(lite.providerModel == "doubao-seedream-5-0-lite-260128")
        #expect(try ArkStage.adapter("http://volces.com.example.org").account == "byteplus")
    }

    @Test func withoutAKeyThereIsNobody() {
        let settings = ProviderSettings(
            environment: ["ARK_API_KEY": ""],
            workFolder: "",
            transport: ArkStage.transport,
            processorCount: 1,
            now: { 0 }
        )
        #expect(BytePlusAdapters.instances(settings).isEmpty)
    }

    @Test func theTokensOfFiveSecondsAreThoseThatTheServiceCounted() throws {
        let model = try #require(BytePlusAdapters.models.first { $0.slug == "bytedance/seedance-2.0" })
        let meter = try #require(model.videoTokens)
        guard case .video(let video) = model.parameters else { return }
        let option = try #require(video.sizes.first { $0.resolution == "720p" && $0.aspectRatio == "16:9" })
        let frames = meter.framesPerSecond * 5 + meter.extraFrames
        #expect(option.size.width * option.size.height * frames / meter.pixelsPerToken == 108_900)
        for size in video.sizes {
            #expect(size.size.width * size.size.height <= meter.pixelsMax[size.resolution] ?? 0)
        }
        #expect(meter.secondsMax == 15)
    }

    @Test func optionsAreHeldToTheModel() throws {
        let v15 = "bytedance/seedance-1-5-pro"
        #expect(try refusal(ArkStage.request(options: ["priority": 9, "watermark": false])) == nil)
        #expect(try refusal(ArkStage.request(v15, options: ["draft": true]) { $0.resolution = "480p" }) == nil)
        #expect(
            try refusal(ArkStage.request(v15, options: ["draft": true]))?.field == "provider.options.byteplus.draft"
        )
        #expect(try refusal(ArkStage.request(v15, options: ["priority": 1]))?.kind == .unknownField)
        #expect(try refusal(ArkStage.request(options: ["camera_fixed": true]))?.kind == .unknownField)
        #expect(try refusal(ArkStage.request(options: ["priority": 10]))?.kind == .invalidValue)
        #expect(try refusal(ArkStage.request(options: ["watermark": "yes"]))?.kind == .invalidValue)
        let long = String(repeating: "x", count: 65)
        #expect(try refusal(ArkStage.request(options: ["safety_identifier": .string(long)]))?.kind == .invalidValue)
    }

    /// What would change the price, or what is made, without the service's knowledge.
    @Test(arguments: ["service_tier", "tools", "return_last_frame", "frames", "callback_url", "seed"])
    func whatTheServiceCannotAccountForIsRefusedWithTheReason(name: String) throws {
        let problem = try refusal(ArkStage.request("bytedance/seedance-1-5-pro", options: [name: "flex"]))
        #expect(problem?.kind == .unsupportedParameter)
        #expect(problem?.field == "provider.options.byteplus.\(name)")
    }

    @Test(arguments: ["a boat --dur 12", "--RS 1080p a boat", "a\n--resolution\n1080p", "x --seed 5"])
    func commandsInThePromptAreRefusedWhereTheModelFollowsThem(prompt: String) throws {
        let problem = try refusal(ArkStage.request("bytedance/seedance-1-0-pro") { $0.prompt = prompt })
        #expect(problem?.field == "prompt")
        #expect(try refusal(ArkStage.request { $0.prompt = prompt }) == nil)
    }

    @Test func dashesOfOtherKindsAreFine() throws {
        let prompt = "a boat -- slowly --then fast—and --durable"
        #expect(try refusal(ArkStage.request("bytedance/seedance-1-0-pro") { $0.prompt = prompt }) == nil)
    }
}
