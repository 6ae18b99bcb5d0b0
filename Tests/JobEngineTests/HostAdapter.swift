import Generation
import HTTPTransport
import ProviderKit

/// One of several hosts of the same models: the scripted provider under another name, at another price.
struct HostAdapter: ProviderAdapter, CancellableAdapter, RecoverableAdapter, ValidatingAdapter {
    let base: AbleAdapter
    let id: ProviderID
    /// What a second of video costs, in US dollars.
    let price: String
    /// Whether the script sees the host's name in the place of the model's.
    var showsItself = true

    init(_ name: String, price: String, slots: Int = 100, _ wire: NodeTransport) {
        base = AbleAdapter(wire: wire, slots: slots, submitsPerMinute: nil, offered: ["fake/video"])
        id = ProviderID(name)
        self.price = price
    }

    var account: String { "main" }
    var transport: any HTTPTransport { base.transport }
    var trustedOrigins: Set<String> { base.trustedOrigins }

    var models: [ModelCapabilities] {
        base.models.map { model in
            var model = model
            model.prices = [ListPrice(unit: "second", usd: price)]
            return model
        }
    }

    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var request = request
        if showsItself { request.model = id.slug }
        return try await base.submit(request, attempt: context)
    }

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        try await base.status(of: operation)
    }

    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) { try await base.cancel(operation) }

    func validate(_ request: GenerationRequest) throws(RequestProblem) { try base.validate(request) }

    func recovery(of request: GenerationRequest) -> RecoveryClass { base.recovery(of: request) }

    func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        try await base.find(request, attempt: attempt, isTaken: isTaken)
    }
}
