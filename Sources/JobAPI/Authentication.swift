import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// Opens the API to those who have a key.
struct Authenticator: Sendable {
    private static let bytesMax = 200

    private let accounts: AccountService

    init(accounts: AccountService) { self.accounts = accounts }

    /// The key that a request came with.
    ///
    /// A missing header and one that is no key at all are told apart from keys that are not good, which helps whoever
    /// mistyped a header. Unknown and revoked keys get the same answer.
    ///
    /// - Throws: `APIError` with status 401, or what the store throws.
    func key(of request: Request) async throws -> APIKey {
        let headers = request.headers[values: .authorization]
        guard let header = headers.first else {
            throw APIError.unauthorized(
                "missing_key",
                challenge: "Bearer",
                "No API key was sent. Send the header `Authorization: Bearer sk-med-v1-...`."
            )
        }
        guard headers.count == 1, let secret = Self.secret(in: header) else {
            throw APIError.unauthorized(
                "malformed_key",
                challenge: "Bearer error=\"invalid_request\"",
                "The Authorization header must have the form `Bearer sk-med-v1-...`."
            )
        }
        guard let key = try await accounts.authenticate(secret) else { throw APIError.invalidKey }
        return key
    }

    /// The key that a request came with, which must be one that manages.
    ///
    /// - Throws: `APIError` with status 401 for a key that is not good and 403 for one that does not manage; or what the
    ///   store throws.
    func managementKey(of request: Request) async throws -> APIKey {
        let key = try await key(of: request)
        guard key.isManagement else { throw APIError.notManaging }
        return key
    }

    /// The key that a request came with, if it came with any: for what everybody may read.
    ///
    /// - Throws: `APIError` with status 401 for a key that is not good, or what the store throws.
    func keyIfAny(of request: Request) async throws -> APIKey? {
        guard request.headers[.authorization] != nil else { return nil }
        return try await key(of: request)
    }

    /// The key's text, if the header has the form `Bearer sk-med-v1-...` and a sane length.
    private static func secret(in header: String) -> String? {
        guard header.utf8.count <= bytesMax else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let secret = parts[1].drop { $0 == " " }
        guard secret.hasPrefix("sk-med-v1-"), secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return String(secret)
    }
}

extension APIError {
    fileprivate static func unauthorized(_ reason: String, challenge: String, _ message: String) -> APIError {
        APIError(
            .unauthorized,
            .authentication,
            reason: reason,
            headers: [.wwwAuthenticate: challenge],
            message
        )
    }

    /// A good key for another purpose.
    static let notManaging = APIError(
        .forbidden,
        .authentication,
        reason: "management_key_required",
        "This needs a management key: `mediary keys create --management` makes one."
    )

    /// A key that is unknown, revoked, disabled or expired.
    static let invalidKey = unauthorized(
        "invalid_key",
        challenge: "Bearer error=\"invalid_token\"",
        "This API key is unknown, was revoked, is disabled, or has expired."
    )
}
