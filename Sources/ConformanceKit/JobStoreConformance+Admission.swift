import Generation
import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let admission: [Check] = [
        Check("an admission writes the job, its hold and its first event") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 1_000_000_000))
            var parameters = JobParameters()
            parameters.user = "user-7"
            parameters.sessionID = "session"
            parameters.trace = ["span": ["id": 7, "on": true, "rate": .number(0.5)]]
            parameters.metadata = ["shot": "12", "take": "ü"]
            parameters.strict = false
            parameters.maxCost = Credits(nanoUSD: 1)
            parameters.priority = -3
            parameters.startAfter = driver.now.adding(seconds: 3_600)
            parameters.expiresAfterSeconds = 7_200
            parameters.retentionDays = 3
            parameters.callbackURL = "https://client.example/hook"
            let new = driver.fixtures.newJob(driver.key, parameters: parameters)
            let job = try await driver.admit(new)
            #expect(job == Job(new))
            #expect(
                try await driver.observe(job)
                    == JobObservation(
                        job: Job(new),
                        attempts: [],
                        events: [JobEventRecord(Job(new), at: new.createdAt)],
                        outbox: [],
                        balance: Balance(
                            available: Credits(nanoUSD: 600_000_000),
                            held: Credits(nanoUSD: 400_000_000)
                        )
                    )
            )
        },
        Check("every kind of request comes back as it was admitted") { store in
            var driver = try await JobDriver(store)
            let stored = StoredInput(sha256: driver.fixtures.hash(), mediaType: "image/png", bytes: 68)
            var video = VideoRequest(prompt: "a \"quoted\" \\ line\nand 日本 🎬")
            video.negativePrompt = "rain"
            video.size = PixelSize(width: 1_280, height: 720)
            video.fps = 24
            video.frameImages = [FrameImage(role: .first, image: .stored(stored))]
            video.inputReferences = [.stored(stored)]
            video.generateAudio = false
            video.seed = .min
            var image = ImageRequest(prompt: "p")
            image.n = 2
            image.mask = .stored(stored)
            var speech = SpeechRequest(input: "hello")
            speech.speed = 1.25
            let contents: [GenerationRequest.Content] = [.video(video), .image(image), .speech(speech)]
            for content in contents {
                let request = GenerationRequest(
                    model: "vendor/any",
                    content: content,
                    providerOptions: ["vendor": ["depth": [1, .number(2.5), nil, "x", ["y": true]]]]
                )
                let new = driver.fixtures.newJob(driver.key, request: request)
                let job = try await driver.admit(new)
                #expect(try await store.job(job.id) == Job(new))
            }
        },
        Check("an admission without credits is refused and writes nothing") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 399_999_999))
            let new = driver.fixtures.newJob(driver.key)
            try await expectRefused(
                driver.fixtures.admission(of: new, idempotencyKey: "a"),
                .insufficientCredits(available: Credits(nanoUSD: 399_999_999)),
                driver
            )
            try await driver.grant(Credits(nanoUSD: 1))
            let job = try await driver.admit(new)
            #expect(try await store.balance(of: key(job)) == Balance(available: .zero, held: JobFixtures.hold))
        },
        Check("a job without a price is admitted without credits") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let job = try await driver.admit(hold: .zero)
            #expect(try await store.balance(of: key(job)) == Balance(available: .zero, held: .zero))
        },
        Check("an unknown, a foreign and a revoked key are refused and write nothing") { store in
            var driver = try await JobDriver(store)
            let foreign = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 1_000_000_000))
            let unknown = driver.fixtures.key()
            try await expectRefused(
                driver.fixtures.admission(of: driver.fixtures.newJob(unknown)),
                .keyRevoked,
                driver
            )
            let borrowed = APIKey(
                hash: foreign.hash,
                name: "",
                label: "",
                workspace: driver.key.workspace,
                limit: nil,
                isManagement: true,
                createdAt: driver.now,
                revokedAt: nil
            )
            try await expectRefused(
                driver.fixtures.admission(of: driver.fixtures.newJob(borrowed)),
                .keyRevoked,
                driver
            )
            #expect(try await store.revokeKey(hash: driver.key.hash, at: driver.fixtures.tick()))
            try await expectRefused(
                driver.fixtures.admission(of: driver.fixtures.newJob(driver.key)),
                .keyRevoked,
                driver
            )
        },
        Check("an equal request under the same idempotency key replays the first answer") { store in
            var driver = try await JobDriver(store, credits: JobFixtures.hold)
            let first = driver.fixtures.admission(
                of: driver.fixtures.newJob(driver.key),
                idempotencyKey: "once",
                fingerprint: "same",
                queuedMax: 1
            )
            #expect(try await store.admit(first) == .admitted(Job(first.job)))
            // Neither the full queue nor the empty balance stands in the way of an answer that was given before.
            let repeated = driver.fixtures.admission(
                of: driver.fixtures.newJob(driver.key),
                idempotencyKey: "once",
                fingerprint: "same",
                queuedMax: 1
            )
            let replay = AdmissionOutcome.replayed(job: first.job.id, answer: first.answer)
            try await expectRefused(repeated, replay, driver)
            // Nor does the end of the job.
            try await driver.commit([.cancelRequested], of: Job(first.job))
            try await expectRefused(repeated, replay, driver)
        },
        Check("another request under the same idempotency key is a conflict and writes nothing") { store in
            var driver = try await JobDriver(store)
            let first = driver.fixtures.admission(
                of: driver.fixtures.newJob(driver.key),
                idempotencyKey: "once",
                fingerprint: "same"
            )
            #expect(try await store.admit(first) == .admitted(Job(first.job)))
            let other = driver.fixtures.admission(
                of: driver.fixtures.newJob(driver.key),
                idempotencyKey: "once",
                fingerprint: "other"
            )
            try await expectRefused(other, .idempotencyConflict, driver)
        },
        Check("an idempotency key's earlier answer can be looked up, and only with the API key it came with") { store in
            var driver = try await JobDriver(store)
            let first = driver.fixtures.admission(
                of: driver.fixtures.newJob(driver.key),
                idempotencyKey: "once",
                fingerprint: "same"
            )
            let hash = driver.key.hash
            #expect(try await store.earlierAnswer(to: "once", keyHash: hash, fingerprint: "same") == nil)
            #expect(try await store.admit(first) == .admitted(Job(first.job)))
            let replay = EarlierAnswer.replay(job: first.job.id, answer: first.answer)
            #expect(try await store.earlierAnswer(to: "once", keyHash: hash, fingerprint: "same") == replay)
            #expect(try await store.earlierAnswer(to: "once", keyHash: hash, fingerprint: "other") == .conflict)
            #expect(try await store.earlierAnswer(to: "twice", keyHash: hash, fingerprint: "same") == nil)
            #expect(try await store.earlierAnswer(to: "once", keyHash: "another", fingerprint: "same") == nil)
        },
        Check("a revoked key replays nothing") { store in
            var driver = try await JobDriver(store)
            let first = driver.fixtures.admission(
                of: driver.fixtures.newJob(driver.key),
                idempotencyKey: "once",
                fingerprint: "same"
            )
            #expect(try await store.admit(first) == .admitted(Job(first.job)))
            #expect(try await store.revokeKey(hash: driver.key.hash, at: driver.fixtures.tick()))
            try await expectRefused(first, .keyRevoked, driver)
        },
        Check("idempotency keys of two API keys have nothing to do with each other") { store in
            var driver = try await JobDriver(store)
            let second = driver.fixtures.key()
            try await store.createKey(second)
            for key in [driver.key, second] {
                let admission = driver.fixtures.admission(
                    of: driver.fixtures.newJob(key),
                    idempotencyKey: "once",
                    fingerprint: key.hash
                )
                #expect(try await store.admit(admission) == .admitted(Job(admission.job)))
            }
        },
        Check("a refused admission leaves its idempotency key free") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let admission = driver.fixtures.admission(of: driver.fixtures.newJob(driver.key), idempotencyKey: "once")
            try await expectRefused(admission, .insufficientCredits(available: .zero), driver)
            try await driver.grant(JobFixtures.hold)
            let other = driver.fixtures.admission(of: driver.fixtures.newJob(driver.key), idempotencyKey: "once")
            #expect(try await store.admit(other) == .admitted(Job(other.job)))
        },
        Check("equal requests without an idempotency key are different jobs") { store in
            var driver = try await JobDriver(store)
            for _ in 0..<3 {
                let admission = driver.fixtures.admission(of: driver.fixtures.newJob(driver.key), fingerprint: "same")
                #expect(try await store.admit(admission) == .admitted(Job(admission.job)))
            }
        },
        Check("of 16 racing admissions under one idempotency key exactly one is admitted") { store in
            var driver = try await JobDriver(store)
            let admissions = (0..<16).map { _ in
                driver.fixtures.admission(
                    of: driver.fixtures.newJob(driver.key),
                    idempotencyKey: "once",
                    fingerprint: "same"
                )
            }
            let outcomes = try await race(admissions) { try await store.admit($0) }
            let admitted = outcomes.compactMap(\.admittedJob)
            #expect(admitted.count == 1)
            #expect(outcomes.filter { $0.replayedJob == admitted.first?.id }.count == 15)
            #expect(try await store.balance(of: driver.key.workspace).held == JobFixtures.hold)
        },
        Check("a key spends up to its limit exactly, holds and settlements included") { store in
            var driver = try await JobDriver(store)
            let limited = driver.fixtures.key(limit: Credits(nanoUSD: 1_000_000_000))
            try await store.createKey(limited)
            // Settled at 0.3 of a hold of 0.4; voided; held: 0.4.
            let settled = try await driver.admit(limited)
            let script = JobScript(settled.admitted, charge: Credits(nanoUSD: 300_000_000))
            try await driver.commit(script.way(to: .completed), of: settled)
            let voided = try await driver.admit(limited)
            try await driver.commit([.cancelRequested], of: voided)
            _ = try await driver.admit(limited)
            let tooMuch = driver.fixtures.newJob(limited, hold: Credits(nanoUSD: 300_000_001))
            try await expectRefused(
                driver.fixtures.admission(of: tooMuch),
                .keyLimitReached(remaining: Credits(nanoUSD: 300_000_000)),
                driver
            )
            _ = try await driver.admit(limited, hold: Credits(nanoUSD: 300_000_000))
            try await expectRefused(
                driver.fixtures.admission(of: driver.fixtures.newJob(limited, hold: Credits(nanoUSD: 1))),
                .keyLimitReached(remaining: .zero),
                driver
            )
            // Other keys of the workspace are not concerned, with or without a limit.
            _ = try await driver.admit()
            let other = driver.fixtures.key(limit: JobFixtures.hold)
            try await store.createKey(other)
            _ = try await driver.admit(other)
        },
        Check("64 racing admissions for a balance of 10 jobs give exactly 10") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 4_399_999_999))
            let admissions = (0..<64).map { _ in
                driver.fixtures.admission(of: driver.fixtures.newJob(driver.key))
            }
            let outcomes = try await race(admissions) { try await store.admit($0) }
            #expect(outcomes.compactMap(\.admittedJob).count == 10)
            let available = Credits(nanoUSD: 399_999_999)
            #expect(outcomes.filter { $0 == .insufficientCredits(available: available) }.count == 54)
            #expect(
                try await store.balance(of: driver.key.workspace)
                    == Balance(available: available, held: Credits(nanoUSD: 4_000_000_000))
            )
        },
        Check("64 racing admissions under a key's limit of 10 jobs give exactly 10") { store in
            var driver = try await JobDriver(store)
            let limited = driver.fixtures.key(limit: Credits(nanoUSD: 4_000_000_000))
            try await store.createKey(limited)
            let admissions = (0..<64).map { _ in driver.fixtures.admission(of: driver.fixtures.newJob(limited)) }
            let outcomes = try await race(admissions) { try await store.admit($0) }
            #expect(outcomes.compactMap(\.admittedJob).count == 10)
        },
        Check("no more jobs wait than the bound allows, over all workspaces") { store in
            var driver = try await JobDriver(store)
            let other = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 1_000_000_000))
            let waiting = try await driver.admit()
            var later = JobParameters()
            later.startAfter = driver.now.adding(seconds: 3_600)
            _ = try await driver.admit(other, parameters: later)
            let third = driver.fixtures.newJob(driver.key)
            try await expectRefused(driver.fixtures.admission(of: third, queuedMax: 2), .queueFull, driver)
            // A job that no longer waits makes room.
            try await driver.commit(JobScript(waiting.admitted).way(to: .sending), of: waiting)
            let outcome = try await store.admit(driver.fixtures.admission(of: third, queuedMax: 2))
            #expect(outcome == .admitted(Job(third)))
        },
        Check("refusals come in their order: key, idempotency, queue, key's limit, credits") { store in
            var driver = try await JobDriver(store, credits: .zero)
            let limited = driver.fixtures.key(limit: .zero)
            try await store.createKey(limited)
            let free = driver.fixtures.admission(
                of: driver.fixtures.newJob(limited, hold: .zero),
                idempotencyKey: "once",
                fingerprint: "same"
            )
            #expect(try await store.admit(free) == .admitted(Job(free.job)))
            let new = driver.fixtures.newJob(limited)
            try await expectRefused(
                driver.fixtures.admission(of: new, idempotencyKey: "once", queuedMax: 1),
                .idempotencyConflict,
                driver
            )
            try await expectRefused(driver.fixtures.admission(of: new, queuedMax: 1), .queueFull, driver)
            try await expectRefused(
                driver.fixtures.admission(of: new, queuedMax: 2),
                .keyLimitReached(remaining: .zero),
                driver
            )
            try await expectRefused(
                driver.fixtures.admission(of: driver.fixtures.newJob(driver.key), queuedMax: 2),
                .insufficientCredits(available: .zero),
                driver
            )
            #expect(try await store.revokeKey(hash: limited.hash, at: driver.fixtures.tick()))
            try await expectRefused(
                driver.fixtures.admission(of: new, idempotencyKey: "once", queuedMax: 1),
                .keyRevoked,
                driver
            )
        },
        Check("an id that is taken, and a negative hold, are errors and change nothing") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.admit()
            let before = try await driver.observe(job)
            let again = driver.fixtures.admission(of: job.admitted)
            await #expect(throws: (any Error).self) { try await store.admit(again) }
            let negative = driver.fixtures.newJob(driver.key, hold: Credits(nanoUSD: -1))
            let admission = driver.fixtures.admission(of: negative)
            await #expect(throws: (any Error).self) { try await store.admit(admission) }
            #expect(try await store.job(negative.id) == nil)
            #expect(try await driver.observe(job) == before)
        },
        Check("answers are marked as often as one likes") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.admit()
            let before = try await driver.observe(job)
            let stranger = driver.fixtures.id()
            try await store.markAnswered([job.id], at: driver.fixtures.tick())
            try await store.markAnswered([job.id, stranger], at: driver.fixtures.tick())
            try await store.markAnswered([], at: driver.fixtures.tick())
            #expect(try await driver.observe(job) == before)
            #expect(try await store.job(stranger) == nil)
        },
    ]

    private static func key(_ job: Job) -> String { job.admitted.workspace }

    /// Expects an admission to be answered by `refusal`, and to leave no trace.
    private static func expectRefused(
        _ admission: Admission,
        _ refusal: AdmissionOutcome,
        _ driver: JobDriver,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let query = JobQuery(workspace: admission.job.workspace)
        let balance = try await driver.store.balance(of: admission.job.workspace)
        let jobs = try await driver.store.jobs(query)
        let outcome = try await driver.store.admit(admission)
        #expect(outcome == refusal, sourceLocation: sourceLocation)
        #expect(
            try await driver.store.balance(of: admission.job.workspace) == balance,
            sourceLocation: sourceLocation
        )
        #expect(try await driver.store.jobs(query) == jobs, sourceLocation: sourceLocation)
        guard !jobs.contains(where: { $0.id == admission.job.id }) else { return }
        #expect(try await driver.store.job(admission.job.id) == nil, sourceLocation: sourceLocation)
        #expect(
            try await driver.store.events(of: admission.job.id, after: 0, limit: 10) == [],
            sourceLocation: sourceLocation
        )
    }

    /// Does the same with each value at once.
    static func race<Value: Sendable, Outcome: Sendable>(
        _ values: [Value],
        _ act: @escaping @Sendable (Value) async throws -> Outcome
    ) async throws -> [Outcome] {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for value in values { group.addTask { try await act(value) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension AdmissionOutcome {
    fileprivate var admittedJob: Job? {
        guard case .admitted(let job) = self else { return nil }
        return job
    }

    fileprivate var replayedJob: JobID? {
        guard case .replayed(let job, _) = self else { return nil }
        return job
    }
}
