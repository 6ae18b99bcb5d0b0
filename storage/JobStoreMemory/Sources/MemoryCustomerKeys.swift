package import JobCore

/// Customers' own keys, and the jobs under way that were admitted with them.
struct MemoryCustomerKeys {
    private var rows: [String: CustomerKey] = [:]
    private var jobs: [JobID: Set<String>] = [:]
    private var revision: Int64 = 0

    private mutating func nextRevision() -> Int64 {
        revision += 1
        return revision
    }

    /// All, those that were deleted included, in the order in which they are tried.
    private var all: [CustomerKey] {
        rows.values.sorted {
            ($0.workspace, $0.provider, $0.sortOrder, $0.id) < ($1.workspace, $1.provider, $1.sortOrder, $1.id)
        }
    }

    mutating func create(_ key: CustomerKey) throws -> CustomerKey {
        guard rows[key.id] == nil else { throw MemoryStoreError.duplicate("customer key \(key.id)") }
        var key = key
        let others = rows.values.filter {
            $0.workspace == key.workspace && $0.provider == key.provider && $0.deletedAt == nil
        }
        key.sortOrder = others.map(\.sortOrder).max().map { $0 + 1 } ?? 0
        key.revision = nextRevision()
        rows[key.id] = key
        return key
    }

    func key(_ id: String) -> CustomerKey? {
        guard let key = rows[id], key.deletedAt == nil else { return nil }
        return key
    }

    func list(_ query: CustomerKeyQuery) -> (keys: [CustomerKey], total: Int) {
        let found = all.filter {
            $0.workspace == query.workspace && (query.provider == nil || $0.provider == query.provider)
                && $0.deletedAt == nil
        }
        return (Array(found.dropFirst(query.offset).prefix(query.limit)), found.count)
    }

    mutating func update(_ key: CustomerKey, expecting revision: Int64) -> CustomerKeyChange {
        guard var known = self.key(key.id) else { return .missing }
        guard known.revision == revision else { return .stale }
        (known.sealed, known.label, known.terms) = (key.sealed, key.label, key.terms)
        known.revision = nextRevision()
        rows[key.id] = known
        return .changed(known)
    }

    mutating func delete(_ id: String, at now: Timestamp) -> Bool {
        guard var key = key(id) else { return false }
        key.deletedAt = now
        key.revision = nextRevision()
        rows[id] = key
        clear(id)
        return true
    }

    func snapshot(after revision: Int64) -> CustomerKeySnapshot? {
        guard self.revision != revision else { return nil }
        return CustomerKeySnapshot(
            revision: self.revision,
            keys: all,
            inUse: jobs.values.reduce(into: []) { $0.formUnion($1) }
        )
    }

    /// Whether the keys that may serve a job are there; true for a job that only the operator's own may serve.
    func serve(_ admission: Admission) -> Bool {
        admission.customerKeyIDs.allSatisfy { id in
            guard let key = key(id) else { return false }
            return key.workspace == admission.job.workspace && !key.terms.isDisabled
        }
    }

    mutating func keep(for admission: Admission) {
        let ids = Set(admission.customerKeyIDs)
        if !ids.isEmpty { jobs[admission.job.id] = ids }
    }

    mutating func release(_ job: NewJob) {
        let kept = (jobs.removeValue(forKey: job.id) ?? []).filter { rows[$0]?.deletedAt != nil }
        for id in kept { clear(id) }
        if kept.contains(where: { rows[$0] == nil }) { revision += 1 }
    }

    /// Removes a key that was deleted, unless a job under way needs it.
    private mutating func clear(_ id: String) {
        if !jobs.values.contains(where: { $0.contains(id) }) { rows[id] = nil }
    }
}

extension MemoryJobStore {
    package func createCustomerKey(_ key: CustomerKey) throws -> CustomerKey { try customerKeys.create(key) }

    package func customerKey(_ id: String) -> CustomerKey? { customerKeys.key(id) }

    package func customerKeys(_ query: CustomerKeyQuery) -> (keys: [CustomerKey], total: Int) {
        customerKeys.list(query)
    }

    package func updateCustomerKey(_ key: CustomerKey, expecting revision: Int64) -> CustomerKeyChange {
        customerKeys.update(key, expecting: revision)
    }

    package func deleteCustomerKey(_ id: String, at now: Timestamp) -> Bool { customerKeys.delete(id, at: now) }

    package func customerKeySnapshot(after revision: Int64) -> CustomerKeySnapshot? {
        customerKeys.snapshot(after: revision)
    }
}
