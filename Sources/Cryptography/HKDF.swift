/// Key derivation (RFC 5869), written `HKDF<SHA256>` as in CryptoKit.
///
/// One master secret yields a separate key for each purpose; `info` names the purpose, so a key that leaks tells
/// nothing of its siblings.
package enum HKDF<Hash> {}

extension HKDF where Hash == SHA256 {
    /// Derives key material: extract under the salt, then expand under the info.
    ///
    /// - Parameters:
    ///   - inputKeyMaterial: The secret to derive from.
    ///   - salt: Public and may be empty; makes the extraction differ between installations.
    ///   - info: The purpose of the derived key.
    ///   - count: How many bytes are wanted, at most 8,160 (255 × 32).
    /// - Returns: Exactly `count` bytes.
    package static func deriveKey(
        inputKeyMaterial: [UInt8],
        salt: [UInt8] = [],
        info: [UInt8],
        count: Int
    ) -> [UInt8] {
        precondition((0...255 * SHA256.byteCount).contains(count), "HKDF-SHA256 yields at most 8,160 bytes")
        // HMAC pads its key with zeros, so an empty salt is the block of zeros that the RFC asks for.
        let extracted = HMAC<SHA256>.authenticationCode(for: inputKeyMaterial, using: salt)
        var derived: [UInt8] = []
        derived.reserveCapacity(count + SHA256.byteCount)
        var block: [UInt8] = []
        var index: UInt8 = 0
        while derived.count < count {
            index += 1
            block = HMAC<SHA256>.authenticationCode(for: block + info + [index], using: extracted)
            derived += block
        }
        return Array(derived.prefix(count))
    }
}
