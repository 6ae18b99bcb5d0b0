package import Generation
import JobCore
package import Ledger

/// What a job would cost, line by line.
package struct JobQuote: Sendable {
    /// The expected bill at the endpoint that would be tried first: rounded half to even, as the job's own will be.
    package let bill: Bill
    /// What would be set aside: the worst case of the dearest endpoint of the plan, rounded up.
    package let hold: Credits
    /// What would be adjusted in the request.
    package let adjustments: [Adjustment]
    /// The endpoints that would be tried, in order.
    package let routes: [Route]

    /// One of the endpoints that would be tried.
    package struct Route: Sendable {
        /// Its model.
        package let model: String
        /// Its provider.
        package let provider: String
        /// What the job would be expected to cost there.
        package let expected: Credits
        /// The most that it could cost there.
        package let hold: Credits
        /// Why it has its place.
        package let reason: String
    }
}

extension JobService {
    /// What a submission would cost.
    ///
    /// Everything is checked that its submission checks about the request itself; nothing is written, no reference is
    /// kept or fetched, and neither the balance nor the room in the queue is looked at. Where several endpoints share the
    /// work, the submission may be given to another one first; the hold is the same.
    ///
    /// - Throws: `RequestProblem`, as a submission would.
    package func quote(_ submission: JobSubmission) async throws -> JobQuote {
        let plan = try plan(submission)
        try await references.checkAddresses(try references.read(plan.first.request))
        return JobQuote(
            bill: plan.first.bill,
            hold: plan.hold,
            adjustments: plan.first.adjustments,
            routes: plan.routes.map { route in
                JobQuote.Route(
                    model: route.endpoint.id.model,
                    provider: route.endpoint.id.provider,
                    expected: route.bill.total,
                    hold: route.hold,
                    reason: route.reason
                )
            }
        )
    }
}
