import Foundation
import Synchronization

/// One request as a peer read it.
struct PeerRequest: Sendable {
    /// Which of the peer's connections it came over, from 1.
    let connection: Int
    let method: String
    let target: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    subscript(header name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// The other side of the wire: a listener on a loopback address, with a thread for each connection.
final class Peer: Sendable {
    struct CannotListen: Error { let code: Int32 }

    private struct State {
        var connections = 0
        var requests: [PeerRequest] = []
        var bytesSent = 0
        var closedByClient = 0
        var isStopped = false
    }

    let port: Int
    private let state = Mutex(State())

    /// Listens.
    ///
    /// - Parameters:
    ///   - isIPv6: Whether on ::1 instead of 127.0.0.1.
    ///   - port: The port; 0 for any free one.
    ///   - serve: What to do with a connection.
    /// - Throws: `CannotListen`.
    init(isIPv6: Bool = false, port: Int = 0, _ serve: @escaping @Sendable (PeerConnection) -> Void) throws {
        let listener = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        let isBound =
            isIPv6
            ? Self.bind(listener, sockaddr_in6(loopback: port)) : Self.bind(listener, sockaddr_in(loopback: port))
        guard listener >= 0, isBound, listen(listener, 512) == 0 else { throw CannotListen(code: errno) }
        self.port = Self.port(of: listener)
        Thread.detachNewThread { [weak self] in
            defer { close(listener) }
            while let peer = self, !peer.isStopped {
                var wait = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
                guard poll(&wait, 1, 50) > 0 else { continue }
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { continue }
                let number = peer.state.withLock { state in
                    state.connections += 1
                    return state.connections
                }
                let connection = PeerConnection(descriptor, peer, number)
                Thread.detachNewThread {
                    serve(connection)
                    connection.close()
                }
            }
        }
    }

    /// A peer that answers every request on a connection, and keeps it.
    convenience init(isIPv6: Bool = false, port: Int = 0, answer: @escaping @Sendable (PeerRequest) -> String) throws {
        try self.init(isIPv6: isIPv6, port: port) { connection in
            while let request = connection.request() {
                guard connection.send(answer(request)) else { return }
            }
        }
    }

    deinit { stop() }

    func stop() { state.withLock { $0.isStopped = true } }
    var isStopped: Bool { state.withLock { $0.isStopped } }
    var connections: Int { state.withLock { $0.connections } }
    var requests: [PeerRequest] { state.withLock { $0.requests } }
    var bytesSent: Int { state.withLock { $0.bytesSent } }
    /// How many connections were seen to be closed by the client.
    var closedByClient: Int { state.withLock { $0.closedByClient } }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    fileprivate func note(_ request: PeerRequest) { state.withLock { $0.requests.append(request) } }
    fileprivate func noteSent(_ count: Int) { state.withLock { $0.bytesSent += count } }
    fileprivate func noteClosed() { state.withLock { $0.closedByClient += 1 } }

    private static func bind<Address>(_ listener: Int32, _ address: Address) -> Bool {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.bind(listener, $0, socklen_t(MemoryLayout<Address>.size)) == 0
            }
        }
    }

    private static func port(of listener: Int32) -> Int {
        // The port is at the same place in both kinds of address.
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin6_port))
    }
}

/// A connection as the peer has it; all calls block.
final class PeerConnection: Sendable {
    private let descriptor: Int32
    private let number: Int
    private weak let peer: Peer?
    private let buffer = Mutex<[UInt8]>([])

    init(_ descriptor: Int32, _ peer: Peer, _ number: Int) {
        self.descriptor = descriptor
        self.number = number
        self.peer = peer
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        Foundation.close(descriptor)
    }

    /// Closes in a way that the other side sees as a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reads one whole request; nil when the client has closed.
    func request() -> PeerRequest? {
        buffer.withLock { buffer in
            let end = Array("\r\n\r\n".utf8)
            while true {
                if let head = buffer.firstRange(of: end) {
                    let lines = String(decoding: buffer[..<head.lowerBound], as: UTF8.self)
                        .components(separatedBy: "\r\n")
                    let headers = lines.dropFirst().map { line in
                        let parts = line.split(separator: ":", maxSplits: 1)
                        return (
                            name: String(parts[0]),
                            value: parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
                        )
                    }
                    let length =
                        headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
                    while buffer.count < head.upperBound + length { guard more(&buffer) else { return nil } }
                    let words = lines[0].components(separatedBy: " ")
                    let body = Array(buffer[head.upperBound..<head.upperBound + length])
                    buffer.removeFirst(head.upperBound + length)
                    let request = PeerRequest(
                        connection: number,
                        method: words[0],
                        target: words[1],
                        headers: headers,
                        body: body
                    )
                    peer?.note(request)
                    return request
                }
                guard more(&buffer) else { return nil }
            }
        }
    }

    /// Waits until the client closes.
    func waitForClose() { buffer.withLock { buffer in while more(&buffer) {} } }

    private func more(_ buffer: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count <= 0 { peer?.noteClosed() }
        guard count > 0 else { return false }
        buffer += chunk.prefix(count)
        return true
    }

    /// Sends bytes; false when the client is gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                peer?.noteClosed()
                return false
            }
            sent += count
            peer?.noteSent(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }
}

extension sockaddr_in {
    fileprivate init(loopback port: Int) {
        self.init()
        sin_family = sa_family_t(AF_INET)
        sin_port = UInt16(port).bigEndian
        sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    }
}

extension sockaddr_in6 {
    fileprivate init(loopback port: Int) {
        self.init()
        sin6_family = sa_family_t(AF_INET6)
        sin6_port = UInt16(port).bigEndian
        sin6_addr = in6addr_loopback
    }
}
