import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// What is known of a task besides its id: where it is asked for, and what it costs.
///
/// A task belongs to the region that took it, so the answer to its submit names the address (`api.us3.bfl.ai`,
/// `api.eu2.bfl.ai`); another region answers "Task not found" (docs.bfl.ai, integration guide; read 2026-11-21). The key
/// goes along, so no other address is taken than the vendor's own and the operator's.
struct FluxOperation {
    /// Where the task is asked for; nil when the answer named nothing that may be asked.
    let pollingURL: String?
    /// What the vendor charges, in nano US dollars, if it says so: a credit is a cent.
    let costNanoUSD: Int64?

    private static let nanoPerCredit = 10_000_000.0
    private static let creditsMax = 100_000.0
    private static let domain = "bfl.ai"

    /// Reads the answer to a submit.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - own: The origin that the operator's settings name.
    init(answer: JSONValue, own: String?) {
        pollingURL = answer["polling_url"]?.stringValue.flatMap { Self.isAllowed($0, own: own) ? $0 : nil }
        let credits: Double? =
            switch answer["cost"] {
            case .integer(let whole)?: Double(whole)
            case .number(let number)?: number
            case .null?, .bool?, .string?, .array?, .object?, nil: nil
            }
        costNanoUSD = credits.flatMap { credits in
            (0...Self.creditsMax).contains(credits) ? Int64((credits * Self.nanoPerCredit).rounded()) : nil
        }
    }

    /// Reads what was stored; it may come from an earlier setting.
    init(_ operation: ProviderOperation, own: String?) {
        let payload = try? JSONDecoder().decode(JSONValue.self, from: Data(operation.payload.utf8))
        pollingURL = payload?["polling_url"]?.stringValue.flatMap { Self.isAllowed($0, own: own) ? $0 : nil }
        costNanoUSD = payload?["cost_nano_usd"]?.wholeNumber
    }

    /// The same for storage.
    func operation(_ id: String) -> ProviderOperation {
        var payload: [String: JSONValue] = [:]
        payload["polling_url"] = pollingURL.map(JSONValue.string)
        payload["cost_nano_usd"] = costNanoUSD.map(JSONValue.integer)
        return ProviderOperation(remoteID: id, payload: JSONValue.object(payload).canonicalText)
    }

    /// Whether an address is the vendor's own.
    static func isVendor(_ url: RemoteURL) -> Bool {
        guard case .name(let name) = url.host, url.scheme == .https, url.port == 443 else { return false }
        return name == domain || name.hasSuffix(".\(domain)")
    }

    /// The vendor's public addresses besides one of them; none besides an address that is not the vendor's.
    static func regions(besides baseURL: String) -> [String] {
        guard let own = try? RemoteURL(baseURL), isVendor(own) else { return [] }
        return ["https://api.\(domain)", "https://api.eu.\(domain)", "https://api.us.\(domain)"].filter {
            $0 != baseURL
        }
    }

    private static func isAllowed(_ text: String, own: String?) -> Bool {
        guard let url = try? RemoteURL(text) else { return false }
        return url.origin == own || isVendor(url)
    }
}
