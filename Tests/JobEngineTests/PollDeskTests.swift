import ConformanceKit
import Generation
import HTTPTransport
import JobCore
import ProviderKit
import Synchronization
import Testing

@testable import JobEngine

@Suite("Who may ask the provider next")
struct PollDeskTests {
    @Test("a pace is never broken, is kept to by late timers too, and saves nothing up", arguments: [1.0, 5, 20, 300])
    func pace(perSecond: Double) {
        var pace = CallPace(perSecond: perSecond)
        var generator = SeededGenerator(seed: 1)
        var times: [Double] = []
        var now = 100.0
        while now < 160 {
            if pace.isFree(at: now) {
                pace.take(at: now)
                times.append(now)
            }
            // A timer that is late by up to 4 ms.
            now = max(now, pace.freeAt) + Double(generator.next() % 4_000) / 1_000_000
        }
        for (index, time) in times.enumerated() {
            #expect(times[index...].prefix { $0 < time + 1 }.count <= Int(perSecond))
        }
        #expect(Double(times.count) > 60 * perSecond * (perSecond < 5 ? 0.8 : 0.88))
    }

    @Test("no limit is no pace, and none is none")
    func pacesWithoutNumbers() {
        var free = CallPace(perSecond: nil)
        free.take(at: 1)
        #expect(free.isFree(at: 1))
        let none = CallPace(perSecond: 0)
        #expect(!none.isAllowed && !none.isFree(at: 1e9))
    }

    @Test("the queue gives the urgent first, then who wanted it the longest ago, and forgets who has left")
    func queue() {
        var generator = SeededGenerator(seed: 3)
        var queue = PollQueue()
        var expected: [(isUrgent: Bool, wantedAt: Double, ticket: UInt64)] = []
        for ticket in 1...500 as ClosedRange<UInt64> {
            let entry = (generator.next() % 10 == 0, Double(generator.next() % 100), ticket)
            queue.add(ticket, wantedAt: entry.1, isUrgent: entry.0)
            if generator.next() % 4 == 0 { queue.remove(ticket) } else { expected.append(entry) }
        }
        #expect(queue.count == expected.count)
        expected.sort { ($0.isUrgent ? 0 : 1, $0.wantedAt, $0.ticket) < ($1.isUrgent ? 0 : 1, $1.wantedAt, $1.ticket) }
        var order: [UInt64] = []
        while let ticket = queue.popFirst() { order.append(ticket) }
        #expect(order == expected.map { $0.ticket })
    }

    private func makeDesk(single: Double?, bulk: Double?, perCall: Int = 10) -> PollDesk {
        let limits = PollLimits(singlePerSecond: single, bulkPerSecond: bulk)
        return PollDesk(DeskAdapter(pollLimits: limits, operationsPerCall: perCall))
    }

    @Test("those that come together share a call; one alone is asked for by itself")
    func gathering() {
        var desk = makeDesk(single: nil, bulk: nil)
        #expect(desk.step(at: 0) == .idle)
        _ = desk.add(1, wantedAt: 0, isUrgent: false, at: 0)
        #expect(desk.step(at: 0) == .later(PollDesk.gatherSeconds))
        #expect(desk.step(at: 1) == .alone(1))
        for ticket in 2...4 as ClosedRange<UInt64> { _ = desk.add(ticket, wantedAt: 2, isUrgent: false, at: 2) }
        #expect(desk.step(at: 2) == .later(2 + PollDesk.gatherSeconds))
        #expect(desk.step(at: 2.3) == .together([2, 3, 4]))
        for ticket in 11...30 as ClosedRange<UInt64> { _ = desk.add(ticket, wantedAt: 3, isUrgent: false, at: 3) }
        // Full at once.
        #expect(desk.step(at: 3) == .together(Array(11...20)))
        #expect(desk.step(at: 3) == .together(Array(21...30)))
        #expect(desk.step(at: 3) == .idle)
    }

    @Test("while the budget is empty, polls gather; where more wait than a call takes, single calls help")
    func shortage() {
        var desk = makeDesk(single: 10, bulk: 1, perCall: 3)
        for ticket in 1...9 as ClosedRange<UInt64> {
            _ = desk.add(ticket, wantedAt: Double(ticket), isUrgent: false, at: 10)
        }
        #expect(desk.step(at: 10) == .together([1, 2, 3]))
        #expect(desk.step(at: 10) == .alone(4))
        guard case .later(let next) = desk.step(at: 10) else { return #expect(Bool(false)) }
        #expect(next > 10.05 && next < 10.2)
        // No more wait than the next call takes.
        for ticket in 5...6 as ClosedRange<UInt64> { desk.remove(ticket) }
        #expect(desk.step(at: 10.9) == .later(11.18))
        #expect(desk.step(at: 11.2) == .together([7, 8, 9]))
    }

    @Test("what a call for several does not answer is asked for by itself; an urgent one does not wait")
    func apart() {
        var desk = makeDesk(single: nil, bulk: 1)
        _ = desk.add(1, wantedAt: 0, isUrgent: false, at: 0)
        _ = desk.add(2, wantedAt: 0, isUrgent: false, at: 0)
        _ = desk.add(3, wantedAt: 5, isUrgent: true, at: 0)
        #expect(desk.step(at: 0) == .alone(3))
        #expect(desk.step(at: 1) == .together([1, 2]))
        desk.addApart(2, wantedAt: 0)
        #expect(desk.step(at: 1) == .alone(2))
        #expect(desk.step(at: 1) == .idle)
    }

    @Test("a refused poll pauses all of the account's, and slows down what had no limit")
    func refused() {
        var desk = makeDesk(single: nil, bulk: 0)
        let refusal = ProviderFailure(
            .rateLimited,
            retry: .after(seconds: 30),
            billing: .notCharged,
            requestReachedProvider: .yes,
            message: "busy"
        )
        for ticket in 1...9 as ClosedRange<UInt64> { _ = desk.add(ticket, wantedAt: 0, isUrgent: false, at: 0) }
        desk.failed(refusal, isBulk: false, at: 0)
        desk.failed(refusal, isBulk: false, at: 0)
        #expect(desk.step(at: 29) == .later(30))
        #expect(desk.step(at: 30) == .alone(1))
        guard case .later(let next) = desk.step(at: 30) else { return #expect(Bool(false)) }
        #expect(next > 30.05 && next < 30.2)
        for _ in 0..<200 { desk.answered(isBulk: false) }
        #expect(desk.step(at: 31) == .alone(2))
        #expect(desk.step(at: 31) == .alone(3))
    }

    @Test("calls for several that keep failing give way to single ones for a while")
    func broken() {
        var desk = makeDesk(single: nil, bulk: nil)
        for _ in 0..<3 { desk.failed(.unreadable("html"), isBulk: true, at: 0) }
        for ticket in 1...4 as ClosedRange<UInt64> { _ = desk.add(ticket, wantedAt: 0, isUrgent: false, at: 0) }
        #expect(desk.step(at: 1) == .alone(1))
        #expect(desk.step(at: 1) == .alone(2))
        #expect(desk.step(at: 61) == .together([3, 4]))
    }

    @Test("without leave to ask singly, one alone goes as a call for several")
    func bulkOnly() {
        var desk = makeDesk(single: 0, bulk: 5)
        #expect(!desk.mayAskSingly)
        _ = desk.add(1, wantedAt: 0, isUrgent: true, at: 0)
        #expect(desk.step(at: 0) == .together([1]))
    }
}

/// Tells its limits; nobody asks it anything.
private struct DeskAdapter: BulkStatusAdapter {
    let pollLimits: PollLimits
    let operationsPerCall: Int
    var id: ProviderID { ProviderID("desk") }
    var account: String { "main" }
    var models: [ModelCapabilities] { [] }
    var transport: any HTTPTransport { UnavailableTransport() }

    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission { throw .strangeOperation }

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        throw .strangeOperation
    }

    func statuses(of operations: [ProviderOperation]) async throws(ProviderFailure) -> [String: OperationStatus] {
        throw .strangeOperation
    }
}
