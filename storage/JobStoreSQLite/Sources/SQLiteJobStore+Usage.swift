import GRDB
import Generation
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func usageRecord(of id: JobID) async throws -> UsageRecord? {
        try await pool.read { db in try db.row(UsageSQL.record, [.id(id)]).map(UsageRecord.init) }
    }

    package func usage(_ query: UsageQuery) async throws -> UsageReport {
        try await pool.read { db in try db.usage(query) }
    }

    package func statement(
        of workspace: String,
        from: Timestamp,
        to: Timestamp
    ) async throws -> WorkspaceStatement? {
        try await pool.read { db in
            guard try db.integer("SELECT 1 FROM workspaces WHERE name = ?", [.text(workspace)]) != nil else {
                return nil
            }
            var charges = UsageQuery(workspace: workspace, from: from, to: to)
            charges.dimensions = [.model, .provider]
            charges.limit = Int(Int32.max)
            return WorkspaceStatement(
                workspace: workspace,
                from: from,
                to: to,
                opening: try db.balance(of: workspace, before: from),
                closing: try db.balance(of: workspace, before: to),
                movements: try db.movements(of: workspace, from: from, to: to),
                charges: try db.usage(charges).groups
            )
        }
    }
}

extension Database {
    /// Writes the row of usage of a job that ends.
    func insertUsage(of job: JobRow, ending state: JobState, at now: Timestamp) throws {
        guard let charge = try JobCharge(of: state) else { return }
        let quantities = UsageQuantities(of: state)
        try run(
            UsageSQL.insert,
            [
                .text(job.workspace), .time(now), .id(job.id), .text(job.keyHash), .text(job.endpoint.model),
                .text(job.endpoint.provider), .text(job.endpoint.account), .state(state.name), .flag(charge.isBYOK),
                .amount(charge.charged), .amount(charge.fee), .amount(charge.listPrice), .time(job.createdAt),
                .time(job.startedAt), .integer(quantities.milliseconds), .integer(quantities.images),
                .integer(quantities.outputs), .integer(quantities.inputTokens), .integer(quantities.outputTokens),
                .integer(quantities.characters),
            ]
        )
    }

    fileprivate func usage(_ query: UsageQuery) throws -> UsageReport {
        let (sql, values) = UsageSQL.statement(for: query)
        let groups = try rows(sql, values).map { UsageGroup($0, of: query) }
        return UsageReport(groups: Array(groups.prefix(query.limit)), isTruncated: groups.count > query.limit)
    }

    fileprivate func balance(of workspace: String, before end: Timestamp) throws -> Balance {
        func sum(_ account: Account) throws -> Credits {
            Credits(
                nanoUSD: try integer(
                    """
                    SELECT ifnull(sum(CASE to_account WHEN ?1 THEN amount_nano ELSE -amount_nano END), 0)
                    FROM transfers WHERE at < ?2 AND (to_account = ?1 OR from_account = ?1)
                    """,
                    [.text(account.name), .time(end)]
                ) ?? 0
            )
        }
        return Balance(
            available: try sum(.available(workspace: workspace)),
            held: try sum(.held(workspace: workspace))
        )
    }

    /// What came and went outside of any job: what is taken out of the held credits are charges.
    fileprivate func movements(
        of workspace: String,
        from: Timestamp,
        to: Timestamp
    ) throws -> [WorkspaceStatement.Movement] {
        let accounts: [DatabaseValue] = [
            .text(Account.available(workspace: workspace).name), .text(Account.held(workspace: workspace).name),
        ]
        return try rows(
            """
            SELECT substr(id, 1, instr(id || ':', ':') - 1) AS kind, count(*),
                sum(CASE WHEN to_account IN (?1, ?2) THEN amount_nano ELSE -amount_nano END)
            FROM transfers
            WHERE at >= ?3 AND at < ?4 AND (to_account IN (?1, ?2)) <> (from_account IN (?1, ?2)) AND from_account <> ?2
            GROUP BY kind ORDER BY kind
            """,
            accounts + [.time(from), .time(to)]
        ).map { WorkspaceStatement.Movement(kind: $0[0], count: $0[1], amount: Credits(nanoUSD: $0[2])) }
    }
}

extension UsageRecord {
    fileprivate init(_ row: Row) throws {
        let job = try row.jobID(0)
        let (typeName, stateName): (String, String) = (row[3], row[9])
        guard let type = GenerationType(rawValue: typeName), let state = JobState.Name(rawValue: stateName) else {
            throw SQLiteJobStoreError.corrupt("the usage of \(job) is of \(typeName), \(stateName)")
        }
        var quantities = UsageQuantities()
        quantities.milliseconds = row[17]
        quantities.images = row[18]
        quantities.outputs = row[19]
        quantities.inputTokens = row[20]
        quantities.outputTokens = row[21]
        quantities.characters = row[22]
        self.init(
            job: job,
            workspace: row[1],
            keyHash: row[2],
            type: type,
            endpoint: EndpointID(model: row[4], provider: row[5], account: row[6]),
            user: row[7],
            session: row[8],
            state: state,
            charge: JobCharge(
                charged: Credits(nanoUSD: row[10]),
                fee: Credits(nanoUSD: row[11]),
                listPrice: Credits(nanoUSD: row[12]),
                isBYOK: row[13]
            ),
            quantities: quantities,
            createdAt: Timestamp(milliseconds: row[14]),
            startedAt: row.time(15),
            finishedAt: Timestamp(milliseconds: row[16])
        )
    }
}

extension UsageGroup {
    /// Reads a group as the statement for a query gives it: period, dimensions, sums.
    fileprivate init(_ row: Row, of query: UsageQuery) {
        var column = 0
        func next() -> Int64 {
            defer { column += 1 }
            return row[column] ?? 0
        }
        let start = query.granularity == nil ? nil : Timestamp(milliseconds: next())
        let values: [String?] = query.dimensions.map { _ in
            defer { column += 1 }
            return row[column]
        }
        var sums = UsageSums()
        sums.completed = next()
        sums.failed = next()
        sums.cancelled = next()
        sums.expired = next()
        sums.charged = Credits(nanoUSD: next())
        sums.fee = Credits(nanoUSD: next())
        sums.listPrice = Credits(nanoUSD: next())
        sums.quantities.milliseconds = next()
        sums.quantities.images = next()
        sums.quantities.outputs = next()
        sums.quantities.inputTokens = next()
        sums.quantities.outputTokens = next()
        sums.quantities.characters = next()
        sums.latencyMilliseconds = next()
        self.init(start: start, values: values, sums: sums)
    }
}
