import JobCore

/// A piece of an answer's body.
///
/// What a job made is read from the store while it is written, chunk by chunk: memory does not grow with its length.
enum AnswerPart: Sendable {
    /// These bytes.
    case bytes([UInt8])
    /// A file as it is.
    case file(Artifact)
    /// A file in base64, without line breaks.
    case base64(Artifact)
    /// A file, each of whose chunks is written as something else, such as an event.
    case chunks(Artifact, @Sendable ([UInt8]) -> [UInt8])

    /// A text.
    static func text(_ text: String) -> AnswerPart { .bytes(Array(text.utf8)) }

    /// How many bytes it has; nil when that is not known before it is written.
    var length: Int64? {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(let artifact): artifact.bytes
        case .base64(let artifact): (artifact.bytes + 2) / 3 * 4
        case .chunks: nil
        }
    }

    /// The file that it is made of.
    var artifact: Artifact? {
        switch self {
        case .bytes: nil
        case .file(let artifact), .base64(let artifact), .chunks(let artifact, _): artifact
        }
    }
}

extension [AnswerPart] {
    /// How many bytes they have together; nil when that is not known.
    var length: Int64? {
        var sum: Int64 = 0
        for part in self {
            guard let length = part.length else { return nil }
            sum += length
        }
        return sum
    }
}

/// Base64 of bytes that come in pieces.
struct Base64Encoder {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The bytes that make no whole group yet: at most two.
    private var rest: [UInt8] = []

    init() {}

    /// The text of whole bytes.
    static func text(_ bytes: [UInt8]) -> [UInt8] {
        var encoder = Base64Encoder()
        var text = encoder.add(bytes)
        text += encoder.finish()
        return text
    }

    /// Takes the next bytes, and gives the text of the groups that are whole.
    mutating func add(_ bytes: [UInt8]) -> [UInt8] {
        let input = rest.isEmpty ? bytes : rest + bytes
        let whole = input.count - input.count % 3
        rest = Array(input[whole...])
        var text: [UInt8] = []
        text.reserveCapacity(whole / 3 * 4)
        input.withUnsafeBufferPointer { input in
            Self.digits.withUnsafeBufferPointer { digits in
                var index = 0
                while index < whole {
                    let group = UInt32(input[index]) << 16 | UInt32(input[index + 1]) << 8 | UInt32(input[index + 2])
                    text.append(digits[Int(group >> 18)])
                    text.append(digits[Int(group >> 12 & 63)])
                    text.append(digits[Int(group >> 6 & 63)])
                    text.append(digits[Int(group & 63)])
                    index += 3
                }
            }
        }
        return text
    }

    /// The text of the bytes that are left, filled up.
    mutating func finish() -> [UInt8] {
        guard !rest.isEmpty else { return [] }
        let filled = rest + Array(repeating: 0, count: 3 - rest.count)
        var encoder = Base64Encoder()
        var text = encoder.add(filled)
        for index in (rest.count + 1)..<4 { text[index] = UInt8(ascii: "=") }
        rest = []
        return text
    }
}
