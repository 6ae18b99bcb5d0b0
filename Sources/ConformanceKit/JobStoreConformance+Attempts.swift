import JobCore
import Testing

extension JobStoreConformance {
    static let attempts: [Check] = [
        Check("an attempt is found by its token alone, whatever became of it") { store in
            var driver = try await JobDriver(store)
            for situation in [JobSituation.intent, .sending, .verifying, .running, .completed, .failed] {
                let job = try await driver.job(in: situation)
                let known = try #require(try await store.attempts(of: job.id).last)
                #expect(try await store.attempt(token: known.start.token) == known)
                #expect(try await store.attempt(token: known.start.externalID) == nil)
            }
            for unknown in ["", "token", "token%", "' OR 1 = 1 --"] {
                #expect(try await store.attempt(token: unknown) == nil)
            }
        },
        Check("an attempt keeps the address that its provider was given") { store in
            var driver = try await JobDriver(store)
            let url = "https://media.example/provider-callbacks/t'o\"ken"
            let waiting = try await driver.admit()
            let script = JobScript(waiting.admitted).attempt(1)
            let start = NewAttempt(
                number: 1,
                endpoint: script.endpoint,
                externalID: script.externalID,
                token: script.token,
                callbackURL: url
            )
            let job = try await driver.commit([.attemptBegan(start), .sendingBegan(bodySHA256: "body")], of: waiting)
            #expect(try await store.attempts(of: job.id).map(\.start) == [start])
            #expect(try await store.attempt(token: script.token)?.start.callbackURL == url)
        },
        Check("a provider's id leads to the attempt that has it, as its own or as an orphan, at that account alone") {
            store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .running)
            let owner = try #require(try await store.attempts(of: job.id).first)
            let remoteID = try #require(owner.remoteID)
            let (provider, account) = (owner.start.endpoint.provider, owner.start.endpoint.account)
            func found(_ id: String, _ provider: String, _ account: String) async throws -> Attempt? {
                try await store.attempt(remoteID: id, provider: provider, account: account)
            }
            #expect(try await found(remoteID, provider, account) == owner)
            #expect(try await found(remoteID, provider, "another") == nil)
            #expect(try await found(remoteID, "another", account) == nil)
            #expect(try await found("another", provider, account) == nil)
            let late = try await driver.job(in: .expired)
            let outcome = try await store.record(
                .accepted(remoteID: "late", submission: "answer"),
                of: late.id,
                attempt: 1,
                send: 1,
                at: driver.fixtures.tick()
            )
            let attempts = try await store.attempts(of: late.id)
            #expect((outcome == .orphaned) == (attempts.first?.orphanRemoteID == "late"))
            if outcome == .orphaned { #expect(try await found("late", provider, account) == attempts.first) }
        },
    ]
}
