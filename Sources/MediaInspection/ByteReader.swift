#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where bytes come from: a file that is read at offsets, or memory.
final class ByteSource {
    let size: Int
    private let content: Content

    private enum Content {
        case file(descriptor: Int32)
        case memory([UInt8])
    }

    init(bytes: [UInt8]) {
        size = bytes.count
        content = .memory(bytes)
    }

    init(path: String) throws(MediaProblem) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(Self.lastError()) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = Self.lastError()
            close(descriptor)
            throw .unreadable(reason)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unreadable("not a regular file")
        }
        size = Int(status.st_size)
        content = .file(descriptor: descriptor)
    }

    deinit {
        if case .file(let descriptor) = content {
            close(descriptor)
        }
    }

    /// The whole content, when it is in memory anyway.
    fileprivate var resident: [UInt8]? {
        if case .memory(let bytes) = content { bytes } else { nil }
    }

    /// Bytes from an offset on, which must lie inside: as many as asked for, or as there are.
    fileprivate func read(at offset: Int, count: Int) throws(MediaProblem) -> [UInt8] {
        switch content {
        case .memory(let bytes):
            return Array(bytes[offset..<min(size, offset + count)])
        case .file(let descriptor):
            let wanted = min(count, size - offset)
            var failure: MediaProblem?
            let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
                while filled < wanted {
                    let result = pread(
                        descriptor,
                        buffer.baseAddress?.advanced(by: filled),
                        wanted - filled,
                        off_t(offset + filled)
                    )
                    if result > 0 {
                        filled += result
                    } else if result == 0 {
                        failure = .truncated("it shrank to \(offset + filled) bytes while it was read")
                        return
                    } else if errno != EINTR {
                        failure = .unreadable(Self.lastError())
                        return
                    }
                }
            }
            if let failure { throw failure }
            return bytes
        }
    }

    private static func lastError() -> String {
        String(cString: strerror(errno))
    }
}

/// Reads numbers at offsets through one small window, so that memory stays flat whatever the file's size.
///
/// Every read is checked against the end of the file. A copy has a window of its own: reading two tables side by
/// side takes two readers.
struct ByteReader {
    private static let windowSize = 64 * 1024

    let source: ByteSource
    private var window: [UInt8]
    private var windowStart = 0

    init(_ source: ByteSource) {
        self.source = source
        window = source.resident ?? []
    }

    var size: Int { source.size }

    /// Makes the window cover a range and returns the range's start within it.
    private mutating func cover(_ offset: Int, _ count: Int) throws(MediaProblem) -> Int {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
            throw .truncated("it ends at byte \(size), inside a structure that starts at byte \(offset)")
        }
        if offset < windowStart || offset + count > windowStart + window.count {
            window = try source.read(at: offset, count: max(count, Self.windowSize))
            windowStart = offset
            guard window.count >= count else { throw .truncated("it ends at byte \(size)") }
        }
        return offset - windowStart
    }

    /// A copy of some bytes, held in memory: callers bound the count.
    mutating func bytes(at offset: Int, count: Int) throws(MediaProblem) -> [UInt8] {
        let start = try cover(offset, count)
        return Array(window[start..<start + count])
    }

    /// Up to so many bytes, fewer at the end of the file.
    mutating func head(at offset: Int, atMost count: Int) throws(MediaProblem) -> [UInt8] {
        try bytes(at: offset, count: max(0, min(count, size - offset)))
    }

    mutating func byte(at offset: Int) throws(MediaProblem) -> UInt8 {
        let start = try cover(offset, 1)
        return window[start]
    }

    /// An unsigned big-endian number of up to eight bytes.
    mutating func big(at offset: Int, bytes count: Int) throws(MediaProblem) -> UInt64 {
        let start = try cover(offset, count)
        var value: UInt64 = 0
        for index in start..<start + count {
            value = value << 8 | UInt64(window[index])
        }
        return value
    }

    /// An unsigned little-endian number of up to seven bytes.
    mutating func little(at offset: Int, bytes count: Int) throws(MediaProblem) -> Int {
        let start = try cover(offset, count)
        var value = 0
        for index in (start..<start + count).reversed() {
            value = value << 8 | Int(window[index])
        }
        return value
    }

    mutating func u16(at offset: Int) throws(MediaProblem) -> Int {
        Int(try big(at: offset, bytes: 2))
    }

    mutating func u32(at offset: Int) throws(MediaProblem) -> Int {
        Int(try big(at: offset, bytes: 4))
    }

    /// A big-endian 64-bit number that must be a sensible size or time.
    mutating func u64(at offset: Int) throws(MediaProblem) -> Int {
        guard let value = Int(exactly: try big(at: offset, bytes: 8)) else {
            throw .malformed("the number at byte \(offset) is beyond 63 bits")
        }
        return value
    }

    /// The offset of the next such byte from an offset on; nil when there is none before the end.
    mutating func find(_ byte: UInt8, from offset: Int) throws(MediaProblem) -> Int? {
        var offset = offset
        while offset < size {
            let start = try cover(offset, 1)
            let index = window.withUnsafeBytes { bytes -> Int? in
                guard let base = bytes.baseAddress else { return nil }
                return memchr(base + start, Int32(byte), bytes.count - start).map {
                    $0 - UnsafeMutableRawPointer(mutating: base)
                }
            }
            if let index { return windowStart + index }
            offset = windowStart + window.count
        }
        return nil
    }

    /// Feeds a range to a checksum, a window at a time.
    mutating func checksum(
        of range: Range<Int>,
        with update: (UnsafeRawBufferPointer) -> Void
    ) throws(MediaProblem) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = try cover(offset, 1)
            let count = min(range.upperBound - offset, window.count - start)
            window.withUnsafeBytes { update(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
            offset += count
        }
    }
}

/// A four-letter name as containers write it, made printable for messages.
func fourCharacters(_ value: Int) -> String {
    String(
        decoding: [24, 16, 8, 0].map { shift -> UInt8 in
            let byte = UInt8(truncatingIfNeeded: value >> shift)
            return (0x20...0x7e).contains(byte) ? byte : UInt8(ascii: "?")
        },
        as: UTF8.self
    )
}

/// The number that four ASCII letters make when read big-endian.
func tag(_ letters: StaticString) -> Int {
    letters.withUTF8Buffer { $0.reduce(0) { $0 << 8 | Int($1) } }
}
