import Glibc
import JobEngine
import NIOCore

/// What the system knows of the other end of a connection, before anybody has read it from there.
enum PeerState {
    /// The client has closed neither side.
    case isThere
    /// It has closed at least its side for sending, which is all that can be told from its end of a whole close.
    case hasClosed
    /// It has closed and refused what was sent to it since, or the connection was cut otherwise.
    case hasReset

    /// Looks at a connection; on its event loop.
    ///
    /// One of which the system tells nothing is there as long as its channel is active.
    init(of channel: any Channel) {
        var state = channel.isActive ? PeerState.isThere : .hasReset
        // On the event loop the answer is there at once.
        (channel as? any SocketOptionProvider)?.getTCPInfo().assumeIsolated().whenSuccess {
            state = PeerState(tcpState: $0.tcpi_state)
        }
        self = state
    }

    /// The states of a connection as Linux numbers them.
    private init(tcpState: UInt8) {
        self =
            switch tcpState {
            // CLOSE.
            case 7: .hasReset
            // TIME_WAIT, CLOSE_WAIT, LAST_ACK, CLOSING: all come after the other end's FIN.
            case 6, 8, 9, 11: .hasClosed
            case _: .isThere
            }
    }
}

extension ClientConnection {
    /// The connection that a request came over.
    ///
    /// It does not keep the channel: one that is closed may be forgotten, and counts as such.
    init(request: UInt64, channel: any Channel) {
        let loop = channel.eventLoop
        self.init(
            request: request,
            loop: ObjectIdentifier(loop),
            isOpen: { [weak channel] in
                guard let channel, case .isThere = PeerState(of: channel) else { return false }
                return true
            },
            onLoop: { work in try? await loop.submit(work).get() }
        )
    }
}
