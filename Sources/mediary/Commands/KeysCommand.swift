import ArgumentParser
import JobCore
import JobEngine
import Ledger

/// `mediary keys`: who may use the API.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Create, list and revoke API keys.",
        subcommands: [Create.self, List.self, Revoke.self]
    )

    /// `mediary keys create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create a key. Its text is shown once.")

        @Option(help: "What to call it.")
        var name: String

        @Option(help: "The workspace whose credits it spends; made when it is not there.")
        var workspace = AccountService.defaultWorkspace

        @Option(help: "The most it may spend in its life, in US dollars.")
        var limit: String?

        @Flag(help: "Mark it as one that may also use the account routes.")
        var management = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let stores = try Stores(Configuration(), mayCreate: true)
            let made = try await stores.accounts.createKey(
                name: name,
                workspace: try workspaceName(workspace),
                limit: try limit.map { try dollars($0, option: "--limit") },
                isManagement: management
            )
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
            try stores.close()
            if json {
                try Output.json(keys.map(KeyRow.init))
            } else {
                let header = ["NAME", "KEY", "WORKSPACE", "LIMIT", "CREATED", "REVOKED", "HASH"]
                Output.table(
                    [header]
                        + keys.map {
                            [
                                $0.name, $0.label, $0.workspace, $0.limit?.description ?? "-",
                                $0.createdAt.description, $0.revokedAt?.description ?? "-", String($0.hash.prefix(12)),
                            ]
                        }
                )
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
            let matches = try await stores.accounts.keys().filter { $0.hash.hasPrefix(hash.lowercased()) }
            guard hash.count >= 8, let key = matches.first, matches.count == 1 else {
                throw ValidationError(
                    hash.count < 8
                        ? "\"\(hash)\" is too short: give at least 8 characters of the hash."
                        : matches.count > 1
                            ? "Several keys begin with \(hash)." : "There is no key whose hash begins with \(hash)."
                )
            }
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

/// A key as `keys list --json` prints it.
private struct KeyRow: Encodable {
    let hash: String
    let name: String
    let label: String
    let workspace: String
    let limit: String?
    let management: Bool
    let createdAt: String
    let revokedAt: String?

    enum CodingKeys: String, CodingKey {
        case hash, name, label, workspace, limit, management
        case createdAt = "created_at"
        case revokedAt = "revoked_at"
    }

    init(_ key: APIKey) {
        hash = key.hash
        name = key.name
        label = key.label
        workspace = key.workspace
        limit = key.limit?.description
        management = key.isManagement
        createdAt = key.createdAt.description
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
