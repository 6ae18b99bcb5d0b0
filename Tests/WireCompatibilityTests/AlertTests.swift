import Foundation
import Generation
import ServiceHarness
import Testing

/// The real program tells whom the operator's file names that limits are nearly used, and follows what its commands set.
@Suite(.keepsEvidence) struct AlertTests {
    private static let video: JSONValue = [
        "type": "video", "model": "sandbox/video", "prompt": "a lighthouse", "duration": 4, "resolution": "720p",
    ]

    @Test func aProgramIsRunForABudgetThatIsSetByCommand() async throws {
        let installation = try Installation("alerts")
        let path = "\(installation.folder)/alerts.jsonl"
        let file = "\(installation.folder)/mediary.yaml"
        let text = #"{"alerts": {"command": ["/bin/sh", "-c", "cat >> '\#(path)'"], "thresholds": [1]}}"#
        try Data(text.utf8).write(to: URL(filePath: file))
        let (refused, alerts, budgets, again) = try await Gate.machine.run {
            let service = try installation.serve(["MEDIARY_CONFIG": file])
            let set = try installation.json("workspaces", "budget", "daily", "0.3")
            guard set["limit"] == "0.300000000" else { throw Unexpected(set.canonicalText) }
            let first = try service.client.submit(Self.video, idempotencyKey: "first")
            guard first.status == 202 else { throw Unexpected(first.text) }
            let refused = try service.client.submit(Self.video, idempotencyKey: "second")
            let alerts = try poll("the alert", within: 30) {
                let lines = Installation.text(path).split(separator: "\n")
                return lines.isEmpty ? nil : lines.map(String.init)
            }
            let budgets = try installation.json("workspaces", "budgets")
            _ = try installation.json("workspaces", "budget", "daily", "none")
            let again = try service.client.submit(Self.video, idempotencyKey: "third")
            try service.stop()
            _ = try installation.json("audit")
            return (refused, alerts, budgets, again)
        }
        #expect(refused.status == 403)
        #expect(again.status == 202)
        #expect(alerts.count == 1)
        let alert = try JSONDecoder().decode(JSONValue.self, from: Data((alerts.first ?? "").utf8))
        #expect(alert["type"] == "spending.threshold" && alert["scope"] == "workspace")
        #expect(alert["workspace"] == "default" && alert["period"] == "daily" && alert["limit"] == "0.300000000")
        guard case .array(let rows) = budgets else { throw Unexpected(budgets.canonicalText) }
        #expect(rows.compactMap { $0["period"] } == ["daily"])
        #expect(rows.first?["spent"] != "0.000000000")
        installation.remove()
    }

    @Test func aURLIsToldOfAKeyThatIsChangedByCommand() async throws {
        let installation = try Installation("alerts")
        let receiver = try CallbackReceiver()
        defer { receiver.close() }
        let file = "\(installation.folder)/mediary.yaml"
        let text = "alerts: {url: 'http://127.0.0.1:\(receiver.port)/alerts?x=1'}"
        try Data(text.utf8).write(to: URL(filePath: file))
        let (told, off) = try await Gate.machine.run {
            let service = try installation.serve(["MEDIARY_CONFIG": file])
            let made = try installation.json(
                "keys",
                "create",
                "--name",
                "app",
                "--limit",
                "9",
                "--limit-reset",
                "weekly"
            )
            guard let key = made["key"]?.stringValue, let hash = made["hash"]?.stringValue else {
                throw Unexpected(made.canonicalText)
            }
            let app = ServiceClient(port: service.port, key: key)
            let slow: JSONValue = [
                "type": "video", "model": "sandbox/video", "prompt": "a lighthouse", "duration": 4,
                "resolution": "720p", "provider": ["options": ["fake-provider": ["delay_ms": 5000]]],
            ]
            let dear = try app.submit(slow, idempotencyKey: "first")
            let hold = try installation.json("keys", "update", hash, "--limit", "0.01")
            guard dear.status == 202, hold["limit"] == "0.010000000", hold["limit_reset"] == "weekly" else {
                throw Unexpected(dear.text + hold.canonicalText)
            }
            // What is held is more than the new limit: the charge tells of it.
            let told = try receiver.wait(for: 3)
            _ = try installation.json("keys", "update", hash, "--disable-access")
            let off = try poll("the refusal of the disabled key", within: 10, every: 0.05) {
                try app.exchange("GET", "/api/v1/jobs").status == 401 ? true : nil
            }
            try service.stop()
            return (told, off)
        }
        #expect(off)
        #expect(told.allSatisfy { $0.requestLine == "POST /alerts?x=1 HTTP/1.1" })
        let values = try told.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.body)) }
        #expect(Set(values.compactMap { $0["threshold_percent"]?.integerValue }) == [50, 80, 100])
        #expect(values.allSatisfy { $0["scope"] == "key" && $0["key"]?["name"] == "app" })
        installation.remove()
    }
}
