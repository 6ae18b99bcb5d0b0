import Foundation
import Generation
import Glibc
import ServiceHarness
import Synchronization

/// Listens on this machine for callbacks, and keeps what comes.
///
/// By plain system calls: what a test sees is what was sent, byte for byte.
final class CallbackReceiver: Sendable {
    /// One delivery.
    struct Delivery: Sendable {
        let requestLine: String
        /// By lower-case name.
        let headers: [String: String]
        let body: [UInt8]
    }

    let port: Int
    private let listener: Int32
    private let statuses: Mutex<[Int]>
    private let received = Mutex<[Delivery]>([])

    /// Listens on any free port.
    ///
    /// - Parameter statuses: What is answered, one after another; the last one from then on.
    /// - Throws: `Unexpected` when there is no socket.
    init(answering statuses: [Int] = [204]) throws {
        self.statuses = Mutex(statuses)
        let listening = try LoopbackListener()
        listener = listening.descriptor
        port = listening.port
        Thread.detachNewThread { [self] in serve() }
    }

    /// Stops listening.
    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    var deliveries: [Delivery] { received.withLock { $0 } }

    /// Waits until so many came.
    func wait(for count: Int, within seconds: Double = 60) throws -> [Delivery] {
        try poll("\(count) callbacks", within: seconds) {
            let all = deliveries
            return all.count >= count ? all : nil
        }
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            var patience = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            if let delivery = read(connection) {
                let status = statuses.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                received.withLock { $0.append(delivery) }
                let answer = "HTTP/1.1 \(status) Answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                _ = send(connection, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
            }
            Glibc.close(connection)
        }
        Glibc.close(listener)
    }

    private func read(_ connection: Int32) -> Delivery? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var head: (line: String, headers: [String: String], end: Int)?
        while true {
            if head == nil, let end = bytes.firstRange(of: [13, 10, 13, 10]) {
                var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                let line = lines.removeFirst()
                var headers: [String: String] = [:]
                for field in lines {
                    let parts = field.split(separator: ":", maxSplits: 1)
                    guard parts.count == 2 else { return nil }
                    headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
                }
                head = (line, headers, end.upperBound)
            }
            if let head, let length = head.headers["content-length"].flatMap({ Int($0) }),
                bytes.count >= head.end + length
            {
                return Delivery(requestLine: head.line, headers: head.headers, body: Array(bytes[head.end...]))
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }
}
