import Generation
package import JobCore
import Ledger

extension MemoryJobStore {
    package func usageRecord(of id: JobID) -> UsageRecord? { usageRows[id] }

    package func usage(_ query: UsageQuery) throws -> UsageReport {
        var sums: [GroupKey: UsageSums] = [:]
        for row in usageRows.values where query.admits(row) {
            let key = GroupKey(
                start: query.granularity?.start(of: row.finishedAt),
                values: query.dimensions.map { row.value(of: $0) }
            )
            try sums[key, default: UsageSums()].add(row)
        }
        // Without anything to tell apart there is one group, even of no jobs.
        if query.dimensions.isEmpty, query.granularity == nil, sums.isEmpty {
            sums[GroupKey(start: nil, values: [])] = UsageSums()
        }
        var groups = sums.map { UsageGroup(start: $0.start, values: $0.values, sums: $1) }
        groups.sort { query.comesBefore($0, $1) }
        if let most = query.groupLimit {
            var counts: [[String?]: Int] = [:]
            groups = groups.filter { group in
                counts[group.values, default: 0] += 1
                return counts[group.values, default: 0] <= most
            }
        }
        return UsageReport(groups: Array(groups.prefix(query.limit)), isTruncated: groups.count > query.limit)
    }

    package func statement(of workspace: String, from: Timestamp, to: Timestamp) throws -> WorkspaceStatement? {
        guard workspaces().contains(where: { $0.name == workspace }) else { return nil }
        let (available, held) = (Account.available(workspace: workspace), Account.held(workspace: workspace))
        let own = [available, held]
        var kinds: [String: (count: Int64, nano: Int64)] = [:]
        for (transfer, time) in zip(ledger.transfers, ledger.times) where from <= time && time < to {
            guard own.contains(transfer.from) != own.contains(transfer.to), transfer.from != held else { continue }
            let sign: Int64 = own.contains(transfer.to) ? 1 : -1
            let kind = String(transfer.id.prefix { $0 != ":" })
            kinds[kind, default: (0, 0)].count += 1
            kinds[kind, default: (0, 0)].nano += sign * transfer.amount.nanoUSD
        }
        var charges = UsageQuery(workspace: workspace, from: from, to: to)
        charges.dimensions = [.model, .provider]
        charges.limit = Int(Int32.max)
        return WorkspaceStatement(
            workspace: workspace,
            from: from,
            to: to,
            opening: Balance(available: balance(of: available, before: from), held: balance(of: held, before: from)),
            closing: Balance(available: balance(of: available, before: to), held: balance(of: held, before: to)),
            movements: kinds.sorted { $0.key < $1.key }.map {
                WorkspaceStatement.Movement(kind: $0, count: $1.count, amount: Credits(nanoUSD: $1.nano))
            },
            charges: try usage(charges).groups
        )
    }

    private func balance(of account: Account, before end: Timestamp) -> Credits {
        var nano: Int64 = 0
        for (transfer, time) in zip(ledger.transfers, ledger.times) where time < end {
            if transfer.to == account { nano += transfer.amount.nanoUSD }
            if transfer.from == account { nano -= transfer.amount.nanoUSD }
        }
        return Credits(nanoUSD: nano)
    }

    /// Where the rows of usage do not agree with jobs and ledger.
    func usageFindings(of jobs: [JobID: Job]) -> [AuditFinding] {
        var findings: [AuditFinding] = []
        for job in jobs.values.sorted(by: { $0.id < $1.id }) where usageRows[job.id] != record(of: job) {
            findings.append(
                AuditFinding(rule: "usage_row", subject: job.id.description, detail: "a row that is not the job's")
            )
        }
        var charged: [Account: Int64] = [:]
        for row in usageRows.values {
            charged[.held(workspace: row.workspace), default: 0] += row.charge.charged.nanoUSD
        }
        for transfer in ledger.transfers {
            guard case .held(let workspace) = transfer.from, transfer.to != .available(workspace: workspace) else {
                continue
            }
            charged[transfer.from, default: 0] -= transfer.amount.nanoUSD
        }
        for (account, difference) in charged.sorted(by: { $0.key.name < $1.key.name }) where difference != 0 {
            findings.append(
                AuditFinding(
                    rule: "usage_sum",
                    subject: account.name,
                    detail: "the rows of usage differ from the ledger by \(difference)"
                )
            )
        }
        return findings
    }

    /// The row that a job must have: what was made may have been deleted since it was written.
    private func record(of job: Job) -> UsageRecord? { job.isDeleted ? usageRows[job.id] : try? UsageRecord(job) }
}

/// What the rows of one group have in common.
private struct GroupKey: Hashable {
    let start: Timestamp?
    let values: [String?]
}

extension UsageRecord {
    fileprivate func value(of dimension: UsageDimension) -> String? {
        switch dimension {
        case .model: endpoint.model
        case .provider: endpoint.provider
        case .account: endpoint.account
        case .key: keyHash
        case .workspace: workspace
        case .user: user
        case .session: session
        case .type: type.rawValue
        case .state: state.rawValue
        }
    }
}

extension UsageQuery {
    fileprivate func admits(_ row: UsageRecord) -> Bool {
        from <= row.finishedAt && row.finishedAt < to && (workspace == nil || workspace == row.workspace)
            && filters.allSatisfy { $0.admits(row.value(of: $0.dimension)) }
    }

    /// By the order asked for, then by period, then by the dimensions; what has no value comes first.
    fileprivate func comesBefore(_ left: UsageGroup, _ right: UsageGroup) -> Bool {
        if let order, let isBefore = compare(left, right, by: order.field) {
            return order.isDescending ? !isBefore : isBefore
        }
        if let isBefore = compare(left, right, by: .period) { return isBefore }
        for dimension in dimensions {
            if let isBefore = compare(left, right, by: .dimension(dimension)) { return isBefore }
        }
        return false
    }

    /// Whether the left one is less; nil when they are equal.
    private func compare(_ left: UsageGroup, _ right: UsageGroup, by field: Field) -> Bool? {
        switch field {
        case .period:
            guard let start = left.start, let other = right.start, start != other else { return nil }
            return start < other
        case .dimension(let dimension):
            guard let index = dimensions.firstIndex(of: dimension), left.values[index] != right.values[index] else {
                return nil
            }
            guard let value = left.values[index] else { return true }
            guard let other = right.values[index] else { return false }
            return value.utf8.lexicographicallyPrecedes(other.utf8)
        case .metric(let metric):
            let (value, other) = (left.sums.order(by: metric), right.sums.order(by: metric))
            return value == other ? nil : value < other
        }
    }
}

extension UsageSums {
    /// What groups are compared by.
    fileprivate func order(by metric: UsageMetric) -> Double {
        switch metric {
        case .requests: Double(requests)
        case .completed: Double(completed)
        case .failed: Double(failed)
        case .cancelled: Double(cancelled)
        case .expired: Double(expired)
        case .charged: Double(charged.nanoUSD)
        case .providerCost: Double(providerCost.nanoUSD)
        case .fee: Double(fee.nanoUSD)
        case .listPrice: Double(listPrice.nanoUSD)
        case .milliseconds: Double(quantities.milliseconds)
        case .images: Double(quantities.images)
        case .outputs: Double(quantities.outputs)
        case .inputTokens: Double(quantities.inputTokens)
        case .outputTokens: Double(quantities.outputTokens)
        case .tokens: Double(quantities.inputTokens + quantities.outputTokens)
        case .characters: Double(quantities.characters)
        case .latency: latency
        case .successRate: successRate
        }
    }
}
