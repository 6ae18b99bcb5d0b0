public import Generation

/// A provider that tells what an account has asked it for: what the operator's own records are compared with.
///
/// Never asked while jobs are driven: for that there is `RecoverableAdapter`.
public protocol ListingAdapter: ProviderAdapter {
    /// How long the list shows a generation, in seconds; nil when nobody says so.
    var listedSeconds: Int64? { get }

    /// One page of the account's generations, the newest first.
    ///
    /// - Parameters:
    ///   - milliseconds: Only those since then are wanted, in milliseconds since 1970; older ones do no harm.
    ///   - page: Which page, in the adapter's own words; nil for the first.
    /// - Returns: The page; an empty one where there is no list.
    /// - Throws: `ProviderFailure` when the list cannot be had: that says nothing about any generation.
    func operations(since milliseconds: Int64, page: String?) async throws(ProviderFailure) -> OperationPage

    /// How a listed generation is asked for, as the answer to its submit would have said.
    ///
    /// - Parameters:
    ///   - listed: The generation, found to belong to the request.
    ///   - request: The request as it was submitted.
    /// - Returns: The operation; nil when it cannot be what was made of that request.
    func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation?
}

extension ListingAdapter {
    /// Nobody says so.
    public var listedSeconds: Int64? { nil }
}

/// One page of a provider's list.
public struct OperationPage: Sendable, Hashable {
    /// The generations.
    public let operations: [ListedOperation]
    /// Where the list goes on; nil at its end.
    public let next: String?

    /// Makes a page.
    public init(_ operations: [ListedOperation], next: String? = nil) {
        self.operations = operations
        self.next = next
    }
}

/// A generation as a provider's list shows it.
public struct ListedOperation: Sendable, Hashable {
    /// The provider's id.
    public let remoteID: String
    /// When the provider took it, by its own clock, in milliseconds since 1970; nil when it does not say.
    public let startedAtMilliseconds: Int64?
    /// Our id of the attempt, if the provider repeats it.
    public let externalID: String?
    /// The attempt's token, if the provider repeats it.
    public let token: String?
    /// The provider's name of the model, if it tells.
    public let model: String?
    /// What else the adapter needs to ask for it.
    public let payload: String

    /// Describes a generation.
    public init(
        remoteID: String,
        startedAtMilliseconds: Int64?,
        externalID: String? = nil,
        token: String? = nil,
        model: String? = nil,
        payload: String = ""
    ) {
        self.remoteID = remoteID
        self.startedAtMilliseconds = startedAtMilliseconds
        self.externalID = externalID
        self.token = token
        self.model = model
        self.payload = payload
    }
}
