import JobCore
import Ledger
import Testing

extension JobStoreConformance {
    static let customerKeys: [Check] = [
        Check("a customer's key is kept as it was handed in, behind the others of its provider") { store in
            var driver = try await JobDriver(store)
            let first = try await store.createCustomerKey(driver.customerKey("one", revised: everything))
            let other = try await store.createCustomerKey(driver.customerKey("two", provider: "other"))
            let second = try await store.createCustomerKey(driver.customerKey("three"))
            #expect([first, other, second].map(\.sortOrder) == [0, 0, 1])
            #expect(first.terms == everything)
            #expect(try await store.customerKey("one") == first)
            #expect(try await store.customerKey("nobody's") == nil)
            #expect(second.revision > other.revision)
            await #expect(throws: (any Error).self) {
                try await store.createCustomerKey(driver.customerKey("one"))
            }
            #expect(try await store.customerKey("one") == first)
        },
        Check("customers' keys are listed by provider and place, each workspace's own") { store in
            var driver = try await JobDriver(store)
            _ = try await driver.addWorkspace("other", credits: JobFixtures.hold)
            var keys: [CustomerKey] = []
            for (id, provider) in [("c", "b"), ("b", "b"), ("a", "b"), ("d", "a")] {
                keys.append(try await store.createCustomerKey(driver.customerKey(id, provider: provider)))
            }
            _ = try await store.createCustomerKey(driver.customerKey("theirs", workspace: "other"))
            var query = CustomerKeyQuery(workspace: driver.key.workspace)
            let all = try await store.customerKeys(query)
            #expect(all.keys.map(\.id) == ["d", "c", "b", "a"])
            #expect(all.total == 4)
            query.provider = "b"
            query.offset = 1
            query.limit = 1
            let part = try await store.customerKeys(query)
            #expect(part.keys == [keys[1]])
            #expect(part.total == 3)
        },
        Check("a customer's key is changed by who has seen its last change") { store in
            var driver = try await JobDriver(store)
            let key = try await store.createCustomerKey(driver.customerKey("one"))
            var changed = key
            changed.terms = everything
            changed.sealed = [UInt8](repeating: 9, count: 40)
            changed.label = "new"
            guard case .changed(let stored) = try await store.updateCustomerKey(changed, expecting: key.revision)
            else {
                Issue.record("not changed")
                return
            }
            #expect(stored.terms == everything && stored.sealed == changed.sealed && stored.label == "new")
            #expect(stored.revision > key.revision)
            #expect(try await store.customerKey("one") == stored)
            #expect(try await store.updateCustomerKey(key, expecting: key.revision) == .stale)
            #expect(try await store.customerKey("one") == stored)
            let absent = driver.customerKey("nobody's")
            #expect(try await store.updateCustomerKey(absent, expecting: 0) == .missing)
        },
        Check("a job is admitted with a customer's key that is there, enabled and of its workspace") { store in
            var driver = try await JobDriver(store)
            let other = try await driver.addWorkspace("other", credits: JobFixtures.hold)
            let before = try await store.balance(of: driver.key.workspace)
            #expect(try await driver.submit(with: "nobody's") == .customerKeyGone)
            var key = try await store.createCustomerKey(driver.customerKey("one"))
            #expect(try await driver.submit(with: "one", other) == .customerKeyGone)
            key.terms.isDisabled = true
            _ = try await store.updateCustomerKey(key, expecting: key.revision)
            #expect(try await driver.submit(with: "one") == .customerKeyGone)
            #expect(try await store.balance(of: driver.key.workspace) == before)
            key.terms.isDisabled = false
            let disabled = try #require(try await store.customerKey("one"))
            _ = try await store.updateCustomerKey(key, expecting: disabled.revision)
            guard case .admitted = try await driver.submit(with: "one") else {
                Issue.record("not admitted")
                return
            }
        },
        Check("a customer's key that is deleted is kept until the last job with it is over") { store in
            var driver = try await JobDriver(store)
            let key = try await store.createCustomerKey(driver.customerKey("one"))
            let first = try await driver.job(in: JobSituation(.running), account: key.account)
            let second = try await driver.admit(account: key.account)
            #expect(try await store.customerKeySnapshot(after: 0)?.inUse == ["one"])
            let deletedAt = driver.fixtures.tick()
            #expect(try await store.deleteCustomerKey("one", at: deletedAt))
            #expect(try await !store.deleteCustomerKey("one", at: driver.fixtures.tick()))
            #expect(try await store.customerKey("one") == nil)
            #expect(try await store.customerKeys(CustomerKeyQuery(workspace: key.workspace)).total == 0)
            #expect(try await store.updateCustomerKey(key, expecting: key.revision) == .missing)
            #expect(try await driver.submit(with: "one") == .customerKeyGone)
            let kept = try #require(try await store.customerKeySnapshot(after: key.revision))
            #expect(kept.keys.map(\.deletedAt) == [deletedAt])
            #expect(kept.keys.first?.sealed == key.sealed)

            let artifacts = JobScript(first.admitted).artifacts
            _ = try await driver.commit(
                [.providerCompleted(outputs: "outputs"), .artifactsStored(artifacts, .empty)],
                of: first
            )
            #expect(try await store.customerKeySnapshot(after: kept.revision) == nil)
            _ = try await driver.commit(.cancelRequested, of: second)
            let left = try #require(try await store.customerKeySnapshot(after: kept.revision))
            #expect(left.keys == [])
            #expect(left.inUse == [])
            #expect(left.revision > kept.revision)
        },
        Check("a customer's key that no job needs is gone at once") { store in
            var driver = try await JobDriver(store)
            let key = try await store.createCustomerKey(driver.customerKey("one"))
            let snapshot = try #require(try await store.customerKeySnapshot(after: 0))
            #expect(snapshot.keys == [key])
            #expect(snapshot.revision == key.revision)
            #expect(try await store.customerKeySnapshot(after: snapshot.revision) == nil)
            #expect(try await store.deleteCustomerKey("one", at: driver.fixtures.tick()))
            #expect(try await store.customerKeySnapshot(after: snapshot.revision)?.keys == [])
            let next = try await store.createCustomerKey(driver.customerKey("two"))
            #expect(next.sortOrder == 0)
            #expect(next.revision > key.revision)
        },
    ]

    /// Terms in which nothing is as it is by itself.
    private static var everything: CustomerKeyTerms {
        var terms = CustomerKeyTerms()
        terms.name = "Ours"
        terms.allowedModels = ["vendor/video", "vendor/image"]
        terms.allowedKeyHashes = [String(repeating: "a", count: 64)]
        terms.allowedUserIDs = []
        terms.isDisabled = true
        terms.isFallback = true
        terms.isRequired = true
        terms.declaredZeroRetention = false
        terms.declaredRegion = "europe"
        return terms
    }
}

extension JobDriver {
    mutating func customerKey(
        _ id: String,
        workspace: String = JobFixtures.workspace,
        provider: String = "vendor",
        revised terms: CustomerKeyTerms = CustomerKeyTerms()
    ) -> CustomerKey {
        CustomerKey(
            id: id,
            workspace: workspace,
            provider: provider,
            sealed: [UInt8](repeating: 7, count: 29),
            label: "sk-...x",
            terms: terms,
            createdAt: fixtures.tick()
        )
    }

    /// Hands in a job that a customer's key is to serve.
    fileprivate mutating func submit(with id: String, _ key: APIKey? = nil) async throws -> AdmissionOutcome {
        let job = fixtures.newJob(key ?? self.key, account: EndpointID.customerAccountPrefix + id)
        return try await store.admit(fixtures.admission(of: job))
    }
}
