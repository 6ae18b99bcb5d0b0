import Generation
import HTTPTransport
import ProviderKit

/// Images: models that answer when they are made, and models whose images are tasks like videos.
///
/// An answer that is lost is lost: there is no task to look for, and a list of tasks does not show what was asked for. What
/// was paid for so is the operator's, and no more than the price of a few images.
extension AlibabaAdapter {
    /// An image request in the provider's words.
    func order(_ request: GenerationRequest) throws(RequestProblem) -> ImageOrder {
        try ImageOrder(request, slug: id.slug, models: models)
    }

    /// Sends an image request.
    func images(_ request: GenerationRequest, _ context: AttemptContext) async throws(ProviderFailure) -> Submission {
        let order: ImageOrder
        do {
            order = try self.order(request)
        } catch {
            throw .notSent(.invalidRequest, error.message, details: error.field)
        }
        let door = order.family.door
        let body = try await order.body(context)
        var headers = headers + [("Content-Type", "application/json")]
        if door.isTask { headers.append(("X-DashScope-Async", "enable")) }
        let response = try await context.send(
            HTTPRequest(.post, http.url(door.path), headers: headers, body: Array(body.canonicalText.utf8))
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else { throw .refusal(answer) }
        guard door.isTask else { return try ImageAnswer.submission(answer) }
        guard let id = answer.json.flatMap({ WanTask($0).id }), ProviderHTTP.isPlain(id) else {
            if let refusal = answer.json.flatMap(ImageAnswer.refusal) { throw refusal }
            throw .unreadable("status \(answer.status), no usable output.task_id in \(answer.body.count) bytes")
        }
        let ticket = ImageTicket(model: order.model, submittedAt: now())
        return .accepted(ProviderOperation(remoteID: id, payload: ticket.payload))
    }
}
