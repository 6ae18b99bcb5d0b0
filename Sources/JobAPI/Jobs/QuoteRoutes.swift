import HTTPTypes
import Hummingbird
import JobEngine
import Ledger

/// The native route that tells what a job would cost: the body of a submission, and nothing is written.
struct QuoteRoutes: Sendable {
    let service: JobService
    let authenticator: Authenticator
    let bodies: BodyReader
    let submissions: SubmissionReader

    func add(to routes: inout RouteTable) {
        routes.post(
            "api/v1/quote",
            .init(
                id: "quoteJob",
                tag: .jobs,
                summary: "Tell what a job would cost",
                details: """
                    Takes the body of a submission, checks it as a submission would be, and writes nothing. The price is \
                    found by the same function as the hold and the bill.
                    """,
                body: .json(.jobRequest),
                answers: [200: .json(.quote, "What it would cost, line by line.")],
                errors: [404]
            )
        ) { request, _ in try await quote(request) }
    }

    private func quote(_ request: Request) async throws -> Response {
        let key = try await authenticator.key(of: request)
        try QueryReader(request.uri.query).finish()
        let body = try await bodies.json(of: request)
        let submission = try submissions.read(body, key: key, idempotencyKey: nil)
        return Response(json: Self.body(of: try await service.quote(submission)))
    }

    private static func body(of quote: JobQuote) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("total")
        json.string(quote.bill.total.description)
        json.key("currency")
        json.word("USD")
        json.key("hold")
        json.string(quote.hold.description)
        json.key("lines")
        JobWire.write(quote.bill.lines, to: &json)
        json.key("adjustments")
        JobWire.write(quote.adjustments, to: &json)
        json.key("routes")
        RoutingWire.write(quote.routes, to: &json)
        json.endObject()
        return json.bytes
    }
}
