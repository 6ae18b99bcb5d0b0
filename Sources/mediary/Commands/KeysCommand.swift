import ArgumentParser
import JobCore
import JobEngine
import Ledger

/// `mediary keys`: who may use the API.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Create, list, change and revoke API keys.",
        subcommands: [Create.self, List.self, Update.self, Revoke.self]
    )

    /// `mediary keys create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create a key. Its text is shown once.")

        @Option(help: "What to call it.")
        var name: String

        @Option(help: "The workspace whose credits it spends; made when it is not there.")
        var workspace = AccountService.defaultWorkspace

        @Option(help: "The most it may spend, holds included, in US dollars.")
        var limit: String?

        @Option(help: "After what time the limit counts anew: daily, weekly, monthly or never.")
        var limitReset = "never"

        @Option(help: "When it stops opening anything, such as 2027-12-31T23:59:59Z.")
        var expires: String?

        @Option(help: "Who makes it: shown as creator_user_id.")
        var creator: String?

        @Option(help: "For whom of your own users it is: shown as external_user.")
        var externalUser: String?

        @Flag(help: "Mark it as one that may also use the account routes.")
        var management = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            var new = NewKey(name: name)
            new.workspace = try workspaceName(workspace)
            new.limit = try limit.map { try dollars($0, option: "--limit") }
            new.limitReset = try spendingPeriod(limitReset, option: "--limit-reset", forEver: "never")
            new.isManagement = management
            new.expiresAt = try expires.map(expiry)
            new.creator = creator
            new.externalUser = externalUser
            let stores = try Stores(Configuration(), mayCreate: true)
            if let expiresAt = new.expiresAt, expiresAt <= stores.environment.now() {
                throw ValidationError("--expires is \(expiresAt), which has passed.")
            }
            let made = try await stores.accounts.createKey(new)
            try stores.close()
            if json {
                try Output.json(["key": made.secret, "hash": made.key.hash])
            } else {
                print(
                    "\(made.secret)\n\nKeep it: it is stored nowhere. Workspace \(made.key.workspace), hash \(made.key.hash.prefix(12))."
                )
            }
        }
    }

    /// `mediary keys list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all keys, oldest first.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let stores = try Stores(Configuration(), mayCreate: false)
            let keys = try await stores.accounts.keys()
            let now = stores.environment.now()
            try stores.close()
            if json {
                try Output.json(keys.map(KeyRow.init))
            } else {
                let header = ["NAME", "KEY", "WORKSPACE", "LIMIT", "RESET", "CREATED", "STATE", "HASH"]
                Output.table(
                    [header]
                        + keys.map {
                            [
                                $0.name, $0.label, $0.workspace, $0.limit?.description ?? "-",
                                $0.limit == nil ? "-" : $0.limitReset.word, $0.createdAt.description,
                                $0.stateWords(at: now), String($0.hash.prefix(12)),
                            ]
                        }
                )
            }
        }
    }

    /// `mediary keys update`.
    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a key. A running service follows within a second; its jobs go on."
        )

        @Argument(help: "The key's hash, or the beginning of it (at least 8 characters).")
        var hash: String

        @Option(help: "What to call it.")
        var name: String?

        @Option(help: "The most it may spend, holds included, in US dollars; none takes the limit away.")
        var limit: String?

        @Option(help: "After what time the limit counts anew: daily, weekly, monthly or never.")
        var limitReset: String?

        @Flag(inversion: .prefixedEnableDisable, help: "Whether it opens anything.")
        var access: Bool?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            var change = KeyChange()
            change.name = name
            if let limit { change.limit = try .some(limit == "none" ? nil : dollars(limit, option: "--limit")) }
            change.limitReset = try limitReset.map {
                try spendingPeriod($0, option: "--limit-reset", forEver: "never")
            }
            change.isDisabled = access.map { !$0 }
            guard change != KeyChange() else {
                throw ValidationError(
                    "Nothing is to be changed: give --name, --limit, --limit-reset, --enable-access or --disable-access."
                )
            }
            let stores = try Stores(Configuration(), mayCreate: false)
            let key = try await findKey(hash, in: stores)
            let changed = try await stores.accounts.updateKey(hash: key.hash, by: change)
            try stores.close()
            guard let changed else {
                throw ValidationError("\(key.name) (\(key.label)) was revoked: it stays as it is.")
            }
            if json {
                try Output.json(KeyRow(changed))
            } else {
                print("\(changed.name) (\(changed.label)) is changed.")
            }
        }
    }

    /// `mediary keys revoke`.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key. A running service refuses it within a second; its jobs go on."
        )

        @Argument(help: "The key's hash, or the beginning of it (at least 8 characters).")
        var hash: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let stores = try Stores(Configuration(), mayCreate: false)
            let key = try await findKey(hash, in: stores)
            _ = try await stores.accounts.revokeKey(hash: key.hash)
            try stores.close()
            if json {
                try Output.json(["hash": key.hash, "status": "revoked"])
            } else {
                print("\(key.name) (\(key.label)) is revoked.")
            }
        }
    }
}

/// The key whose hash begins with some characters.
///
/// - Throws: `ValidationError` for too few characters, and for none or several such keys.
private func findKey(_ hash: String, in stores: Stores) async throws -> APIKey {
    let matches = try await stores.accounts.keys().filter { $0.hash.hasPrefix(hash.lowercased()) }
    guard hash.count >= 8, let key = matches.first, matches.count == 1 else {
        throw ValidationError(
            hash.count < 8
                ? "\"\(hash)\" is too short: give at least 8 characters of the hash."
                : matches.count > 1
                    ? "Several keys begin with \(hash)." : "There is no key whose hash begins with \(hash)."
        )
    }
    return key
}

/// Reads a period by its name, or by the word for the one without end.
func spendingPeriod(_ text: String, option: String, forEver: String) throws -> SpendingPeriod {
    if text == forEver { return .lifetime }
    guard let period = SpendingPeriod.resetting.first(where: { $0.rawValue == text }) else {
        let known = SpendingPeriod.resetting.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(option) is \"\(text)\"; allowed: \(known), \(forEver).")
    }
    return period
}

private func expiry(_ text: String) throws -> Timestamp {
    guard let time = Timestamp(rfc3339: text) else {
        throw ValidationError("--expires is \"\(text)\"; the form is RFC 3339: 2027-12-31T23:59:59Z.")
    }
    return time
}

extension SpendingPeriod {
    /// The word for it in a table.
    fileprivate var word: String { self == .lifetime ? "never" : rawValue }
}

extension APIKey {
    /// Whether it opens anything, in words for a table.
    fileprivate func stateWords(at now: Timestamp) -> String {
        if let revokedAt { return "revoked \(revokedAt)" }
        if isDisabled { return "disabled" }
        guard let expiresAt else { return "active" }
        return expiresAt <= now ? "expired \(expiresAt)" : "until \(expiresAt)"
    }
}

/// A key as `keys list --json` prints it.
private struct KeyRow: Encodable {
    let hash: String
    let name: String
    let label: String
    let workspace: String
    let limit: String?
    let limitReset: String?
    let management: Bool
    let disabled: Bool
    let creator: String?
    let externalUser: String?
    let createdAt: String
    let updatedAt: String?
    let lastUsedAt: String?
    let expiresAt: String?
    let revokedAt: String?

    enum CodingKeys: String, CodingKey {
        case hash, name, label, workspace, limit, management, disabled, creator
        case limitReset = "limit_reset"
        case externalUser = "external_user"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case lastUsedAt = "last_used_at"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
    }

    init(_ key: APIKey) {
        hash = key.hash
        name = key.name
        label = key.label
        workspace = key.workspace
        limit = key.limit?.description
        limitReset = key.limitReset == .lifetime ? nil : key.limitReset.rawValue
        management = key.isManagement
        disabled = key.isDisabled
        creator = key.creator
        externalUser = key.externalUser
        createdAt = key.createdAt.description
        updatedAt = key.updatedAt?.description
        lastUsedAt = key.lastUsedAt?.description
        expiresAt = key.expiresAt?.description
        revokedAt = key.revokedAt?.description
    }
}

/// Reads an amount of US dollars above zero.
func dollars(_ text: String, option: String) throws -> Credits {
    guard let amount = Credits(usd: text), amount > .zero else {
        throw ValidationError(
            "\(option) is \"\(text)\"; the form is a decimal number of US dollars above zero, such as 100 or 0.50, with at most nine places."
        )
    }
    return amount
}

/// What commands about one workspace have in common.
struct OfWorkspace: ParsableArguments {
    @Option(help: "The workspace.")
    var workspace = AccountService.defaultWorkspace

    @Flag(help: "Print JSON.")
    var json = false

    /// The workspace's name.
    ///
    /// - Throws: `ValidationError` for what is none.
    func name() throws -> String { try workspaceName(workspace) }
}

/// Checks a workspace's name: 1 to 64 of a-z, 0-9, `-` and `_`.
func workspaceName(_ text: String) throws -> String {
    let isValid =
        (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
    guard isValid else {
        throw ValidationError("--workspace is \"\(text)\"; allowed: 1 to 64 of a-z, 0-9, - and _.")
    }
    return text
}
