import Generation
import MediaInspection
import Synchronization

/// The bytes and the declared type of a `data:` URL.
///
/// Only bytes of a client's URL are compared, and only a short head of plain ASCII becomes text: comparing strings
/// normalizes them, at a cost that is quadratic in the marks on one letter.
struct DataURL {
    private static let scheme = Array("data:".utf8)
    /// The longest head (`image/png;base64`) before the comma, in bytes.
    private static let headBytesMax = 100

    /// The declared media type, without parameters: aliases of a known type by its usual name, others in lower case.
    let mediaType: String
    /// The decoded bytes.
    let bytes: [UInt8]

    /// Decodes `data:<media type>;base64,<payload>`.
    ///
    /// - Throws: `RequestProblem` that names the field; the payload never appears in it.
    init(_ url: String, field: String, bytesMax: Int) throws(RequestProblem) {
        guard url.utf8.starts(with: Self.scheme) else {
            throw RequestProblem(
                .unsupportedValue,
                field: field,
                "`\(field)` is no URL that is taken; allowed: https://..., http://..., and data:image/png;base64,..."
            )
        }
        let rest = url.utf8.dropFirst(Self.scheme.count)
        let head = rest.prefix(Self.headBytesMax + 1).prefix { $0 != UInt8(ascii: ",") && (0x20...0x7E).contains($0) }
        guard head.count <= Self.headBytesMax, head.endIndex < rest.endIndex, rest[head.endIndex] == UInt8(ascii: ",")
        else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` is a data URL without a comma after a head of at most \(Self.headBytesMax) ASCII characters."
            )
        }
        let parts = String(decoding: head, as: UTF8.self).split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.last == "base64", let type = parts.first, !type.isEmpty else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` must have the form data:<media type>;base64,<payload>."
            )
        }
        let payload = rest[rest.index(after: head.endIndex)...]
        guard payload.count / 4 * 3 <= bytesMax else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` holds more than \(bytesMax) bytes, the most that is allowed."
            )
        }
        let decoded =
            payload.withContiguousStorageIfAvailable { Base64.decode($0) }
            ?? Array(payload).withUnsafeBufferPointer { Base64.decode($0) }
        guard let decoded, !decoded.isEmpty else {
            throw RequestProblem(.invalidValue, field: field, "`\(field)` is not valid base64.")
        }
        self.mediaType = MediaType(mime: type)?.rawValue ?? type.lowercased()
        bytes = decoded
    }
}

/// Base64 of the standard alphabet, padded, without line breaks.
enum Base64 {
    private static let invalid: UInt8 = 0xFF
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, letter) in alphabet.utf8.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// Decodes into one buffer of the right size, without a copy between.
    ///
    /// - Returns: nil for anything else than whole, padded base64.
    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let digits = text.count - padding
        let count = text.count / 4 * 3 - padding
        var isValid = true
        let bytes = values.withUnsafeBufferPointer { values in
            [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
                var bits: UInt32 = 0
                for index in 0..<digits {
                    let value = values[Int(text[index])]
                    guard value != invalid else {
                        isValid = false
                        return
                    }
                    bits = bits << 6 | UInt32(value)
                    // The first digit of four completes no byte.
                    guard index % 4 != 0 else { continue }
                    out.initializeElement(at: initialized, to: UInt8(truncatingIfNeeded: bits >> (6 - index % 4 * 2)))
                    initialized += 1
                }
            }
        }
        return isValid ? bytes : nil
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
