import Foundation
import Generation
import ProviderSimulators
import ServiceHarness
import Testing

/// Images of the simulated Ark service under its vendor's official SDK.
///
/// What is asserted besides stands in `Clients/ark_images.py`.
@Suite(
    .keepsEvidence,
    .timeLimit(.minutes(3)),
    .enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs")
)
struct ArkImageSDKTests {
    private static let plain: [String: JSONValue] = [
        "model": "seedream-4-5-251128", "prompt": "A brass lighthouse at dusk", "size": "2560x1440",
        "watermark": false,
    ]

    /// Runs a scenario against a service of its own.
    private static func run(
        _ change: [String: JSONValue],
        _ rest: [String: JSONValue] = [:],
        outcome: SimulatedOutcome? = nil
    ) async throws -> JSONValue {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.durations = .fixed(seconds: 0.05)
        return try await withSimulator(ArkWire.self, settings) { simulator in
            if let outcome { simulator.world.force(outcome) }
            var scenario = rest
            scenario["generate"] = .object(plain.merging(change) { $1 }.filter { $0.value != .null })
            return try await PythonClients.run(
                "ark_images.py",
                ["\(simulator.baseURL)/api/v3", "ark-test", JSONValue.object(scenario).canonicalText]
            )
        }
    }

    @Test func anImageIsMadeInItsSize() async throws {
        let result = try await Self.run([:])
        #expect(result["sizes"] == ["2560x1440"])
        // Of a model without a choice nothing is said of the format.
        #expect(result["formats"] == [.null])
    }

    @Test func aFormatCanBeChosenFrom5On() async throws {
        for (model, size) in [("dola-seedream-5-0-pro-260628", "1280x720"), ("seedream-5-0-260128", "2K")] {
            let result = try await Self.run([
                "model": .string(model), "size": .string(size), "output_format": "png", "response_format": "b64_json",
            ])
            #expect(result["formats"] == ["png"])
        }
    }

    @Test func aSetIsMadeOfPictures() async throws {
        let result = try await Self.run([
            "model": "doubao-seedream-4-0-250828", "size": "1K",
            "image": ["https://cdn.example.com/a.png", "https://cdn.example.com/b.png"],
            "sequential_image_generation": "auto", "sequential_image_generation_options": ["max_images": 3],
        ])
        #expect(result["sizes"] == ["1024x1024", "1024x1024", "1024x1024"])
        #expect(result["input_images"] == 2)
    }

    @Test func whatIsFilteredOfASetIsPassedOver() async throws {
        let result = try await Self.run([
            "prompt": "A lighthouse [[sim:one_filtered]]", "sequential_image_generation": "auto",
            "sequential_image_generation_options": ["max_images": 2],
        ])
        #expect(result["sizes"] == ["2560x1440"])
        #expect(result["errors"] == ["OutputImageSensitiveContentDetected"])
    }

    @Test func whatIsFilteredWhollyIsAnErrorOfEachImage() async throws {
        let code: JSONValue = "OutputImageSensitiveContentDetected"
        let result = try await Self.run([:], ["failed": code], outcome: .filteredOutput)
        #expect(result["errors"] == [code])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let code: String
        let change: [String: JSONValue]
        var testDescription: String { "\(code): \(JSONValue.object(change).canonicalText.prefix(80))" }
    }

    @Test(arguments: [
        Refusal(code: "InvalidEndpointOrModel.NotFound", change: ["model": "seedream-9-9-260128"]),
        Refusal(code: "InvalidParameter", change: ["size": "1024x1024"]),
        Refusal(code: "InvalidParameter", change: ["size": "1K"]),
        Refusal(code: "InvalidParameter", change: ["size": "2k"]),
        Refusal(code: "InvalidParameter", change: ["size": "12000x700"]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["output_format": "png"]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["guidance_scale": 3]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["seed": 3]),
        Refusal(code: "InvalidParameter.UnsupportedParameter", change: ["extra_body": ["n": 2]]),
        Refusal(
            code: "InvalidParameter.UnsupportedParameter",
            change: ["model": "dola-seedream-5-0-flash-260915", "sequential_image_generation": "auto"]
        ),
        Refusal(
            code: "InvalidParameter",
            change: [
                "sequential_image_generation": "auto", "sequential_image_generation_options": ["max_images": 16],
            ]
        ),
        Refusal(code: "InvalidImageURL.InvalidFormat", change: ["image": "data:image/PNG;base64,AAAA"]),
        Refusal(code: "InvalidImageURL.InvalidFormat", change: ["image": "cat.png"]),
        Refusal(code: "MissingParameter", change: ["prompt": ""]),
    ])
    func whatTheModelDoesNotTakeIsRefused(_ refusal: Refusal) async throws {
        let result = try await Self.run(refusal.change, ["refused": .string(refusal.code)])
        #expect(result["refused"] == .string(refusal.code))
    }

    @Test func aFilteredPromptIsRefused() async throws {
        let code: JSONValue = "InputTextSensitiveContentDetected"
        let result = try await Self.run([:], ["refused": code], outcome: .filteredInput)
        #expect(result["status"] == 400)
    }
}
