/// A workspace as those who manage it see it.
///
/// Its name is what keys, jobs and the ledger know it by, and never changes; the identifier stands for it on the wire.
public struct WorkspaceProfile: Sendable, Hashable {
    /// A UUID, in lower case.
    public let id: String
    /// Its name, which on the wire is the slug.
    public let name: String
    /// When it was made.
    public let createdAt: Timestamp
    /// What it is called on the wire.
    public var title: String
    /// What it is for.
    public var summary: String?
    /// Who made it, in the operator's words.
    public var creator: String?
    /// When it was last changed.
    public var updatedAt: Timestamp?
    /// The model of text that is told as its default.
    public var textModel: String?
    /// The model of images that is told as its default.
    public var imageModel: String?
    /// The order of providers that is told as its default.
    public var providerSort: String?
    /// Whether what a provider bills to the customer's own account counts against the budgets.
    public var includesByok = false

    /// Describes a workspace.
    public init(id: String, name: String, title: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.title = title
        self.createdAt = createdAt
    }

    /// What a workspace is called while nobody has given it a title: its name, with a capital letter.
    public static func title(of name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

    /// The workspace with a change made to it.
    public func applying(_ change: WorkspaceChange, at now: Timestamp) -> WorkspaceProfile {
        var profile = self
        if let title = change.title { profile.title = title }
        if let summary = change.summary { profile.summary = summary }
        if let model = change.textModel { profile.textModel = model }
        if let model = change.imageModel { profile.imageModel = model }
        if let sort = change.providerSort { profile.providerSort = sort }
        profile.updatedAt = now
        return profile
    }
}

/// What is changed about a workspace; what is nil stays as it is, and nil within takes the value away.
public struct WorkspaceChange: Sendable, Hashable {
    /// What it is called on the wire.
    public var title: String?
    /// What it is for.
    public var summary: String??
    /// The model of text that is told as its default.
    public var textModel: String??
    /// The model of images that is told as its default.
    public var imageModel: String??
    /// The order of providers that is told as its default.
    public var providerSort: String??

    /// Changes nothing.
    public init() {}
}

/// What became of the wish to delete a workspace.
public enum WorkspaceDeletion: Sendable, Hashable {
    /// It is gone, with its revoked keys.
    case deleted
    /// There was none of that name.
    case missing
    /// It has keys, or has had jobs or credits: what was billed stays on record.
    case notEmpty
}
