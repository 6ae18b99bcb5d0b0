import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// Speaks Replicate's predictions: one is created on the path of its model, and asked for by its id.
///
/// Sources: replicate.com/docs (predictions, webhooks, files, errors) and the official client replicate 1.0.7; read on
/// 2026-11-22.
///
/// There is no idempotency key. The list of predictions repeats each one's input, so that a lost submit without pictures
/// is found by its content (class B); pictures are shown otherwise than they were sent.
package struct ReplicateAdapter: ValidatingAdapter, CallbackAdapter, CancellableAdapter {
    /// The slug of the one instance, and the key of its options in `provider.options`.
    package static let provider = ProviderID("replicate")

    package let id = ReplicateAdapter.provider
    package let account = "replicate"
    package let models: [ModelCapabilities]
    package var transport: any HTTPTransport { http.transport }
    package var trustedOrigins: Set<String> { Set([http.origin].compactMap(\.self)) }
    /// 3,000 requests a minute other than creates (replicate.com/docs, rate limits).
    package var pollLimits: PollLimits { PollLimits(singlePerSecond: 50) }

    let key: String
    let http: ProviderHTTP

    init(key: String, http: ProviderHTTP, models: [ModelCapabilities]) {
        self.key = key
        self.http = http
        self.models = models
    }

    // MARK: - Submitting

    /// Refuses options that the model lacks, and what goes together with nothing else of the request.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        guard let model = model(of: request) else { return }
        _ = try ReplicateInput(request, model)
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let model = model(of: request) else {
            throw .notSent(.invalidRequest, "`\(request.model)` is not a model of this provider.")
        }
        let input: ReplicateInput
        do {
            input = try ReplicateInput(request, model)
        } catch {
            throw .notSent(.invalidRequest, error.message, details: error.field)
        }
        var fields: [String: JSONValue] = [:]
        // Anything else is refused.
        if let url = context.callbackURL, url.hasPrefix("https://") {
            fields["webhook"] = .string(url)
            fields["webhook_events_filter"] = ["completed"]
        }
        fields["input"] = .object(try await self.input(input, context))
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url("/v1/models/\(model.providerModel)/predictions"),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: Array(JSONValue.object(fields).canonicalText.utf8)
            )
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else {
            // A refusal may quote a field: the callback's address holds the attempt's token.
            throw ProviderFailure(refusal: answer, hiding: [key, context.reference.token])
        }
        guard let prediction = answer.json, let id = prediction["id"]?.stringValue,
            ProviderHTTP.isPlain(id)
        else {
            throw .unreadable("status \(answer.status) without a prediction")
        }
        return .accepted(Self.operation(id, input))
    }

    // MARK: - Asking

    package func status(
        of operation: ProviderOperation
    ) async throws(ProviderFailure)
        -> OperationStatus
    {
        guard operation.version == 1, ProviderHTTP.isPlain(operation.remoteID) else {
            throw .strangeOperation
        }
        let place = "/v1/predictions/\(operation.remoteID)"
        let answer = try await http.exchange(HTTPRequest(.get, http.url(place), headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
        guard let prediction = answer.json, prediction["id"]?.stringValue == operation.remoteID,
            let word = prediction["status"]?.stringValue
        else {
            throw .unreadable(
                "status \(answer.status), \(answer.body.count) bytes that are not the prediction"
            )
        }
        return ReplicatePrediction.status(
            prediction,
            word,
            milliseconds: Int64(operation.payload),
            hiding: [key]
        )
    }

    /// Stops a prediction; of one that has ended nothing changes.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        guard operation.version == 1, ProviderHTTP.isPlain(operation.remoteID) else {
            throw .strangeOperation
        }
        let place = "/v1/predictions/\(operation.remoteID)/cancel"
        let answer = try await http.exchange(HTTPRequest(.post, http.url(place), headers: headers))
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [key]) }
    }

    /// Reads which prediction a callback is about.
    ///
    /// The host signs with a secret of the account, and asking for that secret is not possible here. Nothing is taken but
    /// the id, and the address that the callback came to is known to the host alone.
    package func operation(
        inCallback body: [UInt8],
        headers: [(name: String, value: String)],
        for request: GenerationRequest,
        of attempt: AttemptReference
    ) -> ProviderOperation? {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            let id = json["id"]?.stringValue, ProviderHTTP.isPlain(id),
            json["status"]?.stringValue != nil,
            let model = model(of: request), let input = try? ReplicateInput(request, model)
        else { return nil }
        return Self.operation(id, input)
    }

    // MARK: - Pictures

    /// The longest picture that goes along as a `data:` URL, in bytes; a larger one is uploaded (replicate.com/docs, input
    /// files).
    private static let inlineBytesMax = 256_000

    private func input(
        _ input: ReplicateInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [String: JSONValue] {
        var fields = input.fields
        for (name, pictures) in input.pictures.sorted(by: { $0.key < $1.key }) {
            switch pictures {
            case .one(let picture): fields[name] = .string(try await url(of: picture, context))
            case .list(let all):
                var urls: [JSONValue] = []
                for picture in all { urls.append(.string(try await url(of: picture, context))) }
                fields[name] = .array(urls)
            }
        }
        return fields
    }

    /// Where the host finds a picture: in the URL itself, or among the account's files, which are kept for a day.
    private func url(
        of input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure)
        -> String
    {
        guard case .stored(let stored) = input else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        let bytes = try await context.bytes(of: stored)
        guard bytes.count > Self.inlineBytesMax else {
            return "data:\(stored.mediaType);base64,\(Data(bytes).base64EncodedString())"
        }
        var form = MultipartBody(boundary: context.reference.externalID)
        form.add("content", fileName: "picture", mediaType: stored.mediaType, bytes)
        var patient = http
        patient.timeoutSeconds = 120
        let answer: ProviderAnswer
        do {
            answer = try await patient.exchange(
                HTTPRequest(
                    .post,
                    http.url("/v1/files"),
                    headers: headers + [(name: "Content-Type", value: form.contentType)],
                    body: form.bytes
                )
            )
        } catch {
            throw .notSent(
                .unavailable,
                retry: .backoff,
                "A picture could not be uploaded.",
                details: error.details
            )
        }
        guard answer.isSuccess else {
            let refusal = ProviderFailure(refusal: answer, hiding: [key])
            throw .notSent(
                refusal.code,
                retry: answer.status == 429 || answer.status >= 500 ? .backoff : refusal.retry,
                refusal.message,
                details: "upload: \(refusal.details)"
            )
        }
        guard let url = answer.json?["urls"]?["get"]?.stringValue, !url.isEmpty else {
            throw .notSent(
                .unavailable,
                retry: .backoff,
                "A picture could not be uploaded.",
                details: "no address"
            )
        }
        return url
    }

    // MARK: - The wire

    var headers: [(name: String, value: String)] { [(name: "Authorization", value: "Bearer \(key)")] }

    func model(of request: GenerationRequest) -> ModelCapabilities? {
        models.first { $0.slug == request.model }
    }

    /// The length that the host bills goes along, where it bills what was asked for.
    static func operation(_ id: String, _ input: ReplicateInput) -> ProviderOperation {
        ProviderOperation(remoteID: id, payload: input.milliseconds.map { String($0) } ?? "")
    }
}
