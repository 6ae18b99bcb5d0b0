import Foundation
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
        // Foundation's decoder refuses whatever is not the standard alphabet with its padding.
        guard let bytes = Data(base64Encoded: String(Substring(payload))), !bytes.isEmpty else {
            throw RequestProblem(.invalidValue, field: field, "`\(field)` is not valid base64.")
        }
        self.mediaType = type.lowercased()
        self.bytes = Array(bytes)
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
