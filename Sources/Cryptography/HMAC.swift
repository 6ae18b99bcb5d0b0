import CLibcrypto

/// Keyed hashes (RFC 2104), written `HMAC<SHA256>` as in CryptoKit.
///
/// They sign webhooks, artifact links and S3 requests, and stand behind `HKDF`.
package enum HMAC<Hash> {}

extension HMAC where Hash == SHA256 {
    /// The 32-byte code for a message under a key of any length.
    package static func authenticationCode(for message: some Collection<UInt8>, using key: [UInt8]) -> [UInt8] {
        let message = Array(message)
        return [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
            // A key pointer must not be null even when the key is empty: null means "the key set before".
            let key = key.isEmpty ? [0] : key
            let written = CLibcrypto.HMAC(
                EVP_sha256(),
                key,
                Int32(key.count),
                message,
                message.count,
                code.baseAddress,
                nil
            )
            precondition(written != nil, "OpenSSL refused to authenticate")
            count = SHA256.byteCount
        }
    }

    /// Whether a code belongs to the message under the key, decided in constant time.
    package static func isValidAuthenticationCode(
        _ code: some Collection<UInt8>,
        authenticating message: some Collection<UInt8>,
        using key: [UInt8]
    ) -> Bool {
        constantTimeEquals(Array(code), authenticationCode(for: message, using: key))
    }
}

/// Whether two byte strings are equal, in time that depends on their lengths alone.
///
/// For everything an attacker may guess at: keys, signatures, tokens.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return CRYPTO_memcmp(left, right, left.count) == 0
}
