import ConformanceKit
import Generation
import KlingAdapter
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// The adapter against both simulated wires, over HTTP.
@Suite(.timeLimit(.minutes(20)))
struct KlingConformanceTests {
    @Test(arguments: KlingDoor.allCases, AdapterConformance.checks + AdapterConformance.networkChecks)
    func conforms(_ door: KlingDoor, _ check: AdapterConformance.Check) async throws {
        try await withSimulator(door.wire, .forConformance) { simulator in
            let baseURL = simulator.baseURL
            let frames = KlingRequests.video(KlingRequests.standard) { $0.frameImages = [KlingRequests.first] }
            let models = try door.adapter(baseURL).models
            try await check.run(
                AdapterConformance.Subject(
                    requests: models.map { KlingRequests.video($0.slug) } + [frames],
                    inputs: KlingPictures.all,
                    secrets: KlingDoor.secrets,
                    provider: simulator.underTest(),
                    pause: { try await Task.sleep(for: .milliseconds(20)) },
                    make: { try door.adapter(baseURL) { simulator.world.now() } }
                )
            )
        }
    }

    @Test func eachKeyOpensItsOwnDoor() throws {
        func instances(_ environment: [String: String]) -> [String] {
            let settings = ProviderSettings(
                environment: environment,
                workFolder: "",
                transport: KlingDoor.transport,
                processorCount: 1,
                now: { 0 }
            )
            return KlingAdapters.instances(settings).map(\.id.slug)
        }
        let pair = ["KLING_ACCESS_KEY": "a", "KLING_SECRET_KEY": "s"]
        #expect(instances([:]).isEmpty)
        #expect(instances(["KLING_ACCESS_KEY": "a", "KLING_SECRET_KEY": ""]).isEmpty)
        #expect(instances(pair) == ["kling"])
        #expect(instances(["KLING_API_KEY": "k"]) == ["kling-2"])
        #expect(instances(pair.merging(["KLING_API_KEY": "k"]) { $1 }) == ["kling", "kling-2"])
    }

    /// A request that cannot be served never leaves; the message says what to change.
    @Test(arguments: KlingDoor.allCases)
    func whatKlingDoesNotTakeTogetherIsRefusedBefore(_ door: KlingDoor) throws {
        let adapter = try door.adapter("http://127.0.0.1:9")
        func problem(_ request: GenerationRequest) throws -> String? {
            do {
                try adapter.validate(try KlingRequests.resolved(request, adapter))
                return nil
            } catch let problem as RequestProblem {
                return problem.field
            }
        }
        typealias Make = KlingRequests
        let boat = KlingPictures.input("boat")
        #expect(try problem(Make.video { $0.duration = 7 }) == "duration")
        #expect(try problem(Make.video { ($0.duration, $0.frameImages) = (7, [Make.first]) }) == "duration")
        #expect(try problem(Make.video { ($0.duration, $0.frameImages) = (7, [Make.first, Make.last]) }) == nil)
        #expect(try problem(Make.video { ($0.duration, $0.inputReferences) = (3, [boat]) }) == nil)
        #expect(try problem(Make.video { $0.frameImages = [Make.last] }) == "frame_images[0]")
        #expect(try problem(Make.video { ($0.aspectRatio, $0.frameImages) = ("1:1", [Make.first]) }) == "aspect_ratio")
        #expect(try problem(Make.video { $0.generateAudio = true }) == "generate_audio")
        #expect(
            try problem(Make.video { ($0.frameImages, $0.inputReferences) = ([Make.first, Make.last], [boat]) })
                == "input_references"
        )
        let seven = Array(repeating: boat, count: 7)
        #expect(try problem(Make.video { $0.inputReferences = seven }) == nil)
        #expect(
            try problem(Make.video { ($0.frameImages, $0.inputReferences) = ([Make.first], seven) })
                == "input_references"
        )
        let webp = KlingPictures.input("boat", mediaType: "image/webp")
        #expect(try problem(Make.video { $0.inputReferences = [webp] }) == "input_references[0].image_url.url")
        let slug = adapter.id.slug
        #expect(try problem(Make.video(options: ["cfg_scale": .number(0.5)])) == "provider.options.\(slug).cfg_scale")
        #expect(
            try problem(Make.video(Make.pro, options: ["multi_shot": "yes"])) == "provider.options.\(slug).multi_shot"
        )
    }

    @Test func theSignedWireTakesShots() throws {
        let adapter = try KlingDoor.signed.adapter("http://127.0.0.1:9")
        func field(_ options: JSONValue) throws -> String? {
            let request = KlingRequests.video(KlingRequests.pro, options: options) { $0.duration = 5 }
            do {
                try adapter.validate(try KlingRequests.resolved(request, adapter))
                return nil
            } catch let problem as RequestProblem {
                return problem.field
            }
        }
        let two: JSONValue = [
            ["index": 1, "prompt": "a", "duration": "2"], ["index": 2, "prompt": "b", "duration": "3"],
        ]
        #expect(try field(["multi_shot": true, "shot_type": "customize", "multi_prompt": two]) == nil)
        #expect(try field(["multi_shot": true, "multi_prompt": two]) == nil)
        #expect(try field(["multi_prompt": two]) == "provider.options.kling.multi_shot")
        #expect(try field(["multi_shot": true, "shot_type": "customize"]) == "provider.options.kling.multi_prompt")
        #expect(
            try field(["multi_shot": true, "multi_prompt": [["prompt": "a", "duration": 4]]])
                == "provider.options.kling.multi_prompt"
        )
    }
}
