import Cryptography
import JobCore

/// Seals customers' keys: what the database holds opens nothing without the installation's master key.
///
/// Each sealed key is bound to its workspace, its provider and its identifier: copied into another row, it does not open.
/// With another master key none opens, and the jobs that need them fail unsent.
package struct CustomerKeyVault: Sendable {
    private let key: [UInt8]

    /// Derives the vault's key from a master key.
    package init(masterKey: [UInt8]) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: masterKey,
            info: Array("customers' own provider keys".utf8),
            count: AES.GCM.keyByteCount
        )
    }

    /// Seals a text.
    ///
    /// - Parameters:
    ///   - text: The customer's key.
    ///   - id: The identifier of the row that it will stand in.
    ///   - workspace: Whose it is.
    ///   - provider: What it is for.
    ///   - nonce: 12 random bytes.
    /// - Returns: Nonce, ciphertext and tag.
    func seal(_ text: String, id: String, workspace: String, provider: String, nonce: [UInt8]) -> [UInt8] {
        nonce
            + AES.GCM.seal(
                Array(text.utf8),
                using: key,
                nonce: nonce,
                authenticating: Self.place(id: id, workspace: workspace, provider: provider)
            )
    }

    /// The text of a key; nil when it was sealed under another master key, for another place, or was changed.
    func open(_ stored: CustomerKey) -> String? {
        guard stored.sealed.count >= AES.GCM.nonceByteCount + AES.GCM.tagByteCount else { return nil }
        let opened = AES.GCM.open(
            Array(stored.sealed.dropFirst(AES.GCM.nonceByteCount)),
            using: key,
            nonce: Array(stored.sealed.prefix(AES.GCM.nonceByteCount)),
            authenticating: Self.place(id: stored.id, workspace: stored.workspace, provider: stored.provider)
        )
        return opened.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The place in bytes: each part behind its length, so that no two places are the same bytes.
    private static func place(id: String, workspace: String, provider: String) -> [UInt8] {
        [workspace, provider, id].flatMap { part -> [UInt8] in
            let bytes = Array(part.utf8)
            return (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) } + bytes
        }
    }
}
