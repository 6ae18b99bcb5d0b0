package import Generation
import JobCore
package import Ledger
import ProviderKit

/// What a job would cost, line by line.
package struct JobQuote: Sendable {
    /// The expected bill: rounded half to even, as the job's own will be.
    package let bill: Bill
    /// What would be set aside: the worst case, rounded up.
    package let hold: Credits
    /// What would be adjusted in the request.
    package let adjustments: [Adjustment]
}

/// What a submission comes to before anything is written: who serves it, as what, and for how much.
///
/// Quotes and submissions both begin with it, so the hold of a job is the one that it was quoted.
struct SubmissionPlan {
    let endpoint: Endpoint
    /// The request as that endpoint takes it.
    let request: GenerationRequest
    let adjustments: [Adjustment]
    /// The endpoint's prices, under the terms of who asks.
    let prices: PriceSheet
    let bill: Bill
    let hold: Credits
}

extension JobService {
    /// What a submission would cost.
    ///
    /// Everything is checked that its submission checks about the request itself; nothing is written, no reference is
    /// kept or fetched, and neither the balance nor the room in the queue is looked at.
    ///
    /// - Throws: `RequestProblem`, as a submission would.
    package func quote(_ submission: JobSubmission) async throws -> JobQuote {
        let plan = try plan(submission)
        try await references.checkAddresses(try references.read(plan.request))
        return JobQuote(bill: plan.bill, hold: plan.hold, adjustments: plan.adjustments)
    }

    /// Finds who serves a request, holds it against the model and the provider, and prices it.
    ///
    /// The workspace's own keys come first, then the operator's endpoints, then the own keys that are there for the case
    /// that none of those takes it. Among equals the first one that takes the request as it is serves it; when the client
    /// is not strict and none does, the first one that takes it adjusted.
    ///
    /// - Throws: The first problem of the endpoint that is preferred.
    func plan(_ submission: JobSubmission) throws(RequestProblem) -> SubmissionPlan {
        let now = environment.now()
        var request = submission.request
        var adjustments = submission.adjustments
        if let target = catalog.target(ofAlias: request.model, at: now) {
            adjustments.append(
                Adjustment(
                    parameter: "model",
                    asked: .string(request.model),
                    used: .string(target),
                    reason: .modelAlias
                )
            )
            request.model = target
        }
        var problem: RequestProblem?
        for endpoints in try tiers(for: request, submission.key, at: now) {
            // Strictly first: an endpoint that changes nothing is better than an earlier one that does.
            for strict in submission.parameters.strict || endpoints.count == 1
                ? [submission.parameters.strict] : [true, false]
            {
                for endpoint in endpoints {
                    do {
                        return try plan(request, at: endpoint, submission, strict: strict, adjustments)
                    } catch {
                        problem = problem ?? error
                    }
                }
            }
        }
        throw problem ?? catalog.absence(of: request.model, at: now)
    }

    private func plan(
        _ request: GenerationRequest,
        at endpoint: Endpoint,
        _ submission: JobSubmission,
        strict: Bool,
        _ adjustments: [Adjustment]
    ) throws(RequestProblem) -> SubmissionPlan {
        var (request, adjustments) = (request, adjustments)
        for (slug, options) in request.providerOptions.sorted(by: { $0.key < $1.key })
        where slug != endpoint.id.provider {
            // Of another provider of the same model, which does not serve it this time.
            request.providerOptions[slug] = nil
            adjustments.append(
                Adjustment(
                    parameter: "provider.options.\(slug)",
                    asked: .string(RequestProblem.shown(options)),
                    used: .null,
                    reason: .notApplicable
                )
            )
        }
        let resolved = try request.resolved(against: endpoint.model, strict: strict)
        try (endpoint.adapter as? any ValidatingAdapter)?.validate(resolved.request)
        let prices = endpoint.prices.with(fees.terms(at: endpoint.id, for: submission.key))
        let usage = prices.worstCase(of: resolved.request)
        let bill: Bill
        let hold: Credits
        do {
            bill = try prices.bill(usage, rounding: .halfToEven)
            hold = try prices.bill(usage, rounding: .up).total
        } catch {
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "`\(endpoint.id.model)` has no price for this request, so it is refused."
            )
        }
        if let maxCost = submission.parameters.maxCost, hold > maxCost {
            throw RequestProblem(
                .invalidValue,
                field: "max_cost",
                "`max_cost` is \(maxCost) USD; this request can cost up to \(hold) USD."
            )
        }
        return SubmissionPlan(
            endpoint: endpoint,
            request: resolved.request,
            adjustments: adjustments + resolved.adjustments,
            prices: prices,
            bill: bill,
            hold: hold
        )
    }

    /// Who may serve a request, in groups of equals, the preferred ones first: those that the client names, if it names any.
    private func tiers(
        for request: GenerationRequest,
        _ key: APIKey,
        at now: Timestamp
    ) throws(RequestProblem) -> [[Endpoint]] {
        let all = candidates(model: request.model, key, at: now)
        let providers = unique(all.joined().map(\.id.provider))
        guard !providers.isEmpty else {
            guard catalog.endpoints(model: request.model, at: now).isEmpty else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: "model",
                    "`\(request.model)` is left to your own provider keys (is_required or is_byok_only), and none of them serves it."
                )
            }
            throw catalog.absence(of: request.model, at: now)
        }
        for slug in request.providerOptions.keys.sorted() where !providers.contains(slug) {
            throw RequestProblem(
                .unsupportedParameter,
                field: "provider.options.\(slug)",
                "`provider.options.\(slug)`: \(request.model) is served by \(RequestProblem.list(providers)); allowed: \(RequestProblem.list(providers))."
            )
        }
        var chosen = all
        if let only = request.routing?.only {
            chosen = chosen.map { $0.filter { only.contains($0.id.provider) } }
            guard chosen.contains(where: { !$0.isEmpty }) else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: "provider.only",
                    "`provider.only` leaves no endpoint for `\(request.model)`, which is served by: \(RequestProblem.list(providers))."
                )
            }
        }
        if let order = request.routing?.order {
            chosen = chosen.map { tier in
                order.flatMap { slug in tier.filter { $0.id.provider == slug } }
                    + tier.filter { !order.contains($0.id.provider) }
            }
        }
        // Options of a provider are a wish for that provider.
        let wished = chosen.map { $0.filter { request.providerOptions[$0.id.provider] != nil } }
        return (wished.contains { !$0.isEmpty } ? wished : chosen).filter { !$0.isEmpty }
    }

    /// All that may serve a model for an API key: the workspace's own keys, the operator's endpoints, and the own keys
    /// that come after those.
    private func candidates(model: String, _ key: APIKey, at now: Timestamp) -> [[Endpoint]] {
        let shared = catalog.endpoints(model: model, at: now)
        let own = catalog.live.offered(to: key.workspace)
        guard !own.isEmpty else { return [shared] }
        func endpoints(_ isFallback: Bool) -> [Endpoint] {
            own.filter { $0.key.terms.isFallback == isFallback && $0.key.serves(model, for: key) }
                .flatMap { entry in entry.endpoints.compactMap { $0.id.model == model ? $0.offered(at: now) : nil } }
        }
        let replaced = own.filter { $0.key.replacesShared(for: model) }
            .flatMap { [$0.key.provider] + $0.endpoints.map(\.id.provider) }
        return [endpoints(false), shared.filter { !replaced.contains($0.id.provider) }, endpoints(true)]
    }

    private func unique(_ slugs: [String]) -> [String] {
        var seen: Set<String> = []
        return slugs.filter { seen.insert($0).inserted }
    }
}
