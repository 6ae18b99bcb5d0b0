import Foundation
import Glibc
import Synchronization

/// Stands between a client and a service, and cuts connections between a request and its answer.
///
/// A connection that is to be cut ends for good: the service's side is closed first, then the client's, so that a client
/// that repeats its request at once comes after the service could know. An answer that has begun to arrive is never
/// cut: what the proxy took, the service cannot know to be lost. A test therefore makes the service linger
/// (`MEDIARY_TEST_CRASH_AT=admitted:300:pause`) for longer than the proxy waits.
///
/// Threads and plain system calls; for any HTTP/1.1 client, keep-alive included.
package final class CuttingProxy: Sendable {
    /// A request that has passed to the service.
    package struct Request: Sendable {
        /// Counts all requests of the proxy, from 1.
        package let number: Int
        /// Its head and body, as they came.
        package let bytes: [UInt8]

        /// The head and the body, as text.
        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// Where it listens, on 127.0.0.1.
    package let port: Int
    private let upstream: Atomic<Int>
    private let isResetting: Bool
    private let cut: @Sendable (Request) -> Double?
    private let listener: Int32
    private let isStopped = Atomic(false)
    private let requests = Counter()
    private let cuts = Counter()

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - upstream: The service's port on 127.0.0.1.
    ///   - isResetting: Whether connections end with a reset instead of a close: some clients only repeat after that.
    ///   - cut: Told of each request once it was forwarded; says after how many seconds its connection is cut, unless
    ///     its answer has begun by then; nil for never.
    /// - Throws: `Unexpected` when it cannot listen.
    package init(
        to upstream: Int,
        resetting isResetting: Bool = false,
        cut: @escaping @Sendable (Request) -> Double?
    ) throws {
        self.isResetting = isResetting
        self.upstream = Atomic(upstream)
        self.cut = cut
        let listening = try LoopbackListener(backlog: 1_024)
        listener = listening.descriptor
        port = listening.port
        Thread.detachNewThread { self.accept() }
    }

    /// How many connections were cut.
    package var cutCount: Int { cuts.count }

    /// Leads later connections to another port: the service was started anew.
    package func turn(to port: Int) { upstream.store(port, ordering: .relaxed) }

    /// Takes no more connections; those that there are go on.
    package func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept() {
        while !isStopped.load(ordering: .relaxed) {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { break }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            Thread.detachNewThread { self.serve(client) }
        }
        close(listener)
    }

    private func serve(_ client: Int32) {
        let service = connectToService()
        // The service's side first.
        defer {
            if let service { close(service) }
            close(client)
        }
        if isResetting {
            var linger = linger(l_onoff: 1, l_linger: 0)
            for descriptor in [client, service].compactMap({ $0 }) {
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
            }
        }
        guard let service else { return }
        for descriptor in [client, service] {
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        relay(client, service)
    }

    /// A connection to the service; one that is being started anew is waited for.
    ///
    /// A client whose connection ends while it still writes its request is told something else than one that waits for
    /// the answer.
    private func connectToService() -> Int32? {
        for _ in 0..<400 where !isStopped.load(ordering: .relaxed) {
            let service = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = Self.loopback(port: upstream.load(ordering: .relaxed))
            let isConnected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(service, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isConnected { return service }
            close(service)
            usleep(50_000)
        }
        return nil
    }

    /// Passes on what comes from either side, requests only once they are whole, until one closes or it is to be cut.
    private func relay(_ client: Int32, _ service: Int32) {
        var pending: [UInt8] = []
        var cutAt: ContinuousClock.Instant?
        while true {
            var sides = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: service, events: Int16(POLLIN), revents: 0),
            ]
            let left = cutAt.map { Int32(max(0, ($0 - .now) / .milliseconds(1))) }
            guard poll(&sides, 2, left ?? -1) >= 0 || errno == EINTR else { return }
            if sides[1].revents != 0 {
                // The answer has begun: it is too late for a cut.
                cutAt = nil
                guard let bytes = Self.receive(service), Self.send(bytes, to: client) else { return }
            }
            if let cutAt, cutAt <= .now {
                _ = cuts.next()
                return
            }
            if sides[0].revents != 0 {
                guard let bytes = Self.receive(client) else { return }
                pending += bytes
                while let request = Self.takeRequest(&pending) {
                    guard Self.send(request, to: service) else { return }
                    cutAt = cut(Request(number: requests.next(), bytes: request)).map { .now + .seconds($0) }
                }
            }
        }
    }

    /// Takes the first request out of what has arrived, once it is there to its end.
    private static func takeRequest(_ bytes: inout [UInt8]) -> [UInt8]? {
        guard let headEnd = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return nil }
        let head = String(decoding: bytes[..<headEnd], as: UTF8.self).lowercased()
        let lines = head.split(separator: "\r\n")
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
        var end = headEnd + (value("content-length").flatMap { Int($0) } ?? 0)
        if value("transfer-encoding") == "chunked" {
            guard let last = bytes[headEnd...].firstRange(of: Array("0\r\n\r\n".utf8)) else { return nil }
            end = last.upperBound
        }
        guard bytes.count >= end else { return nil }
        defer { bytes.removeFirst(end) }
        return Array(bytes[..<end])
    }

    private static func receive(_ descriptor: Int32) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &part, part.count, 0)
        return count > 0 ? Array(part[..<count]) : nil
    }

    private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
