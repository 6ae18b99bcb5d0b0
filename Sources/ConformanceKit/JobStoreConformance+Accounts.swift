import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let accounts: [Check] = [
        Check("a key is kept as it was made, and found by its hash") { store in
            var driver = try await JobDriver(store)
            let limited = driver.fixtures.key(limit: Credits(nanoUSD: 1), isManagement: true)
            try await store.createKey(limited)
            #expect(try await store.key(hash: limited.hash) == limited)
            #expect(try await store.key(hash: driver.key.hash) == driver.key)
            #expect(try await store.key(hash: driver.fixtures.hash()) == nil)
        },
        Check("keys are listed oldest first") { store in
            var driver = try await JobDriver(store)
            var keys = [driver.key]
            for _ in 0..<5 { keys.append(driver.fixtures.key()) }
            for key in keys.dropFirst().reversed() { try await store.createKey(key) }
            #expect(try await store.keys() == keys)
        },
        Check("a hash belongs to one key") { store in
            var driver = try await JobDriver(store)
            let twin = APIKey(
                hash: driver.key.hash,
                name: "twin",
                label: "",
                workspace: driver.key.workspace,
                limit: nil,
                isManagement: true,
                createdAt: driver.fixtures.tick(),
                revokedAt: nil
            )
            await #expect(throws: (any Error).self) { try await store.createKey(twin) }
            #expect(try await store.keys() == [driver.key])
        },
        Check("a key is revoked once, for good") { store in
            var driver = try await JobDriver(store)
            let first = driver.fixtures.tick()
            #expect(try await store.revokeKey(hash: driver.key.hash, at: first))
            #expect(try await store.key(hash: driver.key.hash)?.revokedAt == first)
            #expect(try await store.revokeKey(hash: driver.key.hash, at: driver.fixtures.tick()))
            let revoked = try #require(try await store.key(hash: driver.key.hash))
            #expect(revoked.revokedAt == first)
            #expect(revoked.name == driver.key.name)
            #expect(try await store.keys() == [revoked])
            #expect(try await !store.revokeKey(hash: driver.fixtures.hash(), at: driver.fixtures.tick()))
        },
        Check("jobs of a revoked key go on") { store in
            var driver = try await JobDriver(store)
            let job = try await driver.job(in: .running)
            #expect(try await store.revokeKey(hash: driver.key.hash, at: driver.fixtures.tick()))
            let script = JobScript(job.admitted)
            let done = try await driver.commit(
                [.providerCompleted(outputs: "outputs"), .artifactsStored(script.artifacts, .empty)],
                of: job
            )
            #expect(done.state.name == .completed)
        },
        Check("a workspace is added as often as one likes, and keeps its credits") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 7))
            try await store.ensureWorkspace(driver.key.workspace, at: driver.fixtures.tick())
            let expected = Balance(available: Credits(nanoUSD: 7), held: .zero)
            #expect(try await store.balance(of: driver.key.workspace) == expected)
        },
        Check("workspaces are listed by name, each once, since when they are there") { store in
            var driver = try await JobDriver(store)
            let start = driver.key.createdAt
            let later = driver.fixtures.tick()
            for name in ["zoo", "art", "zoo"] { try await store.ensureWorkspace(name, at: later) }
            try await store.ensureWorkspace(driver.key.workspace, at: later)
            #expect(
                try await store.workspaces() == [
                    Workspace(name: "art", createdAt: later),
                    Workspace(name: driver.key.workspace, createdAt: start),
                    Workspace(name: "zoo", createdAt: later),
                ]
            )
        },
        Check("workspaces have their own credits, and an unknown one has none") { store in
            var driver = try await JobDriver(store, credits: Credits(nanoUSD: 1_000_000_000))
            let other = try await driver.addWorkspace("other", credits: Credits(nanoUSD: 400_000_000))
            _ = try await driver.admit(other)
            let none = Balance(available: .zero, held: .zero)
            #expect(try await store.balance(of: "other") == Balance(available: .zero, held: JobFixtures.hold))
            #expect(
                try await store.balance(of: driver.key.workspace)
                    == Balance(available: Credits(nanoUSD: 1_000_000_000), held: .zero)
            )
            #expect(try await store.balance(of: "nobody") == none)
        },
        Check("the database answers") { store in try await store.ping() },
    ]
}
