import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks the queue of fal.ai: a request is posted to the path of its model, asked for by its id, and what it has made is
/// fetched from a second place.
///
/// Sources: fal.ai/docs (queue, webhooks, errors, FAQ; copies of 2026), the official clients fal_client 1.0.3 and
/// fal-ai/fal-js (types of all models, 2026-08-02); read on 2026-11-22.
///
/// Nothing can be sent under a key of ours, and the queue has no list: an answer to a submit that is lost is lost, unless
/// the request calls back.
package struct FalAdapter: ValidatingAdapter, CallbackAdapter, CancellableAdapter {
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("fal")

    package let id = FalAdapter.provider
    package let name = "fal.ai"
    package let account = "fal"
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin].compactMap(\.self)) }

    private let key: String
    private let http: ProviderHTTP

    init(key: String, http: ProviderHTTP, models: [ModelCapabilities]) {
        self.key = key
        self.http = http
        self.models = models
    }

    // MARK: - Submitting

    /// Refuses options that the model lacks, and what goes together with nothing else of the request.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        guard let model = model(of: request) else { return }
        _ = try FalOrder(request, model)
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let model = model(of: request) else {
            throw .notSent(.invalidRequest, "`\(request.model)` is not a model of this provider.")
        }
        let order: FalOrder
        do {
            order = try FalOrder(request, model)
        } catch {
            throw .notSent(.invalidRequest, error.message, details: error.field)
        }
        let query = context.callbackURL.map { [(name: "fal_webhook", value: $0)] } ?? []
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url("/\(order.path)", query: query),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: try await order.body(context)
            )
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else {
            // A refusal may quote a field: the callback's address holds the attempt's token.
            throw ProviderFailure(refusal: answer, hiding: [key, context.reference.token])
        }
        guard let queued = answer.json, let id = queued["request_id"]?.stringValue, ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status) without a request id")
        }
        return .accepted(
            FalOperation(app: FalOperation.app(in: queued) ?? FalOperation.app(of: order.path), order: order)
                .operation(id)
        )
    }

    // MARK: - Asking

    /// How a request stands: once it is done, what it made is fetched with a second question.
    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        let known = try FalOperation(operation)
        let place = "/\(known.app)/requests/\(operation.remoteID)"
        let answer = try await http.exchange(
            HTTPRequest(.get, http.url("\(place)/status", query: [(name: "logs", value: "1")]), headers: headers)
        )
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        guard let queued = answer.json, let word = queued["status"]?.stringValue,
            queued["request_id"]?.stringValue.map({ $0 == operation.remoteID }) ?? true
        else { throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are not the request") }
        guard word == FalTask.completed else { return FalTask.standing(queued, word) }
        let result = try await http.exchange(HTTPRequest(.get, http.url(place), headers: headers))
        return try FalTask.end(queued, result, known, hiding: [key])
    }

    /// Takes a queued request out of the queue; a running one is stopped where its model can be.
    ///
    /// What has ended already is told by a refusal, which is no failure here: how it ended is then asked.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        let known = try FalOperation(operation)
        let answer = try await http.exchange(
            HTTPRequest(
                .put,
                http.url("/\(known.app)/requests/\(operation.remoteID)/cancel"),
                headers: headers
            )
        )
        guard answer.isSuccess || answer.status == 400 || answer.status == 409 else {
            throw ProviderFailure(refusal: answer, hiding: [key])
        }
    }

    /// Reads which request a callback is about.
    ///
    /// The host signs with a key that it publishes (Ed25519), and asking for that key is not possible here. Nothing is
    /// taken but the id, and the address that the callback came to is known to the host alone.
    package func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation? {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            let id = json["request_id"]?.stringValue, ProviderHTTP.isPlain(id), json["status"]?.stringValue != nil,
            let model = model(of: request), let order = try? FalOrder(request, model)
        else { return nil }
        return FalOperation(app: FalOperation.app(of: order.path), order: order).operation(id)
    }

    // MARK: - The wire

    private var headers: [(name: String, value: String)] { [(name: "Authorization", value: "Key \(key)")] }

    private func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }
}
