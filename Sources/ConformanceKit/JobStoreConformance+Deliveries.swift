package import JobCore
import Testing

extension JobStoreConformance {
    static let deliveries: [Check] = claimingDeliveries + recordingDeliveries

    private static let claimingDeliveries: [Check] = [
        Check("a message is due at once, and belongs to whoever claims it until the claim ends") { store in
            var driver = try await JobDriver(store)
            let message = try await driver.message("https://client.example/hook")
            let claim = try await store.claim(at: driver.now)
            #expect(
                claim.deliveries == [
                    OutboxDelivery(message: message, triesBefore: 0, claimedUntil: driver.now.adding(seconds: 30))
                ]
            )
            #expect(claim.nextDueAt == driver.now.adding(seconds: 30))
            #expect(try await store.claim(at: driver.now.adding(seconds: 29)).deliveries == [])
            // As after a crash: at the end of the claim it is due again, and nothing was counted.
            let again = try await store.claim(at: driver.now.adding(seconds: 30))
            #expect(again.deliveries.map(\.message) == [message])
            #expect(again.deliveries.map(\.number) == [1])
            #expect(try await store.outbox(of: message.job) == [message])
        },
        Check("no message, no claim and no next time") { store in
            var driver = try await JobDriver(store)
            _ = try await driver.job(in: .completed)
            #expect(try await store.claim(at: driver.now) == DeliveryClaim(deliveries: [], nextDueAt: nil))
        },
        Check("the message that is due the longest goes first, within one origin and between them") { store in
            var driver = try await JobDriver(store)
            var names: [String] = []
            for host in ["a", "b", "a", "c", "a"] {
                names.append(try await driver.message("https://\(host).example/hook").name)
                driver.fixtures.tick(seconds: 1)
            }
            let first = try await store.claim(at: driver.now, limit: 3)
            // Of each origin one, before any has two.
            #expect(first.deliveries.map(\.message.name) == [names[0], names[1], names[3]])
            #expect(try #require(first.nextDueAt) <= driver.now)
            let busy = ["https://a.example": 1, "https://b.example": 1, "https://c.example": 1]
            let second = try await store.claim(at: driver.now, busy: busy)
            #expect(second.deliveries.map(\.message.name) == [names[2], names[4]])
        },
        Check("an origin with nothing in delivery goes before slow ones, however long those are due") { store in
            var driver = try await JobDriver(store)
            var busy: [String: Int] = [:]
            for number in 1...8 {
                for _ in 1...3 { _ = try await driver.message("https://slow\(number).example/hook") }
                busy["https://slow\(number).example"] = number == 1 ? 1 : 2
                driver.fixtures.tick(seconds: 1)
            }
            let healthy = try await driver.message("https://healthy.example/hook")
            let claim = try await store.claim(at: driver.now, busy: busy, perOrigin: 2, limit: 1)
            #expect(claim.deliveries.map(\.message.name) == [healthy.name])
        },
        Check("of each origin so many at once, whatever the spelling of the rest of the URL") { store in
            var driver = try await JobDriver(store)
            let urls = [
                "https://a.example/1", "https://A.example?2", "https://a.example", "https://a.example/?3",
                "https://a.example:8443/4", "http://a.example/5", "http://b/6", "http://b?7",
            ]
            var messages: [OutboxMessage] = []
            for url in urls { messages.append(try await driver.message(url)) }
            #expect(messages.map(\.origin).prefix(4).allSatisfy { $0 == "https://a.example" })
            let busy = ["https://a.example": 1, "http://b": 2]
            let claim = try await store.claim(at: driver.now, busy: busy, perOrigin: 3)
            #expect(
                Set(claim.deliveries.map(\.message.name))
                    == Set([messages[0], messages[1], messages[4], messages[5], messages[6]].map(\.name))
            )
            // What waits for room is not what to wake up for; those that were claimed are, should their origin have room.
            #expect(claim.nextDueAt == driver.now.adding(seconds: 30))
            let full = ["https://a.example": 3, "https://a.example:8443": 3, "http://a.example": 3, "http://b": 3]
            let none = try await store.claim(at: driver.now, busy: full, perOrigin: 3)
            #expect(none == DeliveryClaim(deliveries: [], nextDueAt: nil))
        },
        Check("a receiver with a thousand messages holds up no other") { store in
            var driver = try await JobDriver(store)
            for _ in 0..<100 { _ = try await driver.message("https://slow.example/hook") }
            let other = try await driver.message("https://quick.example/hook")
            let claim = try await store.claim(at: driver.now, perOrigin: 2, limit: 32)
            #expect(claim.deliveries.count == 3)
            #expect(claim.deliveries.contains { $0.message == other })
        },
        Check("each message goes to one of many who claim at once") { store in
            var driver = try await JobDriver(store)
            var names: Set<String> = []
            for number in 0..<40 {
                names.insert(try await driver.message("https://\(number % 7).example/hook").name)
            }
            let now = driver.now
            let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var mine: [String] = []
                        while true {
                            let claim = try await store.claim(at: now, perOrigin: 100, limit: 3)
                            guard !claim.deliveries.isEmpty else { return mine }
                            mine += claim.deliveries.map(\.message.name)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 40)
            #expect(Set(claimed) == names)
        },
    ]

    private static let recordingDeliveries: [Check] = [
        Check("a delivered message waits no more, and its log has the try") { store in
            var driver = try await JobDriver(store)
            let message = try await driver.message("https://client.example/hook")
            let delivery = try #require(try await store.claim(at: driver.now).deliveries.first)
            #expect(try await store.record(delivery, at: driver.now, .status(204), .delivered))
            #expect(try await store.outbox(of: message.job) == [])
            let later = driver.now.adding(seconds: 1_000_000)
            #expect(try await store.claim(at: later) == DeliveryClaim(deliveries: [], nextDueAt: nil))
            let log = [DeliveryTry(number: 1, at: driver.now, result: .status(204), milliseconds: 12)]
            #expect(try await store.deliveries(of: message.job) == log)
            // Once: a repeat of the same record changes nothing.
            #expect(try await !store.record(delivery, at: driver.now, .status(204), .delivered))
            #expect(try await !store.record(delivery, at: driver.now, .status(500), .exhausted))
            #expect(try await store.deliveries(of: message.job) == log)
            #expect(try await store.exhaustedMessageCount() == 0)
        },
        Check("a failed message is due again at its time, and its tries are counted") { store in
            var driver = try await JobDriver(store)
            let message = try await driver.message("https://client.example/hook")
            for number in 1...3 {
                let claim = try await store.claim(at: driver.now)
                let delivery = try #require(claim.deliveries.first)
                #expect(delivery.number == number)
                let next = driver.now.adding(seconds: 300)
                #expect(try await store.record(delivery, at: driver.now, .error("no answer"), .retry(at: next)))
                #expect(try await store.claim(at: driver.now.adding(seconds: 299.9)).deliveries == [])
                #expect(try await store.claim(at: driver.now).nextDueAt == next)
                driver.fixtures.tick(seconds: 300)
            }
            let log = try await store.deliveries(of: message.job)
            #expect(log.map(\.number) == [1, 2, 3])
            #expect(log.allSatisfy { $0.result == .error("no answer") })
        },
        Check("an exhausted message stays as a dead letter that is counted, and is not claimed") { store in
            var driver = try await JobDriver(store)
            let message = try await driver.message("https://client.example/hook")
            let other = try await driver.message("https://client.example/hook")
            let deliveries = try await store.claim(at: driver.now).deliveries
            let first = try #require(deliveries.first { $0.message == message })
            #expect(try await store.record(first, at: driver.now, .status(410), .exhausted))
            #expect(try await store.exhaustedMessageCount() == 1)
            #expect(try await store.outbox(of: message.job) == [])
            #expect(try await !store.record(first, at: driver.now, .status(410), .exhausted))
            let later = driver.now.adding(seconds: 1_000_000)
            #expect(try await store.claim(at: later).deliveries.map(\.message) == [other])
            #expect(try await store.deliveries(of: message.job).map(\.result) == [.status(410)])
        },
        Check("after the end of a claim only the next claim decides, but that it was delivered counts") { store in
            var driver = try await JobDriver(store)
            let message = try await driver.message("https://client.example/hook")
            let late = try #require(try await store.claim(at: driver.now).deliveries.first)
            driver.fixtures.tick(seconds: 31)
            let current = try #require(try await store.claim(at: driver.now).deliveries.first)
            let next = driver.now.adding(seconds: 5)
            #expect(try await !store.record(late, at: driver.now, .status(500), .retry(at: next)))
            #expect(try await !store.record(late, at: driver.now, .status(410), .exhausted))
            #expect(try await store.deliveries(of: message.job) == [])
            #expect(try await store.record(current, at: driver.now, .status(500), .retry(at: next)))
            #expect(try await store.record(late, at: driver.now, .status(200), .delivered))
            #expect(try await store.outbox(of: message.job) == [])
            #expect(try await store.deliveries(of: message.job).map(\.result) == [.status(500), .status(200)])
            #expect(try await store.deliveries(of: message.job).map(\.number) == [1, 2])
        },
        Check("a message that was given up, and was delivered after all, is no dead letter") { store in
            var driver = try await JobDriver(store)
            _ = try await driver.message("https://client.example/hook")
            let late = try #require(try await store.claim(at: driver.now).deliveries.first)
            driver.fixtures.tick(seconds: 31)
            let current = try #require(try await store.claim(at: driver.now).deliveries.first)
            #expect(try await store.record(current, at: driver.now, .status(500), .exhausted))
            #expect(try await store.record(late, at: driver.now, .status(200), .delivered))
            #expect(try await store.exhaustedMessageCount() == 0)
        },
        Check("jobs do not see each other's deliveries, and an unknown message is not recorded") { store in
            var driver = try await JobDriver(store)
            let one = try await driver.message("https://client.example/hook")
            let other = try await driver.message("https://client.example/hook")
            for delivery in try await store.claim(at: driver.now).deliveries where delivery.message == one {
                #expect(try await store.record(delivery, at: driver.now, .status(200), .delivered))
            }
            #expect(try await store.deliveries(of: one.job).count == 1)
            #expect(try await store.deliveries(of: other.job) == [])
            let stranger = OutboxDelivery(
                message: OutboxMessage(
                    job: driver.fixtures.id(),
                    version: 4,
                    state: .failed,
                    url: "https://client.example/hook",
                    createdAt: driver.now
                ),
                triesBefore: 0,
                claimedUntil: driver.now
            )
            #expect(try await !store.record(stranger, at: driver.now, .status(200), .delivered))
        },
    ]
}

extension JobDriver {
    /// Brings a job with a callback to its end.
    ///
    /// - Returns: The message that it left.
    /// - Throws: What the store throws, or that there is none.
    package mutating func message(_ url: String, in situation: JobSituation = .completed) async throws -> OutboxMessage
    {
        var parameters = JobParameters()
        parameters.callbackURL = url
        let job = try await job(in: situation, parameters: parameters)
        return try #require(try await store.outbox(of: job.id).first)
    }
}

extension JobStore {
    fileprivate func claim(
        at now: Timestamp,
        busy: [String: Int] = [:],
        perOrigin: Int = 4,
        limit: Int = 32
    ) async throws -> DeliveryClaim {
        try await claimDeliveries(
            now: now,
            until: now.adding(seconds: 30),
            busy: busy,
            perOrigin: perOrigin,
            limit: limit
        )
    }

    fileprivate func record(
        _ delivery: OutboxDelivery,
        at began: Timestamp,
        _ result: DeliveryTry.Result,
        _ outcome: DeliveryOutcome
    ) async throws -> Bool {
        try await recordDelivery(delivery, at: began, result: result, milliseconds: 12, outcome: outcome)
    }
}
