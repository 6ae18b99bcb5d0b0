import ConformanceKit
import Foundation
import Generation
import ProviderSimulators
import ServiceHarness
import Testing

/// The real program with a customer's own key: the provider sees that key, whatever happens to the program meanwhile.
@Suite(.keepsEvidence, .serialized) struct CustomerKeyTests {
    private static let customersKey = "sk-customer-KLMNOPQRSTUVWXYZ0123"
    private static let operatorsKey = "sk-operator-abcdefghijklmnopqrst"

    /// A provider that takes the customer's key alone.
    private static let vendor = SimulatedVendor(
        name: "OpenAI",
        wire: OpenAISimulator.self,
        model: "openai/sora-2",
        recovery: "B",
        fields: ["duration": 4, "resolution": "720p"],
        secrets: [customersKey, operatorsKey],
        wireSettings: ["api_key": customersKey],
        settings: { ["OPENAI_API_KEY": operatorsKey, "OPENAI_BASE_URL": "\($0)/v1"] }
    )

    private struct Stage {
        let installation: Installation
        let manager: String

        init() throws {
            installation = try Installation("byok")
            let made = try installation.json("keys", "create", "--name", "manager", "--management")
            manager = try #require(made["key"]?.stringValue)
        }

        func byok(
            _ service: ServiceProcess,
            _ method: String,
            _ path: String = "",
            _ body: JSONValue? = nil
        ) throws -> HTTPAnswer {
            try ServiceClient(port: service.port, key: manager).exchange(method, "/api/v1/byok" + path, body: body)
        }

        func submit(_ service: ServiceProcess, _ name: String) throws -> String {
            let answer = try service.client.submit(CustomerKeyTests.vendor.request(name), idempotencyKey: name)
            guard answer.status == 202, let id = answer.json["id"]?.stringValue else { throw Unexpected(answer.text) }
            return id
        }

        func end(_ service: ServiceProcess, _ id: String) throws -> JSONValue {
            try poll("the end of \(id)", within: 60) {
                let job = try service.client.job(id, waitSeconds: 5)
                return job["completed_at"] == .null ? nil : job
            }
        }

        /// Whether any file of the installation holds a text.
        func holds(_ text: String) -> [String] {
            let files = FileManager.default.enumerator(atPath: installation.folder)?.compactMap { $0 as? String } ?? []
            return files.filter { path in
                guard let bytes = FileManager.default.contents(atPath: "\(installation.folder)/\(path)") else {
                    return false
                }
                return bytes.range(of: Data(text.utf8)) != nil
            }
        }
    }

    @Test func theProviderSeesTheCustomersKeyUntilTheJobIsOver() async throws {
        var wire = Self.vendor.simulatorSettings()
        wire.durations = .manual
        try await withSimulator(Self.vendor.wire, wire) { simulator in
            let stage = try Stage()
            let settings = [Self.vendor].settings([simulator]).merging(["MEDIARY_LOG_LEVEL": "trace"]) { $1 }
            let first = try await Gate.machine.run { try stage.installation.serve(settings) }
            defer { first.child.end() }

            // The provider does not take the operator's key: so much for who is asked without a key of one's own.
            let shared = try await Gate.machine.run { try stage.end(first, stage.submit(first, "shared")) }
            #expect(shared["status"] == "failed", "\(shared.canonicalText)")
            #expect(simulator.world.allTasks.isEmpty)

            let made = try await Gate.machine.run {
                try stage.byok(first, "POST", "", ["provider": "openai", "key": .string(Self.customersKey)])
            }
            #expect(made.status == 201, "\(made.text)")
            let key = try #require(made.json["data"]?["id"]?.stringValue)
            let id = try await Gate.machine.run { try stage.submit(first, "own") }
            let task = try await Gate.machine.run {
                try poll("the task", within: 60) { simulator.world.allTasks.first }
            }

            // The key is deleted while its job runs, and the program dies: the next one finds both.
            let deleted = try await Gate.machine.run { try stage.byok(first, "DELETE", "/\(key)") }
            #expect(deleted.json == ["deleted": true])
            try await Gate.machine.run { try first.kill() }
            let second = try await Gate.machine.run { try stage.installation.serve(settings) }
            defer { second.child.end() }
            let gone = try await Gate.machine.run { try stage.byok(second, "GET", "/\(key)") }
            #expect(gone.status == 404)
            let running = try await Gate.machine.run { try second.client.job(id) }
            #expect(running["status"] == "in_progress", "\(running.canonicalText)")
            simulator.world.finish(task.id)
            let job = try await Gate.machine.run { try stage.end(second, id) }
            #expect(job["status"] == "completed", "\(job.canonicalText)")
            #expect(job["usage"]?["is_byok"] == true, "\(job.canonicalText)")
            #expect(job["usage"]?["cost"] == "0.000000000", "\(job.canonicalText)")
            guard case .array(let attempts)? = job["attempts"] else { throw Unexpected(job.canonicalText) }
            #expect(attempts.count == 1)

            // From here on the operator's key is asked with again.
            let after = try await Gate.machine.run { try stage.end(second, stage.submit(second, "after")) }
            #expect(after["status"] == "failed", "\(after.canonicalText)")
            try await Gate.machine.run {
                try second.stop()
                _ = try stage.installation.json("audit")
            }

            let bearers = simulator.journal.map { entry in
                (entry.status, entry.request.headers.first { $0.name.lowercased() == "authorization" }?.value ?? "")
            }
            for (status, bearer) in bearers {
                let isCustomers = bearer == "Bearer \(Self.customersKey)"
                #expect(isCustomers == (status.map { $0 < 300 } == true), "\(bearer): \(String(describing: status))")
                #expect(isCustomers || bearer == "Bearer \(Self.operatorsKey)")
            }
            #expect(bearers.contains { $0.1 == "Bearer \(Self.customersKey)" })
            #expect(try await stage.installation.keptCustomerKeys() == 0)
            #expect(stage.holds(Self.customersKey) == [])
            #expect(stage.holds(Self.operatorsKey) == [])
            // At the lowest level the log shows the services that are started: by their names alone.
            #expect(first.log.contains("JobWorker"))
            for log in [first.log, second.log] { #expect(!log.contains("masterKey") && !log.contains("linkKey")) }
            stage.installation.remove()
        }
    }

    @Test func aKeyThatTheProviderDoesNotTakeIsNamedAsTheCustomersOwn() async throws {
        try await withSimulator(Self.vendor.wire, Self.vendor.simulatorSettings()) { simulator in
            let stage = try Stage()
            let settings = [Self.vendor].settings([simulator]).merging(["MEDIARY_LOG_LEVEL": "trace"]) { $1 }
            let service = try await Gate.machine.run { try stage.installation.serve(settings) }
            defer { service.child.end() }
            let wrong = "sk-wrong-ABCDEFGHIJKLMNOPQRSTUVWX"
            let made = try await Gate.machine.run {
                // Else the operator's own endpoint would be asked next.
                try stage.byok(
                    service,
                    "POST",
                    "",
                    ["provider": "openai", "key": .string(wrong), "is_byok_only": true]
                )
            }
            #expect(made.status == 201, "\(made.text)")
            let job = try await Gate.machine.run { try stage.end(service, stage.submit(service, "wrong")) }
            #expect(job["status"] == "failed")
            #expect(job["error"]?["message"]?.stringValue?.contains("your own key") == true, "\(job.canonicalText)")
            try await Gate.machine.run {
                try service.stop()
                _ = try stage.installation.json("audit")
            }
            #expect(stage.holds(wrong) == [])
            stage.installation.remove()
        }
    }
}
