import HTTPTransport

/// Puts the head of an answer together from its lines, within bounds.
///
/// Interim answers (1xx) count toward the bounds and are skipped; so are trailers behind the body.
struct HeadReader {
    /// How many header fields an answer may have, interim ones and trailers included.
    static let fieldsMax = 100
    /// How long an answer's head may be, in bytes, the same way.
    static let bytesMax = 64 * 1_024

    /// What a line led to.
    enum Step {
        case more
        case head(ResponseHead)
        case refused(TransportFailure.Kind, String)
    }

    /// Whether a status line was read: the peer has answered.
    private(set) var hasStatus = false
    /// Whether the head was read to its end.
    private(set) var isComplete = false
    private var isInFields = false
    private var status = 0
    private var fields: [(name: String, value: String)] = []
    private var fieldCount = 0
    private var byteCount = 0

    /// Takes one line with its end.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
        byteCount += line.count
        guard byteCount <= Self.bytesMax else { return .refused(.tooLarge, "the head exceeds \(Self.bytesMax) bytes") }
        let text = line.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        guard isInFields else { return isComplete ? trailer() : begin(String(decoding: text, as: UTF8.self)) }
        guard text.isEmpty else { return field(text) }
        isInFields = false
        // An interim answer: the next line is a status line again.
        return (100...199).contains(status) ? .more : complete()
    }

    private mutating func begin(_ line: String) -> Step {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1]), status != 101 else {
            return .refused(.connectionLost, "the answer is not HTTP as asked for")
        }
        hasStatus = true
        isInFields = true
        self.status = status
        fields = []
        return .more
    }

    private mutating func field(_ line: Slice<UnsafeRawBufferPointer>) -> Step {
        fieldCount += 1
        guard fieldCount <= Self.fieldsMax else { return .refused(.tooLarge, "more than \(Self.fieldsMax) fields") }
        let text = String(decoding: line, as: UTF8.self)
        if text.first == " " || text.first == "\t", let last = fields.popLast() {
            fields.append((last.name, last.value + " " + text.trimmed))
        } else if let colon = text.firstIndex(of: ":") {
            fields.append((text[..<colon].trimmed, text[text.index(after: colon)...].trimmed))
        }
        return .more
    }

    private mutating func trailer() -> Step {
        fieldCount += 1
        return fieldCount <= Self.fieldsMax ? .more : .refused(.tooLarge, "more than \(Self.fieldsMax) fields")
    }

    private mutating func complete() -> Step {
        isComplete = true
        let isChunked = fields.contains { $0.name.lowercased() == "transfer-encoding" }
        let lengths = Set(fields.filter { $0.name.lowercased() == "content-length" }.map(\.value))
        var length: Int64?
        if let text = lengths.first, !isChunked {
            guard lengths.count == 1, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(text) else {
                return .refused(.connectionLost, "the declared length is no length")
            }
            // These have no body, whatever they declare.
            length = status == 204 || status == 304 ? nil : number
        }
        return .head(ResponseHead(status: status, fields: fields, contentLength: length))
    }
}

extension StringProtocol {
    /// Without the spaces and tabs around it.
    fileprivate var trimmed: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        let start = drop(while: isSpace)
        return String(start[..<(start.lastIndex { !isSpace($0) }.map(start.index(after:)) ?? start.startIndex)])
    }
}
