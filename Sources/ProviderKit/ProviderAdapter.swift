public import Generation
public import HTTPTransport

/// The slug of one provider instance: part of endpoints, of `provider.options`, and of every attempt.
public struct ProviderID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The slug: lower-case letters, digits and hyphens.
    public let slug: String

    /// Names a provider instance.
    public init(_ slug: String) { self.slug = slug }

    /// The slug.
    public var description: String { slug }
}

/// The port behind which one provider's API is spoken: values in, values out.
///
/// An adapter keeps no state between calls, sleeps never, retries never, and knows nothing of jobs, money or databases.
/// All of that is the engine's. Every implementation passes `AdapterConformance` in ConformanceKit. What a provider can
/// do besides is said by the protocols below: their presence is the capability.
public protocol ProviderAdapter: Sendable {
    /// The slug of this instance.
    var id: ProviderID { get }
    /// What people call the provider.
    ///
    /// Defaults to the slug's words, each with a capital letter.
    var name: String { get }
    /// The account whose credentials this instance uses; a name, never a secret.
    var account: String { get }
    /// What it offers: data, with source and date.
    var models: [ModelCapabilities] { get }
    /// What it speaks through; outputs are fetched through it too.
    var transport: any HTTPTransport { get }
    /// The origins that the operator's own settings name, and those that the adapter knows as the vendor's own, such as
    /// where the vendor stores outputs; written as `RemoteURL.origin` writes them.
    ///
    /// An output there is fetched wherever it is, inside the operator's network too. Every other output may be at a
    /// public address alone, or in a network that the operator allowed. Never a place that came out of an answer.
    var trustedOrigins: Set<String> { get }

    /// How often its account may be asked for generations; by default as often as one likes.
    var pollLimits: PollLimits { get }

    /// Starts a generation: exactly one `context.send` (or `context.start`), and nothing paid outside of it.
    ///
    /// - Parameters:
    ///   - request: The request, resolved against this adapter's model: defaults filled in, media stored.
    ///   - context: The attempt: its identifiers, and the one send.
    /// - Returns: `.accepted` by a provider that works on, `.completed` by one that answers at once.
    /// - Throws: `ProviderFailure`. What `context.send` throws is passed on as it is.
    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission

    /// Asks how a generation stands. Repeatable at will; by any process, from the operation alone.
    ///
    /// - Returns: The standing. A status word that the adapter does not know is `.pending`.
    /// - Throws: `ProviderFailure` when the question itself failed: the generation goes on.
    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus
}

/// A provider whose own options can be checked before a job is accepted.
public protocol ValidatingAdapter: ProviderAdapter {
    /// Refuses what this provider would refuse for its form alone, such as an unknown option. No I/O.
    ///
    /// - Parameter request: The request, resolved against this adapter's model; media perhaps not yet stored.
    /// - Throws: `RequestProblem`, with the field and what is allowed. The job is then not accepted.
    func validate(_ request: GenerationRequest) throws(RequestProblem)
}

/// A provider that can be told to stop.
public protocol CancellableAdapter: ProviderAdapter {
    /// Asks the provider to stop a generation.
    ///
    /// Repeatable. That it has stopped is learned from `status`, which then answers `.cancelled`.
    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure)
}

/// A provider at which a submit whose answer was lost can be resolved.
public protocol RecoverableAdapter: ProviderAdapter {
    /// How the outcome of this request's submit can be found out when its answer was lost.
    func recovery(of request: GenerationRequest) -> RecoveryClass

    /// Looks for a submit at the provider. Only asked in the classes that look something up.
    ///
    /// - Parameters:
    ///   - request: The request as it was submitted.
    ///   - attempt: What identified it.
    ///   - isTaken: Whether a provider's id belongs to another attempt of ours: such a generation is not this one, however
    ///     much it looks like it.
    /// - Returns: The submission, or nil when the provider shows none.
    /// - Throws: `ProviderFailure` when the provider could not be asked: that says nothing about the submit.
    func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission?
}

/// A provider that tells of many generations in one answer.
public protocol BulkStatusAdapter: ProviderAdapter {
    /// How many generations one call can ask for.
    var operationsPerCall: Int { get }

    /// Asks how several generations stand.
    ///
    /// - Returns: Their standings by remote id. One that is missing is asked for by itself.
    func statuses(of operations: [ProviderOperation]) async throws(ProviderFailure) -> [String: OperationStatus]
}

/// A provider that calls back when a generation changes.
///
/// Nothing is taken from a callback but which generation it is about: how that stands is then asked.
public protocol CallbackAdapter: ProviderAdapter {
    /// Reads which generation a callback is about.
    ///
    /// - Parameters:
    ///   - body: The callback's body: from anybody who knows its address.
    ///   - headers: Its header fields.
    ///   - request: The request that the address was given out for.
    ///   - attempt: The attempt that it was given out for: a body that names another one as its own is about that.
    /// - Returns: The operation, as the submit's answer would have given it; nil when the body names none.
    func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation?
}

/// A provider whose outputs are given out only to its own clients.
public protocol OutputAuthorizingAdapter: ProviderAdapter {
    /// The header fields that open an output at one of the adapter's `trustedOrigins`: asked anew for each fetch.
    ///
    /// They go nowhere else, and not along with a redirect to another origin.
    func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)]
}

/// How often one account may ask its provider how generations stand.
public struct PollLimits: Sendable, Hashable {
    /// Calls for one generation, in a second; nil without a limit.
    public var singlePerSecond: Double?
    /// Calls for several generations, in a second; nil without a limit.
    public var bulkPerSecond: Double?

    /// Makes limits.
    public init(singlePerSecond: Double? = nil, bulkPerSecond: Double? = nil) {
        self.singlePerSecond = singlePerSecond
        self.bulkPerSecond = bulkPerSecond
    }
}

extension ProviderAdapter {
    /// None.
    public var pollLimits: PollLimits { PollLimits() }

    /// None: its outputs are at public addresses.
    public var trustedOrigins: Set<String> { [] }

    /// The recovery class of a request at this provider; `.unrecoverable` without `RecoverableAdapter`.
    public func recoveryClass(of request: GenerationRequest) -> RecoveryClass {
        (self as? any RecoverableAdapter)?.recovery(of: request) ?? .unrecoverable
    }

    /// The slug's words, each with a capital letter.
    public var name: String {
        id.slug.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    }

    /// Whether a running generation can be stopped.
    public var canCancel: Bool { self is any CancellableAdapter }
}

/// How the outcome of a submit whose answer was lost can be found out.
public enum RecoveryClass: Sendable, Hashable, Codable {
    /// A: the provider takes our idempotency key; the same send is repeated with the same token and body.
    case resend
    /// A': our external id is looked up; when absent after the settle time, the same send is repeated with the same id.
    case lookUpThenResend(settleSeconds: Int64)
    /// B: the generation is looked for by a token that it echoes, or by content and time, until the settle time has
    /// passed. `complete` says that the provider's list is declared complete: absent then means that nothing started.
    case lookUp(settleSeconds: Int64, complete: Bool)
    /// C: it cannot be found out. The operator's policy decides.
    case unrecoverable

    /// The letter used in documents: A, A', B or C.
    public var letter: String {
        switch self {
        case .resend: "A"
        case .lookUpThenResend: "A'"
        case .lookUp: "B"
        case .unrecoverable: "C"
        }
    }
}

/// What identifies an attempt toward its provider.
public struct AttemptReference: Sendable, Hashable {
    /// Our own id of the attempt, stable over resends, at most 40 characters of `a-z0-9_`.
    public let externalID: String
    /// The attempt's secret token: the idempotency key, and part of its callback URL.
    public let token: String
    /// The job's attempt number, from 1.
    public let number: Int
    /// When the attempt's first send started, in milliseconds since 1970.
    public let sentAtMilliseconds: Int64

    /// Makes a reference.
    public init(externalID: String, token: String, number: Int, sentAtMilliseconds: Int64) {
        self.externalID = externalID
        self.token = token
        self.number = number
        self.sentAtMilliseconds = sentAtMilliseconds
    }
}

/// What a provider answered to a submit.
public enum Submission: Sendable, Hashable, Codable {
    /// It works on; `operation` is how to ask for it.
    case accepted(ProviderOperation)
    /// It is done already.
    case completed([ProviderOutput], ReportedUsage)
}

/// A provider's reference to a running generation: all that is needed to ask for it, and no secret.
///
/// Opaque to the engine, which stores it and hands it back, perhaps to a later version of the adapter.
public struct ProviderOperation: Sendable, Hashable, Codable {
    /// The id by which the provider knows it; unique per provider and account.
    public let remoteID: String
    /// The version of `payload`'s form.
    public let version: Int
    /// What else the adapter needs, in a form of its own.
    public let payload: String

    /// Makes a reference.
    public init(remoteID: String, version: Int = 1, payload: String = "") {
        self.remoteID = remoteID
        self.version = version
        self.payload = payload
    }
}

/// How a generation stands.
public enum OperationStatus: Sendable, Hashable {
    /// It is not finished.
    ///
    /// - Parameters:
    ///   - progress: The provider's own figure, 0 to 1; nil when it gives none. Never invented.
    ///   - isQueued: Whether it still waits in the provider's queue.
    ///   - retryAfterSeconds: When to ask again, if the provider says so.
    case pending(progress: Double?, isQueued: Bool = false, retryAfterSeconds: Double? = nil)
    /// It is done. Without any output this is a content filter's doing, and is treated so.
    case completed([ProviderOutput], ReportedUsage)
    /// It has failed.
    case failed(ProviderFailure)
    /// It was stopped on our request; with what the provider bills for it, in nano US dollars, if it says so.
    case cancelled(chargedNanoUSD: Int64?)
}

/// One thing that a provider made, and where its bytes are.
public struct ProviderOutput: Sendable, Hashable, Codable {
    /// Where the bytes are.
    public enum Location: Sendable, Hashable, Codable {
        /// At a URL, fetched through the adapter's transport.
        case url(String)
        /// In a file of this machine: of adapters that make media themselves.
        case file(String)
    }

    /// Where the bytes are.
    public let location: Location
    /// The media type that the provider declares; nil when it declares none.
    public let mediaType: String?

    /// Makes an output.
    public init(_ location: Location, mediaType: String?) {
        self.location = location
        self.mediaType = mediaType
    }
}

/// What the provider reports to have used; absent figures are measured on the output.
public struct ReportedUsage: Sendable, Hashable, Codable {
    /// Tokens, if it counts them.
    public var tokens: Int64?
    /// Characters, if it counts them.
    public var characters: Int64?
    /// The length that it bills, in milliseconds, if it says so: input video included where it bills that.
    public var milliseconds: Int64?
    /// Images that it bills, if it says how many.
    public var images: Int64?
    /// Tokens of text that went in, if it counts them.
    public var inputTextTokens: Int64?
    /// Tokens of pictures that went in, if it counts them.
    public var inputImageTokens: Int64?
    /// Tokens of sound that went in, if it counts them.
    public var inputAudioTokens: Int64?
    /// Tokens of text that came out, if it counts them.
    public var outputTextTokens: Int64?
    /// Tokens of pictures that came out, if it counts them.
    public var outputImageTokens: Int64?
    /// Tokens of sound that came out, if it counts them.
    public var outputAudioTokens: Int64?
    /// What it charges the operator, in nano US dollars, if it says so.
    public var costNanoUSD: Int64?

    /// Makes a report.
    public init(
        tokens: Int64? = nil,
        characters: Int64? = nil,
        milliseconds: Int64? = nil,
        costNanoUSD: Int64? = nil
    ) {
        self.tokens = tokens
        self.characters = characters
        self.milliseconds = milliseconds
        self.costNanoUSD = costNanoUSD
    }
}
