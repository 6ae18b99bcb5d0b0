/// A `multipart/form-data` body (RFC 7578), byte for byte the same for the same parts.
public struct MultipartBody: Sendable {
    /// The value of `Content-Type`.
    public var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    private let boundary: String
    private var parts: [UInt8] = []

    /// Begins a body.
    ///
    /// - Parameter boundary: What separates the parts: 1 to 70 letters, digits, `-` and `_` that no part contains, such as
    ///   an attempt's external id.
    public init(boundary: String) { self.boundary = boundary }

    /// The whole body.
    public var bytes: [UInt8] { parts + Array("--\(boundary)--\r\n".utf8) }

    /// Adds a field.
    public mutating func add(_ name: String, _ value: String) {
        add("Content-Disposition: form-data; name=\"\(name)\"", Array(value.utf8))
    }

    /// Adds a file.
    public mutating func add(_ name: String, fileName: String, mediaType: String, _ bytes: [UInt8]) {
        add(
            "Content-Disposition: form-data; name=\"\(name)\"; filename=\"\(fileName)\"\r\nContent-Type: \(mediaType)",
            bytes
        )
    }

    private mutating func add(_ head: String, _ bytes: [UInt8]) {
        parts += Array("--\(boundary)\r\n\(head)\r\n\r\n".utf8)
        parts += bytes
        parts += Array("\r\n".utf8)
    }
}
