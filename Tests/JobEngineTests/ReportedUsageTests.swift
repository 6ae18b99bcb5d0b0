import ConformanceKit
import Foundation
import JobCore
import Ledger
import ProviderKit
import Testing

@testable import JobEngine

@Suite("What the provider reports to have used is kept with its outputs, and billed up to the hold")
struct ReportedUsageTests {
    private func bill(_ harness: EngineHarness, _ id: JobID) async throws -> Bill {
        guard case .completed(let completed) = try await harness.end(of: id).state else {
            throw NotInTime(what: "\(id)")
        }
        return completed.bill
    }

    // At a tenth of a dollar a second, held for four seconds.
    @Test(
        arguments: [true, false],
        [(3_000, 300_000_000), (4_000, 400_000_000), (90_000, 400_000_000)] as [(Int64, Int64)]
    )
    func reportedTimeIsBilled(atOnce: Bool, _ figures: (milliseconds: Int64, nano: Int64)) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.usage = ReportedUsage(
                milliseconds: figures.milliseconds,
                costNanoUSD: 9_000_000_000
            )
            if atOnce { harness.provider.script.submit = { _ in .completeAtOnce } }
            let node = try harness.startedNode()
            let id = try await node.submit()
            let bill = try await bill(harness, id)
            #expect(bill.total.nanoUSD == figures.nano)
            let isAbove = figures.milliseconds > 4_000
            #expect(bill.lines.first?.why == (isAbove ? "the provider reported 90.000, above the hold" : ""))
            #expect(harness.log.all.contains { $0.contains("reported more than was held") } == isAbove)
            // What the provider charges the operator is told to the operator alone.
            #expect(harness.log.all.contains { $0.contains("usd=9.000000000") })
            try await harness.expectSound([id])
        }
    }

    @Test("a worker that died before the bill leaves the report to the next", arguments: [true, false])
    func kept(atOnce: Bool) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.usage = ReportedUsage(milliseconds: 3_000)
            if atOnce { harness.provider.script.submit = { _ in .completeAtOnce } }
            let first = try harness.startedNode(passed: { node, step in if step == .storing { node.die() } })
            let id = try await first.submit()
            try await harness.until("the first is dead") { first.life.isDead }
            harness.provider.script.usage = ReportedUsage(milliseconds: 1_000)
            _ = try harness.startedNode()
            #expect(try await bill(harness, id).total.nanoUSD == 300_000_000)
            try await harness.expectSound([id])
        }
    }

    @Test("fresh URLs without a report do not lose the first one", arguments: [nil, 2_000] as [Int64?])
    func renewed(_ milliseconds: Int64?) async throws {
        try await EngineHarness.run { harness in
            let once = Countdown(1)
            let provider = harness.provider
            provider.script.usage = ReportedUsage(milliseconds: 3_000)
            provider.script.fetch = { generation, _, _ in
                guard once.take() else { return .whole }
                provider.renewURLs(of: generation.id)
                provider.script.usage = ReportedUsage(milliseconds: milliseconds)
                return .status(403)
            }
            let node = try harness.startedNode()
            let id = try await node.submit()
            #expect(try await bill(harness, id).total.nanoUSD == (milliseconds ?? 3_000) * 100_000)
            try await harness.expectSound([id])
        }
    }

    @Test("jobs from before usage was kept are read")
    func earlierForm() throws {
        let outputs = [ProviderOutput(.url("https://provider.example/a.mp4"), mediaType: "video/mp4")]
        let text = try JobDriver.encode(outputs)
        let read = try JobDriver.decode(ProviderResult.self, text)
        #expect(read.outputs == outputs)
        #expect(read.usage == ReportedUsage())
        let result = ProviderResult(outputs, ReportedUsage(tokens: 108_900, costNanoUSD: 1))
        let again = try JobDriver.decode(ProviderResult.self, JobDriver.encode(result))
        #expect(again.outputs == outputs && again.usage == result.usage)
        #expect(throws: (any Error).self) { try JobDriver.decode(ProviderResult.self, #"{"outputs":1}"#) }
    }
}
