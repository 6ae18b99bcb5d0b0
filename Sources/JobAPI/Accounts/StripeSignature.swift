import Cryptography
import HTTPTypes
import JobCore

/// Checks that a message comes from Stripe, unchanged and lately: the header `Stripe-Signature`.
///
/// It has a time and one or more signatures: `t=1700000000,v1=<hex>`. Each is the HMAC-SHA256, under the endpoint's
/// secret, of the time, a full stop and the body's bytes as they came. While a secret is changed there are two: one that
/// fits is enough.
struct StripeSignature: Sendable {
    /// How far the message's time may be from ours, in seconds.
    static let toleranceSeconds: Int64 = 300
    private static let signaturesMax = 20

    private let secret: [UInt8]

    init(secret: [UInt8]) { self.secret = secret }

    /// Refuses a message that is not known to be Stripe's, or is an old one that somebody repeats.
    ///
    /// - Parameters:
    ///   - headers: The values of the header; one is expected.
    ///   - body: The body as it came.
    ///   - now: The time.
    /// - Throws: `APIError` with status 400, in words that tell nothing about the right signature.
    func check(_ headers: [String], body: [UInt8], now: Timestamp) throws(APIError) {
        guard headers.count == 1, let parts = Self.parts(of: headers[0]) else {
            throw APIError(
                .badRequest,
                reason: "malformed_signature",
                param: "Stripe-Signature",
                "The header `Stripe-Signature` must come once, in the form `t=<seconds>,v1=<64 hexadecimal digits>`."
            )
        }
        let message = Array(parts.time.utf8) + [UInt8(ascii: ".")] + body
        let isGood = parts.signatures.contains {
            HMAC<SHA256>.isValidAuthenticationCode($0, authenticating: message, using: secret)
        }
        guard isGood else {
            throw APIError(
                .badRequest,
                reason: "invalid_signature",
                param: "Stripe-Signature",
                "The signature does not fit this body and the secret that is configured here."
            )
        }
        let age = now.milliseconds / 1_000 - parts.seconds
        guard age.magnitude <= Self.toleranceSeconds.magnitude else {
            throw APIError(
                .badRequest,
                reason: "stale_signature",
                param: "Stripe-Signature",
                "The message was signed \(age.magnitude) s \(age < 0 ? "ahead of" : "before") this service's time; allowed: \(Self.toleranceSeconds) s."
            )
        }
    }

    private static func parts(of header: String) -> (time: String, seconds: Int64, signatures: [[UInt8]])? {
        var times: [String] = []
        var signatures: [[UInt8]] = []
        for element in header.split(separator: ",") {
            let pair = element.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { return nil }
            let value = pair[1].filter { $0 != " " }
            switch pair[0].filter({ $0 != " " }) {
            case "t": times.append(value)
            case "v1":
                guard let bytes = Hex.decode(value), bytes.count == 32 else { return nil }
                signatures.append(bytes)
            case _: break
            }
        }
        guard times.count == 1, (1...12).contains(times[0].utf8.count),
            times[0].utf8.allSatisfy({ (48...57).contains($0) }),
            let seconds = Int64(times[0]), (1...signaturesMax).contains(signatures.count)
        else { return nil }
        return (times[0], seconds, signatures)
    }
}
