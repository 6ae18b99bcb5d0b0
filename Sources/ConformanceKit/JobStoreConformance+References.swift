import Generation
import JobCore
import Testing

extension JobStoreConformance {
    private static func stored(_ hash: String, bytes: Int64 = 68) -> StoredInput {
        StoredInput(sha256: hash, mediaType: "image/png", bytes: bytes)
    }

    private static func request(_ urls: String...) -> GenerationRequest {
        var image = ImageRequest(prompt: "p")
        image.inputReferences = urls.map { .url($0) }
        return GenerationRequest(model: "vendor/image", content: .image(image))
    }

    static let references: [Check] = [
        Check("a job keeps the URLs of its references as the client wrote them") { store in
            var driver = try await JobDriver(store)
            let request = request("https://a.example/b?c=d&e='f\"", "HTTPS://A.example:443/%41")
            let job = try await driver.admit(driver.fixtures.newJob(driver.key, request: request))
            #expect(try await store.job(job.id)?.admitted.request == request)
            #expect(try await store.references(of: job.id) == [])
            #expect(try await store.references(of: driver.fixtures.id()) == [])
        },
        Check("what URLs gave is recorded at once, moves nothing, and the job refers to the files for its life") {
            store in
            var driver = try await JobDriver(store)
            let request = request("https://b.example", "https://a.example")
            let waiting = try await driver.admit(driver.fixtures.newJob(driver.key, request: request))
            let other = try await driver.admit(driver.fixtures.newJob(driver.key, request: request))
            let job = try await driver.claim(waiting)
            let fence = try #require(job.fence)
            let (first, second) = (driver.fixtures.hash(), driver.fixtures.hash())
            let given = [
                FetchedReference(url: "https://b.example", stored: stored(first, bytes: 1 << 33)),
                FetchedReference(url: "https://a.example", stored: stored(second)),
            ]
            for hash in [first, second] { #expect(try await !store.isReferenced(.input(sha256: hash))) }
            let before = try await driver.observe(job)
            let recorded = try await store.recordReferences(given, of: job.id, fence: fence)
            #expect(recorded == given.reversed())
            #expect(try await store.references(of: job.id) == given.reversed())
            #expect(try await store.references(of: other.id) == [])
            #expect(try await driver.observe(job) == before)
            try await driver.commit([.cancelRequested], of: job)
            #expect(try await store.references(of: job.id) == given.reversed())
            for hash in [first, second] { #expect(try await store.isReferenced(.input(sha256: hash))) }
        },
        Check("what was recorded for a URL first stays, also under the next worker") { store in
            var driver = try await JobDriver(store)
            let request = request("https://a.example", "https://b.example")
            let job = try await driver.claim(
                driver.admit(driver.fixtures.newJob(driver.key, request: request))
            )
            let fence = try #require(job.fence)
            let (first, late) = (driver.fixtures.hash(), driver.fixtures.hash())
            let known = FetchedReference(url: "https://a.example", stored: stored(first))
            let again = FetchedReference(url: "https://a.example", stored: stored(late))
            #expect(try await store.recordReferences([known], of: job.id, fence: fence) == [known])
            #expect(try await store.recordReferences([known], of: job.id, fence: fence) == [known])
            #expect(try await store.recordReferences([again], of: job.id, fence: fence) == [known])
            #expect(try await store.recordReferences([], of: job.id, fence: fence) == [known])
            #expect(try await !store.isReferenced(.input(sha256: late)))
            try await store.release(driver.worker)
            let second = WorkerID("worker-2")
            try await driver.startLease(of: second)
            let taken = try await driver.claim(try #require(try await store.job(job.id)), by: second)
            // The same file under two URLs, one of them twice.
            let more = FetchedReference(url: "https://b.example", stored: stored(first))
            let all = try await store.recordReferences(
                [more, again, more],
                of: job.id,
                fence: try #require(taken.fence)
            )
            #expect(all == [known, more])
        },
        Check("only the worker that has the job records what its URLs gave") { store in
            var driver = try await JobDriver(store)
            let hash = driver.fixtures.hash()
            let given = [FetchedReference(url: "https://a.example", stored: stored(hash))]
            let waiting = try await driver.admit(
                driver.fixtures.newJob(driver.key, request: request("https://a.example"))
            )
            let early = Fence(worker: driver.worker, epoch: 0)
            #expect(try await store.recordReferences(given, of: waiting.id, fence: early) == nil)
            let job = try await driver.claim(waiting)
            let fence = try #require(job.fence)
            for wrong in [
                early, Fence(worker: driver.worker, epoch: fence.epoch + 1),
                Fence(worker: WorkerID("another"), epoch: fence.epoch),
            ] {
                #expect(try await store.recordReferences(given, of: job.id, fence: wrong) == nil)
            }
            #expect(try await store.recordReferences(given, of: driver.fixtures.id(), fence: fence) == nil)
            // Stopped by its client meanwhile.
            try await driver.commit([.cancelRequested], of: job)
            #expect(try await store.recordReferences(given, of: job.id, fence: fence) == nil)
            #expect(try await store.references(of: job.id) == [])
            #expect(try await !store.isReferenced(.input(sha256: hash)))
        },
    ]
}
