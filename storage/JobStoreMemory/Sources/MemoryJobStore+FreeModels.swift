package import JobCore
import Ledger

extension MemoryJobStore {
    /// Why a job of a free model is not admitted; nil when it is, or is of no such model.
    func freeModelRefusal(of admission: Admission) throws -> FreeModelRefusal? {
        guard let limits = admission.freeModels else { return nil }
        let job = admission.job
        return try limits.refusal(
            after: freeModelUses[job.workspace] ?? .none,
            bought: { try boughtCredits(of: job.workspace) },
            at: job.createdAt
        )
    }

    /// Counts a job of a free model that is admitted.
    func countFreeModel(_ admission: Admission) {
        guard admission.freeModels != nil else { return }
        let job = admission.job
        freeModelUses[job.workspace] = (freeModelUses[job.workspace] ?? .none).counting(oneAt: job.createdAt)
    }

    private func boughtCredits(of workspace: String) throws -> Credits {
        try payments.records.values.map(\.payment).reduce(.zero) { sum, payment in
            payment.purchase?.workspace == workspace ? try sum.adding(payment.creditsLeft) : sum
        }
    }

    package func freeModelStanding(of workspace: String) throws -> FreeModelStanding {
        FreeModelStanding(use: freeModelUses[workspace] ?? .none, bought: try boughtCredits(of: workspace))
    }
}
