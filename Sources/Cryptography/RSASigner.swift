import CLibcrypto

/// Why a PEM text is no key that can be used.
///
/// Never a part of the text: it may be a private key.
package struct RSAKeyProblem: Error, Sendable, Hashable {
    /// The rest of a sentence that begins with what holds the key.
    package let text: String

    /// Names a reason.
    package init(text: String) { self.text = text }
}

/// Signs with a private RSA key: PKCS #1 v1.5 over SHA-256, which JSON Web Tokens call RS256.
///
/// A service account of a cloud proves with it who it is.
package struct RSASigner: Sendable {
    private let key: RSAKey

    /// Reads a private key in PEM form (PKCS #8, or the older PKCS #1), without a pass phrase.
    ///
    /// - Throws: `RSAKeyProblem` for anything else, and for a key that is too short to be safe.
    package init(pemRepresentation text: String) throws(RSAKeyProblem) {
        let pointer = RSAKey.reading(text) { bio in
            // OpenSSL would ask at the terminal for a pass phrase; this answers that there is none.
            PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let pointer else { throw RSAKeyProblem(text: "is no private key in PEM form without a pass phrase.") }
        key = try RSAKey(owning: pointer)
    }

    /// The signature of a message.
    package func signature(for message: some Collection<UInt8>) -> [UInt8] {
        let message = Array(message)
        return key.withContext { context in
            var length = 0
            // OpenSSL refuses these calls only when memory is exhausted or its configuration removed SHA-256.
            precondition(
                EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1
                    && EVP_DigestSign(context, nil, &length, message, message.count) == 1,
                "OpenSSL refused to sign"
            )
            return [UInt8](unsafeUninitializedCapacity: length) { signature, count in
                precondition(
                    EVP_DigestSign(context, signature.baseAddress, &length, message, message.count) == 1,
                    "OpenSSL refused to sign"
                )
                count = length
            }
        }
    }
}

/// Checks what an `RSASigner` has signed, with the public half of its key.
package struct RSAVerifier: Sendable {
    private let key: RSAKey

    /// Reads a public key in PEM form (`BEGIN PUBLIC KEY`).
    ///
    /// - Throws: `RSAKeyProblem` for anything else.
    package init(pemRepresentation text: String) throws(RSAKeyProblem) {
        guard let pointer = RSAKey.reading(text, { PEM_read_bio_PUBKEY($0, nil, nil, nil) }) else {
            throw RSAKeyProblem(text: "is no public key in PEM form.")
        }
        key = try RSAKey(owning: pointer)
    }

    /// Whether a signature belongs to the message.
    package func isValidSignature(_ signature: [UInt8], for message: some Collection<UInt8>) -> Bool {
        let message = Array(message)
        return key.withContext { context in
            precondition(
                EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.pointer) == 1,
                "OpenSSL refused to verify"
            )
            let isValid =
                EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
            // A wrong signature leaves an error behind, which the next caller of OpenSSL must not take for its own.
            if !isValid { ERR_clear_error() }
            return isValid
        }
    }
}

/// Owns one OpenSSL key.
// Unchecked is safe: the key is never changed, and OpenSSL allows its use in several contexts at once.
private final class RSAKey: @unchecked Sendable {
    /// The shortest modulus that is taken, in bits.
    private static let bitsMin: Int32 = 2_048

    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) throws(RSAKeyProblem) {
        self.pointer = pointer
        guard EVP_PKEY_get_base_id(pointer) == EVP_PKEY_RSA else { throw RSAKeyProblem(text: "is not an RSA key.") }
        guard EVP_PKEY_get_bits(pointer) >= Self.bitsMin else {
            throw RSAKeyProblem(text: "is an RSA key of less than \(Self.bitsMin) bits.")
        }
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// Lets OpenSSL read a text; what it complains about is forgotten.
    static func reading(_ text: String, _ read: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { buffer in
            guard let bio = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return nil }
            defer { BIO_free(bio) }
            let pointer = read(bio)
            if pointer == nil { ERR_clear_error() }
            return pointer
        }
    }

    func withContext<Value>(_ body: (OpaquePointer) -> Value) -> Value {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a signature context") }
        defer { EVP_MD_CTX_free(context) }
        return body(context)
    }
}
