public import Ledger

/// What an operator changes about a key; what is nil stays as it is.
public struct KeyChange: Sendable, Hashable {
    /// What the operator calls it.
    public var name: String?
    /// The most that it may spend in each period; nil within is for no limit.
    public var limit: Credits??
    /// After what time the limit counts anew.
    public var limitReset: SpendingPeriod?
    /// Whether what a provider bills to the customer's own account counts against the limit.
    public var includesByok: Bool?
    /// Whether it opens nothing for now.
    public var isDisabled: Bool?

    /// Changes nothing.
    public init() {}
}

extension APIKey {
    /// The key with a change made to it.
    public func applying(_ change: KeyChange, at now: Timestamp) -> APIKey {
        var key = APIKey(
            hash: hash,
            name: change.name ?? name,
            label: label,
            workspace: workspace,
            limit: change.limit ?? limit,
            isManagement: isManagement,
            createdAt: createdAt,
            revokedAt: revokedAt
        )
        key.limitReset = change.limitReset ?? limitReset
        key.includesByok = change.includesByok ?? includesByok
        key.isDisabled = change.isDisabled ?? isDisabled
        key.expiresAt = expiresAt
        key.creator = creator
        key.externalUser = externalUser
        key.updatedAt = now
        key.lastUsedAt = lastUsedAt
        return key
    }

    /// The key as it is from its revocation on; the first time counts.
    public func revoked(at now: Timestamp) -> APIKey {
        var key = APIKey(
            hash: hash,
            name: name,
            label: label,
            workspace: workspace,
            limit: limit,
            isManagement: isManagement,
            createdAt: createdAt,
            revokedAt: revokedAt ?? now
        )
        key.limitReset = limitReset
        key.includesByok = includesByok
        key.isDisabled = isDisabled
        key.expiresAt = expiresAt
        key.creator = creator
        key.externalUser = externalUser
        key.updatedAt = updatedAt
        key.lastUsedAt = lastUsedAt
        return key
    }

    /// Whether the key opens anything at this time: it was not revoked, is not disabled, and has not expired.
    public func isUsable(at now: Timestamp) -> Bool {
        revokedAt == nil && !isDisabled && expiresAt.map { now < $0 } ?? true
    }
}
