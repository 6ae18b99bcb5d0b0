import ProviderKit
import Testing

/// Streams of events, cut wherever a network may cut them.
@Suite struct ServerSentEventsTests {
    private static let stream =
        ": a comment\r\nevent: one\r\ndata: {\"a\":1}\r\n\r\ndata:x\rdata: y\r\rid: 7\n\n\ndata\n\ndata: last\n"

    @Test func anyCutGivesTheSameEvents() throws {
        let bytes = Array(Self.stream.utf8)
        let whole = try events(of: [bytes])
        #expect(whole.map(\.event) == ["one", nil, nil])
        // The last one is not ended by an empty line.
        #expect(whole.map(\.text) == ["{\"a\":1}", "x\ny", ""])
        for cut in 0...bytes.count {
            #expect(try events(of: [Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(try events(of: bytes.map { [$0] }) == whole)
    }

    @Test func anEventWithoutEndIsNotGathered() throws {
        var reader = ServerSentEvents(eventBytesMax: 100)
        _ = try reader.take(Array("data: ".utf8))
        let failure = #expect(throws: ProviderFailure.self) {
            for _ in 0..<20 { _ = try reader.take(Array("0123456789".utf8)) }
        }
        #expect(failure?.billing == .unknown)
    }

    private func events(of chunks: [[UInt8]]) throws -> [ServerSentEvent] {
        var reader = ServerSentEvents()
        return try chunks.flatMap { try reader.take($0) }
    }
}
