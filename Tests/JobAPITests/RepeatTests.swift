import Generation
import JobCore
import JobEngine
import Ledger
import Synchronization
import Testing

/// Goal: a client that lost its answer and repeats its request, without an idempotency key, gets the job that it has
/// paid for, and no second one; and whoever got an answer gets a new job for an equal request.
@Suite struct RepeatTests {
    /// Holds the first jobs back between their commit and their answer.
    private final class Hold: Sendable {
        private struct State {
            var arrived = 0
            var isOpen = false
        }

        private let count: Int
        private let state = Mutex(State())

        init(first count: Int) { self.count = count }

        func open() { state.withLock { $0.isOpen = true } }

        func pass() async {
            let number = state.withLock { state in
                state.arrived += 1
                return state.arrived
            }
            guard number <= count else { return }
            while !state.withLock({ $0.isOpen }) { try? await Task.sleep(for: .milliseconds(2)) }
        }

        func waitForArrivals(_ number: Int) async throws {
            try await RepeatTests.wait("\(number) commits") { self.state.withLock { $0.arrived } >= number }
        }
    }

    private static func wait(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !isSo() {
            try #require(ContinuousClock.now < deadline, "\(what)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private static func run(
        holdingFirst count: Int,
        _ test: @Sendable (TestAPI, Hold) async throws -> Void
    ) async throws {
        let hold = Hold(first: count)
        let pausing: @Sendable (WriteAheadStep) async -> Void = { _ in await hold.pass() }
        try await TestAPI.run(pausing: pausing) { api in
            defer { hold.open() }
            try await test(api, hold)
        }
    }

    private static func post(
        _ api: TestAPI,
        _ body: JSONValue = TestAPI.video,
        to path: String = "/api/v1/jobs",
        headers: [(String, String)] = []
    ) -> [UInt8] {
        let bytes = Array(body.canonicalText.utf8)
        let all = [api.authorization, ("Content-Type", "application/json")] + headers
        return RawConnection.head("POST", path, headers: all, length: bytes.count) + bytes
    }

    /// Posts a job, and closes the connection once it is committed: before its answer is written.
    private static func cut(_ api: TestAPI, _ hold: Hold, number: Int, _ body: JSONValue = TestAPI.video) async throws {
        let connection = try await api.connect()
        try await connection.send(post(api, body))
        try await hold.waitForArrivals(number)
        connection.cut()
    }

    private static func id(_ answer: RawAnswer) throws -> JobID {
        try #require(answer.status == 202, "\(answer.text)")
        return try #require(answer.json["id"]?.stringValue.flatMap { JobID($0) })
    }

    private static func isReplay(_ answer: RawAnswer) -> Bool { answer[header: "idempotent-replayed"] == "true" }

    private static func jobs(_ api: TestAPI) async throws -> Int {
        try await api.store.audit().jobs
    }

    private static func unanswered(_ api: TestAPI) async throws -> Set<JobID> {
        Set(try await api.store.unansweredJobs(since: Timestamp(milliseconds: 0), limit: 1_000).map(\.id))
    }

    @Test func aRepeatGetsTheJobOfTheRequestThatWasCut() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            try await Self.cut(api, hold, number: 1)
            let lost = try #require(try await Self.unanswered(api).first)
            hold.open()
            let answer = try await api.submit()
            #expect(try Self.id(answer) == lost)
            #expect(Self.isReplay(answer))
            #expect(answer[header: "location"]?.hasSuffix("/api/v1/jobs/\(lost)") == true)
            #expect(answer[header: "mediary-pending-answer"] == nil)
            #expect(try await Self.jobs(api) == 1)
            #expect(try await api.store.balance(of: "default").held == Credits(nanoUSD: 400_000_000))
            // By now it is answered, and the store knows.
            try await Self.wait("the mark") { try await Self.unanswered(api).isEmpty }
            let next = try await api.submit()
            #expect(try Self.id(next) != lost)
            #expect(!Self.isReplay(next))
        }
    }

    @Test func aRepeatThatOvertakesTheAdmissionWaitsForIt() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            try await Self.cut(api, hold, number: 1)
            let lost = try #require(try await Self.unanswered(api).first)
            async let answer = api.submit()
            try await Task.sleep(for: .milliseconds(100))
            hold.open()
            #expect(try await Self.id(answer) == lost)
            #expect(try await Self.jobs(api) == 1)
        }
    }

    @Test func aRepeatSeesTheJobAsItStands() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            try await Self.cut(api, hold, number: 1, TestAPI.image)
            let lost = try #require(try await Self.unanswered(api).first)
            hold.open()
            try await api.run(lost)
            try await api.complete(lost, files: [("image/png", Samples.png)])
            let answer = try await api.submit(TestAPI.image)
            #expect(try Self.id(answer) == lost)
            #expect(answer.json["status"] == "completed")
            #expect(answer.json["artifacts"]?.count == 1)
            #expect(answer.json == (try await api.get("/api/v1/jobs/\(lost)")).json)
        }
    }

    @Test func aRepeatOfOpenRoutersSurfaceGetsItsJobInThoseWords() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            let connection = try await api.connect()
            try await connection.send(Self.post(api, TestAPI.clip, to: "/api/v1/videos"))
            try await hold.waitForArrivals(1)
            connection.cut()
            hold.open()
            let lost = try #require(try await Self.unanswered(api).first)
            try await api.run(lost)
            let answer = try await api.generate()
            #expect(try Self.id(answer) == lost)
            #expect(Self.isReplay(answer))
            #expect(answer.json["status"] == "in_progress")
            #expect(answer[header: "mediary-pending-answer"] == nil)
            let next = try await api.generate()
            #expect(try Self.id(next) != lost)
            #expect(try await Self.jobs(api) == 2)
        }
    }

    @Test func fourThatWereCutAndFourRepeatsAreFourJobs() async throws {
        try await Self.run(holdingFirst: 4) { api, hold in
            let connections = try await withThrowingTaskGroup(of: RawConnection.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let connection = try await api.connect()
                        try await connection.send(Self.post(api))
                        return connection
                    }
                }
                return try await group.reduce(into: [RawConnection]()) { $0.append($1) }
            }
            try await hold.waitForArrivals(4)
            try #require(connections.count == 4)
            let lost = try await Self.unanswered(api)
            #expect(lost.count == 4)
            for connection in connections { connection.cut() }
            let answers = try await withThrowingTaskGroup(of: RawAnswer.self) { group in
                for _ in 0..<4 { group.addTask { try await api.submit() } }
                try await Task.sleep(for: .milliseconds(50))
                hold.open()
                return try await group.reduce(into: [RawAnswer]()) { $0.append($1) }
            }
            #expect(Set(try answers.map(Self.id)) == lost)
            #expect(answers.allSatisfy(Self.isReplay))
            #expect(try await Self.jobs(api) == 4)
        }
    }

    @Test func equalRequestsThatAreAllAnsweredAreJobsOfTheirOwn() async throws {
        try await TestAPI.run { api in
            let answers = try await withThrowingTaskGroup(of: RawAnswer.self) { group in
                for _ in 0..<20 { group.addTask { try await api.submit() } }
                return try await group.reduce(into: [RawAnswer]()) { $0.append($1) }
            }
            #expect(Set(try answers.map(Self.id)).count == 20)
            #expect(!answers.contains(where: Self.isReplay))
            try await Self.wait("the marks") { try await Self.unanswered(api).isEmpty }
        }
    }

    @Test func equalRequestsOnOneConnectionAreJobsOfTheirOwn() async throws {
        try await TestAPI.run { api in
            let connection = try await api.connect()
            let all = (0..<10).flatMap { _ in Self.post(api) }
            try await connection.send(all)
            var ids: Set<JobID> = []
            for _ in 0..<10 {
                let answer = try await connection.answer(to: "POST")
                #expect(!Self.isReplay(answer))
                ids.insert(try Self.id(answer))
            }
            #expect(ids.count == 10)
            #expect(try await Self.jobs(api) == 10)
            try await Self.wait("the marks") { try await Self.unanswered(api).isEmpty }
        }
    }

    @Test func whileTheEarlierConnectionIsOpenAnEqualRequestIsANewJob() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            let connection = try await api.connect()
            try await connection.send(Self.post(api))
            try await hold.waitForArrivals(1)
            let second = try await api.submit()
            #expect(!Self.isReplay(second))
            hold.open()
            let first = try await connection.answer(to: "POST")
            #expect(!Self.isReplay(first))
            #expect(try Self.id(first) != Self.id(second))
            #expect(try await Self.jobs(api) == 2)
        }
    }

    @Test func anotherKeyAndAnotherRequestAreNewJobs() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            try await Self.cut(api, hold, number: 1)
            let lost = try #require(try await Self.unanswered(api).first)
            hold.open()
            let other = try await api.accounts.createKey(name: "other").secret
            let foreign = try await api.submit(key: other)
            let different = try await api.submit(TestAPI.video(["duration": 6]))
            let keyed = try await api.submit(headers: [("Idempotency-Key", "k")])
            for answer in [foreign, different, keyed] {
                #expect(try Self.id(answer) != lost)
                #expect(!Self.isReplay(answer))
            }
            #expect(try await Self.id(api.submit()) == lost)
            #expect(try await Self.jobs(api) == 4)
        }
    }

    @Test func afterAnHourAnEqualRequestIsANewJob() async throws {
        let clock = Ahead()
        let hold = Hold(first: 2)
        let pausing: @Sendable (WriteAheadStep) async -> Void = { _ in await hold.pass() }
        let ahead: @Sendable () -> Double = { clock.seconds }
        try await TestAPI.run(pausing: pausing, secondsAhead: ahead) { api in
            defer { hold.open() }
            try await Self.cut(api, hold, number: 1)
            try await Self.cut(api, hold, number: 2, TestAPI.image)
            hold.open()
            clock.seconds = 3_500
            #expect(Self.isReplay(try await api.submit()))
            clock.seconds = 3_700
            #expect(!Self.isReplay(try await api.submit(TestAPI.image)))
            #expect(try await Self.jobs(api) == 3)
        }
    }

    /// How far the service's clock is ahead.
    private final class Ahead: Sendable {
        private let value = Mutex(0.0)

        var seconds: Double {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }

    /// From here, a client that sends no more looks like one that is gone.
    @Test func anAnswerToAClientThatHadClosedItsSideDoesNotCount() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            let connection = try await api.connect()
            try await connection.send(Self.post(api))
            try await hold.waitForArrivals(1)
            connection.finishSending()
            hold.open()
            let first = try await connection.answer(to: "POST")
            let repeated = try await api.submit()
            #expect(Self.isReplay(repeated))
            #expect(try Self.id(repeated) == Self.id(first))
            #expect(try await Self.jobs(api) == 1)
        }
    }

    @Test func aClientThatIsGoneBeforeTheCommitGetsNoJob() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            // The second request is not looked at before the first one is answered.
            let connection = try await api.connect()
            let keyed = Self.post(api, TestAPI.image, headers: [("Idempotency-Key", "k")])
            try await connection.send(Self.post(api) + Self.post(api, TestAPI.image) + keyed)
            try await hold.waitForArrivals(1)
            connection.finishSending()
            hold.open()
            #expect(try await connection.answer(to: "POST").status == 202)
            let second = try await connection.answer(to: "POST")
            #expect(second.status == 400)
            #expect(second.errorReason == "client_gone")
            #expect(try await connection.answer(to: "POST").status == 202)
            #expect(try await Self.jobs(api) == 2)
        }
    }

    @Test func aKeyIsEnoughForAClientThatSendsNoMore() async throws {
        try await Self.run(holdingFirst: 1) { api, hold in
            let connection = try await api.connect()
            try await connection.send(
                Self.post(api, headers: [("Idempotency-Key", "a")])
                    + Self.post(api, headers: [("Idempotency-Key", "b")])
            )
            try await hold.waitForArrivals(1)
            connection.finishSending()
            hold.open()
            for _ in 0..<2 { #expect(try await connection.answer(to: "POST").status == 202) }
            #expect(try await Self.jobs(api) == 2)
            #expect(try await Self.unanswered(api).isEmpty)
        }
    }

    /// A hundred clients, each cut now and then, each repeating at once until it has an answer.
    @Test func whateverIsCutWhenThereIsOneJobForEachClient() async throws {
        let pausing: @Sendable (WriteAheadStep) async -> Void = { _ in try? await Task.sleep(for: .milliseconds(150)) }
        try await TestAPI.run(pausing: pausing) { api in
            let answers = try await withThrowingTaskGroup(of: RawAnswer.self) { group in
                for number in 0..<100 {
                    let body = TestAPI.image(prompt: "\(number % 3)")
                    group.addTask {
                        // From before the request is read to well before its answer: one that is written in the moment of
                        // the cut is lost to any server.
                        for delay in [number % 9 * 3, number % 5 * 10] {
                            let connection = try await api.connect()
                            try await connection.send(Self.post(api, body))
                            try await Task.sleep(for: .milliseconds(delay))
                            // Whoever has its answer stops: the rest is cut.
                            if connection.hasReceived { return try await connection.answer(to: "POST") }
                            connection.cut()
                        }
                        return try await api.submit(body)
                    }
                }
                return try await group.reduce(into: [RawAnswer]()) { $0.append($1) }
            }
            #expect(Set(try answers.map(Self.id)).count == 100)
            #expect(try await Self.jobs(api) == 100)
        }
    }
}
