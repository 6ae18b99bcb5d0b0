import Foundation
import Generation
import ServiceHarness
import Testing

/// Callbacks of the real program as receivers see them, verified with the code of others.
@Suite(.keepsEvidence, .enabled(if: PythonClients.areThere, "scripts/wire-venv makes what this needs"))
struct WebhookTests {
    private static let allowed = ["MEDIARY_ALLOW_NETWORKS": "127.0.0.0/8"]

    private static func video(_ prompt: String, _ receiver: CallbackReceiver) -> JSONValue {
        [
            "type": "video", "model": "sandbox/video", "prompt": .string(prompt), "duration": 4,
            "callback_url": .string("http://127.0.0.1:\(receiver.port)/hook/\(UInt64.max)?token=private"),
        ]
    }

    /// Verifies a delivery with the secret that the operator is shown, and gives its event.
    private static func verified(
        _ delivery: CallbackReceiver.Delivery,
        _ installation: Installation
    ) async throws
        -> JSONValue
    {
        let secret = try installation.json("workspaces", "webhook-secret", "--workspace", "default")
        let headers = delivery.headers.mapValues { JSONValue.string($0) }
        let file = "\(installation.folder)/delivery-\(delivery.headers["webhook-id"] ?? "").json"
        let content: JSONValue = [
            "secret": secret["secret"] ?? .null, "headers": .object(headers),
            "body": .string(Data(delivery.body).base64EncodedString()),
        ]
        try Data(content.canonicalText.utf8).write(to: URL(filePath: file))
        return try await PythonClients.run("verify_webhook.py", [file])
    }

    @Test func aCompletedAndAFailedJobAreToldWithSignaturesThatOthersVerify() async throws {
        let installation = try Installation("webhooks")
        let receiver = try CallbackReceiver()
        let (ids, deliveries, log) = try await Gate.machine.run {
            let service = try installation.serve(Self.allowed)
            var ids: [String] = []
            for (name, prompt) in [("good", "a lighthouse"), ("bad", "a lighthouse [[fail:content_policy]]")] {
                let answer = try service.client.submit(Self.video(prompt, receiver), idempotencyKey: name)
                guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                    throw Unexpected("\(answer.status) \(answer.text)")
                }
                ids.append(id)
            }
            let deliveries = try receiver.wait(for: 2)
            try service.stop()
            return (ids, deliveries, service.log)
        }
        receiver.close()
        #expect(deliveries.count == 2)
        for delivery in deliveries {
            let event = try await Self.verified(delivery, installation)
            let id = try #require(event["data"]?["id"]?.stringValue)
            #expect(ids.contains(id))
            #expect(delivery.requestLine == "POST /hook/\(UInt64.max)?token=private HTTP/1.1")
            #expect(delivery.headers["content-type"] == "application/json")
            #expect(delivery.headers["user-agent"]?.hasPrefix("mediary/") == true)
            #expect(event["data"]?["generation_id"]?.stringValue == id)
            #expect(event["data"]?["model"] == "sandbox/video")
            if id == ids[0] {
                #expect(event["type"] == "video.generation.completed")
                guard case .array(let urls)? = event["data"]?["unsigned_urls"] else {
                    throw Unexpected("no URLs in \(event.canonicalText)")
                }
                let url = try #require(urls.first?.stringValue)
                #expect(url.hasPrefix("http://127.0.0.1:") && !url.hasPrefix("http://127.0.0.1:0/"))
                #expect(url.hasSuffix("/api/v1/videos/\(id)/content?index=0"))
                #expect(event["data"]?["usage"]?["is_byok"] == false)
            } else {
                #expect(event["type"] == "video.generation.failed")
                #expect(event["data"]?["error"]?.stringValue?.isEmpty == false)
            }
        }
        #expect(!log.contains("private"))
        installation.remove()
    }

    @Test func whatAReceiverRefusedComesAgainWithTheSameIDAndBytesAlsoAfterAKill() async throws {
        let installation = try Installation("webhook-retry")
        let receiver = try CallbackReceiver(answering: [500, 204])
        let deliveries = try await Gate.machine.run {
            let first = try installation.serve(Self.allowed)
            let answer = try first.client.submit(Self.video("a lighthouse", receiver), idempotencyKey: "retry")
            guard answer.status == 202 else { throw Unexpected("\(answer.status) \(answer.text)") }
            _ = try receiver.wait(for: 1)
            try first.kill()
            let settings = Self.allowed.merging(["MEDIARY_PUBLIC_URL": "http://127.0.0.1:\(first.port)"]) { $1 }
            let second = try installation.serve(settings)
            let deliveries = try receiver.wait(for: 2, within: 90)
            try second.stop()
            return deliveries
        }
        receiver.close()
        #expect(deliveries.count == 2)
        #expect(deliveries[0].headers["webhook-id"] == deliveries[1].headers["webhook-id"])
        #expect(deliveries[0].body == deliveries[1].body)
        for delivery in deliveries { _ = try await Self.verified(delivery, installation) }
        installation.remove()
    }
}
