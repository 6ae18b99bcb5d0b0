import Foundation
import Generation
import ServiceHarness
import Testing

/// The real program under OpenRouter's official SDK, which is pointed at it by a URL and a key alone.
///
/// What is asserted stands in the scripts under `Clients`: each ends with a message when anything is not as it must be.
@Suite(.keepsEvidence, .enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct OpenRouterTests {
    /// Runs a script against a service of its own, and stops the service in good order.
    ///
    /// - Parameters:
    ///   - script: Its name.
    ///   - arguments: What it is given after the service's address and the key.
    /// - Returns: What it prints.
    /// - Throws: Its words when it does not end well.
    private static func run(
        _ script: String,
        _ arguments: (Installation) throws -> [String] = { _ in [] }
    ) async throws -> JSONValue {
        let installation = try Installation("openrouter")
        let own = try arguments(installation)
        let service = try await Gate.machine.run { try installation.serve() }
        defer { service.child.end() }
        let origin = "http://127.0.0.1:\(service.port)"
        let result = try await PythonClients.run(script, [origin, installation.key] + own)
        try await Gate.machine.run {
            try service.stop()
            // A violation is an ending that is no success.
            _ = try installation.json("audit")
        }
        installation.remove()
        return result
    }

    /// The text of a new key.
    private static func key(_ installation: Installation, _ arguments: String...) throws -> String {
        let made = try installation.command(["keys", "create", "--json"] + arguments)
        guard let key = made.json["key"]?.stringValue else { throw Unexpected(made.output + made.errors) }
        return key
    }

    @Test func videosAreMadeAndFetched() async throws {
        let report = try await Self.run("openrouter_videos.py")
        #expect(report["seen"] != nil)
    }

    @Test func imagesAreMadeAndStreamed() async throws {
        let report = try await Self.run("openrouter_images.py")
        #expect(report["models"] != nil)
    }

    @Test func textIsSpokenAndSpeechWrittenDown() async throws {
        let report = try await Self.run("openrouter_audio.py")
        #expect(report["seconds"] != nil)
    }

    @Test func modelsProvidersAndCreditsAreRead() async throws {
        let report = try await Self.run("openrouter_models.py") { installation in
            [try Self.key(installation, "--name", "limited", "--limit", "0.5", "--management")]
        }
        #expect(report["providers"]?["fake-provider"] == "Fake Provider")
    }

    @Test func whatWasUsedIsTold() async throws {
        let report = try await Self.run("openrouter_usage.py") { installation in
            [try Self.key(installation, "--name", "manager", "--management")]
        }
        #expect(report["metrics"] != nil)
    }

    @Test func keysWorkspacesAndBudgetsAreManaged() async throws {
        let report = try await Self.run("openrouter_keys.py") { installation in
            [try Self.key(installation, "--name", "manager", "--management")]
        }
        #expect(report["workspace"] != nil)
    }

    @Test func refusalsAreTypedErrors() async throws {
        let report = try await Self.run("openrouter_errors.py") { installation in
            [
                try Self.key(installation, "--name", "poor", "--workspace", "poor"),
                try Self.key(installation, "--name", "limited", "--limit", "0.5"),
            ]
        }
        #expect(report["refused"]?.integerValue ?? 0 > 10)
    }

    @Test func ownProviderKeysAreHandedInAndTakenBack() async throws {
        let report = try await Self.run("openrouter_byok.py") { installation in
            [try Self.key(installation, "--name", "manager", "--management")]
        }
        #expect(report["keys"] == 3)
    }

    @Test func aRealVideoIsFetched() async throws {
        let report = try await Self.run("openrouter_studio.py") { ["\($0.folder)/video.mp4"] }
        #expect(report["cost"] != nil)
    }
}
