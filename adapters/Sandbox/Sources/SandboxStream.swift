import Foundation
import HTTPTransport
import ProviderKit
import Synchronization

/// The answer to a submit that brings the media while they are made: sounds as bytes, images as events.
///
/// Only what goes well is streamed, or is damaged on its way; scripted failures show as without a stream.
struct SandboxStream {
    private static let usualPieces: Int64 = 8

    private let ticket: Wire.Ticket
    /// What is sent, piece by piece.
    private let pieces: [[UInt8]]
    private let mediaType: String

    /// The stream of a ticket; nil for one whose media are to be fetched.
    init?(_ ticket: Wire.Ticket) {
        let script = ticket.script
        guard script.failure == nil else { return nil }
        self.ticket = ticket
        switch ticket.kind {
        case .video, .transcription: return nil
        case .speech, .music, .sound:
            guard script.streamMilliseconds != nil else { return nil }
            mediaType = SandboxMedia.mediaType(of: ticket)
            pieces = Self.split(
                SandboxMedia.served(ticket, index: 0),
                into: script.streamPieces ?? Self.usualPieces
            )
        case .image:
            let previews = ticket.previews ?? 0
            guard script.streamMilliseconds != nil || previews > 0 else { return nil }
            mediaType = "text/event-stream"
            let seen = (0..<previews).map {
                Self.event(Wire.previewEvent, index: $0, SandboxMedia.preview(of: ticket, index: $0))
            }
            let made = (0..<ticket.count).map {
                Self.event(Wire.imageEvent, index: $0, SandboxMedia.served(ticket, index: $0))
            }
            pieces = seen + made + [Array("event: \(Wire.lastEvent)\ndata: {}\n\n".utf8)]
        }
    }

    /// The answer: a piece after the time that the generation takes, the others after a pause each.
    ///
    /// With `truncate` it ends at 60 % of the pieces, and the connection with it.
    func answer(_ sleep: @escaping @Sendable (Duration) async throws -> Void) -> HTTPResponse {
        let script = ticket.script
        let pieces =
            script.truncation == .loud ? Array(pieces.prefix(max(1, pieces.count * 6 / 10))) : pieces
        let next = Mutex(0)
        let body = HTTPBody { () async throws(TransportFailure) -> [UInt8]? in
            let index = next.withLock { next in
                defer { next += 1 }
                return next
            }
            guard index < pieces.count else {
                guard script.truncation == .loud else { return nil }
                throw TransportFailure(
                    .connectionLost,
                    requestReachedPeer: .yes,
                    "the peer closed in the middle"
                )
            }
            let pause = index == 0 ? script.delayMilliseconds : script.streamMilliseconds ?? 0
            do {
                if pause > 0 { try await sleep(.milliseconds(pause)) }
            } catch {
                throw TransportFailure(.cancelled, requestReachedPeer: .yes, "the exchange was cancelled")
            }
            return pieces[index]
        }
        var headers = [(name: "Content-Type", value: mediaType)]
        if ticket.kind == .speech {
            headers.append((name: Wire.charactersHeader, value: String(ticket.characters)))
        }
        return HTTPResponse(status: 200, headers: headers, contentLength: nil, body: body)
    }

    private static func split(_ bytes: [UInt8], into count: Int64) -> [[UInt8]] {
        let length = max(1, (bytes.count + Int(count) - 1) / Int(count))
        return stride(from: 0, to: bytes.count, by: length).map {
            Array(bytes[$0..<min(bytes.count, $0 + length)])
        }
    }

    private static func event(_ name: String, index: Int, _ bytes: [UInt8]) -> [UInt8] {
        let event = Wire.Event(index: index, data: Data(bytes).base64EncodedString())
        return Array("event: \(name)\ndata: ".utf8) + Wire.encode(event) + Array("\n\n".utf8)
    }
}
