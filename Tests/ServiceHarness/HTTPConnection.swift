import Foundation
package import Generation
import Glibc

/// No answer came: nobody listened, or the connection ended or fell silent before the answer was whole.
package struct NoAnswer: Error, CustomStringConvertible {
    package let description: String
}

/// An HTTP answer, read to its end.
package struct HTTPAnswer: Sendable {
    package let status: Int
    package let headers: [String: String]
    package let body: [UInt8]

    /// The body as JSON; null when it is none.
    package var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(body))) ?? .null }
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// One exchange over one TCP connection to this machine, by plain system calls.
///
/// No client library stands between the test and the service: none that repeats a request, pools connections or hides
/// that one was cut.
package final class HTTPConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    /// Connects.
    ///
    /// - Throws: `NoAnswer` when nobody listens.
    package init(port: Int, silenceSeconds: Int = 30) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NoAnswer(description: "no socket: errno \(errno)") }
        var patience = timeval(tv_sec: silenceSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // Thrown from here on, the error runs `deinit` as well: a close here would be the second one, of whatever has got
        // the number meanwhile.
        guard result == 0 else { throw NoAnswer(description: "not connected: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Writes a request; the connection is asked to end after the answer.
    package func send(_ method: String, _ path: String, headers: [(String, String)], body: [UInt8]) throws {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if !body.isEmpty || method == "POST" { head += "Content-Length: \(body.count)\r\n" }
        let bytes = Array((head + "\r\n").utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw NoAnswer(description: "cut while sending: errno \(errno)") }
            sent += count
        }
    }

    /// Reads the status and the headers, names in lower case.
    package func readHead() throws -> (status: Int, headers: [String: String]) {
        while true {
            let parts = try line().split(separator: " ", maxSplits: 2)
            guard parts.count >= 2, let status = Int(parts[1]) else {
                throw NoAnswer(description: "no status line: \(parts)")
            }
            var headers: [String: String] = [:]
            while case let line = try line(), !line.isEmpty {
                guard let colon = line.firstIndex(of: ":") else { throw NoAnswer(description: "no header: \(line)") }
                headers[line[..<colon].lowercased()] =
                    line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
            // Informational answers come before the one that was asked for.
            if status >= 200 { return (status, headers) }
        }
    }

    /// Reads the body, part by part, until its end.
    ///
    /// - Parameters:
    ///   - headers: The answer's headers, which say where the body ends.
    ///   - take: Given each part; says whether to go on.
    /// - Throws: `NoAnswer` when the connection ends before the body does.
    package func readBody(_ headers: [String: String], _ take: (ArraySlice<UInt8>) throws -> Bool) throws {
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            while true {
                guard let size = Int(try line().prefix { $0 != ";" }, radix: 16) else {
                    throw NoAnswer(description: "no chunk size")
                }
                if size == 0 { return }
                guard try take(bytes(size)) else { return }
                _ = try line()
            }
        } else if let length = headers["content-length"].flatMap({ Int($0) }) {
            var left = length
            while left > 0 {
                if start == buffer.count { try fill() }
                let part = try bytes(min(left, buffer.count - start))
                left -= part.count
                guard try take(part) else { return }
            }
        } else {
            while (try? fill()) != nil { guard try take(bytes(buffer.count - start)) else { return } }
        }
    }

    /// Whether the service has ended the connection and everything was read.
    private func fill() throws {
        if start > 65_536 {
            buffer.removeFirst(start)
            start = 0
        }
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &part, part.count, 0)
        guard count > 0 else {
            throw NoAnswer(description: count == 0 ? "the connection ended" : "cut or silent: errno \(errno)")
        }
        buffer += part[..<count]
    }

    private func line() throws -> String {
        while true {
            if let end = buffer[start...].firstIndex(of: 10) {
                defer { start = end + 1 }
                return String(decoding: buffer[start..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            try fill()
        }
    }

    private func bytes(_ count: Int) throws -> ArraySlice<UInt8> {
        while buffer.count - start < count { try fill() }
        defer { start += count }
        return buffer[start..<start + count]
    }
}
