import Foundation
import Generation
import Synchronization

/// What a server answered, taken apart by hand: no client library stands between the test and the bytes.
struct RawAnswer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    subscript(header name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; null when it is none.
    var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(body))) ?? .null }

    var errorMessage: String { json["error"]?["message"]?.stringValue ?? "" }
    var errorReason: String { json["error"]?["metadata"]?["reason"]?.stringValue ?? "" }
    var errorParam: String? { json["error"]?["param"]?.stringValue }
}

enum RawHTTPFailure: Error {
    case system(String, Int32)
    case noAnswer(received: Int)
    case malformed(String)
}

/// One TCP connection to the server under test, over plain POSIX sockets.
///
/// Calls block a thread of their own, never one that the server needs.
final class RawConnection: Sendable {
    private let descriptor: Int32
    private let buffer = Mutex<[UInt8]>([])
    private let isCut = Atomic(false)

    /// Connects.
    ///
    /// - Parameters:
    ///   - port: The server's port on 127.0.0.1.
    ///   - receiveBuffer: The size of the receive buffer, to make a slow reader; nil for the system's.
    ///   - timeout: How long a call may block, in seconds.
    /// - Throws: What the system says.
    init(port: Int, receiveBuffer: Int32? = nil, timeout: Int = 20) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RawHTTPFailure.system("socket", errno) }
        var patience = timeval(tv_sec: timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw RawHTTPFailure.system("connect", errno) }
    }

    deinit { cut() }

    /// Closes both sides at once.
    ///
    /// Only while no call is under way.
    func cut() {
        if !isCut.exchange(true, ordering: .relaxed) { close(descriptor) }
    }

    /// Whether anything of an answer has arrived.
    var hasReceived: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
    }

    /// Sends bytes; answers how many the system took before the peer closed.
    @discardableResult
    func send(_ bytes: [UInt8]) async throws -> Int {
        try await offPool { [self] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return sent }
                sent += count
            }
            return sent
        }
    }

    @discardableResult
    func send(_ text: String) async throws -> Int { try await send(Array(text.utf8)) }

    /// Tells the server that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Receives what is there; empty when the server has closed.
    func receive() async throws -> [UInt8] {
        try await offPool { [self] in try receiveNow() }
    }

    private func receiveNow() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else { throw RawHTTPFailure.system("recv", errno) }
        return Array(chunk.prefix(count))
    }

    /// Whether the server has closed, once it has sent nothing more.
    func isClosedByServer() async throws -> Bool {
        do {
            return try await receive().isEmpty
        } catch RawHTTPFailure.system(_, ECONNRESET) {
            return true
        }
    }

    /// Sends one request and receives its answer.
    func request(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> RawAnswer {
        try await send(Self.head(method, path, headers: headers, length: body?.count) + (body ?? []))
        return try await answer(to: method)
    }

    static func head(
        _ method: String,
        _ path: String,
        headers: [(String, String)],
        length: Int?,
        version: String = "1.1"
    ) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/\(version)", "Host: localhost"]
        lines += headers.map { "\($0.0): \($0.1)" }
        if let length { lines.append("Content-Length: \(length)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Receives one answer; interim ones (1xx) are skipped unless they are asked for.
    func answer(to method: String, interim: Bool = false) async throws -> RawAnswer {
        try await offPool { [self] in
            try buffer.withLock { buffer in
                var stream = ByteStream(buffer: buffer) { try self.receiveNow() }
                defer { buffer = stream.buffer }
                while true {
                    let answer = try stream.answer(to: method)
                    if interim || answer.status >= 200 { return answer }
                }
            }
        }
    }

    /// Reads the head of an answer whose body is read bit by bit afterwards.
    func answerHead() async throws -> RawAnswer {
        try await offPool { [self] in
            try buffer.withLock { buffer in
                var stream = ByteStream(buffer: buffer) { try self.receiveNow() }
                defer { buffer = stream.buffer }
                let head = try stream.head()
                return RawAnswer(status: head.status, headers: head.headers, body: [])
            }
        }
    }

    /// Reads one chunk of a chunked body; empty at its end.
    func bodyChunk() async throws -> [UInt8] {
        try await offPool { [self] in
            try buffer.withLock { buffer in
                var stream = ByteStream(buffer: buffer) { try self.receiveNow() }
                defer { buffer = stream.buffer }
                return try stream.chunk()
            }
        }
    }
}

/// Takes bytes apart as they arrive.
private struct ByteStream {
    var buffer: [UInt8]
    let receive: () throws -> [UInt8]

    mutating func more() throws {
        let bytes = try receive()
        guard !bytes.isEmpty else { throw RawHTTPFailure.noAnswer(received: buffer.count) }
        buffer += bytes
    }

    mutating func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = buffer[..<end].filter { $0 != 13 }
                buffer.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            try more()
        }
    }

    mutating func bytes(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try more() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    mutating func head() throws -> (status: Int, headers: [(name: String, value: String)]) {
        let start = try line().split(separator: " ")
        guard start.count >= 2, start[0] == "HTTP/1.1", let status = Int(start[1]) else {
            throw RawHTTPFailure.malformed(start.joined(separator: " "))
        }
        var headers: [(name: String, value: String)] = []
        while true {
            let line = try line()
            guard !line.isEmpty else { return (status, headers) }
            let parts = line.split(separator: ":", maxSplits: 1)
            headers.append((String(parts[0]), parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""))
        }
    }

    mutating func chunk() throws -> [UInt8] {
        guard let count = Int(try line(), radix: 16) else { throw RawHTTPFailure.malformed("chunk") }
        let chunk = try bytes(count)
        _ = try line()
        return chunk
    }

    mutating func answer(to method: String) throws -> RawAnswer {
        let (status, headers) = try head()
        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        var body: [UInt8] = []
        if method == "HEAD" || status == 304 || status == 204 || status < 200 {
            body = []
        } else if let length = header("content-length").flatMap(Int.init) {
            body = try bytes(length)
        } else if header("transfer-encoding") == "chunked" {
            while true {
                let chunk = try chunk()
                if chunk.isEmpty { break }
                body += chunk
            }
        }
        return RawAnswer(status: status, headers: headers, body: body)
    }
}

/// Runs blocking work on a thread of its own.
func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
    }
}
