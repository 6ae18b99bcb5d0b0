package import Generation
import Glibc

/// Takes a `multipart/form-data` body apart while it arrives: chunks of any size go in, parts come out.
///
/// It reads nothing and writes nothing itself, and keeps no more than one chunk and the headers of one part. What is not
/// of the form (RFC 7578) is refused in words that say what is wrong: nothing is guessed, since two readers that guess
/// differently see two different requests.
package struct MultipartParser {
    /// What comes out.
    package enum Event: Sendable, Equatable {
        /// A part begins.
        case part(MultipartPart)
        /// Some bytes of it.
        case bytes([UInt8])
        /// It is whole.
        case endOfPart
    }

    private enum Stage {
        case preamble, delimiter, headers, content, epilogue
    }

    /// The most bytes that the headers of one part may have.
    package static let headerBytesMax = 8_192
    /// How much may stand before the first part.
    private static let preambleBytesMax = 1_024
    /// How much white space may follow a delimiter.
    private static let paddingBytesMax = 64

    /// What ends a part: a line break, two dashes, and the boundary.
    private let delimiter: [UInt8]
    private var stage = Stage.preamble
    private var buffer: [UInt8]
    private var start = 0
    private var preambleBytes = 0

    /// Starts reading a body.
    ///
    /// - Parameter boundary: What the Content-Type names as the boundary.
    package init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very start, without a line break before it.
        buffer = Array("\r\n".utf8)
    }

    /// Whether the end of the last part was seen.
    package var isComplete: Bool {
        if case .epilogue = stage { true } else { false }
    }

    /// Takes the next bytes of the body.
    package mutating func add(_ chunk: some Sequence<UInt8>) {
        // What follows the last part is nobody's.
        guard !isComplete else { return }
        buffer.removeFirst(start)
        start = 0
        buffer.append(contentsOf: chunk)
    }

    /// The next event; nil when more bytes are needed, or the last part is over.
    ///
    /// - Throws: What is wrong with the body.
    package mutating func next() throws(RequestProblem) -> Event? {
        while true {
            switch stage {
            case .preamble:
                guard let end = try skipPreamble() else { return nil }
                start = end
                stage = .delimiter
            case .delimiter:
                guard try passDelimiter() else { return nil }
            case .headers:
                guard let part = try headers() else { return nil }
                stage = .content
                return .part(part)
            case .content: return content()
            case .epilogue: return nil
            }
        }
    }

    // MARK: Stages

    /// The end of the first delimiter.
    private mutating func skipPreamble() throws(RequestProblem) -> Int? {
        if let place = place(of: delimiter) { return place + delimiter.count }
        let end = max(start, buffer.count - delimiter.count + 1)
        preambleBytes += end - start
        start = end
        guard preambleBytes <= Self.preambleBytesMax else {
            throw Self.problem("no part begins: the boundary that the Content-Type names does not stand at its start.")
        }
        return nil
    }

    /// Passes the rest of a delimiter's line: a line break before another part, two dashes after the last.
    private mutating func passDelimiter() throws(RequestProblem) -> Bool {
        guard buffer.count - start >= 2 else { return false }
        if buffer[start] == UInt8(ascii: "-"), buffer[start + 1] == UInt8(ascii: "-") {
            stage = .epilogue
            buffer = []
            start = 0
            return true
        }
        var end = start
        while end < buffer.count, buffer[end] == 0x20 || buffer[end] == 0x09 { end += 1 }
        guard end - start <= Self.paddingBytesMax else { throw Self.problem("a boundary is followed by white space.") }
        guard buffer.count - end >= 2 else { return false }
        guard buffer[end] == 0x0D, buffer[end + 1] == 0x0A else {
            throw Self.problem("a boundary is not followed by a line break.")
        }
        start = end + 2
        stage = .headers
        return true
    }

    private mutating func headers() throws(RequestProblem) -> MultipartPart? {
        if buffer.count - start >= 2, buffer[start] == 0x0D, buffer[start + 1] == 0x0A {
            throw Self.problem("a part has no headers; each needs a Content-Disposition with a name.")
        }
        guard let end = place(of: [0x0D, 0x0A, 0x0D, 0x0A]), end - start <= Self.headerBytesMax else {
            guard buffer.count - start <= Self.headerBytesMax else {
                throw Self.problem("the headers of a part have more than \(Self.headerBytesMax) bytes.")
            }
            return nil
        }
        let part = try MultipartPart(headers: buffer[start..<end])
        start = end + 4
        return part
    }

    /// Bytes up to the next delimiter, or its end; what may be the start of a delimiter is kept back.
    private mutating func content() -> Event? {
        guard let end = place(of: delimiter) else {
            let end = buffer.count - delimiter.count + 1
            guard end > start else { return nil }
            defer { start = end }
            return .bytes(Array(buffer[start..<end]))
        }
        guard end == start else {
            defer { start = end }
            return .bytes(Array(buffer[start..<end]))
        }
        start = end + delimiter.count
        stage = .delimiter
        return .endOfPart
    }

    /// Where some bytes stand first, from the start on.
    private func place(of wanted: [UInt8]) -> Int? {
        guard let first = wanted.first, buffer.count - start >= wanted.count else { return nil }
        return buffer.withUnsafeBytes { bytes -> Int? in
            var from = start
            while from + wanted.count <= bytes.count, let base = bytes.baseAddress {
                let left = bytes.count - wanted.count - from + 1
                guard let hit = memchr(base + from, Int32(first), left) else { return nil }
                let place = UnsafeRawPointer(hit) - base
                if memcmp(base + place, wanted, wanted.count) == 0 { return place }
                from = place + 1
            }
            return nil
        }
    }

    static func problem(_ message: String) -> RequestProblem {
        RequestProblem(.invalidValue, field: "", "The body is not valid multipart/form-data: \(message)")
    }
}
