import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks the wire of Black Forest Labs: a task is started on the path of its model, and asked for at the address that
/// the answer names.
///
/// Sources: docs.bfl.ai (OpenAPI pages of each model, `quick_start`), the vendor's repository `black-forest-labs/skills`
/// (2026-02) and its official client `blackforest` (0.1.3, and the sources of 0.2.0); read on 2026-11-21.
///
/// Nothing can be stopped, listed, or sent under a key of ours: an answer to a submit that is lost is lost, unless the
/// task calls back.
package struct FluxAdapter: ValidatingAdapter, CallbackAdapter {
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("black-forest-labs")

    package let id = FluxAdapter.provider
    package let account = "black-forest-labs"
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin].compactMap(\.self)) }

    private let key: String
    private let http: ProviderHTTP
    private let pictures: PictureScaler

    init(key: String, http: ProviderHTTP, models: [ModelCapabilities], pictures: PictureScaler) {
        self.key = key
        self.http = http
        self.models = models
        self.pictures = pictures
    }

    // MARK: - Submitting

    /// Refuses options that the model lacks, and pictures that do not go together.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        let family = FluxFamily(of: model(of: request))
        guard case .image(let image) = request.content else { return }
        _ = try FluxOptions(of: request, image, family)
        try FluxBody.check(image, family, request.model)
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard case .image(let image) = request.content, let model = model(of: request) else {
            throw .notSent(.invalidRequest, "This provider makes images alone.")
        }
        let callback = FluxCallback(key: key, attempt: context.reference)
        let body = try await FluxBody(request: request, image: image, model: model, pictures: pictures)
            .bytes(context, secret: callback.secret)
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url("/v1/\(model.providerModel)"),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: body
            )
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else {
            // A refusal may quote a field: the callback's address holds the attempt's token.
            throw ProviderFailure(refusal: answer, hiding: [key, context.reference.token, callback.secret])
        }
        guard let task = answer.json, let id = task["id"]?.stringValue, ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status) without a task id")
        }
        return .accepted(FluxOperation(answer: task, own: http.origin).operation(id))
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let known = FluxOperation(operation, own: http.origin)
        var status = try await status(of: operation.remoteID, known, at: known.pollingURL ?? place(operation, http))
        guard known.pollingURL == nil else { return try status.get() }
        // Without the address of its region a task may be known elsewhere: an answer to a submit that asks for a callback
        // may lack it.
        for region in FluxOperation.regions(besides: http.baseURL) {
            guard case .failure(let failure) = status, failure.code == .notFound else { break }
            let other = ProviderHTTP(baseURL: region, transport: http.transport)
            status = try await self.status(of: operation.remoteID, known, at: place(operation, other))
        }
        return try status.get()
    }

    /// Asks at one address; what that address does not know is a failure of its own.
    private func status(
        of id: String,
        _ known: FluxOperation,
        at url: String
    ) async throws(ProviderFailure) -> Result<OperationStatus, ProviderFailure> {
        let answer = try await http.exchange(HTTPRequest(.get, url, headers: headers))
        guard answer.isSuccess else {
            let failure = ProviderFailure(refusal: answer, hiding: [key])
            guard failure.code == .notFound else { throw failure }
            return .failure(failure)
        }
        guard let task = answer.json, task["id"]?.stringValue == id, let word = task["status"]?.stringValue else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are not the task")
        }
        guard word != FluxTask.notFound else { return .failure(.unknownTask) }
        return .success(FluxTask.status(task, word, costNanoUSD: known.costNanoUSD))
    }

    private func place(_ operation: ProviderOperation, _ http: ProviderHTTP) -> String {
        http.url("/v1/get_result", query: [(name: "id", value: operation.remoteID)])
    }

    /// Reads which task a callback is about, from one that proves to know the attempt's secret.
    package func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation? {
        guard FluxCallback(key: key, attempt: attempt).isGenuine(body, headers),
            let task = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            let id = task["id"]?.stringValue, ProviderHTTP.isPlain(id), task["status"]?.stringValue != nil
        else { return nil }
        return ProviderOperation(remoteID: id)
    }

    // MARK: - The wire

    private var headers: [(name: String, value: String)] { [(name: "x-key", value: key)] }

    private func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }
}
