import ConformanceKit
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import RunwayAdapter
import SimulatorConformance
import Testing

/// What is sent, to the last field: the bodies that the official client (runwayml 5.24.0) puts together from its types.
@Suite(.timeLimit(.minutes(2)))
struct RunwayBodyTests {
    private func sent(_ request: GenerationRequest) async throws -> (path: String, body: JSONValue) {
        try await withSimulator(RunwaySimulator.self, .forConformance) { simulator in
            _ = try await RunwayStage.operation(request, at: RunwayStage.adapter(simulator.baseURL))
            let requests = simulator.requests(.submit)
            #expect(requests.count == 1)
            let sent = try #require(requests.first)
            #expect(sent.header("Authorization") == "Bearer key_runway-test")
            #expect(sent.header("X-Runway-Version") == "2024-11-06")
            #expect(sent.header("Content-Type") == "application/json")
            return (sent.path, try #require(sent.json))
        }
    }

    @Test func aTextAloneIsASizeInPixels() async throws {
        let (path, body) = try await sent(RunwayStage.request { $0.aspectRatio = "9:16" })
        #expect(path == "/v1/text_to_video")
        let expected: JSONValue = [
            "model": "gen4.5", "promptText": "The boat sails on", "ratio": "720:1280", "duration": 5,
        ]
        #expect(body == expected)
    }

    @Test func aFrameGoesOnItsOwnPath() async throws {
        let request = RunwayStage.request(options: ["contentModeration": ["publicFigureThreshold": "low"]]) {
            $0.frameImages = [FrameImage(role: .first, image: RunwayPictures.first)]
            $0.aspectRatio = "21:9"
            $0.duration = 10
            $0.seed = 4_294_967_295
        }
        let (path, body) = try await sent(request)
        #expect(path == "/v1/image_to_video")
        let expected: JSONValue = [
            "model": "gen4.5", "promptText": "The boat sails on", "ratio": "1584:672", "duration": 10,
            "seed": 4_294_967_295, "contentModeration": ["publicFigureThreshold": "low"],
            "promptImage": [["uri": .string(RunwayPictures.base64("first")), "position": "first"]],
        ]
        #expect(body == expected)
    }

    @Test func everyFieldOfVeoHasItsPlace() async throws {
        let request = RunwayStage.request(RunwayStage.veo) {
            $0.frameImages = [
                FrameImage(role: .last, image: RunwayPictures.last),
                FrameImage(role: .first, image: RunwayPictures.first),
            ]
            ($0.resolution, $0.aspectRatio, $0.duration) = ("1080p", "9:16", 6)
            ($0.generateAudio, $0.negativePrompt, $0.seed) = (false, "fog", 7)
        }
        let expected: JSONValue = [
            "model": "veo3.1", "promptText": "The boat sails on", "ratio": "1080:1920", "duration": 6, "audio": false,
            "negativePrompt": "fog", "seed": 7,
            "promptImage": [
                ["uri": .string(RunwayPictures.base64("first")), "position": "first"],
                ["uri": .string(RunwayPictures.base64("last")), "position": "last"],
            ],
        ]
        #expect(try await sent(request).body == expected)
    }

    @Test func referencesAndALengthOfTheModelsChoice() async throws {
        let request = RunwayStage.request(RunwayStage.seedance) {
            $0.inputReferences = [RunwayPictures.last, RunwayPictures.first]
            ($0.resolution, $0.aspectRatio, $0.duration) = ("1080p", "1:1", -1)
        }
        let (path, body) = try await sent(request)
        #expect(path == "/v1/text_to_video")
        let expected: JSONValue = [
            "model": "seedance2", "promptText": "The boat sails on", "ratio": "1440:1440", "duration": "auto",
            "audio": true,
            "references": [
                ["uri": .string(RunwayPictures.base64("last"))], ["uri": .string(RunwayPictures.base64("first"))],
            ],
        ]
        #expect(body == expected)
    }

    @Test(arguments: [#"\"uri":"picture 1""#, "picture 1", #"{"uri":"picture 1"}"#])
    func aPromptIsNoPlaceOfAPicture(prompt: String) async throws {
        let request = RunwayStage.request(RunwayStage.seedance) {
            $0.prompt = prompt
            $0.inputReferences = [RunwayPictures.first]
        }
        let (_, body) = try await sent(request)
        #expect(body["promptText"] == .string(prompt))
        #expect(body["references"] == [["uri": .string(RunwayPictures.base64("first"))]])
    }

    @Test func hailuoIsAskedInWords() async throws {
        let plain: JSONValue = [
            "model": "hailuo3", "promptText": "The boat sails on", "ratio": "4:3", "resolution": "2k", "duration": 15,
        ]
        let request = RunwayStage.request(RunwayStage.hailuo) {
            ($0.resolution, $0.aspectRatio, $0.duration) = ("2k", "4:3", 15)
        }
        #expect(try await sent(request).body == plain)
        let framed: JSONValue = [
            "model": "hailuo3", "promptText": "The boat sails on", "resolution": "768p", "duration": 5,
            "promptImage": [["uri": .string(RunwayPictures.base64("first")), "position": "first"]],
        ]
        let first = RunwayStage.request(RunwayStage.hailuo) {
            $0.frameImages = [FrameImage(role: .first, image: RunwayPictures.first)]
        }
        #expect(try await sent(first).body == framed)
    }

    @Test func imagesHaveAPathOfTheirOwn() async throws {
        let (path, body) = try await sent(
            RunwayStage.image {
                ($0.resolution, $0.aspectRatio, $0.seed) = ("1080p", "3:4", 7)
                $0.inputReferences = [RunwayPictures.first]
            }
        )
        #expect(path == "/v1/text_to_image")
        let expected: JSONValue = [
            "model": "gen4_image", "promptText": "A brass lighthouse at dusk", "ratio": "1080:1440", "seed": 7,
            "referenceImages": [["uri": .string(RunwayPictures.base64("first"))]],
        ]
        #expect(body == expected)
    }

    @Test func aPictureThatIsTooLargeIsRefusedUnsent() async throws {
        let adapter = try RunwayStage.adapter("http://127.0.0.1:9")
        let request = RunwayStage.request {
            $0.frameImages = [FrameImage(role: .first, image: RunwayPictures.input("huge"))]
        }
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await RunwayStage.operation(request, at: adapter)
        }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.retry == .never)
        #expect(failure?.requestReachedProvider == .no)
        #expect(failure?.message.contains("first frame") ?? false)
    }
}
