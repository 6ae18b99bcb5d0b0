import BlackForestLabsAdapter
import ConformanceKit
import Cryptography
import Foundation
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What a callback proves, in either of the two ways that the vendor describes.
@Suite(.timeLimit(.minutes(2)))
struct FluxCallbackTests {
    private static let url = "https://gateway.example/provider-callbacks/x"

    /// A callback of a task that has ended, as the provider posts it.
    private func callback(
        _ form: String
    ) async throws -> (adapter: FluxAdapter, attempt: FluxAttempt, id: String, SimulatedAnswer) {
        var settings = SimulatorSettings.forConformance
        settings.wire = ["webhooks": form]
        return try await withSimulator(FluxSimulator.self, settings) { simulator in
            let adapter = try FluxStage.adapter(simulator.baseURL)
            let attempt = FluxAttempt(callbackURL: Self.url)
            let operation = try await attempt.operation(FluxStage.request(), at: adapter)
            simulator.world.finish(operation.remoteID)
            let task = try #require(simulator.world.task(operation.remoteID))
            return (adapter, attempt, operation.remoteID, try #require(simulator.wire.callback(for: task)))
        }
    }

    @Test(arguments: ["signed", "echoed"])
    func aGenuineCallbackNamesItsTask(form: String) async throws {
        let (adapter, attempt, id, posted) = try await callback(form)
        func named(
            _ body: [UInt8],
            _ headers: [(name: String, value: String)],
            of reference: AttemptReference
        ) -> String? {
            adapter.operation(inCallback: body, headers: headers, for: FluxStage.request(), of: reference)?.remoteID
        }
        #expect(named(posted.body, posted.headers, of: attempt.reference) == id)
        // Without proof, with another's, and of another attempt.
        #expect(named(posted.body, [], of: attempt.reference) == nil)
        let other = FluxAttempt("att_2", callbackURL: Self.url).reference
        #expect(named(posted.body, posted.headers, of: other) == nil)
        let forged = posted.headers.map { (name: $0.name, value: $0.name.hasPrefix("X-") ? "sha256=00" : $0.value) }
        #expect(named(posted.body, forged, of: attempt.reference) == nil)
        guard form == "signed" else { return }
        let changed = Array(String(decoding: posted.body, as: UTF8.self).replacing(id, with: "another").utf8)
        #expect(named(changed, posted.headers, of: attempt.reference) == nil)
    }

    /// A body that is signed and yet names nothing.
    @Test func whatNamesNoTaskIsNotTaken() throws {
        let adapter = try FluxStage.adapter(nil)
        let attempt = FluxAttempt()
        let secret = Hex.encode(
            HMAC<SHA256>.authenticationCode(for: Array("callbacks of att_1".utf8), using: Array(FluxStage.key.utf8))
        )
        for body in ["{}", "[]", "", #"{"id":"a"}"#, #"{"id":"../x","status":"Ready"}"#, #"{"id":5,"status":"Ready"}"#]
        {
            let bytes = Array(body.utf8)
            let code = Hex.encode(HMAC<SHA256>.authenticationCode(for: bytes, using: Array(secret.utf8)))
            let operation = adapter.operation(
                inCallback: bytes,
                headers: [(name: "X-BFL-Signature", value: "sha256=\(code)")],
                for: FluxStage.request(),
                of: attempt.reference
            )
            #expect(operation == nil, "\(body)")
        }
    }

    /// A task whose submit gave no address is asked for all the same.
    @Test func aTaskWithACallbackCanBeAskedFor() async throws {
        try await withSimulator(FluxSimulator.self, .forConformance) { simulator in
            let adapter = try FluxStage.adapter(simulator.baseURL)
            let attempt = FluxAttempt(callbackURL: Self.url)
            let operation = try await attempt.operation(FluxStage.request(), at: adapter)
            #expect(operation.payload == "{}")
            simulator.world.finish(operation.remoteID)
            guard case .completed(let outputs, _) = try await adapter.status(of: operation) else {
                Issue.record("it is not done")
                return
            }
            #expect(outputs.count == 1)
        }
    }
}
