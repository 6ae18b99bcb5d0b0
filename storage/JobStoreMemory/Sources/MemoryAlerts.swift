import JobCore
import Ledger

/// Alerts in memory: each once for its limit, period and threshold.
struct MemoryAlerts {
    private struct Cause: Hashable {
        let subject: String
        let period: SpendingPeriod
        let start: Int64?
        let limit: Credits
        let percent: Int
    }

    private struct Row {
        let alert: SpendingAlert
        var dueAt: Timestamp
        var tries = 0
        var wasSent = false
    }

    /// At what shares of a limit, in percent, an alert is written.
    var thresholds: [Int] = []
    private var causes: Set<Cause> = []
    private var rows: [Row] = []

    /// Writes the alerts for a limit that was not yet written about.
    mutating func note(
        _ keyHash: String?,
        _ workspace: String,
        _ period: SpendingPeriod,
        _ periods: UsagePeriods,
        limit: Credits,
        spent: Credits,
        at now: Timestamp
    ) {
        let percents = SpendingAlert.reached(thresholds, spent: spent, of: limit)
        note(percents, keyHash, workspace, period, periods, limit: limit, spent: spent, at: now)
    }

    /// Writes that a limit is used up, unless nothing of it is spent: then the job is too large for it.
    mutating func noteFull(
        _ keyHash: String?,
        _ workspace: String,
        _ period: SpendingPeriod,
        _ periods: UsagePeriods,
        limit: Credits,
        spent: Credits,
        at now: Timestamp
    ) {
        guard thresholds.contains(SpendingAlert.full), spent > .zero else { return }
        note([SpendingAlert.full], keyHash, workspace, period, periods, limit: limit, spent: spent, at: now)
    }

    private mutating func note(
        _ percents: [Int],
        _ keyHash: String?,
        _ workspace: String,
        _ period: SpendingPeriod,
        _ periods: UsagePeriods,
        limit: Credits,
        spent: Credits,
        at now: Timestamp
    ) {
        let subject = keyHash.map { "key:\($0)" } ?? "workspace:\(workspace)"
        let start = periods.start(of: period)
        for percent in percents {
            let cause = Cause(subject: subject, period: period, start: start, limit: limit, percent: percent)
            guard causes.insert(cause).inserted else { continue }
            let alert = SpendingAlert(
                id: Int64(rows.count) + 1,
                subject: keyHash == nil ? .workspace : .key,
                workspace: workspace,
                keyHash: keyHash,
                period: period,
                periodStart: start,
                percent: percent,
                limit: limit,
                spent: spent,
                createdAt: now,
                tries: 0
            )
            rows.append(Row(alert: alert, dueAt: now))
        }
    }

    /// Claims what is due.
    mutating func claim(now: Timestamp, until: Timestamp, limit: Int) -> [SpendingAlert] {
        let due = rows.indices.filter { !rows[$0].wasSent && rows[$0].dueAt <= now }
            .sorted { (rows[$0].dueAt, $0) < (rows[$1].dueAt, $1) }.prefix(limit)
        return due.map { index in
            rows[index].dueAt = until
            rows[index].tries += 1
            return rows[index].alert.tried(rows[index].tries)
        }
    }

    /// Records what became of sending one.
    mutating func record(_ id: Int64, retryAt: Timestamp?) {
        guard let index = rows.firstIndex(where: { $0.alert.id == id }), !rows[index].wasSent else { return }
        if let retryAt { rows[index].dueAt = retryAt } else { rows[index].wasSent = true }
    }
}

extension SpendingAlert {
    fileprivate func tried(_ tries: Int) -> SpendingAlert {
        SpendingAlert(
            id: id,
            subject: subject,
            workspace: workspace,
            keyHash: keyHash,
            period: period,
            periodStart: periodStart,
            percent: percent,
            limit: limit,
            spent: spent,
            createdAt: createdAt,
            tries: tries
        )
    }
}
