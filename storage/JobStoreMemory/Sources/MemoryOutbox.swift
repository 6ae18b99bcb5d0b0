package import JobCore

/// The messages to clients in the order they came, and every try to deliver one.
struct MemoryOutbox {
    private struct Row {
        let message: OutboxMessage
        var dueAt: Timestamp
        var tries: [DeliveryTry] = []
        var isDelivered = false
        var isExhausted = false

        var waits: Bool { !isDelivered && !isExhausted }
    }

    private var rows: [Row] = []

    mutating func append(_ message: OutboxMessage) { rows.append(Row(message: message, dueAt: message.createdAt)) }

    func waiting(of id: JobID) -> [OutboxMessage] {
        rows.filter { $0.message.job == id && $0.waits }.map(\.message)
    }

    /// All messages that wait, the oldest first.
    var waiting: [OutboxMessage] { rows.filter(\.waits).map(\.message) }

    func tries(of id: JobID) -> [DeliveryTry] { rows.filter { $0.message.job == id }.flatMap(\.tries) }

    var exhaustedCount: Int { rows.count(where: \.isExhausted) }

    mutating func claim(
        now: Timestamp,
        until: Timestamp,
        busy: [String: Int],
        perOrigin: Int,
        limit: Int
    ) -> DeliveryClaim {
        var inDelivery = busy
        var claimed: [OutboxDelivery] = []
        while claimed.count < limit {
            let due = rows.indices.filter { rows[$0].waits && rows[$0].dueAt <= now }
            // The origin with the fewest in delivery, then the oldest due.
            let next = due.map { (inDelivery[rows[$0].message.origin] ?? 0, rows[$0].dueAt, $0) }
                .filter { $0.0 < perOrigin }.min { $0 < $1 }?.2
            guard let next else { break }
            inDelivery[rows[next].message.origin, default: 0] += 1
            rows[next].dueAt = until
            claimed.append(
                OutboxDelivery(
                    message: rows[next].message,
                    triesBefore: rows[next].tries.count,
                    claimedUntil: until
                )
            )
        }
        let open = rows.filter { $0.waits && (inDelivery[$0.message.origin] ?? 0) < perOrigin }
        return DeliveryClaim(deliveries: claimed, nextDueAt: open.map(\.dueAt).min())
    }

    mutating func record(
        _ delivery: OutboxDelivery,
        at began: Timestamp,
        result: DeliveryTry.Result,
        milliseconds: Int64,
        outcome: DeliveryOutcome
    ) -> Bool {
        guard let index = rows.firstIndex(where: { $0.message == delivery.message }), !rows[index].isDelivered else {
            return false
        }
        let isHeld =
            rows[index].waits && rows[index].tries.count == delivery.triesBefore
            && rows[index].dueAt == delivery.claimedUntil
        switch outcome {
        case .delivered:
            rows[index].isDelivered = true
            rows[index].isExhausted = false
        case .retry(let at):
            guard isHeld else { return false }
            rows[index].dueAt = at
        case .exhausted:
            guard isHeld else { return false }
            rows[index].isExhausted = true
        }
        rows[index].tries.append(
            DeliveryTry(
                number: rows[index].tries.count + 1,
                at: began,
                result: result,
                milliseconds: milliseconds
            )
        )
        return true
    }
}

extension MemoryJobStore {
    package func outbox(of id: JobID) -> [OutboxMessage] { outbox.waiting(of: id) }

    package func claimDeliveries(
        now: Timestamp,
        until: Timestamp,
        busy: [String: Int],
        perOrigin: Int,
        limit: Int
    ) -> DeliveryClaim {
        outbox.claim(now: now, until: until, busy: busy, perOrigin: perOrigin, limit: limit)
    }

    package func recordDelivery(
        _ delivery: OutboxDelivery,
        at began: Timestamp,
        result: DeliveryTry.Result,
        milliseconds: Int64,
        outcome: DeliveryOutcome
    ) -> Bool {
        outbox.record(delivery, at: began, result: result, milliseconds: milliseconds, outcome: outcome)
    }

    package func deliveries(of id: JobID) -> [DeliveryTry] { outbox.tries(of: id) }

    package func exhaustedMessageCount() -> Int { outbox.exhaustedCount }
}
