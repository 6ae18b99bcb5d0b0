import Foundation
import Glibc
import Synchronization

/// A web server on this machine that a test scripts: what references come from.
///
/// Each connection gets one answer, on a thread of its own, and is closed.
package final class LocalWeb: Sendable {
    /// What a request is answered with.
    package struct Reply: Sendable {
        let status: Int
        let headers: [(String, String)]
        let body: [UInt8]
        let holdSeconds: Double

        /// Describes an answer; its length is told as it is.
        ///
        /// - Parameters:
        ///   - status: The status.
        ///   - headers: More header fields.
        ///   - body: The body.
        ///   - holdSeconds: How long the body is held back after the head.
        package init(
            _ status: Int,
            headers: [(String, String)] = [],
            body: [UInt8] = [],
            holdSeconds: Double = 0
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.holdSeconds = holdSeconds
        }
    }

    package let port: Int
    private let listener: Int32
    private let asked = Mutex<[String]>([])

    /// Listens on 127.0.0.1.
    ///
    /// - Parameter reply: What a target is answered with, and how often it was asked for, from 1.
    /// - Throws: `Unexpected` when the system does not let it.
    package init(_ reply: @escaping @Sendable (_ target: String, _ number: Int) -> Reply) throws {
        let listening = try LoopbackListener()
        let descriptor = listening.descriptor
        listener = descriptor
        port = listening.port
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let web = self else {
                    close(connection)
                    close(descriptor)
                    return
                }
                Thread.detachNewThread { web.serve(connection, reply) }
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The targets that were asked for, in order.
    package var targets: [String] { asked.withLock { $0 } }

    /// Where a target is.
    package func url(_ target: String) -> String { "http://127.0.0.1:\(port)\(target)" }

    private func serve(_ connection: Int32, _ reply: (String, Int) -> Reply) {
        defer { close(connection) }
        var head: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while head.firstRange(of: [13, 10, 13, 10]) == nil {
            let count = recv(connection, &part, part.count, 0)
            guard count > 0 else { return }
            head += part.prefix(count)
        }
        let line = String(decoding: head.prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
        guard line.count == 3 else { return }
        let target = String(line[1])
        let number = asked.withLock { asked in
            asked.append(target)
            return asked.count { $0 == target }
        }
        let reply = reply(target, number)
        let fields = reply.headers + [("Content-Length", "\(reply.body.count)"), ("Connection", "close")]
        let text = fields.map { "\($0): \($1)\r\n" }.joined()
        send(connection, Array("HTTP/1.1 \(reply.status) Scripted\r\n\(text)\r\n".utf8))
        if reply.holdSeconds > 0 { usleep(UInt32(reply.holdSeconds * 1_000_000)) }
        send(connection, reply.body)
    }

    private func send(_ connection: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
