import Foundation
import Generation
import Glibc
import ServiceHarness
import Synchronization
import Testing

/// Where the real program goes for its clients, over real sockets.
@Suite(.keepsEvidence) struct OutboundTests {
    private static func job(_ receiver: Receiver, callback: String = "http://127.0.0.1") -> JSONValue {
        let image: JSONValue = [
            "type": "image_url", "frame_type": "first_frame",
            "image_url": ["url": .string("http://127.0.0.1:\(receiver.port)/first.png")],
        ]
        return [
            "type": "video", "model": "sandbox/video", "prompt": "out and back", "frame_images": [image],
            "callback_url": .string("\(callback):\(receiver.port)/told"),
            "provider": ["options": ["fake-provider": ["delay_ms": 5]]],
        ]
    }

    @Test func aReferenceIsFetchedAndACallbackDelivered() async throws {
        let installation = try Installation("outbound")
        let (job, requests, seconds) = try await Gate.machine.run {
            let receiver = try Receiver()
            let service = try installation.serve(["MEDIARY_ALLOW_NETWORKS": "127.0.0.0/8"])
            let posted = try service.client.submit(Self.job(receiver), idempotencyKey: "outbound")
            guard posted.status == 202, let id = posted.json["id"]?.stringValue else {
                throw Unexpected("\(posted.status) \(posted.text)")
            }
            let job = try service.client.waitForEnd(of: id, within: 30)
            try poll("the callback", within: 30) {
                receiver.requests.contains { $0.hasPrefix("POST /told ") } ? () : nil
            }
            // Kept connections must not hold up the stop.
            let start = ContinuousClock.now
            try service.stop()
            return (job, receiver.requests, (ContinuousClock.now - start) / .seconds(1))
        }
        #expect(job["status"] == "completed")
        #expect(requests.count { $0.hasPrefix("GET /first.png ") } == 1)
        let told = try #require(requests.first { $0.hasPrefix("POST /told ") })
        #expect(told.contains("webhook-signature: v1,"))
        #expect(told.contains("User-Agent: mediary/"))
        #expect(seconds < 20)
        installation.remove()
    }

    @Test func withoutThePermissionNothingInsideIsTouched() async throws {
        let installation = try Installation("inside")
        let (statuses, requests) = try await Gate.machine.run {
            let receiver = try Receiver()
            let service = try installation.serve()
            let statuses = try [
                "http://127.0.0.1", "https://localhost", "https://[::ffff:7f00:1]", "https://2130706433",
            ]
            .map { callback in
                try service.client.submit(Self.job(receiver, callback: callback), idempotencyKey: callback).status
            }
            try service.stop()
            return (statuses, receiver.requests)
        }
        #expect(statuses == [400, 400, 400, 400])
        #expect(requests.isEmpty)
        installation.remove()
    }
}

/// A server on 127.0.0.1 that gives every GET the same small picture, and thanks for everything else.
private final class Receiver: Sendable {
    private static let picture = Array(
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        ) ?? Data()
    )

    let port: Int
    private let seen = Mutex<[String]>([])

    init() throws {
        let listening = try LoopbackListener()
        let listener = listening.descriptor
        port = listening.port
        Thread.detachNewThread { [weak self] in
            defer { close(listener) }
            while let receiver = self {
                var wait = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
                guard poll(&wait, 1, 50) > 0 else { continue }
                let connection = accept(listener, nil, nil)
                Thread.detachNewThread {
                    receiver.serve(connection)
                    close(connection)
                }
            }
        }
    }

    /// The requests so far, head and body.
    var requests: [String] { seen.withLock { $0 } }

    private func serve(_ connection: Int32) {
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &room, room.count, 0)
            guard count > 0 else { return }
            bytes += room.prefix(count)
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let length = text[..<end.lowerBound].components(separatedBy: "\r\n")
                .first { $0.lowercased().hasPrefix("content-length: ") }
                .flatMap { Int($0.dropFirst("content-length: ".count)) }
            guard text[end.upperBound...].utf8.count >= length ?? 0 else { continue }
            seen.withLock { $0.append(text) }
            bytes = []
            let body = text.hasPrefix("GET ") ? Self.picture : Array("thanks".utf8)
            let head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: \(body.count)\r\n\r\n"
            let answer = Array(head.utf8) + body
            guard send(connection, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else { return }
        }
    }
}
