import Foundation
import Generation
import ProviderKit

/// What is known of a request besides its id: the app that it is asked for at, and the length that it bills.
///
/// The app is the first two parts of the model's path, without what follows: `fal-ai/flux` of `fal-ai/flux/schnell`. The
/// answer to a submit names whole addresses; the app alone is taken out of them, so that the key goes nowhere but to the
/// operator's own address.
struct FalOperation {
    let app: String
    /// The length that the host bills, where it bills what was asked for; nil: what came out is measured.
    let milliseconds: Int64?

    init(app: String, order: FalOrder) {
        self.app = app
        milliseconds = order.milliseconds
    }

    /// Reads what was stored.
    ///
    /// - Throws: `notFound` for what this adapter cannot have stored.
    init(_ operation: ProviderOperation) throws(ProviderFailure) {
        guard operation.version == 1, ProviderHTTP.isPlain(operation.remoteID),
            let payload = try? JSONDecoder().decode(JSONValue.self, from: Data(operation.payload.utf8)),
            let app = payload["app"]?.stringValue, Self.isApp(app)
        else { throw .strangeOperation }
        self.app = app
        milliseconds = payload["milliseconds"]?.wholeNumber
    }

    /// The same for storage.
    func operation(_ id: String) -> ProviderOperation {
        var payload: [String: JSONValue] = ["app": .string(app)]
        payload["milliseconds"] = milliseconds.map(JSONValue.integer)
        return ProviderOperation(remoteID: id, payload: JSONValue.object(payload).canonicalText)
    }

    /// The app of a model's path.
    static func app(of path: String) -> String { path.split(separator: "/").prefix(2).joined(separator: "/") }

    /// The app that an answer to a submit names: `https://queue.fal.run/fal-ai/flux/requests/ID/status`.
    static func app(in queued: JSONValue) -> String? {
        guard let text = queued["status_url"]?.stringValue, let scheme = text.firstRange(of: "://") else { return nil }
        let parts = text[scheme.upperBound...].split(separator: "/").map(String.init)
        guard let end = parts.firstIndex(of: "requests"), end >= 3 else { return nil }
        let app = parts[(end - 2)..<end].joined(separator: "/")
        return isApp(app) ? app : nil
    }

    private static func isApp(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        return parts.count == 2 && parts.allSatisfy(ProviderHTTP.isPlain)
    }
}
