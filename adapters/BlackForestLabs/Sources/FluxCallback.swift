import Cryptography
import ProviderKit

/// The secret of one attempt's callbacks, and how a callback shows that it knows it.
///
/// The vendor's pages disagree: its skills repository (`webhook-integration.md`, 2026-02) signs the body in
/// `X-BFL-Signature: sha256=…`, its official client (`_webhooks.py`, sources of 0.2.0) has the secret come back in
/// `X-Webhook-Secret`. Either is taken. Neither protects from being played again, so nothing is believed but which task it
/// is about.
struct FluxCallback {
    /// What is sent as `webhook_secret`: of the attempt alone, and the same whenever it is asked for.
    let secret: String

    private static let signature = "sha256="

    init(key: String, attempt: AttemptReference) {
        let message = Array("callbacks of \(attempt.externalID)".utf8)
        secret = Hex.encode(HMAC<SHA256>.authenticationCode(for: message, using: Array(key.utf8)))
    }

    /// Whether a callback comes from somebody who knows the secret.
    func isGenuine(_ body: [UInt8], _ headers: [(name: String, value: String)]) -> Bool {
        func value(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        if let signed = value("x-bfl-signature"), signed.hasPrefix(Self.signature),
            let code = Hex.decode(signed.dropFirst(Self.signature.count))
        {
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: Array(secret.utf8))
        }
        guard let echoed = value("x-webhook-secret") else { return false }
        return constantTimeEquals(Array(echoed.utf8), Array(secret.utf8))
    }
}
