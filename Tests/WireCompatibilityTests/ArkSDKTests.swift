import Foundation
import Generation
import ProviderSimulators
import ServiceHarness
import Testing

/// The simulated Ark service under its vendor's official SDK: what the adapter is judged by is judged first.
///
/// What is asserted besides stands in `Clients/ark_tasks.py`.
@Suite(
    .keepsEvidence,
    .timeLimit(.minutes(3)),
    .enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs")
)
struct ArkSDKTests {
    private static let model20: JSONValue = "dreamina-seedance-2-0-260128"
    private static let text: JSONValue = ["type": "text", "text": "A paper boat crosses a puddle, macro shot"]

    private static func item(_ type: String, _ role: String, _ url: String) -> JSONValue {
        ["type": .string(type), "role": .string(role), "url": .string(url)]
    }

    /// Runs a scenario against a service of its own.
    private static func run(
        _ create: [String: JSONValue],
        _ rest: [String: JSONValue] = [:],
        outcome: SimulatedOutcome? = nil,
        queueSeconds: Double = 0,
        seconds: Double = 0.3
    ) async throws -> JSONValue {
        var settings = SimulatorSettings()
        settings.queueSeconds = queueSeconds
        settings.durations = .fixed(seconds: seconds)
        return try await withSimulator(ArkWire.self, settings) { simulator in
            if let outcome { simulator.world.force(outcome) }
            var scenario = rest
            scenario["create"] = .object(create)
            let result = try await PythonClients.run(
                "ark_tasks.py",
                ["\(simulator.baseURL)/api/v3", "ark-test", JSONValue.object(scenario).canonicalText]
            )
            #expect(simulator.violations.isEmpty, "\(simulator.violations)")
            return result
        }
    }

    @Test func aVideoIsMadeFromText() async throws {
        let result = try await Self.run(
            [
                "model": Self.model20, "content": [Self.text], "resolution": "720p", "ratio": "16:9", "duration": 5,
                "watermark": false, "generate_audio": true, "safety_identifier": "user-1", "priority": 3,
                "return_last_frame": true,
            ],
            queueSeconds: 2,
            seconds: 2
        )
        #expect(result["seen"] == ["queued", "running", "succeeded"])
        // 1280x720, 5 x 24 + 1 frames: what the service counted.
        #expect(result["tokens"] == 108_900)
        #expect(result["duration"] == 5)
    }

    @Test func framesShapeTheVideo() async throws {
        let picture = try Self.picture(width: 720, height: 1_280)
        let first = Self.item("image_url", "first_frame", picture)
        let last = Self.item("image_url", "last_frame", "https://cdn.example.com/last.png")
        let contents: [[JSONValue]] = [[Self.text, first], [first], [Self.text, first, last]]
        for items in contents {
            let result = try await Self.run([
                "model": "seedance-1-5-pro-251215", "content": .array(items), "resolution": "480p", "duration": -1,
                "seed": 7, "camera_fixed": true,
            ])
            #expect(result["ratio"] == "9:16")
            #expect(result["duration"] == 8)
            // 496x864, 8 x 24 + 1 frames.
            #expect(result["tokens"] == 80_770)
        }
    }

    @Test func referencesOfAllKindsAreTaken() async throws {
        let result = try await Self.run([
            "model": Self.model20, "resolution": "480p", "ratio": "1:1", "duration": 4,
            "omni_reference_task_type": "reference",
            "content": [
                Self.text, Self.item("image_url", "reference_image", "https://cdn.example.com/a.png"),
                Self.item("image_url", "reference_image", "asset://asset-1"),
                Self.item("video_url", "reference_video", "https://cdn.example.com/a.mp4"),
                Self.item("audio_url", "reference_audio", "https://cdn.example.com/a.mp3"),
            ],
        ])
        // 640x640, 4 x 24 + 1 frames.
        #expect(result["tokens"] == 38_800)
    }

    @Test func framesCountInPlaceOfSecondsForTheOldestModels() async throws {
        let result = try await Self.run([
            "model": "doubao-seedance-1-0-pro-250528", "content": [Self.text], "resolution": "480p", "frames": 57,
        ])
        #expect(result["frames"] == 57)
        #expect(result["duration"] == nil || result["duration"] == .null)
        #expect(result["tokens"] == 23_085)
    }

    @Test func aWebSearchGoesAlongWithTextAlone() async throws {
        let search: JSONValue = [["type": "web_search"]]
        let result = try await Self.run([
            "model": Self.model20, "content": [Self.text], "resolution": "480p", "tools": search, "duration": 4,
        ])
        #expect(result["seen"] != nil)
    }

    @Test func aTaskThatWaitsIsCancelled() async throws {
        let result = try await Self.run(
            ["model": Self.model20, "content": [Self.text]],
            ["cancel": true],
            queueSeconds: 60
        )
        #expect(result["status"] == "cancelled")
    }

    @Test func aFilteredVideoIsAFailedTask() async throws {
        let result = try await Self.run(
            ["model": Self.model20, "content": [Self.text]],
            ["failed": "OutputVideoSensitiveContentDetected"],
            outcome: .filteredOutput
        )
        #expect(result["error"] == "OutputVideoSensitiveContentDetected")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let code: String
        let change: [String: JSONValue]
        var testDescription: String { "\(code): \(JSONValue.object(change).canonicalText.prefix(80))" }
    }

    @Test(arguments: [
        Refusal(code: "InvalidEndpointOrModel.NotFound", change: ["model": "dreamina-seedance-9-9-260128"]),
        Refusal(code: "InvalidParameter", change: ["duration": 16]),
        Refusal(code: "InvalidParameter", change: ["resolution": "720P"]),
        Refusal(code: "InvalidParameter", change: ["ratio": "9:21"]),
        Refusal(code: "InvalidParameter", change: ["execution_expires_after": 60]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["camera_fixed": true]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["seed": 5]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["draft": true]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["frames": 57]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["service_tier": "flex"]),
        Refusal(
            code: "InvalidParameter.TaskTypeConstraint",
            change: [
                "content": [
                    item("image_url", "first_frame", "https://cdn.example.com/a.png"),
                    item("image_url", "reference_image", "https://cdn.example.com/b.png"),
                ]
            ]
        ),
        Refusal(
            code: "InvalidParameter.TaskTypeConstraint",
            change: ["content": [item("image_url", "last_frame", "https://cdn.example.com/a.png")]]
        ),
        Refusal(
            code: "InvalidParameter",
            change: ["content": [item("audio_url", "reference_audio", "https://cdn.example.com/a.mp3")]]
        ),
        Refusal(
            code: "InvalidImageURL.InvalidFormat",
            change: ["content": [item("image_url", "first_frame", "data:image/png;base64,AAAA")]]
        ),
        Refusal(code: "MissingParameter", change: ["content": []]),
    ])
    func whatTheModelDoesNotTakeIsRefused(_ refusal: Refusal) async throws {
        var create: [String: JSONValue] = ["model": Self.model20, "content": [Self.text]]
        create.merge(refusal.change) { _, new in new }
        let result = try await Self.run(create, ["refused": .string(refusal.code)])
        #expect(result["refused"] == .string(refusal.code))
    }

    @Test func aFilteredPromptIsRefused() async throws {
        let result = try await Self.run(
            ["model": Self.model20, "content": [Self.text]],
            ["refused": "InputTextSensitiveContentDetected"],
            outcome: .filteredInput
        )
        #expect(result["status"] == 400)
    }

    /// A picture made by ffmpeg, as a data URL.
    private static func picture(width: Int, height: Int) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=size=\(width)x\(height)", "-frames:v", "1", "-f",
            "image2pipe", "-c:v", "png", "-",
        ]
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return "data:image/png;base64,\(bytes.base64EncodedString())"
    }
}
