import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let ledger: [Check] =
        [1, 2, 3].map { seed in
            Check("1,000 random operations agree with a model of the ledger, seed \(seed)") {
                try await holdToModel($0, seed: seed)
            }
        } + [
            Check("a transfer's id moves money once") { store in
                var driver = try await JobDriver(store, credits: .zero)
                let workspace = driver.key.workspace
                let amount = Credits(nanoUSD: 5)
                let grant = try Transfer.grant(id: "one", workspace: workspace, amount: amount, reason: "first")
                #expect(try await store.transfer(grant, at: driver.fixtures.tick()))
                #expect(try await !store.transfer(grant, at: driver.fixtures.tick()))
                let other = try Transfer.grant(
                    id: "one",
                    workspace: workspace,
                    amount: Credits(nanoUSD: 7),
                    reason: "second"
                )
                #expect(try await !store.transfer(other, at: driver.fixtures.tick()))
                #expect(try await store.balance(of: workspace) == Balance(available: amount, held: .zero))
                #expect(try await store.audit().transfers == 1)
                // Nor long afterwards.
                try await driver.grant(amount)
                #expect(try await !store.transfer(grant, at: driver.fixtures.tick()))
                #expect(try await store.balance(of: workspace).available == Credits(nanoUSD: 10))
            },
            Check("of 16 racing transfers of one id exactly one moves money") { store in
                var driver = try await JobDriver(store, credits: .zero)
                let workspace = driver.key.workspace
                let at = driver.fixtures.tick()
                let grants = try (1...16).map { amount in
                    try Transfer.grant(
                        id: "one",
                        workspace: workspace,
                        amount: Credits(nanoUSD: amount),
                        reason: "race"
                    )
                }
                let outcomes = try await race(grants) { grant in
                    (amount: grant.amount, didMove: try await store.transfer(grant, at: at))
                }
                let winners = outcomes.filter(\.didMove)
                #expect(winners.count == 1)
                #expect(try await store.balance(of: workspace).available == winners.first?.amount)
            },
            Check("a provider's surplus is the operator's loss, never the workspace's") { store in
                var driver = try await JobDriver(store)
                let job = try await driver.job(in: .completed)
                let before = try await store.balance(of: driver.key.workspace)
                let loss = try Transfer.providerLoss(
                    job: job.id.description,
                    kind: "surplus",
                    amount: Credits(nanoUSD: 9_000_000_000_000)
                )
                #expect(try await store.transfer(loss, at: driver.fixtures.tick()))
                #expect(try await store.balance(of: driver.key.workspace) == before)
            },
            Check("a sum that does not fit is an error and moves nothing") { store in
                var driver = try await JobDriver(store, credits: Credits(nanoUSD: Int64.max))
                let before = try await store.balance(of: driver.key.workspace)
                let grant = try Transfer.grant(
                    id: "too much",
                    workspace: driver.key.workspace,
                    amount: Credits(nanoUSD: 1),
                    reason: "test"
                )
                let at = driver.fixtures.tick()
                await #expect(throws: (any Error).self) { try await store.transfer(grant, at: at) }
                #expect(try await store.balance(of: driver.key.workspace) == before)
                #expect(try await store.audit().transfers == 1)
            },
            Check("every kind of end resolves its hold exactly once") { store in
                var driver = try await JobDriver(store)
                var expected = try await store.balance(of: driver.key.workspace).available.nanoUSD
                for situation in JobSituation.allCases {
                    let job = try await driver.job(in: situation)
                    let cost: Int64
                    switch job.state {
                    case .completed(let completed): cost = completed.bill.total.nanoUSD
                    case .cancelled(let cancelled): cost = cancelled.charged.nanoUSD
                    case .failed, .expired: cost = 0
                    case .queued, .submitting, .running, .storing: cost = job.admitted.hold.nanoUSD
                    }
                    expected -= cost
                    #expect(try await store.balance(of: driver.key.workspace).available.nanoUSD == expected)
                    #expect(try await store.audit().findings == [])
                }
            },
            Check("an audit counts what there is") { store in
                var driver = try await JobDriver(store)
                let job = try await driver.job(in: .completed)
                let report = try await store.audit()
                #expect(report.jobs == 1)
                // The grant; the hold, its settlement and the release of the rest.
                #expect(report.transfers == 4)
                #expect(report.events == Int(job.version))
                #expect(report.artifacts == 2)
                #expect(report.findings == [])
            },
        ]

    /// What the ledger must come to, in a few lines.
    private struct Model {
        var available: Int64 = 0
        var held: Int64 = 0
        var jobs: [JobID: Int64] = [:]

        mutating func grant(_ amount: Int64) { available += amount }

        mutating func admit(_ id: JobID, hold: Int64) -> Bool {
            guard hold <= available else { return false }
            available -= hold
            held += hold
            jobs[id] = hold
            return true
        }

        mutating func resolve(_ id: JobID, at cost: Int64) {
            guard let hold = jobs.removeValue(forKey: id) else { return }
            held -= hold
            available += hold - cost
        }

        var balance: Balance { Balance(available: Credits(nanoUSD: available), held: Credits(nanoUSD: held)) }
    }

    private static func holdToModel(_ store: any JobStore, seed: UInt64) async throws {
        var driver = try await JobDriver(store, credits: .zero, seed: seed)
        var model = Model()
        var live: [Job] = []
        let workspace = driver.key.workspace
        for step in 0..<1_000 {
            let comment: Comment = "seed \(seed), step \(step)"
            switch Int.random(in: 0..<10, using: &driver.fixtures.generator) {
            case 0:
                let amount = Int64.random(in: 1...3_000_000_000, using: &driver.fixtures.generator)
                let grant = try Transfer.grant(
                    id: "grant \(step)",
                    workspace: workspace,
                    amount: Credits(nanoUSD: amount),
                    reason: "test"
                )
                #expect(try await store.transfer(grant, at: driver.fixtures.tick()), comment)
                #expect(try await !store.transfer(grant, at: driver.fixtures.tick()), comment)
                model.grant(amount)
            case 1...3:
                let hold = Int64.random(in: 0...1_000_000_000, using: &driver.fixtures.generator)
                let admission = driver.fixtures.admission(
                    of: driver.fixtures.newJob(driver.key, hold: Credits(nanoUSD: hold))
                )
                let outcome = try await store.admit(admission)
                if model.admit(admission.job.id, hold: hold) {
                    #expect(outcome == .admitted(Job(admission.job)), comment)
                    live.append(Job(admission.job))
                } else {
                    let available = Credits(nanoUSD: model.available)
                    #expect(outcome == .insufficientCredits(available: available), comment)
                }
            case _:
                guard let index = live.indices.randomElement(using: &driver.fixtures.generator) else { continue }
                let job = live[index]
                let cost = Int64.random(in: 0...job.admitted.hold.nanoUSD, using: &driver.fixtures.generator)
                let script = JobScript(job.admitted, charge: Credits(nanoUSD: cost))
                let event = try legalSamples(script, job).randomElement(using: &driver.fixtures.generator)
                guard let event else { continue }
                let next = try await driver.commit([event], of: job)
                live[index] = next
                let again = try await store.commit(
                    job.state.applying(event, at: driver.now),
                    of: job.id,
                    expecting: job.version,
                    fence: job.fence
                )
                #expect(again == .stale(next), comment)
                guard next.state.isTerminal else { break }
                live.remove(at: index)
                switch next.state {
                case .completed(let completed): model.resolve(job.id, at: completed.bill.total.nanoUSD)
                case .cancelled(let cancelled): model.resolve(job.id, at: cancelled.charged.nanoUSD)
                case .failed, .expired: model.resolve(job.id, at: 0)
                case .queued, .submitting, .running, .storing: Issue.record("\(next.state.name) is terminal")
                }
            }
            #expect(try await store.balance(of: workspace) == model.balance, comment)
            if step % 200 == 199 { #expect(try await store.audit().findings == [], comment) }
        }
        #expect(try await store.audit().jobs > 100)
    }

    /// The events that may happen to a job now: refusals are left to other checks, so that lives get long.
    private static func legalSamples(_ script: JobScript, _ job: Job) throws -> [JobEvent] {
        try script.samples(in: job.state).filter { event in
            (try? job.state.applying(event, at: job.admitted.createdAt)) != nil
        }
    }
}
