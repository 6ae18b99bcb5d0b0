import GRDB
package import JobCore
import Ledger

extension SQLiteJobStore {
    package func updateKey(hash: String, by change: KeyChange, at now: Timestamp) async throws -> APIKey? {
        try await writer.write { db in
            let found = try db.row("\(APIKey.selection) WHERE hash = ? AND revoked_at IS NULL", [.text(hash)])
            guard let key = try found.map(APIKey.init)?.applying(change, at: now) else { return nil }
            try db.run(
                """
                UPDATE api_keys SET name = ?, limit_nano = ?, limit_reset = ?, includes_byok = ?, is_disabled = ?,
                    updated_at = ?
                WHERE hash = ?
                """,
                [
                    .text(key.name), .amount(key.limit), .text(key.limitReset.rawValue), .flag(key.includesByok),
                    .flag(key.isDisabled), .time(key.updatedAt), .text(hash),
                ]
            )
            return key
        }
    }

    package func recordKeyUses(_ uses: [String: Timestamp]) async throws {
        try await writer.write { db in
            for (hash, time) in uses.sorted(by: { $0.key < $1.key }) {
                try db.run(
                    "UPDATE api_keys SET last_used_at = ?1 WHERE hash = ?2 AND ifnull(last_used_at, 0) < ?1",
                    [.time(time), .text(hash)]
                )
            }
        }
    }
}

extension Database {
    /// Why a key's own limit does not allow a job; nil when it does, or the key has no limit.
    ///
    /// - Throws: `overflow`, or what SQLite says.
    func limitRefusal(of job: NewJob) throws -> AdmissionOutcome? {
        guard let (limit, spent, _) = try keySpending(of: job.keyHash, at: job.createdAt) else { return nil }
        let remaining = try limit.subtracting(spent)
        return job.hold <= remaining ? nil : .keyLimitReached(remaining: max(.zero, remaining))
    }

    /// The limit of a key and what counts against it: what is committed, but for the charges of earlier periods.
    ///
    /// Nil for a key without a limit.
    func keySpending(
        of hash: String,
        at now: Timestamp
    ) throws -> (limit: Credits, spent: Credits, period: SpendingPeriod)? {
        let key = try row(
            "SELECT limit_nano, committed_nano, limit_reset FROM api_keys WHERE hash = ? AND limit_nano IS NOT NULL",
            [.text(hash)]
        )
        guard let key else { return nil }
        let period = try key.period(2)
        var spent = Credits(nanoUSD: key[1])
        if let start = UsagePeriods(at: now).start(of: period) {
            let before = try integer(KeySQL.chargedBefore, [.text(hash), .integer(start)]) ?? 0
            spent = try spent.subtracting(Credits(nanoUSD: before))
        }
        return (Credits(nanoUSD: key[0]), spent, period)
    }
}

/// The statements about limits.
enum KeySQL {
    /// What a key was charged on earlier days.
    static let chargedBefore = "SELECT sum(charged_nano) FROM key_usage WHERE key_hash = ? AND day < ?"
}

extension Row {
    /// The period in a column.
    ///
    /// - Throws: `corrupt` for a word that is none.
    func period(_ column: Int) throws -> SpendingPeriod {
        let name: String = self[column]
        guard let period = SpendingPeriod(rawValue: name) else {
            throw SQLiteJobStoreError.corrupt("a limit counts \(name)")
        }
        return period
    }
}
