import ConformanceKit
import HTTPTransport
import JobCore
import Ledger
import Testing

@testable import JobEngine

@Suite("How clients are told that their jobs are over")
struct WebhookDelivererTests {
    private static let url = "https://client.example/hook/secret-path?token=secret-query"

    @Test("a message is posted at once, signed, to the public internet, in one try without redirects")
    func deliversAtOnce() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(204)
        } _: { stage in
            let message = try await stage.driver.message(Self.url)
            let process = stage.deliverer()
            try await stage.until(within: 2) { try await stage.store.outbox(of: message.job).isEmpty }
            let post = try #require(stage.receivers.posts.first)
            #expect(stage.receivers.posts.count == 1)
            #expect(post.request.method == .post)
            #expect(post.request.url == Self.url)
            #expect(post.request.body == Array("\(message.job) completed \(message.createdAt)".utf8))
            #expect(post.request.header("Content-Type") == "application/json")
            #expect(post.request.header("User-Agent") == "mediary/test")
            #expect(post.id == "msg_\(message.job)_\(message.version)")
            #expect(post.request.header("X-OpenRouter-Idempotency-Key") == "\(message.job)-completed")
            let secret = WebhookSecrets(masterKey: DeliveryStage.masterKey).secret(of: "default")
            let signed = secret.headers(for: message, body: post.request.body, at: post.at)
            for (name, value) in signed { #expect(post.request.header(name) == value) }
            #expect(!post.options.isSubmit)
            #expect(post.options.reach == .publicInternet(and: []))
            #expect(post.options.redirectsMax == 0)
            #expect(post.options.totalTimeoutSeconds == 20)
            #expect(post.options.bodyBytesMax == 65_536)
            let tries = try await stage.store.deliveries(of: message.job)
            #expect(tries.map(\.result) == [.status(204)])
            await process.kill()
        }
    }

    @Test("a job that ended in the store, and not yet in memory, is told of as it ended")
    func neverTellsOfAnEarlierState() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(200)
        } _: { stage in
            let process = stage.deliverer()
            var parameters = JobParameters()
            parameters.callbackURL = Self.url
            let running = try await stage.driver.job(in: .running, parameters: parameters)
            process.live.publish(running)
            _ = try await stage.driver.commit(
                [
                    .providerCompleted(outputs: "outputs"),
                    .artifactsStored(JobScript(running.admitted).artifacts, .empty),
                ],
                of: running
            )
            // Woken by another job: nobody has told this process yet.
            let other = try await stage.driver.message("https://other.example/hook")
            process.live.publish(try #require(try await stage.store.job(other.job)))
            try await stage.until { stage.receivers.posts.count == 2 }
            for post in stage.receivers.posts {
                #expect(String(decoding: post.request.body, as: UTF8.self).contains(" completed "))
            }
            await process.kill()
        }
    }

    @Test("the end of a job wakes the deliverer: nobody waits for a look at the clock")
    func isWoken() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(200)
        } _: { stage in
            let process = stage.deliverer()
            try await stage.world.clock.sleep(10.5)
            let message = try await stage.driver.message(Self.url)
            let began = stage.world.clock.bootSeconds
            process.live.publish(try #require(try await stage.store.job(message.job)))
            try await stage.until { stage.receivers.posts.count == 1 }
            #expect(stage.world.clock.bootSeconds - began < 0.5)
            await process.kill()
        }
    }

    @Test("a failing receiver is tried ten times over three days, with the same id and body, and then no more")
    func schedule() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(500)
        } _: { stage in
            let message = try await stage.driver.message(Self.url)
            let process = stage.deliverer()
            try await stage.until(within: 400_000, every: 600) {
                try await stage.store.exhaustedMessageCount() == 1
            }
            // Nothing follows.
            try await stage.world.clock.sleep(200_000)
            let posts = stage.receivers.posts
            #expect(posts.count == 10)
            let pauses: [Double] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
            var factors: Set<Int> = []
            for (pause, pair) in zip(pauses, zip(posts, posts.dropFirst())) {
                let waited = pair.1.at.seconds(since: pair.0.at)
                #expect(waited >= pause * 0.9 - 0.1 && waited <= pause * 1.1 + 0.1, "\(waited) instead of \(pause)")
                factors.insert(Int(waited / pause * 1_000))
            }
            #expect(factors.count > 3, "the pauses are drawn")
            #expect(Set(posts.map(\.id)).count == 1)
            #expect(Set(posts.map(\.request.body)).count == 1)
            #expect(Set(posts.map { $0.request.header("webhook-timestamp") }).count == 10)
            let tries = try await stage.store.deliveries(of: message.job)
            #expect(tries.map(\.number) == Array(1...10))
            #expect(try await stage.store.outbox(of: message.job).isEmpty)
            #expect(!stage.log.all.contains { $0.contains("secret") })
            #expect(stage.log.all.contains { $0.contains("host=client.example") && $0.contains("status=500") })
            await process.kill()
        }
    }

    @Test("a receiver that is down for a day gets every message afterwards")
    func outage() async throws {
        let day = 86_400.0
        try await DeliveryStage.run(
            answer: { world, _, _ throws(TransportFailure) in
                guard world.clock.bootSeconds > day else {
                    throw TransportFailure(.noConnection, requestReachedPeer: .no, "down")
                }
                return .status(200)
            },
            { stage in
                var messages: [OutboxMessage] = []
                for number in 0..<40 {
                    messages.append(try await stage.driver.message("https://client.example/\(number)"))
                }
                let process = stage.deliverer()
                try await stage.until(within: 4 * day, every: 600) {
                    for message in messages where try await !stage.store.outbox(of: message.job).isEmpty {
                        return false
                    }
                    return true
                }
                #expect(try await stage.store.exhaustedMessageCount() == 0)
                for message in messages {
                    let tries = try await stage.store.deliveries(of: message.job)
                    #expect(tries.last?.result == .status(200))
                    #expect(tries.count <= 10)
                }
                #expect(stage.receivers.openMax <= 4)
                await process.kill()
            }
        )
    }

    @Test("a redirect is a failure, and 410 the end", arguments: [(302, 2), (410, 1)])
    func statuses(_ status: Int, _ posts: Int) async throws {
        try await DeliveryStage.run { _, _, earlier in
            .status(earlier == 0 ? status : 200, (name: "Location", value: "https://elsewhere.example/"))
        } _: { stage in
            let message = try await stage.driver.message(Self.url)
            let process = stage.deliverer()
            try await stage.world.clock.sleep(1_000)
            #expect(stage.receivers.posts.count == posts)
            #expect(stage.receivers.posts(to: Self.url).count == posts)
            #expect(try await stage.store.deliveries(of: message.job).first?.result == .status(status))
            #expect(try await stage.store.exhaustedMessageCount() == (status == 410 ? 1 : 0))
            await process.kill()
        }
    }

    @Test("Retry-After is waited for")
    func retryAfter() async throws {
        try await DeliveryStage.run { _, _, earlier in
            earlier == 0 ? .status(429, (name: "retry-after", value: "90")) : .status(200)
        } _: { stage in
            _ = try await stage.driver.message(Self.url)
            let process = stage.deliverer()
            try await stage.until(within: 200) { stage.receivers.posts.count == 2 }
            let posts = stage.receivers.posts
            let waited = posts[1].at.seconds(since: posts[0].at)
            #expect(waited >= 90 && waited < 91)
            await process.kill()
        }
    }

    @Test("what was sent but not recorded is sent again under the same id, with the same bytes", arguments: 0..<5)
    func crashBeforeTheRecord(seed: Int) async throws {
        try await DeliveryStage.run(seed: UInt64(seed)) { _, _, _ in
            .status(200)
        } _: { stage in
            let message = try await stage.driver.message(Self.url)
            let first = stage.deliverer { $0 == "recordDelivery" ? .fails : nil }
            try await stage.until { stage.receivers.posts.count == 1 }
            await first.kill()
            let second = stage.deliverer()
            try await stage.until { try await stage.store.outbox(of: message.job).isEmpty }
            let posts = stage.receivers.posts
            #expect(posts.count == 2)
            #expect(posts[0].id == posts[1].id)
            #expect(posts[0].request.body == posts[1].request.body)
            #expect(try await stage.store.deliveries(of: message.job).count == 1)
            await second.kill()
        }
    }

    @Test("a record that was made although the database said no is not made twice")
    func recordedAllTheSame() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(500)
        } _: { stage in
            let message = try await stage.driver.message(Self.url)
            let process = stage.deliverer { $0 == "recordDelivery" ? .failsAfterwards : nil }
            try await stage.until(within: 100) { stage.receivers.posts.count == 2 }
            try await stage.until { try await stage.store.deliveries(of: message.job).count == 2 }
            #expect(try await stage.store.deliveries(of: message.job).map(\.number) == [1, 2])
            await process.kill()
        }
    }

    @Test("a database that is away for a while delays, and loses nothing")
    func databaseAway() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(200)
        } _: { stage in
            let clock = stage.world.clock
            let message = try await stage.driver.message(Self.url)
            let process = stage.deliverer { _ in clock.bootSeconds < 100 ? .fails : nil }
            try await stage.until(within: 200) { try await stage.store.outbox(of: message.job).isEmpty }
            #expect(stage.receivers.posts.count == 1)
            await process.kill()
        }
    }

    @Test("a receiver that answers slowly holds up no other by a second", arguments: 0..<3)
    func slowReceiver(seed: Int) async throws {
        try await DeliveryStage.run(
            seed: UInt64(seed),
            answer: { world, request, _ throws(TransportFailure) in
                guard request.url.hasPrefix("https://slow.example") else { return .status(200) }
                do { try await world.clock.sleep(20) } catch {
                    throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "cancelled")
                }
                throw TransportFailure(.timedOut, requestReachedPeer: .unknown, "20 s")
            },
            { stage in
                for _ in 0..<100 { _ = try await stage.driver.message("https://slow.example/hook") }
                let process = stage.deliverer()
                for _ in 0..<50 {
                    try await stage.world.clock.sleep(1.7)
                    let message = try await stage.driver.message("https://quick.example/hook")
                    let began = stage.world.clock.now
                    process.live.publish(try #require(try await stage.store.job(message.job)))
                    try await stage.until { try await stage.store.outbox(of: message.job).isEmpty }
                    let tries = try await stage.store.deliveries(of: message.job)
                    #expect(try #require(tries.first).at.seconds(since: began) < 1)
                }
                #expect(stage.receivers.openMax == 4)
                await process.kill()
            }
        )
    }

    @Test("so many deliveries run at once, and no more")
    func bounds() async throws {
        try await DeliveryStage.run(
            answer: { world, _, _ throws(TransportFailure) in
                do { try await world.clock.sleep(3) } catch {
                    throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "cancelled")
                }
                return .status(200)
            },
            { stage in
                for number in 0..<200 {
                    _ = try await stage.driver.message("https://host\(number % 20).example/\(number)")
                }
                let process = stage.deliverer()
                try await stage.until(within: 100) { stage.receivers.posts.count == 200 }
                #expect(stage.receivers.totalMax == 32)
                #expect(stage.receivers.openMax <= 4)
                // As fast as the bounds allow: 200 of 3 s each, 32 at once.
                #expect(stage.world.clock.bootSeconds < 30)
                await process.kill()
            }
        )
    }

    @Test("two processes share the outbox, and no message goes twice")
    func twoProcesses() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(200)
        } _: { stage in
            for number in 0..<60 { _ = try await stage.driver.message("https://host\(number % 7).example/\(number)") }
            let processes = [stage.deliverer(), stage.deliverer()]
            try await stage.until { stage.receivers.posts.count >= 60 }
            try await stage.world.clock.sleep(200)
            #expect(stage.receivers.posts.count == 60)
            #expect(Set(stage.receivers.posts.map(\.id)).count == 60)
            for process in processes { await process.kill() }
        }
    }

    @Test("a stop lets deliveries under way end for a bounded time, takes up nothing more, and loses nothing")
    func stop() async throws {
        try await DeliveryStage.run(
            answer: { world, request, earlier throws(TransportFailure) in
                do { try await world.clock.sleep(request.url.hasSuffix("endless") && earlier == 0 ? 19 : 3) } catch {
                    throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "cancelled")
                }
                return .status(200)
            },
            { stage in
                let quick = try await stage.driver.message("https://quick.example/hook")
                let endless = try await stage.driver.message("https://slow.example/endless")
                let process = stage.deliverer()
                try await stage.until { stage.receivers.posts.count == 2 }
                let late = try await stage.driver.message("https://late.example/hook")
                let began = stage.world.clock.bootSeconds
                try await process.stop()
                let took = stage.world.clock.bootSeconds - began
                #expect(took >= 2 && took < 6)
                #expect(try await stage.store.outbox(of: quick.job).isEmpty)
                #expect(try await !stage.store.outbox(of: endless.job).isEmpty)
                #expect(stage.receivers.posts.count == 2)
                let next = stage.deliverer()
                try await stage.until {
                    let left = try await stage.store.outbox(of: endless.job) + stage.store.outbox(of: late.job)
                    return left.isEmpty
                }
                #expect(stage.receivers.posts(to: "https://slow.example/endless").count == 2)
                // Being cut off was not the receiver's fault: it is not counted.
                #expect(try await stage.store.deliveries(of: endless.job).map(\.number) == [1])
                await next.kill()
            }
        )
    }

    @Test("nothing is sent where it may not go, whatever was allowed when the job was admitted")
    func forbiddenAddress() async throws {
        try await DeliveryStage.run { _, _, _ in
            .status(200)
        } _: { stage in
            let inside = try await stage.driver.message("http://127.0.0.1:9000/hook")
            let process = stage.deliverer()
            try await stage.until { try await !stage.store.deliveries(of: inside.job).isEmpty }
            #expect(stage.receivers.posts.isEmpty)
            #expect(
                try await stage.store.deliveries(of: inside.job).map(\.result)
                    == [.error("the address may not be reached")]
            )
            await process.kill()
            let allowing = stage.deliverer(allowing: ["127.0.0.0/8"])
            try await stage.until { try await stage.store.outbox(of: inside.job).isEmpty }
            #expect(stage.receivers.posts.count == 1)
            await allowing.kill()
        }
    }
}

@Suite("When and how a message is sent")
struct WebhookValueTests {
    private let now = Timestamp(milliseconds: 784_111_777_000)

    private func pause(
        _ number: Int,
        fraction: Double = 0.5,
        _ status: Int = 503,
        _ retryAfter: String? = nil
    ) -> Double? {
        let outcome = WebhookSchedule().outcome(
            of: .status(status),
            retryAfter: retryAfter,
            number: number,
            now: now,
            fraction: fraction
        )
        guard case .retry(let at) = outcome else { return nil }
        return Double(at.milliseconds - now.milliseconds) / 1_000
    }

    @Test("pauses are drawn a tenth longer or shorter")
    func jitter() {
        let pauses: [Double] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        for (index, expected) in pauses.enumerated() {
            #expect(pause(index + 1) == expected)
            #expect(pause(index + 1, fraction: 0) == expected * 9 / 10)
            #expect(pause(index + 1, fraction: 1) == expected * 11 / 10)
        }
        #expect(pause(10) == nil)
        #expect(pause(11) == nil)
    }

    @Test("Retry-After counts as seconds or as a date, for those who have too much to do, within the schedule")
    func retryAfter() {
        for status in [429, 502, 503, 504] {
            #expect(pause(1, status, "120") == 120)
            #expect(pause(1, status, "Sun, 06 Nov 1994 08:59:37 GMT") == 600)
        }
        // Sooner than the schedule has it is not sooner.
        #expect(pause(2, 429, "1") == 300)
        #expect(pause(2, 429, "Sun, 06 Nov 1994 08:00:00 GMT") == 300)
        // No later than the last try would be.
        #expect(pause(1, 429, "99999999999999999999") == 272_105)
        #expect(pause(9, 429, "999999") == 86_400)
        #expect(pause(9, fraction: 1, 429, "999999") == 95_040)
        for text in ["", "soon", "-5", "1.5", "5 ", "Sun, 06 Foo 1994 08:59:37 GMT", "Sun, 06 Nov 1994 08:59:37 CET"] {
            #expect(pause(1, 503, text) == 5, "\(text)")
        }
        for status in [301, 400, 404, 500] { #expect(pause(1, status, "120") == 5) }
    }

    @Test("2xx is delivered, 410 the end, at any try")
    func outcomes() {
        for status in [200, 201, 202, 204, 299] {
            #expect(
                WebhookSchedule().outcome(of: .status(status), retryAfter: nil, number: 10, now: now, fraction: 0)
                    == .delivered
            )
        }
        #expect(pause(1, 410, "5") == nil)
        for status in [300, 301, 302, 307, 400, 401, 408, 499, 500, 599, 199] { #expect(pause(1, status) == 5) }
    }

    /// Made with the Python package standardwebhooks 1.1.0 and with hmac and hashlib.
    @Test("secrets and signatures are those that others compute")
    func vectors() {
        let secrets = WebhookSecrets(masterKey: Array("a master key of thirty-two bytes".utf8))
        let secret = secrets.secret(of: "default")
        #expect(secret.text == "whsec_t9nr4f2KvonxM78k9ML+Tl0zET5TjskajHEl/x8T9nY=")
        #expect(secrets.secret(of: "other").text != secret.text)
        let message = OutboxMessage(
            job: JobID(high: 0x019A_8B2C_3D4E_7001, low: 0x8000_0000_0000_0001),
            version: 7,
            state: .failed,
            url: "https://client.example/",
            createdAt: now
        )
        let headers = secret.headers(
            for: message,
            body: Array(#"{"type":"video.generation.failed"}"#.utf8),
            at: Timestamp(milliseconds: 1_795_251_600_999)
        )
        let job = "job_01ka5jrfaee00r000000000001"
        #expect(
            headers.map { "\($0.name): \($0.value)" } == [
                "webhook-id: msg_\(job)_7",
                "webhook-timestamp: 1795251600",
                "webhook-signature: v1,DKeY/bIEnky3roI6iDUvpcxIu3oAEQTHjvrsD/Bjvzw=",
                "X-OpenRouter-Idempotency-Key: \(job)-failed",
                "X-OpenRouter-Signature: t=1795251600,v1=c457f16a156540595665e871985f38f2c944d6671dc57b8afa908b3871b2dc49",
            ]
        )
    }
}
