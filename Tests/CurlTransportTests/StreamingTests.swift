import CurlTransport
import Foundation
import HTTPTransport
import Testing

@Suite("A body streams through bounded memory, at the reader's pace")
struct StreamingTests {
    private static let size = 64 << 20
    /// Not a power of two, so that misplaced pieces show.
    private static let pattern = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    enum Framing: CaseIterable {
        case length, chunked, close
    }

    private static func peer(_ framing: Framing) throws -> Peer {
        try Peer { connection in
            guard connection.request() != nil else { return }
            let header =
                switch framing {
                case .length: "Content-Length: \(size)\r\n"
                case .chunked: "Transfer-Encoding: chunked\r\n"
                case .close: "Connection: close\r\n"
                }
            connection.send("HTTP/1.1 200 OK\r\n\(header)\r\n")
            var left = size
            while left > 0 {
                let piece = Array(pattern.prefix(left))
                if framing == .chunked { connection.send(String(piece.count, radix: 16) + "\r\n") }
                guard connection.send(piece) else { return }
                if framing == .chunked { connection.send("\r\n") }
                left -= piece.count
            }
            if framing == .chunked { connection.send("0\r\n\r\n") }
        }
    }

    /// Whether a piece is what belongs at its place; compared by the library, since this loop would take its time.
    private static func isInPlace(_ piece: [UInt8], at place: Int) -> Bool {
        var checked = 0
        while checked < piece.count {
            let offset = (place + checked) % pattern.count
            let count = min(piece.count - checked, pattern.count - offset)
            let (here, there) = (Array(piece[checked..<checked + count]), Array(pattern[offset..<offset + count]))
            guard memcmp(here, there, count) == 0 else { return false }
            checked += count
        }
        return true
    }

    private static func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
    }

    @Test("64 MB pass, and wait for a reader that pauses", arguments: Framing.allCases)
    func large(_ framing: Framing) async throws {
        let peer = try Self.peer(framing)
        try await withTransport { transport async throws in
            let before = try Self.residentBytes()
            var peak = 0
            let response = try await transport.exchange(
                HTTPRequest(.get, peer.url()),
                // Shorter than the pause: a slow reader is not an idle peer.
                options: options { $0.idleTimeoutSeconds = 1 }
            )
            try await Task.sleep(for: .seconds(2.5))
            let sent = peer.bytesSent
            #expect(sent < Self.size / 2, "the peer was held up")
            try await Task.sleep(for: .milliseconds(300))
            #expect(peer.bytesSent == sent)
            var received = 0
            while let chunk = try await response.body.next() {
                // libcurl's own piece may come on top.
                #expect(chunk.count <= 300 * 1_024)
                #expect(Self.isInPlace(chunk, at: received))
                received += chunk.count
                peak = max(peak, try Self.residentBytes())
            }
            #expect(received == Self.size)
            #expect(peak - before < 32 << 20)
        }
    }

    @Test func aReaderThatIsCancelledEndsTheTransfer() async throws {
        let peer = try Self.peer(.length)
        try await withTransport { transport async throws in
            let response = try await transport.exchange(HTTPRequest(.get, peer.url()), options: ExchangeOptions())
            let failure = await withTaskGroup(of: TransportFailure?.self) { group in
                group.addTask {
                    do throws(TransportFailure) {
                        while try await response.body.next() != nil {
                            try? await Task.sleep(for: .milliseconds(20))
                        }
                        return nil
                    } catch {
                        return error
                    }
                }
                try? await Task.sleep(for: .milliseconds(200))
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(failure?.kind == .cancelled)
            #expect(failure?.requestReachedPeer == .yes)
            #expect(await eventually { peer.closedByClient > 0 })
        }
    }

    @Test func aBodyThatIsDroppedEndsTheTransfer() async throws {
        let peer = try Self.peer(.length)
        try await withTransport { transport async throws in
            _ = try await transport.exchange(HTTPRequest(.get, peer.url()), options: ExchangeOptions()).status
            #expect(await eventually { peer.closedByClient > 0 })
            #expect(peer.bytesSent < Self.size)
        }
    }

    @Test func aLimitHoldsAlsoForWhatIsHeldBack() async throws {
        let peer = try Self.peer(.chunked)
        try await withTransport { transport async throws in
            let response = try await transport.exchange(
                HTTPRequest(.get, peer.url()),
                options: options { $0.bodyBytesMax = 300_000 }
            )
            try await Task.sleep(for: .milliseconds(300))
            var received = 0
            let failure = await #expect(throws: TransportFailure.self) {
                while let chunk = try await response.body.next() { received += chunk.count }
            }
            #expect(failure?.kind == .tooLarge)
            #expect(failure?.requestReachedPeer == .yes)
            #expect(received <= 300_000)
        }
    }
}
