import ConformanceKit
import JobCore
import JobEngine
import JobStoreMemory
import Testing

/// Goal: what is in memory of a job never falls behind what the process has told of it.
@Suite("Jobs in memory")
struct LiveJobsTests {
    @Test("a deletion holds against a read that began before it")
    func deletedWhileItIsRead() async throws {
        let store: any JobStore = MemoryJobStore()
        var driver = try await JobDriver(store)
        for situation in [JobSituation.completed, .failed] {
            let job = try await driver.job(in: situation)
            let life = NodeLife()
            let slow = NodeStore(base: store, life: life) { operation in
                // From here on whoever comes back from the store waits.
                if operation == "job" { life.freeze() }
                return nil
            }
            let live = LiveJobs(store: slow)
            async let read = live.job(job.id)
            while life.parked == 0 { await Task.yield() }
            let deletion = try #require(try await store.markDeleted(job.id))
            live.publish(deletion.job)
            life.thaw()
            #expect(try await read == deletion.job)
            #expect(try await live.job(job.id) == deletion.job)
        }
    }

    @Test("a deletion holds against the news of the job's end that come late")
    func deletedBeforeItsEndIsTold() async throws {
        let store: any JobStore = MemoryJobStore()
        var driver = try await JobDriver(store)
        let job = try await driver.job(in: .completed)
        let live = LiveJobs(store: store)
        let deletion = try #require(try await store.markDeleted(job.id))
        live.publish(deletion.job)
        live.publish(job)
        #expect(try await live.job(job.id) == deletion.job)
    }
}
