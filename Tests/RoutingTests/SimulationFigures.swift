import Routing

/// What a simulation shows.
struct SimulationFigures {
    var jobs = 0
    var completed = 0
    var failedAndRefunded = 0
    /// Neither completed and settled at its bill, nor failed and refunded.
    var unsound = 0
    /// Submits while an earlier one of the same job was, or might be, paid.
    var secondPaid = 0
    /// Jobs all of whose failed attempts provably did not start or were not charged.
    var provenFree = 0
    var provenFreeCompleted = 0
    var sends = 0
    var failovers = 0
    var leftBeforeSending = 0
    var probes = 0
    var outages = 0
    /// Failed jobs that a provider billed all the same: the operator's loss.
    var providerLosses = 0
    var refusals: [Failover.Refusal: Int] = [:]
    /// By endpoint: all, and those that were made while every endpoint was stable.
    var firstChoices = [0, 0, 0]
    var calmFirstChoices = [0, 0, 0]
    /// Of completed jobs, in nano US dollars: what was billed, what the shares predict, what the cheapest that was
    /// really up would have billed.
    var cost = 0.0
    var predicted = 0.0
    var cheapestUp = 0.0
    var units = 0.0
    /// The cost of those that were admitted while all were stable.
    var calmCost = 0.0
    var calmUnits = 0.0

    var provenFreeShare: Double { Double(provenFreeCompleted) / Double(max(1, provenFree)) }
    var calmShares: [Double] {
        let total = Double(max(1, calmFirstChoices.reduce(0, +)))
        return calmFirstChoices.map { Double($0) / total }
    }

    /// The rows of the table, name and figure.
    var rows: [(String, String)] {
        func percent(_ value: Double) -> String { "\((value * 1_000_000).rounded() / 10_000) %" }
        func dollars(_ nano: Double) -> String { "$\((nano / units / 100_000).rounded() / 10_000)" }
        let shares = calmShares.map { "\(($0 * 10_000).rounded() / 100) %" }.joined(separator: ", ")
        return [
            ("jobs", "\(jobs)"),
            ("outages", "\(outages)"),
            ("sends", "\(sends)"),
            ("moved to another endpoint after an attempt", "\(failovers)"),
            ("moved to another endpoint before a send", "\(leftBeforeSending)"),
            ("probes", "\(probes)"),
            ("second paid submits", "\(secondPaid)"),
            ("completed", "\(completed)"),
            ("failed and refunded", "\(failedAndRefunded)"),
            ("of these billed by the provider", "\(providerLosses)"),
            ("jobs whose failed attempts were provably free", "\(provenFree)"),
            ("of these completed", percent(provenFreeShare)),
            ("first choices while all were stable", "\(calmFirstChoices.reduce(0, +))"),
            ("their shares", shares),
            ("mean cost of a second of video", dollars(cost)),
            ("predicted by the shares", dollars(predicted)),
            ("of jobs admitted while all were stable", "$\((calmCost / calmUnits / 100_000).rounded() / 10_000)"),
            ("at the cheapest that was really up", dollars(cheapestUp)),
        ]
    }
}
