import Cryptography
import Foundation
package import JobCore

/// The secrets that workspaces know our messages by, all derived from the installation's master key.
///
/// Nothing is stored: the same master key gives the same secrets, and another one gives others.
package struct WebhookSecrets: Sendable {
    private let masterKey: [UInt8]

    /// Derives secrets from a master key.
    package init(masterKey: [UInt8]) { self.masterKey = masterKey }

    /// The secret of a workspace.
    package func secret(of workspace: String) -> WebhookSecret {
        WebhookSecret(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: masterKey,
                info: Array("webhook signing secret of workspace \(workspace)".utf8),
                count: 32
            )
        )
    }
}

/// What one workspace's messages are signed with.
package struct WebhookSecret: Sendable {
    private let key: [UInt8]
    /// As its owner is given it: `whsec_` and the key in base64.
    package let text: String

    /// Makes the secret of a key.
    package init(key: [UInt8]) {
        self.key = key
        text = "whsec_" + Data(key).base64EncodedString()
    }

    /// The header fields that prove where a message comes from, in both forms that receivers know.
    ///
    /// Standard Webhooks: the key signs `id.timestamp.body`, in base64. OpenRouter: the secret's whole text signs
    /// `timestamp,body`, in hexadecimal. What names the message is the same however often it is sent; the time, and so
    /// the signatures, are those of this sending, since receivers refuse old ones.
    package func headers(
        for message: OutboxMessage,
        body: [UInt8],
        at now: Timestamp
    ) -> [(name: String, value: String)] {
        let time = "\(now.milliseconds / 1_000)"
        let standard = HMAC<SHA256>.authenticationCode(for: Array("\(message.name).\(time).".utf8) + body, using: key)
        let openRouter = HMAC<SHA256>.authenticationCode(for: Array("\(time),".utf8) + body, using: Array(text.utf8))
        return [
            ("webhook-id", message.name),
            ("webhook-timestamp", time),
            ("webhook-signature", "v1,\(Data(standard).base64EncodedString())"),
            ("X-OpenRouter-Idempotency-Key", "\(message.job)-\(message.state.rawValue)"),
            ("X-OpenRouter-Signature", "t=\(time),v1=\(Hex.encode(openRouter))"),
        ]
    }
}
