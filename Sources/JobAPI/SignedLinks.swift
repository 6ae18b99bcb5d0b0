import Cryptography
import HTTPTypes
import JobCore
import JobEngine

/// Links to artifacts that need no key: whoever has one can fetch the file, for a while.
///
/// A link names the artifact and when it ends, and proves with a signature that this service made it. Nothing is stored.
struct SignedLinks: Sendable {
    /// How long a link is good, in seconds.
    static let lifetimeSeconds: Int64 = 3_600

    private let key: [UInt8]
    private let now: @Sendable () -> Timestamp

    /// Makes links.
    ///
    /// - Parameters:
    ///   - key: What they are signed with.
    ///   - now: The time.
    init(key: [UInt8], now: @escaping @Sendable () -> Timestamp) {
        self.key = key
        self.now = now
    }

    /// A link to an artifact, good from now on.
    func url(of index: Int, of job: JobID, _ wire: JobWire) -> String {
        let expires = now().milliseconds / 1_000 + Self.lifetimeSeconds
        let signature = signature(Int64(index), job, expires)
        return "\(wire.artifact(index, of: job))?expires=\(expires)&signature=\(signature)"
    }

    /// Checks what came with a link.
    ///
    /// - Throws: `APIError` with status 403 for a link that is over, or that was not made here.
    func check(_ index: Int64, _ job: JobID, expires: Int64, signature: String) throws(APIError) {
        let right = self.signature(index, job, expires)
        // Of equal length, and compared whole: how long it takes tells nothing.
        let difference = zip(right.utf8, signature.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
        guard right.utf8.count == signature.utf8.count, difference == 0 else {
            throw APIError(.forbidden, reason: "invalid_signature", param: "signature", "The link is not one of ours.")
        }
        guard now().milliseconds / 1_000 < expires else {
            throw APIError(
                .forbidden,
                reason: "link_expired",
                param: "expires",
                "The link was good for a while only, and is over."
            )
        }
    }

    private func signature(_ index: Int64, _ job: JobID, _ expires: Int64) -> String {
        Hex.encode(HMAC<SHA256>.authenticationCode(for: Array("\(job)/\(index)/\(expires)".utf8), using: key))
    }
}
