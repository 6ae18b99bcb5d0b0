import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import Logging

/// Where the operator's payment system tells what was paid, given back and disputed.
struct PaymentEventRoutes: Sendable {
    /// The longest body that is read, in bytes.
    private static let bytesMax = 1 << 20

    private let payments: PaymentService
    private let reader: StripeEventReader
    /// Nil while no payment system is set up.
    private let signature: StripeSignature?
    private let bodies: BodyReader
    private let now: @Sendable () -> Timestamp
    private let logger: Logger

    init(payments: PaymentService, stripeSecret: [UInt8], environment: EngineEnvironment, logger: Logger) {
        self.payments = payments
        reader = StripeEventReader(terms: payments.terms)
        signature = stripeSecret.isEmpty ? nil : StripeSignature(secret: stripeSecret)
        bodies = BodyReader(bytesMax: Self.bytesMax, seconds: environment.bootSeconds)
        now = environment.now
        self.logger = logger
    }

    func add(to routes: inout RouteTable) {
        routes.post("payment-events/stripe", .takeStripeEvent) { request, _ in try await take(request) }
    }

    private func take(_ request: Request) async throws -> Response {
        guard let signature else {
            throw APIError(.notFound, reason: "payments_off", "No payment system is set up here.")
        }
        let body = try await bodies.bytes(of: request)
        try signature.check(request.headers[values: .stripeSignature], body: body, now: now())
        switch try reader.read(JSONReader.read(body)) {
        case .other: return Self.answer(.ignored("not about credits"))
        case .payment(let event, let field):
            let outcome = try await payments.take(event)
            guard case .refused(let reason) = outcome else { return Self.answer(outcome) }
            logger.warning(
                "a payment event is refused",
                metadata: ["event": .string(event.id), "kind": .string(event.kind), "reason": .string(reason)]
            )
            throw APIError(
                .badRequest,
                reason: "payment_refused",
                param: field ?? "data.object",
                field == nil ? "`data.object`: \(reason)." : reason
            )
        }
    }

    private static func answer(_ outcome: PaymentOutcome) -> Response {
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        json.key("received")
        json.bool(true)
        json.key("outcome")
        json.string(outcome.name)
        json.key("reason")
        json.string(outcome.reason)
        json.endObject()
        return Response(json: json.bytes)
    }
}

extension HTTPField.Name {
    /// What Stripe signs its events with.
    static let stripeSignature = known("Stripe-Signature")
}

extension RouteDescription {
    fileprivate static let takeStripeEvent = RouteDescription(
        id: "takeStripeEvent",
        tag: .service,
        summary: "Take an event of Stripe",
        details: """
            For Stripe, as a webhook endpoint; off without STRIPE_WEBHOOK_SECRET. Followed are `checkout.session.completed` \
            and `checkout.session.async_payment_succeeded` of sessions that name a workspace in `metadata.workspace` or \
            `client_reference_id`, `charge.refunded`, and `charge.dispute.*`. Repeats and any order come to the same. What \
            cannot be followed, such as another currency than usd, is recorded and answered 400, so that it is sent again.
            """,
        isOpen: true,
        parameters: [
            .header("Stripe-Signature", .string(), "`t=<seconds>,v1=<signature>`: required, and at most 300 s old.")
        ],
        body: .json(.object([:], isOpen: true)),
        answers: [200: .json(.paymentReceipt, "What became of it.")],
        errors: [400, 404]
    )
}
