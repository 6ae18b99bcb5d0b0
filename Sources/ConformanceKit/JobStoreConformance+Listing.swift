import Generation
import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let listing: [Check] = [
        Check("a list shows a workspace's jobs, newest first, as they stand") { store in
            var driver = try await JobDriver(store)
            let other = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 1_000_000_000))
            var jobs: [Job] = []
            for situation in JobSituation.allCases { jobs.append(try await driver.job(in: situation)) }
            let foreign = try await driver.admit(other)
            var query = JobQuery(workspace: driver.key.workspace)
            query.limit = 100
            #expect(try await store.jobs(query) == jobs.reversed())
            #expect(try await store.jobs(JobQuery(workspace: "other")) == [foreign])
            #expect(try await store.jobs(JobQuery(workspace: "nobody")) == [])
        },
        Check("a list is narrowed by state, type and model, alone and together") { store in
            var driver = try await JobDriver(store)
            var jobs: [Job] = []
            let requests = [
                JobFixtures.video("vendor/one"), JobFixtures.video("vendor/two"), JobFixtures.image("vendor/one"),
            ]
            for situation in [JobSituation.queued, .running, .completed, .failed] {
                for request in requests {
                    let job = try await driver.admit(driver.fixtures.newJob(driver.key, request: request))
                    jobs.append(try await driver.commit(JobScript(job.admitted).way(to: situation), of: job))
                }
            }
            let states: [Set<JobState.Name>] = [
                [], [.queued], [.running, .failed], [.expired], Set(JobState.Name.allCases),
            ]
            let types: [GenerationType?] = [nil, .video, .image, .speech]
            let models: [String?] = [nil, "vendor/one", "vendor/none"]
            for state in states {
                for type in types {
                    for model in models {
                        var query = JobQuery(workspace: driver.key.workspace)
                        query.states = state
                        query.type = type
                        query.model = model
                        query.limit = 100
                        let expected = jobs.reversed().filter { job in
                            (state.isEmpty || state.contains(job.state.name))
                                && (type == nil || job.admitted.request.type == type)
                                && (model == nil || job.admitted.request.model == model)
                        }
                        #expect(try await store.jobs(query).map(\.id) == expected.map(\.id))
                    }
                }
            }
        },
        Check("the cursor stays where it is while jobs are added and move on") { store in
            var driver = try await JobDriver(store)
            var jobs: [Job] = []
            for _ in 0..<10 { jobs.append(try await driver.admit()) }
            var seen: [JobID] = []
            var query = JobQuery(workspace: driver.key.workspace)
            query.limit = 3
            for _ in 0..<10 {
                let page = try await store.jobs(query).map(\.id)
                #expect(page.count <= 3)
                seen += page
                guard let last = page.last else { break }
                query.before = last
                _ = try await driver.admit()
                try await driver.commit([.cancelRequested], of: jobs.removeLast())
            }
            #expect(seen.count == 10)
            #expect(seen == seen.sorted(by: >))
            #expect(Set(seen).count == 10)
        },
        Check("a list can start with the oldest, and goes on after a job") { store in
            var driver = try await JobDriver(store)
            var jobs: [Job] = []
            for _ in 0..<3 { jobs.append(try await driver.admit()) }
            jobs.append(try await driver.job(in: .completed))
            jobs.append(try await driver.job(in: .running))
            var query = JobQuery(workspace: driver.key.workspace)
            query.isOldestFirst = true
            query.limit = 2
            var seen: [Job] = []
            for _ in 0..<10 {
                let page = try await store.jobs(query)
                seen += page
                guard let last = page.last else { break }
                query.after = last.id
            }
            #expect(seen == jobs)
            query.after = jobs[0].id
            query.before = jobs[3].id
            #expect(try await store.jobs(query) == [jobs[1], jobs[2]])
            query.isOldestFirst = false
            #expect(try await store.jobs(query) == [jobs[2], jobs[1]])
        },
        Check("a job that is over is deleted once: what it has made goes, and all else about it stays") { store in
            var driver = try await JobDriver(store)
            let kept = try await driver.job(in: .completed)
            for situation in [JobSituation.completed, .failed, .cancelled, .cancelledAtCost, .expired] {
                let job = try await driver.job(in: situation)
                let before = try await store.balance(of: driver.key.workspace)
                let events = try await store.events(of: job.id, after: 0, limit: 100)
                let attempts = try await store.attempts(of: job.id)
                #expect(!job.isDeleted)
                let deletion = try #require(try await store.markDeleted(job.id))
                #expect(deletion.artifacts == job.artifacts, "\(situation)")
                #expect(deletion.job == job.deleted?.job)
                #expect(deletion.job.isDeleted)
                #expect(deletion.job.state.name == job.state.name)
                #expect(deletion.job.version == job.version)
                #expect(try await store.job(job.id) == deletion.job)
                for artifact in job.artifacts { #expect(try await !store.isReferenced(artifact.key)) }
                #expect(try await store.markDeleted(job.id) == nil)
                #expect(try await store.job(job.id) == deletion.job)
                #expect(try await store.balance(of: driver.key.workspace) == before)
                #expect(try await store.events(of: job.id, after: 0, limit: 100) == events)
                #expect(try await store.attempts(of: job.id) == attempts)
            }
            #expect(try await store.job(kept.id) == kept)
            #expect(
                try await store.artifacts(after: nil, limit: 100) == kept.artifacts.sorted { $0.key.path < $1.key.path }
            )
            #expect(try await store.audit().findings.isEmpty)
        },
        Check("a job that is not over is not deleted") { store in
            var driver = try await JobDriver(store)
            for situation in JobSituation.allCases {
                let job = try await driver.job(in: situation)
                guard !job.state.isTerminal else { continue }
                #expect(try await store.markDeleted(job.id) == nil, "\(situation)")
                #expect(try await store.job(job.id) == job)
            }
            #expect(try await store.markDeleted(JobID(high: 1, low: 1)) == nil)
        },
        Check("a list leaves deleted jobs out when it is to, and its pages are whole all the same") { store in
            var driver = try await JobDriver(store)
            var (all, left): ([Job], [Job]) = ([], [])
            for round in 0..<3 {
                for situation in JobSituation.allCases {
                    let job = try await driver.job(in: situation)
                    if round > 0, let deletion = try await store.markDeleted(job.id) {
                        all.append(deletion.job)
                    } else {
                        all.append(job)
                        left.append(job)
                    }
                }
            }
            #expect(left.count < all.count)
            var query = JobQuery(workspace: driver.key.workspace)
            query.limit = 100
            #expect(try await store.jobs(query) == all.reversed())
            query.withoutDeleted = true
            #expect(try await store.jobs(query) == left.reversed())
            for state in JobState.Name.allCases {
                query.states = [state]
                #expect(try await store.jobs(query) == left.reversed().filter { $0.state.name == state })
            }
            query.states = []
            query.limit = 7
            for isOldestFirst in [false, true] {
                query.isOldestFirst = isOldestFirst
                (query.before, query.after) = (nil, nil)
                var seen: [Job] = []
                for _ in 0..<20 {
                    let page = try await store.jobs(query)
                    seen += page
                    #expect(page.count == min(7, left.count - seen.count + page.count))
                    guard let last = page.last else { break }
                    if isOldestFirst { query.after = last.id } else { query.before = last.id }
                }
                #expect(seen == (isOldestFirst ? left : left.reversed()))
            }
        },
        Check("a list is as long as its limit, 20 unless told otherwise") { store in
            var driver = try await JobDriver(store)
            for _ in 0..<21 { _ = try await driver.admit() }
            var query = JobQuery(workspace: driver.key.workspace)
            #expect(try await store.jobs(query).count == 20)
            query.limit = 1
            #expect(try await store.jobs(query).count == 1)
        },
        Check("artifacts are recorded with the end of their job, and listed by key, page by page") { store in
            var driver = try await JobDriver(store)
            var expected: [Artifact] = []
            for _ in 0..<5 {
                let job = try await driver.job(in: .storing)
                let artifacts = JobScript(job.admitted).artifacts
                for artifact in artifacts { #expect(try await !store.isReferenced(artifact.key)) }
                let done = try await driver.commit(.artifactsStored(artifacts, .empty), of: job)
                guard case .completed(let completed) = try #require(try await store.job(done.id)).state else {
                    Issue.record("\(done.state.name) instead of completed")
                    return
                }
                #expect(completed.artifacts == artifacts)
                for artifact in artifacts { #expect(try await store.isReferenced(artifact.key)) }
                expected += artifacts
            }
            expected.sort { $0.key.path < $1.key.path }
            var listed: [Artifact] = []
            for _ in 0..<10 {
                let page = try await store.artifacts(after: listed.last?.key, limit: 3)
                #expect(page.count <= 3)
                listed += page
                guard !page.isEmpty else { break }
            }
            #expect(listed == expected)
            #expect(try await store.audit().artifacts == 10)
        },
        Check("an input is referred to by every job that names it, and no other file is") { store in
            var driver = try await JobDriver(store)
            let stored = StoredInput(sha256: driver.fixtures.hash(), mediaType: "image/png", bytes: 68)
            let masked = StoredInput(sha256: driver.fixtures.hash(), mediaType: "image/png", bytes: 68)
            var image = ImageRequest(prompt: "p")
            image.inputReferences = [.stored(stored)]
            image.mask = .stored(masked)
            let request = GenerationRequest(model: "vendor/image", content: .image(image))
            for input in [stored, masked] {
                #expect(try await !store.isReferenced(.input(sha256: input.sha256)))
            }
            let job = try await driver.admit(driver.fixtures.newJob(driver.key, request: request))
            try await driver.commit([.cancelRequested], of: job)
            for input in [stored, masked] {
                #expect(try await store.isReferenced(.input(sha256: input.sha256)))
            }
            #expect(try await !store.isReferenced(.input(sha256: driver.fixtures.hash())))
        },
    ]
}

extension Job {
    /// What it has made.
    fileprivate var artifacts: [Artifact] {
        guard case .completed(let completed) = state else { return [] }
        return completed.artifacts
    }
}
