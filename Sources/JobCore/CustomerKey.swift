/// Who may use a customer's own provider key, for what, and in which place.
public struct CustomerKeyTerms: Sendable, Hashable {
    /// What the customer calls it.
    public var name: String?
    /// The models that it serves; nil for all of its provider.
    public var allowedModels: [String]?
    /// The hashes of the API keys that may use it; nil for all of the workspace.
    public var allowedKeyHashes: [String]?
    /// The users that may use it; nil for all.
    public var allowedUserIDs: [String]?
    /// Whether no new job is served with it.
    public var isDisabled = false
    /// Whether it comes after the operator's own endpoints instead of before them.
    public var isFallback = false
    /// Whether the operator's endpoints of the provider are left out for the models that it serves.
    public var isRequired = false
    /// Whether the operator's endpoints of the provider are left out for every model.
    public var isOnly = false
    /// What the customer declares about its account's retention: whether nothing is kept there.
    public var declaredZeroRetention: Bool?
    /// What the customer declares about the region of its account.
    public var declaredRegion: String?

    /// The terms of a key that nothing is said about: everybody may use it, for everything, first.
    public init() {}
}

/// A customer's own key at a provider.
///
/// The key itself is here in sealed form alone: what a store keeps opens nothing without the installation's secret.
public struct CustomerKey: Sendable, Hashable {
    /// Its identifier: a UUID in text.
    public let id: String
    /// Whose it is.
    public let workspace: String
    /// The slug of the provider.
    public let provider: String
    /// The key, encrypted and bound to workspace, provider and identifier.
    public var sealed: [UInt8]
    /// A few of its characters, to recognize it by.
    public var label: String
    /// Who may use it, and for what.
    public var terms: CustomerKeyTerms
    /// When it was handed in.
    public let createdAt: Timestamp
    /// Its place among the workspace's keys for the provider, from 0; the store gives it when the key is added.
    public var sortOrder = 0
    /// The number of its last change among all changes of all keys; the store gives it.
    public var revision: Int64 = 0
    /// When it was deleted, if jobs that began with it are still under way.
    public var deletedAt: Timestamp?

    /// Describes a key.
    public init(
        id: String,
        workspace: String,
        provider: String,
        sealed: [UInt8],
        label: String,
        terms: CustomerKeyTerms,
        createdAt: Timestamp
    ) {
        self.id = id
        self.workspace = workspace
        self.provider = provider
        self.sealed = sealed
        self.label = label
        self.terms = terms
        self.createdAt = createdAt
    }

    /// The account that endpoints with this key are known under.
    public var account: String { EndpointID.customerAccountPrefix + id }
}

extension EndpointID {
    /// What the accounts of customers' own keys begin with; no operator's account does.
    public static let customerAccountPrefix = "byok:"

    /// The customer's key that serves here; nil where the operator's own does.
    public var customerKeyID: String? {
        account.hasPrefix(Self.customerAccountPrefix)
            ? String(account.dropFirst(Self.customerAccountPrefix.count)) : nil
    }
}

extension NewJob {
    /// Whether a customer's own key serves it: its provider bills that customer.
    public var isServedByCustomerKey: Bool { endpoint.customerKeyID != nil }
}

/// Which customers' keys a list shows: by provider, then in the order in which they are tried.
public struct CustomerKeyQuery: Sendable, Hashable {
    /// Whose keys.
    public var workspace: String
    /// Only those of this provider.
    public var provider: String?
    /// How many to leave out from the start.
    public var offset = 0
    /// How many at most.
    public var limit = 50

    /// Asks for a workspace's keys.
    public init(workspace: String) { self.workspace = workspace }
}

/// All customers' keys as they stand at one moment.
public struct CustomerKeySnapshot: Sendable {
    /// The number of the last change.
    public let revision: Int64
    /// The keys, those included that were deleted while jobs with them are under way.
    public let keys: [CustomerKey]
    /// The identifiers of those that a job under way was begun with.
    public let inUse: Set<String>

    /// Describes a moment.
    public init(revision: Int64, keys: [CustomerKey], inUse: Set<String>) {
        self.revision = revision
        self.keys = keys
        self.inUse = inUse
    }
}

/// What became of a change to a customer's key.
public enum CustomerKeyChange: Sendable, Hashable {
    /// It is durable; the key as it is now.
    case changed(CustomerKey)
    /// The key was changed meanwhile: nothing was written.
    case stale
    /// There is no such key.
    case missing
}
