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
    let resolved: ResolvedRequest
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
        try await references.checkAddresses(try references.read(plan.resolved.request))
        return JobQuote(
            bill: plan.bill,
            hold: plan.hold,
            adjustments: submission.adjustments + plan.resolved.adjustments
        )
    }

    /// Finds who serves a request, holds it against the model and the provider, and prices it.
    ///
    /// - Throws: The first problem.
    func plan(_ submission: JobSubmission) throws(RequestProblem) -> SubmissionPlan {
        let endpoint = try endpoint(for: submission.request)
        let resolved = try submission.request.resolved(against: endpoint.model, strict: submission.parameters.strict)
        try checkProviderOptions(resolved.request, endpoint)
        try (endpoint.adapter as? any ValidatingAdapter)?.validate(resolved.request)
        let usage = endpoint.prices.worstCase(of: resolved.request)
        let bill: Bill
        let hold: Credits
        do {
            bill = try endpoint.prices.bill(usage, rounding: .halfToEven)
            hold = try endpoint.prices.bill(usage, rounding: .up).total
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
        return SubmissionPlan(endpoint: endpoint, resolved: resolved, bill: bill, hold: hold)
    }

    private func endpoint(for request: GenerationRequest) throws(RequestProblem) -> Endpoint {
        guard let endpoint = catalog.endpoint(model: request.model) else {
            let near = catalog.nearMatches(request.model)
            let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
            throw RequestProblem(
                .unknownModel,
                field: "model",
                "There is no model \(RequestProblem.shown(.string(request.model))).\(hint)"
            )
        }
        return endpoint
    }

    private func checkProviderOptions(_ request: GenerationRequest, _ endpoint: Endpoint) throws(RequestProblem) {
        for slug in request.providerOptions.keys.sorted() where slug != endpoint.id.provider {
            throw RequestProblem(
                .unsupportedParameter,
                field: "provider.options.\(slug)",
                "`provider.options.\(slug)`: \(endpoint.id.model) is served by \(endpoint.id.provider); allowed: \(endpoint.id.provider)."
            )
        }
    }
}
