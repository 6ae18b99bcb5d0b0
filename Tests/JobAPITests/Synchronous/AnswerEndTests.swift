import HTTPTypes
import JobCore
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import JobAPI
@testable import JobEngine

/// Goal: an answer counts as written with its last bytes, not before, and not with those of another answer.
@Suite struct AnswerEndTests {
    /// A connection whose two requests await their answers.
    private struct Connection {
        let answers = PendingAnswers()
        let channel: EmbeddedChannel

        init() async throws {
            for request in [1, 2] as [UInt64] {
                let scope = PendingAnswers.Scope(keyHash: "key", fingerprint: "\(request)")
                let line = ClientConnection(
                    request: request,
                    loop: ObjectIdentifier(answers),
                    isOpen: { true },
                    onLoop: { $0() }
                )
                _ = await answers.claim(scope, over: line, at: Timestamp(milliseconds: 0))
                answers.admitted(JobID(high: request, low: 0), for: request, in: scope)
            }
            channel = EmbeddedChannel(handler: ConnectionGuard(bodyBytesMax: 1_000, answers: answers))
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            for _ in 1...2 {
                let head = HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/")
                try channel.writeInbound(HTTPRequestPart.head(head))
                try channel.writeInbound(HTTPRequestPart.end(nil))
            }
        }

        func begin(_ request: UInt64, length: Int? = nil) throws {
            var head = HTTPResponse(status: .ok)
            head.headerFields[.pendingAnswer] = String(request)
            if let length { head.headerFields[.contentLength] = String(length) }
            try channel.writeOutbound(HTTPResponsePart.head(head))
        }

        func write(_ count: Int) throws {
            try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(repeating: 7, count: count)))
        }

        func end() throws { try channel.writeOutbound(HTTPResponsePart.end(nil)) }

        func tell(_ request: UInt64, length: Int) {
            channel.triggerUserOutboundEvent(LastBytes(request: request, bodyLength: length), promise: nil)
        }
    }

    @Test func aStreamIsWrittenWithItsLastEvent() async throws {
        let connection = try await Connection()
        try connection.begin(1)
        try connection.write(5)
        connection.tell(1, length: 12)
        #expect(connection.answers.count == 2)
        try connection.write(7)
        #expect(connection.answers.count == 1)
        try connection.end()
        #expect(connection.answers.count == 1)
    }

    @Test func bytesThatWaitedTheirTurnAreNotTheLast() async throws {
        let connection = try await Connection()
        try connection.begin(1)
        // Told before the bytes that were given earlier come through.
        connection.tell(1, length: 12)
        try connection.write(5)
        try connection.write(3)
        #expect(connection.answers.count == 2)
        try connection.write(4)
        #expect(connection.answers.count == 1)
    }

    @Test func whatIsSaidOfOneAnswerIsNotTakenForTheNext() async throws {
        let connection = try await Connection()
        try connection.begin(1)
        try connection.write(5)
        connection.tell(1, length: 9)
        try connection.end()
        #expect(connection.answers.count == 1)
        try connection.begin(2)
        try connection.write(9)
        connection.tell(1, length: 10)
        try connection.write(1)
        #expect(connection.answers.count == 1)
        try connection.end()
        #expect(connection.answers.count == 0)
    }

    @Test func anAnswerOfADeclaredLengthIsWrittenWithItsLastByte() async throws {
        let connection = try await Connection()
        try connection.begin(1, length: 8)
        try connection.write(5)
        #expect(connection.answers.count == 2)
        try connection.write(3)
        #expect(connection.answers.count == 1)
    }
}
