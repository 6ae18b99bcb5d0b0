import ArgumentParser
import Foundation
import HTTPTransport
import JobAPI
import Ledger
import Logging

/// The operator's settings, read once from the environment and checked as a whole.
struct Configuration {
    /// Where the service listens.
    var host = "127.0.0.1"
    /// The port it listens on; 0 for any free one.
    var port = 8_080
    /// The base of every URL that is handed out; nil: made from host and port.
    var publicURL: String?
    /// Where the database and the artifacts are.
    var dataFolder = "./data"
    /// What all keys are derived from; nil: made once, and kept in the data folder.
    var secret: String?
    /// The networks that callbacks may be in besides public https addresses.
    var allowNetworks: [NetworkRange] = []
    /// How clients that wait for their jobs are kept from giving up.
    var keepAlive = KeepAlive.processing
    /// The operator's file; nil: there is none.
    var operatorFile: String?
    /// The most that a job may hold to be sent once more when nobody can find out whether its provider took it; nil: such
    /// jobs are refunded, and never sent again.
    var retryOnceHoldMax: Credits?
    /// What Stripe's events are signed with; nil: they are not taken.
    var stripeWebhookSecret: String?
    /// What is logged.
    var logLevel = Logger.Level.info
    /// Whether logs are JSON, one object a line.
    var logsJSON = false
    /// Where the client commands find the service; nil: the public URL.
    var clientURL: String?
    /// The key that the client commands use.
    var clientKey: String?

    /// Reads the variables.
    ///
    /// - Throws: `ValidationError` that names the variable, its value and what is allowed.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        host = value("MEDIARY_HOST") ?? host
        if let text = value("MEDIARY_PORT") {
            guard let number = Int(text), (0...65_535).contains(number) else {
                throw ValidationError("MEDIARY_PORT is \"\(text)\"; allowed: 0 to 65535.")
            }
            port = number
        }
        if let text = value("MEDIARY_PUBLIC_URL") {
            publicURL = try Self.url(text, "MEDIARY_PUBLIC_URL")
        }
        dataFolder = value("MEDIARY_DATA") ?? dataFolder
        secret = value("MEDIARY_SECRET")
        if let secret, secret.count < MasterKey.charactersMin {
            // Its value is never shown.
            throw ValidationError(
                "MEDIARY_SECRET has \(secret.count) characters; it needs at least \(MasterKey.charactersMin) random ones, such as from `openssl rand -hex 32`."
            )
        }
        operatorFile = value("MEDIARY_CONFIG")
        stripeWebhookSecret = value("STRIPE_WEBHOOK_SECRET")
        if let secret = stripeWebhookSecret, secret.utf8.count < 16 {
            // Its value is never shown.
            throw ValidationError(
                "STRIPE_WEBHOOK_SECRET has \(secret.utf8.count) characters; it needs at least 16, such as the whsec_... that Stripe shows."
            )
        }
        for name in ["MEDIARY_DATABASE_URL", "MEDIARY_ARTIFACTS_URL"] where value(name) != nil {
            throw ValidationError("\(name) is set, but this version keeps everything in MEDIARY_DATA; unset it.")
        }
        for text in (value("MEDIARY_ALLOW_NETWORKS") ?? "").split(separator: ",") {
            let text = text.trimmingCharacters(in: .whitespaces)
            guard let network = NetworkRange(text) else {
                throw ValidationError(
                    "MEDIARY_ALLOW_NETWORKS has \"\(text)\"; the form is 10.0.0.0/8, fd00::/8, separated by commas."
                )
            }
            allowNetworks.append(network)
        }
        if let text = value("MEDIARY_KEEPALIVE") {
            guard let known = KeepAlive(rawValue: text) else {
                let allowed = KeepAlive.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("MEDIARY_KEEPALIVE is \"\(text)\"; allowed: \(allowed).")
            }
            keepAlive = known
        }
        if let text = value("MEDIARY_RETRY_ONCE_BELOW") {
            guard let most = Credits(usd: text), most >= .zero else {
                throw ValidationError("MEDIARY_RETRY_ONCE_BELOW is \"\(text)\"; it must be US dollars, such as 0.05.")
            }
            retryOnceHoldMax = most
        }
        if let text = value("MEDIARY_LOG_LEVEL") {
            guard let level = Logger.Level(rawValue: text.lowercased()) else {
                let allowed = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("MEDIARY_LOG_LEVEL is \"\(text)\"; allowed: \(allowed).")
            }
            logLevel = level
        }
        if let text = value("MEDIARY_LOG_FORMAT") {
            guard text == "text" || text == "json" else {
                throw ValidationError("MEDIARY_LOG_FORMAT is \"\(text)\"; allowed: text, json.")
            }
            logsJSON = text == "json"
        }
        clientURL = try value("MEDIARY_URL").map { try Self.url($0, "MEDIARY_URL") }
        clientKey = value("MEDIARY_API_KEY")
    }

    /// The service's address for clients on this machine.
    var baseURL: String { clientURL ?? publicURL ?? "http://\(host):\(port)" }

    private static func url(_ text: String, _ name: String) throws -> String {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, ["http", "https"].contains(scheme),
            let host = parts.host, !host.isEmpty
        else { throw ValidationError("\(name) is \"\(text)\"; the form is http://host:port or https://host.") }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
