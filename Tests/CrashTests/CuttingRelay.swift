import Foundation
import Glibc
import ServiceHarness
import Synchronization

/// Stands between a client and the service, and cuts some downloads off in the middle.
final class CuttingRelay: Sendable {
    let port: Int
    private let listener: Int32
    private let upstream: Int
    private let cutsLeft: Atomic<Int>
    private let isClosed = Atomic(false)

    /// Listens on any free port.
    ///
    /// - Parameters:
    ///   - upstream: The service's port.
    ///   - cuts: How many downloads are cut off; the others pass.
    /// - Throws: `Unexpected` when there is no port.
    init(to upstream: Int, cuts: Int) throws {
        self.upstream = upstream
        cutsLeft = Atomic(cuts)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + listen(descriptor, 16) + getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { throw Unexpected("no port: errno \(errno)") }
        listener = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, !isClosed.load(ordering: .relaxed) else {
                    Glibc.close(client)
                    break
                }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                Thread.detachNewThread { [self] in
                    relay(client)
                    Glibc.close(client)
                }
            }
            // By the thread that uses it: its number may be another listener's right after.
            Glibc.close(listener)
        }
    }

    /// Takes no more connections; nobody else can listen there until its thread has seen it.
    func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// One request and its answer; both connections end with it.
    private func relay(_ client: Int32) {
        var request: [UInt8] = []
        var end: Int?
        while end.map({ request.count < $0 }) ?? true {
            guard let part = Self.receive(client) else { return }
            request += part
            if end == nil, let head = request.firstRange(of: Array("\r\n\r\n".utf8)) {
                let lines = String(decoding: request[..<head.lowerBound], as: UTF8.self).lowercased()
                    .split(separator: "\r\n")
                let length = lines.first { $0.hasPrefix("content-length:") }?.split(separator: " ").last
                end = head.upperBound + (length.flatMap { Int($0) } ?? 0)
            }
        }
        guard let line = request.firstIndex(of: 10) else { return }
        let isDownload = String(decoding: request[..<line], as: UTF8.self).contains("/artifacts/")
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { Glibc.close(server) }
        var address = Self.loopback(port: upstream)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { return }
        request.insert(contentsOf: Array("Connection: close\r\n".utf8), at: line + 1)
        Self.send(server, request)
        var answer: [UInt8] = []
        while let part = Self.receive(server) { answer += part }
        if isDownload, cutsLeft.subtract(1, ordering: .relaxed).newValue >= 0 { answer.removeLast(answer.count / 2) }
        Self.send(client, answer)
    }

    private static func receive(_ descriptor: Int32) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &part, part.count, 0)
        return count > 0 ? Array(part.prefix(count)) : nil
    }

    private static func send(_ descriptor: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
