/// What part of a file a client asks for with a `Range` header (RFC 9110, section 14).
package enum ByteRange: Equatable {
    /// All of it: no range was asked for, or one that is to be passed over.
    case whole
    /// These bytes.
    case part(Range<Int64>)
    /// Bytes that the file does not have.
    case unsatisfiable

    /// Reads the header.
    ///
    /// A malformed header, another unit, and several ranges at once are passed over, as the RFC allows.
    package init(_ header: String?, length: Int64) {
        guard let header, let equals = header.firstIndex(of: "="), header[..<equals].lowercased() == "bytes" else {
            self = .whole
            return
        }
        let spec = header[header.index(after: equals)...].filter { $0 != " " && $0 != "\t" }
        let sides = spec.split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
            self = .whole
            return
        }
        switch (Self.position(sides[0]), Self.position(sides[1])) {
        case (nil, nil): self = .whole
        case (nil, let suffix?):
            self = suffix > 0 && length > 0 ? .part(max(0, length - suffix)..<length) : .unsatisfiable
        case (let first?, nil): self = first < length ? .part(first..<length) : .unsatisfiable
        case (let first?, let last?):
            if last < first {
                self = .whole
            } else {
                self = first < length ? .part(first..<min(last, length - 1) + 1) : .unsatisfiable
            }
        }
    }

    /// A position; one beyond 64 bits lies behind every file.
    private static func position(_ digits: Substring) -> Int64? {
        digits.isEmpty ? nil : Int64(digits) ?? Int64.max
    }
}
