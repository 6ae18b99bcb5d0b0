import ConformanceKit
import JobCore
import Synchronization
import Testing

@testable import JobEngine

@Suite("How sleepers are woken")
struct WorkSignalsTests {
    private func environment(_ world: Simulation) -> EngineEnvironment {
        let clock = world.clock
        return EngineEnvironment(
            now: { clock.now },
            bootSeconds: { clock.bootSeconds },
            sleep: { try await clock.sleep($0) },
            randomBytes: { world.bytes($0) }
        )
    }

    private func id(_ number: UInt64) -> JobID { JobID(high: number, low: 1) }

    @Test("everybody wakes at the own time, in order", arguments: 0..<20)
    func dueTimes(seed: Int) async throws {
        try await Simulation.run(seed: UInt64(seed)) { world in
            let due = DueTimes(environment: environment(world))
            let start = world.clock.now
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await due.run() }
                await withTaskGroup(of: (Double, Double).self) { sleepers in
                    for number in 0..<100 as Range<UInt64> {
                        let seconds = Double(world.draw(below: 1_000)) / 10
                        sleepers.addTask {
                            await due.wait(for: id(number), until: start.adding(seconds: seconds))
                            return (seconds, world.clock.now.seconds(since: start))
                        }
                    }
                    for await (wanted, got) in sleepers { #expect(abs(got - wanted) < 0.01) }
                }
                group.cancelAll()
            }
        }
    }

    @Test("news wake at once; those that come while nobody sleeps are kept for a job that is held")
    func news() async throws {
        try await Simulation.run { world in
            let due = DueTimes(environment: environment(world))
            let late = world.clock.now.adding(seconds: 1_000)
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await due.run() }
                // Held twice: by one driver that is about to leave, and by the next.
                due.hold(id(1))
                due.hold(id(1))
                due.wake(id(1))
                due.release(id(1))
                await due.wait(for: id(1), until: late)
                #expect(world.clock.bootSeconds < 1)
                group.addTask {
                    try await world.clock.sleep(5)
                    due.wake(id(1))
                }
                await due.wait(for: id(1), until: late)
                #expect(abs(world.clock.bootSeconds - 5) < 0.01)
                due.wake(id(1))
                due.release(id(1))
                await due.wait(for: id(1), until: world.clock.now.adding(seconds: 3))
                #expect(abs(world.clock.bootSeconds - 8) < 0.01)
                group.cancelAll()
                try? await group.waitForAll()
            }
        }
    }

    @Test("a stop wakes everybody, and lets nobody sleep until the next start; so does a cancelled task")
    func stop() async throws {
        try await Simulation.run { world in
            let due = DueTimes(environment: environment(world))
            let late = world.clock.now.adding(seconds: 1_000)
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<10 as Range<UInt64> { group.addTask { await due.wait(for: id(number), until: late) } }
                await world.settle()
                due.stop()
            }
            await due.wait(for: id(1), until: late)
            due.start()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<10 as Range<UInt64> { group.addTask { await due.wait(for: id(number), until: late) } }
                await world.settle()
                group.cancelAll()
            }
            #expect(world.clock.bootSeconds == 0)
        }
    }

    @Test("of two who sleep on one job none is forgotten")
    func twoSleepers() async throws {
        try await Simulation.run { world in
            let due = DueTimes(environment: environment(world))
            let soon = world.clock.now.adding(seconds: 10)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await due.run() }
                await withTaskGroup(of: Void.self) { sleepers in
                    for _ in 0..<2 { sleepers.addTask { await due.wait(for: id(1), until: soon) } }
                }
                group.cancelAll()
            }
            #expect(world.clock.bootSeconds < 10.1)
        }
    }

    @Test("a signal stays up until it is seen, and a wait without one ends by the clock")
    func signal() async throws {
        try await Simulation.run { world in
            let clock = world.clock
            let signal = Signal()
            signal.raise()
            await signal.wait(seconds: 100) { try await clock.sleep($0) }
            #expect(clock.bootSeconds == 0)
            await signal.wait(seconds: 7) { try await clock.sleep($0) }
            #expect(clock.bootSeconds == 7)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await signal.wait(seconds: 100) { try await clock.sleep($0) } }
                await world.settle()
                group.cancelAll()
            }
            #expect(clock.bootSeconds == 7)
        }
    }
}
