import Cryptography
import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// A service account: who it is, and the key that it proves it with.
///
/// Source: developers.google.com/identity/protocols/oauth2/service-account; RFC 7523; google-auth 2.62.2 (`oauth2`).
struct ServiceAccount: Sendable {
    static let scope = "https://www.googleapis.com/auth/cloud-platform"
    private static let lifetimeSeconds: Int64 = 3_600
    private static let vendorTokenURL = "https://oauth2.googleapis.com/token"

    let email: String
    /// Where tokens are given out: as the key file says.
    let tokenURL: String
    let projectID: String?
    private let keyID: String?
    private let signer: RSASigner

    /// Reads a key file as the console gives it out; nil when it is none.
    init?(keyFile: [UInt8]) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(keyFile)),
            json["type"] == "service_account", let email = json["client_email"]?.stringValue,
            let key = json["private_key"]?.stringValue, let signer = try? RSASigner(pemRepresentation: key)
        else { return nil }
        self.email = email
        self.signer = signer
        keyID = json["private_key_id"]?.stringValue
        projectID = json["project_id"]?.stringValue
        tokenURL = json["token_uri"]?.stringValue ?? Self.vendorTokenURL
        guard (try? RemoteURL(tokenURL)) != nil else { return nil }
    }

    /// The request for a token: a JSON Web Token that is signed with the account's key.
    ///
    /// - Parameter now: In seconds since 1970.
    /// - Returns: The request.
    func tokenRequest(now: Int64) -> HTTPRequest {
        var header: [String: JSONValue] = ["alg": "RS256", "typ": "JWT"]
        header["kid"] = keyID.map { .string($0) }
        let claims: JSONValue = [
            "iss": .string(email), "scope": .string(Self.scope), "aud": .string(tokenURL), "iat": .integer(now),
            "exp": .integer(now + Self.lifetimeSeconds),
        ]
        let signed = [.object(header), claims].map { Self.base64URL(Array($0.canonicalText.utf8)) }.joined(
            separator: "."
        )
        let assertion = "\(signed).\(Self.base64URL(signer.signature(for: Array(signed.utf8))))"
        let grant = ProviderHTTP.encoded("urn:ietf:params:oauth:grant-type:jwt-bearer")
        return HTTPRequest(
            .post,
            tokenURL,
            headers: [(name: "Content-Type", value: "application/x-www-form-urlencoded")],
            body: Array("grant_type=\(grant)&assertion=\(assertion)".utf8)
        )
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
