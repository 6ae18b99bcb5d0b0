import JobCore
import JobEngine

/// All workspaces by the two names that they go by: the slug, by which keys, jobs and the ledger know them, and the
/// identifier, which stands for them on the wire wherever a field is called after it.
struct WorkspaceNames: Sendable {
    private let ids: [String: String]
    private let names: [String: String]

    /// Reads them.
    ///
    /// - Throws: What the store throws.
    init(_ accounts: AccountService) async throws {
        let profiles = try await accounts.workspaceProfiles()
        ids = Dictionary(profiles.map { ($0.name, $0.id) }) { first, _ in first }
        names = Dictionary(profiles.map { ($0.id, $0.name) }) { first, _ in first }
    }

    /// The identifier of a workspace by its slug.
    func id(of name: String) -> String { ids[name] ?? name }

    /// The slug that a client means, who may name either; what is neither is given back.
    func name(of reference: String) -> String {
        ids[reference] != nil ? reference : names[reference.lowercased()] ?? reference
    }
}

extension AccountService {
    /// The workspace that a field of a request names, by identifier or slug.
    ///
    /// - Throws: `APIError` with status 400 when there is none; what the store throws.
    func workspace(named reference: String, in field: String) async throws -> WorkspaceProfile {
        guard reference.utf8.count <= 64, let profile = try await workspaceProfile(reference) else {
            throw APIError.invalid(
                field,
                "`\(field)` names no workspace; allowed: the id or the slug of one that is there."
            )
        }
        return profile
    }
}
