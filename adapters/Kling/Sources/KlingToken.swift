import Cryptography
import Foundation
import Generation
import Synchronization

/// Makes the token of the signed wire: a JWT (RFC 7519) with HMAC-SHA256 under the secret key.
///
/// Header `{"alg":"HS256","typ":"JWT"}`, payload `iss` (the access key), `exp` (now + 1,800 s) and `nbf` (now - 5 s).
/// Source: kling.ai/document-api/api/get-started/authentication, as read 2026-10-02. A token is used for five minutes at
/// most, so that one in flight never comes near its end, and a clock that was set back costs at most that.
final class KlingToken: Sendable {
    private struct Made {
        let text: String
        let second: Int64
    }

    private let accessKey: String
    private let secretKey: [UInt8]
    private let now: @Sendable () -> Int64
    private let made = Mutex<Made?>(nil)

    /// The documented lifetime in seconds.
    static let lifetime: Int64 = 1_800
    /// How far a token reaches back, for clocks that differ.
    static let slack: Int64 = 5
    /// How long a token is used.
    static let window: Int64 = 300

    init(accessKey: String, secretKey: String, now: @escaping @Sendable () -> Int64) {
        self.accessKey = accessKey
        self.secretKey = Array(secretKey.utf8)
        self.now = now
    }

    /// A token that is valid now.
    var current: String {
        let second = now() / 1_000
        return made.withLock { made in
            if let made, (made.second..<made.second + Self.window).contains(second) { return made.text }
            let text = sign(at: second)
            made = Made(text: text, second: second)
            return text
        }
    }

    private func sign(at second: Int64) -> String {
        let header = Self.base64URL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
        let claims: JSONValue = [
            "iss": .string(accessKey), "exp": .integer(second + Self.lifetime), "nbf": .integer(second - Self.slack),
        ]
        let payload = Self.base64URL(Array(claims.canonicalText.utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Array("\(header).\(payload)".utf8), using: secretKey)
        return "\(header).\(payload).\(Self.base64URL(code))"
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        String(
            Data(bytes).base64EncodedString().compactMap { letter in
                switch letter {
                case "+": "-"
                case "/": "_"
                case "=": nil
                case _: letter
                }
            }
        )
    }
}
