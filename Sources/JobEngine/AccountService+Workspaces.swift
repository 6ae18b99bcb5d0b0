package import JobCore
package import Ledger

/// What a new workspace is to be.
package struct NewWorkspace: Sendable {
    /// Its name, on the wire its slug.
    package var name: String
    /// What it is called on the wire.
    package var title: String
    /// Who makes it, in the operator's words.
    package var creator: String?
    /// What else is known of it.
    package var details = WorkspaceChange()

    package init(name: String, title: String) {
        self.name = name
        self.title = title
    }
}

extension AccountService {
    /// All workspaces as those who manage them see them, oldest first.
    package func workspaceProfiles() async throws -> [WorkspaceProfile] { try await store.workspaceProfiles() }

    /// The workspace that a client names by its identifier or its name; nil when there is none.
    package func workspaceProfile(_ reference: String) async throws -> WorkspaceProfile? {
        if let found = try await store.workspaceProfile(of: reference) { return found }
        return try await store.workspaceProfiles().first { $0.id == reference.lowercased() }
    }

    /// Makes a workspace; nil when there is one of that name.
    package func createWorkspace(_ new: NewWorkspace) async throws -> WorkspaceProfile? {
        let now = environment.now()
        let blank = WorkspaceProfile(id: newID(), name: new.name, title: new.title, createdAt: now)
        var profile = blank.applying(new.details, at: now)
        profile.title = new.title
        profile.creator = new.creator
        profile.updatedAt = nil
        return try await store.createWorkspace(profile) ? profile : nil
    }

    /// Changes a workspace; nil when there is none of that name.
    package func updateWorkspace(_ name: String, by change: WorkspaceChange) async throws -> WorkspaceProfile? {
        try await store.updateWorkspace(name, by: change, at: environment.now())
    }

    /// Deletes a workspace that has nothing; never the one that is there from the start.
    package func deleteWorkspace(_ name: String) async throws -> WorkspaceDeletion {
        name == Self.defaultWorkspace ? .notEmpty : try await store.deleteWorkspace(name)
    }

    // MARK: Budgets

    /// The budgets of a workspace with what counts against them now, the shortest period first.
    package func budgets(of workspace: String) async throws -> [BudgetStanding] {
        try await store.budgets(of: workspace, in: UsagePeriods(at: environment.now()))
    }

    /// Sets the budget of a workspace for a period.
    ///
    /// - Parameters:
    ///   - limit: The most that its keys may spend together, holds included.
    ///   - workspace: The workspace's name.
    ///   - period: After what time it counts anew.
    ///   - includesByok: What becomes of the workspace's setting; nil leaves it.
    /// - Returns: What became of it.
    /// - Throws: What the store throws.
    package func setBudget(
        _ limit: Credits,
        of workspace: String,
        for period: SpendingPeriod,
        includesByok: Bool? = nil
    ) async throws -> BudgetOutcome {
        let now = environment.now()
        let budget = WorkspaceBudget(id: newID(), period: period, limit: limit, createdAt: now, updatedAt: now)
        return try await store.setBudget(budget, of: workspace, includesByok: includesByok)
    }

    /// Takes a budget away, if there is one.
    package func deleteBudget(of workspace: String, for period: SpendingPeriod) async throws {
        try await store.deleteBudget(of: workspace, for: period)
    }

    /// The day, week and month that it is.
    package func periods() -> UsagePeriods { UsagePeriods(at: environment.now()) }

    /// A random UUID of version 4.
    private func newID() -> String {
        let digits = environment.randomHex(bytes: 16)
        func part(_ from: Int, _ count: Int) -> Substring { digits.dropFirst(from).prefix(count) }
        return "\(part(0, 8))-\(part(8, 4))-4\(part(13, 3))-8\(part(17, 3))-\(part(20, 12))"
    }
}
