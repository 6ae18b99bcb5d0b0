import ConformanceKit
import Generation
import JobCore
import Ledger
import Routing

/// What is written down: the life of a job and its hold by the real rules, and at the end what all of it comes to.
extension RoutingSimulation {
    mutating func apply(_ event: JobEvent, _ id: Int, at now: Int64) throws {
        let time = Timestamp(milliseconds: now)
        let step = try jobs[id].state.applying(event, at: time)
        jobs[id].state = step.to
        if let route = step.reroute { jobs[id].route = route.number }
        switch step.attempt {
        case .begin(let attempt):
            jobs[id].attempt = Attempt(attempt, of: JobID(high: 0x7000, low: 0x8000_0000_0000_0000), epoch: 1, at: time)
        case .some(let change):
            guard let attempt = jobs[id].attempt?.applying(change, epoch: 1, at: time) else {
                throw SimulationFailure(message: "the attempt of job \(id) does not allow \(event)")
            }
            jobs[id].attempt = attempt
        case nil: break
        }
        // Resolving a hold twice, or above its amount, throws.
        if let resolution = step.resolution { jobs[id].hold = try jobs[id].hold.resolving(resolution).hold }
    }

    mutating func record(_ outcome: AttemptOutcome, _ endpoint: Int, at now: Int64) {
        health[endpoint].record(outcome, at: now)
    }

    mutating func standing(_ endpoint: Int, at now: Int64) -> EndpointStanding {
        if let known = measured[endpoint], now - known.at < 60_000 {
            return health[endpoint].standing(known.1, at: now)
        }
        let fresh = health[endpoint].measured(at: now)
        measured[endpoint] = (now, fresh)
        return health[endpoint].standing(fresh, at: now)
    }

    mutating func finish() {
        for job in jobs {
            figures.jobs += 1
            if job.isProvenFree { figures.provenFree += 1 }
            let billed = job.sends.compactMap { providers[$0.endpoint].generations[$0.token] }.filter(\.isBilled)
            if billed.count > 1 { figures.secondPaid += 1 }
            switch (job.state, job.hold.state) {
            case (.completed(let completed), .posted(let amount)) where completed.bill.total == amount:
                figures.completed += 1
                if job.isProvenFree { figures.provenFreeCompleted += 1 }
                figures.cost += Double(amount.nanoUSD)
                figures.units += Double(job.units)
                if job.isCalm {
                    figures.calmCost += Double(amount.nanoUSD)
                    figures.calmUnits += Double(job.units)
                }
                figures.predicted += job.predicted
                figures.cheapestUp += job.cheapestUp ?? Double(amount.nanoUSD)
                if billed.count != 1 { figures.unsound += 1 }
            case (.failed, .voided):
                figures.failedAndRefunded += 1
                if !billed.isEmpty { figures.providerLosses += 1 }
            case (.queued, _), (.submitting, _), (.running, _), (.storing, _), (.cancelled, _), (.expired, _),
                (.completed, _), (.failed, _):
                figures.unsound += 1
            }
        }
        for provider in providers {
            figures.outages += provider.outages.count
        }
    }

    // MARK: Routes and bills

    func route(_ number: Int, of job: Job) -> JobRoute {
        let price = Credits(nanoUSD: Self.unitPrices[job.plan[number]] * job.units)
        return JobRoute(
            number: number,
            endpoint: endpointID(job.plan[number]),
            lane: Lane("lane-\(job.plan[number])"),
            request: GenerationRequest(model: "author/model", content: .video(VideoRequest(prompt: "a lighthouse"))),
            adjustments: [],
            prices: sheet(job.plan[number]),
            hold: price,
            estimatedCost: price,
            defaultDeadlineSeconds: 3_600,
            reason: ""
        )
    }

    func endpointID(_ endpoint: Int) -> EndpointID {
        EndpointID(model: "author/model", provider: "provider-\(endpoint)", account: "main")
    }

    func sheet(_ endpoint: Int) -> PriceSheet {
        PriceSheet(lines: [PriceLine(unit: .second, price: decimal(nano: Self.unitPrices[endpoint]))])
    }

    func decimal(nano: Int64) -> ExactDecimal {
        ExactDecimal(mantissa: nano, scale: 9) ?? ExactDecimal(0)
    }

    mutating func bill(_ job: Job) throws -> Bill {
        let price = Self.unitPrices[job.endpoint] * job.units
        if let known = bills[price] { return known }
        let usage = MeteredUsage(quantities: [.second: ExactDecimal(job.units)])
        let bill = try sheet(job.endpoint).bill(usage, rounding: .halfToEven)
        bills[price] = bill
        return bill
    }
}

/// Something that cannot be in a simulation.
struct SimulationFailure: Error {
    let message: String
}
