import CLibcrypto

/// A SHA-256 hash that is fed piece by piece.
///
/// Artifacts of any size are hashed while they stream by, so memory stays flat. A copy continues on its own from
/// where the original stood, and `finalize()` may be called at any time without ending the hash.
package struct SHA256: Sendable {
    /// The size of a digest.
    package static let byteCount = 32

    private var context: DigestContext

    /// A hash over nothing yet.
    package init() {
        context = DigestContext()
    }

    /// Adds bytes to what is hashed.
    ///
    /// Contiguous storage (an array, a slice of one, `UnsafeRawBufferPointer`) is read in place; anything else is
    /// copied first.
    package mutating func update(bytes: some Collection<UInt8>) {
        if !isKnownUniquelyReferenced(&context) {
            context = context.copy()
        }
        if bytes.withContiguousStorageIfAvailable({ context.update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { context.update($0) }
        }
    }

    /// The digest of everything added so far.
    package func finalize() -> SHA256Digest {
        context.copy().finish()
    }

    /// The digest of bytes that are at hand in one piece.
    package static func hash(_ bytes: some Collection<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes: bytes)
        return hash.finalize()
    }
}

/// The 32 bytes that SHA-256 yields.
///
/// Comparing digests takes time that depends on where they differ. That is right for content addresses; secrets are
/// compared with `constantTimeEquals(_:_:)`.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// The digest itself, always 32 bytes.
    package let bytes: [UInt8]

    /// A digest from its bytes; nil unless there are exactly 32.
    package init?(bytes: [UInt8]) {
        guard bytes.count == SHA256.byteCount else { return nil }
        self.bytes = bytes
    }

    /// A digest from its 64 hexadecimal digits; nil for any other text.
    package init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex), bytes.count == SHA256.byteCount else { return nil }
        self.bytes = bytes
    }

    fileprivate init(trusted bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }

    package var description: String { hex }
}

/// Owns one OpenSSL digest context.
///
/// OpenSSL refuses these calls only when memory is exhausted or its configuration removed SHA-256; neither leaves
/// anything to carry on with, so each refusal ends the process.
// Unchecked is safe: SHA256 keeps the only reference whenever it changes the context (copy on write).
private final class DigestContext: @unchecked Sendable {
    private let pointer: OpaquePointer

    init() {
        guard let pointer = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest context") }
        self.pointer = pointer
        precondition(EVP_DigestInit_ex(pointer, EVP_sha256(), nil) == 1, "OpenSSL offers no SHA-256")
    }

    private init(copying other: DigestContext) {
        guard let pointer = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest context") }
        self.pointer = pointer
        precondition(EVP_MD_CTX_copy_ex(pointer, other.pointer) == 1, "a digest context could not be copied")
    }

    deinit {
        EVP_MD_CTX_free(pointer)
    }

    func copy() -> DigestContext {
        DigestContext(copying: self)
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(pointer, bytes.baseAddress, bytes.count) == 1, "OpenSSL refused to hash")
    }

    func finish() -> SHA256Digest {
        let bytes = [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            precondition(EVP_DigestFinal_ex(pointer, buffer.baseAddress, nil) == 1, "OpenSSL refused to hash")
            count = SHA256.byteCount
        }
        return SHA256Digest(trusted: bytes)
    }
}
