import ConformanceKit
import Foundation
import Routing

/// One provider of a simulation, with the outages of its script: what it answers, and what it really does and bills.
struct SimulatedProvider {
    /// What an outage is like.
    enum Trouble: CaseIterable {
        /// No connection.
        case unreachable
        /// It answers that it is down, and documents that it bills nothing.
        case saysDown
        /// It answers 429 with a hint.
        case full
        /// Generations die, unbilled as documented.
        case diesUnbilled
        /// Generations die, and are billed.
        case diesBilled
        /// Generations die, and nobody says whether they are billed; half of them are.
        case diesUnknown
        /// Answers are lost; half of the requests were taken.
        case losesAnswers
    }

    struct Outage {
        let from: Int64
        let to: Int64
        let trouble: Trouble
    }

    /// What can be known of a send that had no answer.
    enum Recovery {
        /// A resend with the same key is the same request.
        case resend
        /// It can be looked up.
        case lookUp
        /// Nothing.
        case none
    }

    enum Answer {
        case accepted(endsAt: Int64)
        case refused(AttemptEnd)
        case lost
    }

    /// What really happened at the provider, which nobody else sees.
    struct Generation {
        let job: Int
        let endsAt: Int64
        /// Nil: it delivers.
        let death: AttemptEnd?
        /// Whether the provider bills it.
        let isBilled: Bool
    }

    let outages: [Outage]
    let recovery: Recovery
    private var current = 0
    /// By the attempt's token: a resend finds the first one.
    private(set) var generations: [String: Generation] = [:]

    init(outages: [Outage], recovery: Recovery) {
        self.outages = outages
        self.recovery = recovery
    }

    /// Whether it does what it should.
    func isUp(at now: Int64) -> Bool { !outages.contains { $0.from <= now && now < $0.to } }

    private mutating func outage(at now: Int64) -> Outage? {
        while current < outages.count, outages[current].to <= now { current += 1 }
        guard current < outages.count, outages[current].from <= now else { return nil }
        return outages[current]
    }

    private func firstDeath(from start: Int64, to end: Int64) -> Outage? {
        for outage in outages[min(current, outages.count)...] where outage.to > start {
            if outage.from >= end { return nil }
            switch outage.trouble {
            case .diesUnbilled, .diesBilled, .diesUnknown: return outage
            case .unreachable, .saysDown, .full, .losesAnswers: break
            }
        }
        return nil
    }

    /// What it makes of a request.
    mutating func submit(job: Int, token: String, at now: Int64, random: inout SeededGenerator) -> Answer {
        let outage = outage(at: now)
        switch outage?.trouble {
        case .unreachable:
            return .refused(
                AttemptEnd(.unavailable, isForCapacity: true, billing: .notCharged, requestReachedProvider: .no)
            )
        case .saysDown:
            return .refused(
                AttemptEnd(.unavailable, isForCapacity: true, billing: .notCharged, requestReachedProvider: .yes)
            )
        case .full:
            return .refused(
                AttemptEnd(
                    .rateLimited,
                    isForCapacity: true,
                    billing: .notCharged,
                    requestReachedProvider: .yes,
                    retry: .after(seconds: Double.random(in: 2..<20, using: &random))
                )
            )
        case .losesAnswers:
            if Bool.random(using: &random) { start(job, token, at: now, random: &random) }
            return .lost
        case .diesUnbilled, .diesBilled, .diesUnknown, nil: break
        }
        // Without any outage: a thousandth of the answers is lost, and as many generations fail.
        let chance = Double.random(in: 0..<1, using: &random)
        if chance < 0.001 {
            if Bool.random(using: &random) { start(job, token, at: now, random: &random) }
            return .lost
        }
        if chance < 0.002, generations[token] == nil {
            let end = now + Int64.random(in: 1_000..<30_000, using: &random)
            generations[token] = Generation(job: job, endsAt: end, death: Self.died(.notCharged), isBilled: false)
            return .accepted(endsAt: end)
        }
        return .accepted(endsAt: start(job, token, at: now, random: &random))
    }

    @discardableResult
    private mutating func start(
        _ job: Int,
        _ token: String,
        at now: Int64,
        random: inout SeededGenerator
    ) -> Int64 {
        if let known = generations[token] { return known.endsAt }
        let end = now + Int64.random(in: 20_000..<90_000, using: &random)
        var generation = Generation(job: job, endsAt: end, death: nil, isBilled: true)
        if let outage = firstDeath(from: now, to: end) {
            let dies = max(now, outage.from) + Int64.random(in: 500..<5_000, using: &random)
            switch outage.trouble {
            case .diesUnbilled:
                generation = Generation(job: job, endsAt: dies, death: Self.died(.notCharged), isBilled: false)
            case .diesBilled:
                generation = Generation(job: job, endsAt: dies, death: Self.died(.charged), isBilled: true)
            case .diesUnknown:
                let isBilled = Bool.random(using: &random)
                generation = Generation(job: job, endsAt: dies, death: Self.died(.unknown), isBilled: isBilled)
            case .unreachable, .saysDown, .full, .losesAnswers: break
            }
        }
        generations[token] = generation
        return generation.endsAt
    }

    private static func died(_ billing: AttemptEnd.Billing) -> AttemptEnd {
        AttemptEnd(.unknown, wasAccepted: true, billing: billing, requestReachedProvider: .yes)
    }

    /// Draws a script: quiet for half an hour in the middle, then 10 seconds to 10 minutes of trouble.
    static func script(from start: Int64, until end: Int64, random: inout SeededGenerator) -> [Outage] {
        var outages: [Outage] = []
        var now = start
        while now < end {
            now += Int64(-1_800_000 * log(Double.random(in: 0.000_001..<1, using: &random)))
            // Between 10 s and 600 s, short ones more often: each doubling is as likely as any other.
            let length = Int64(10_000 * pow(60, Double.random(in: 0...1, using: &random)))
            let trouble = Trouble.allCases[Int.random(in: 0..<Trouble.allCases.count, using: &random)]
            outages.append(Outage(from: now, to: now + length, trouble: trouble))
            now += length
        }
        return outages
    }
}
