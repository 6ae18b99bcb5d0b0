import Generation
import Synchronization

/// The bytes and the declared type of a `data:` URL.
struct DataURL {
    /// The declared media type, lower case, without parameters.
    let mediaType: String
    /// The decoded bytes.
    let bytes: [UInt8]

    /// Decodes `data:<media type>;base64,<payload>`.
    ///
    /// - Throws: `RequestProblem` that names the field; the payload never appears in it.
    init(_ url: String, field: String, bytesMax: Int) throws(RequestProblem) {
        guard url.hasPrefix("data:") else {
            let scheme = url.prefix { $0 != ":" }.prefix(20)
            throw RequestProblem(
                .unsupportedValue,
                field: field,
                "`\(field)` is a \(scheme) URL; only data URLs are taken: data:image/png;base64,... References are not fetched from other addresses."
            )
        }
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")) else {
            throw RequestProblem(.invalidValue, field: field, "`\(field)` is a data URL without a comma.")
        }
        let head = url[url.utf8.index(url.startIndex, offsetBy: 5)..<comma].split(
            separator: ";",
            omittingEmptySubsequences: false
        )
        guard head.last == "base64", let type = head.first, !type.isEmpty, head.count >= 2 else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` must have the form data:<media type>;base64,<payload>."
            )
        }
        let payload = url.utf8[url.utf8.index(after: comma)...]
        guard payload.count / 4 * 3 <= bytesMax else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` holds more than \(bytesMax) bytes, the most that is allowed."
            )
        }
        guard let bytes = Self.decode(payload) else {
            throw RequestProblem(.invalidValue, field: field, "`\(field)` is not valid base64.")
        }
        self.mediaType = type.lowercased()
        self.bytes = bytes
    }

    /// Strict base64: the standard alphabet, padding as it should be, nothing else. Nil for anything else.
    private static func decode(_ text: Substring.UTF8View) -> [UInt8]? {
        guard text.count % 4 == 0, !text.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for character in text {
            let value: UInt8
            switch character {
            case 65...90: value = character - 65
            case 97...122: value = character - 71
            case 48...57: value = character + 4
            case 43: value = 62
            case 47: value = 63
            case 61:
                padding += 1
                value = 0
            case _: return nil
            }
            guard character == 61 || padding == 0 else { return nil }
            group = group << 6 | UInt32(value)
            digits += 1
            guard digits == 4 else { continue }
            guard padding <= 2 else { return nil }
            for shift in [16, 8, 0].prefix(3 - padding) { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
            group = 0
            digits = 0
        }
        return padding <= 2 ? bytes : nil
    }
}

/// Gives its bytes once, then ends.
final class OnceSequence: Sendable {
    private let bytes: Mutex<[UInt8]?>

    init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes) }

    func next() -> [UInt8]? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
    }
}
