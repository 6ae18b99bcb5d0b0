import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The routes that make and change images, and answer with them.
struct OpenAIImageRoutes: Sendable {
    let answers: SynchronousAnswers
    let authenticator: Authenticator
    let bodies: DialectBodies
    let requests: OpenAIImageReader
    let links: SignedLinks
    let address: PublicAddress
    let now: @Sendable () -> Timestamp

    func add(to routes: inout RouteTable) {
        routes.post("v1/images/generations", .generateOpenAIImages) { request, context in
            try await make(request, context, isEdit: false)
        }
        routes.post("v1/images/edits", .editOpenAIImages) { request, context in
            try await make(request, context, isEdit: true)
        }
    }

    private func make(_ request: Request, _ context: APIRequestContext, isEdit: Bool) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let idempotencyKey = try SubmissionReader.idempotencyKey(request.headers)
        return try await bodies.read(request, OpenAIImageReader.form) { body, form in
            let reading = try requests.read(body, form, isEdit: isEdit, key: key, idempotencyKey: idempotencyKey)
            let wire = OpenAIImageWire(reading: reading, links: links, address: address, now: now)
            return try await OpenAIImageReader.names(isForm: form != nil).speaking {
                try await answers.answer(reading.submission, context, as: wire.form)
            }
        }
    }
}
