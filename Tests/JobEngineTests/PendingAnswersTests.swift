import ConformanceKit
import Generation
import JobCore
import JobEngine
import Synchronization
import Testing

/// A client's end of a connection, to be closed by hand.
private final class Line: Sendable {
    private let isClosed = Atomic(false)

    func close() { isClosed.store(true, ordering: .relaxed) }
    var isOpen: Bool { !isClosed.load(ordering: .relaxed) }
}

@Suite("Which requests without a key are repeats, and of which jobs")
struct PendingAnswersTests {
    /// A request over a line.
    private func connection(_ node: Node, _ line: Line) -> ClientConnection {
        ClientConnection(
            request: node.service.answers.nextRequest(),
            loop: ObjectIdentifier(line),
            isOpen: { line.isOpen },
            onLoop: { $0() }
        )
    }

    private enum Outcome: Equatable {
        case new(JobID)
        case repeated(JobID)

        var id: JobID {
            switch self {
            case .new(let id), .repeated(let id): id
            }
        }
    }

    private func submit(
        _ harness: EngineHarness,
        _ node: Node,
        _ connection: ClientConnection,
        _ prompt: String = "a lighthouse",
        key: APIKey? = nil,
        form: String? = nil
    ) async throws -> Outcome {
        let request = GenerationRequest(model: "fake/video", content: .video(VideoRequest(prompt: prompt)))
        let submission = JobSubmission(
            key: key ?? harness.key,
            request: request,
            parameters: JobParameters(),
            idempotencyKey: nil,
            form: form
        )
        switch try await node.service.submit(submission, connection: connection, answer: { "\($0.id)" }) {
        case .accepted(let job): return .new(job.id)
        case .replayed(let id, _): return .repeated(id)
        case .takenOver(let view): return .repeated(view.job.id)
        }
    }

    /// A request whose client goes away without its answer.
    private func lost(_ harness: EngineHarness, _ node: Node, _ prompt: String = "a lighthouse") async throws -> JobID {
        let line = Line()
        let outcome = try await submit(harness, node, connection(node, line), prompt)
        line.close()
        return outcome.id
    }

    @Test("a job that a request without a client takes in the very moment is its repeat's")
    func takenByOneThatIsGone() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.startedNode()
            let meanwhile = Mutex<(@Sendable () async -> Void)?>(nil)
            let line = Line()
            let first = ClientConnection(
                request: node.service.answers.nextRequest(),
                loop: ObjectIdentifier(line),
                isOpen: { line.isOpen },
                onLoop: { work in
                    let action = meanwhile.withLock { $0.take() }
                    await action?()
                    return work()
                }
            )
            let job = try await submit(harness, node, first).id
            line.close()
            let gone = Line()
            gone.close()
            meanwhile.withLock {
                $0 = { [self] in
                    let taken = try? await submit(harness, node, connection(node, gone))
                    #expect(taken == .repeated(job))
                }
            }
            #expect(try await submit(harness, node, connection(node, Line())) == .repeated(job))
        }
    }

    @Test("one repeat takes over one lost job, the oldest first; then there is none left")
    func oneEach() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let lines = (0..<3).map { _ in Line() }
            var lost: [JobID] = []
            for line in lines { lost.append(try await submit(harness, node, connection(node, line)).id) }
            for line in lines.dropFirst() { line.close() }
            // The first one's connection is open.
            #expect(try await submit(harness, node, connection(node, Line())) == .repeated(lost[1]))
            #expect(try await submit(harness, node, connection(node, Line())) == .repeated(lost[2]))
            let new = try await submit(harness, node, connection(node, Line()))
            #expect(new == .new(new.id))
            lines[0].close()
            #expect(try await submit(harness, node, connection(node, Line())) == .repeated(lost[0]))
        }
    }

    @Test("four lost requests and four repeats, all at once, are four jobs", arguments: 0..<10)
    func fourAndFour(seed: UInt64) async throws {
        try await EngineHarness.run(seed: seed) { harness in
            let node = try harness.node()
            let lines = (0..<4).map { _ in Line() }
            var lost: [JobID] = []
            for line in lines { lost.append(try await submit(harness, node, connection(node, line)).id) }
            for line in lines { line.close() }
            let repeats = try await withThrowingTaskGroup(of: Outcome.self) { group in
                for _ in 0..<4 { group.addTask { try await submit(harness, node, connection(node, Line())) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(lost).count == 4)
            #expect(Set(repeats.map(\.id)) == Set(lost))
            #expect(repeats.allSatisfy { $0 == .repeated($0.id) })
            #expect(try await harness.store.audit().jobs == 4)
            // Their connections are open: a fifth one is a job of its own.
            let fifth = try await submit(harness, node, connection(node, Line()))
            #expect(fifth == .new(fifth.id))
        }
    }

    @Test("an open connection, a written answer, another request, another key: a new job each time")
    func newJobs() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let line = Line()
            let request = connection(node, line)
            let first = try await submit(harness, node, request)
            let second = connection(node, Line())
            #expect(try await submit(harness, node, second) != .repeated(first.id))
            node.service.answers.answered(second.request)
            node.service.answers.answered(request.request)
            line.close()
            let third = try await submit(harness, node, connection(node, Line()))
            #expect(third == .new(third.id))
            #expect(node.service.answers.count == 1)

            let lost = try await lost(harness, node, "a boat")
            let other = try await submit(harness, node, connection(node, Line()), "a bridge")
            #expect(other == .new(other.id))
            let key = try await harness.addKey(workspace: "other")
            let foreign = try await submit(harness, node, connection(node, Line()), "a boat", key: key)
            #expect(foreign == .new(foreign.id))
            #expect(try await submit(harness, node, connection(node, Line()), "a boat") == .repeated(lost))
        }
    }

    @Test("a job that was taken over belongs to the repeat: it can be lost again, and the first answer counts no more")
    func takenOverAgain() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let (one, two) = (Line(), Line())
            let (first, second) = (connection(node, one), connection(node, two))
            let job = try await submit(harness, node, first).id
            one.close()
            #expect(try await submit(harness, node, second) == .repeated(job))
            node.service.answers.answered(first.request)
            two.close()
            let third = connection(node, Line())
            #expect(try await submit(harness, node, third) == .repeated(job))
            node.service.answers.answered(third.request)
            #expect(node.service.answers.count == 0)
            #expect(try await harness.store.audit().jobs == 1)
        }
    }

    @Test("after an hour a request is no repeat any more")
    func tooOld() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let early = try await lost(harness, node, "early")
            let late = try await lost(harness, node, "late")
            harness.clock.advance(seconds: 3_599)
            #expect(try await submit(harness, node, connection(node, Line()), "early") == .repeated(early))
            harness.clock.advance(seconds: 2)
            let new = try await submit(harness, node, connection(node, Line()), "late")
            #expect(new != .repeated(late) && new == .new(new.id))
        }
    }

    @Test("a client that is gone before its job is accepted gets none, and nothing is written")
    func goneBefore() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let line = Line()
            line.close()
            let before = try await harness.store.audit()
            await #expect(throws: SubmissionRefusal.clientGone) {
                _ = try await submit(harness, node, connection(node, line))
            }
            #expect(try await harness.store.audit() == before)
            #expect(node.service.answers.count == 0)
        }
    }

    @Test("a refused request leaves nothing to be taken over")
    func refused() async throws {
        try await EngineHarness.run { harness in
            var limits = JobService.Limits()
            limits.queuedMax = 0
            let full = try harness.node(limits: limits)
            await #expect(throws: SubmissionRefusal.queueFull) {
                _ = try await submit(harness, full, connection(full, Line()))
            }
            #expect(full.service.answers.count == 0)
        }
    }

    @Test("what was committed is accepted, though the store has failed afterwards")
    func committedAllTheSame() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node(fault: { $0 == "admit" ? .failsAfterwards : nil })
            let outcome = try await submit(harness, node, connection(node, Line()))
            #expect(try await harness.store.job(outcome.id) != nil)
            #expect(try await harness.store.audit().jobs == 1)
        }
    }

    @Test("when nobody can tell whether it was committed, the repeat finds out", arguments: [true, false])
    func unknownAdmission(wasCommitted: Bool) async throws {
        try await EngineHarness.run { harness in
            let state = Switch()
            let node = try harness.node(fault: { operation in
                guard state.isSet else { return nil }
                return operation == "admit"
                    ? (wasCommitted ? .failsAfterwards : .fails) : operation == "job" ? .fails : nil
            })
            // The connection stays open: the client has an error for an answer.
            await #expect(throws: StoreIsAway.self) { _ = try await submit(harness, node, connection(node, Line())) }
            state.isSet = false
            let outcome = try await submit(harness, node, connection(node, Line()))
            #expect(outcome == (wasCommitted ? .repeated(outcome.id) : .new(outcome.id)))
            #expect(try await harness.store.audit().jobs == 1)
        }
    }

    @Test("a new process knows what its predecessor left unanswered, and only that")
    func nextProcess() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let (lost, kept) = (Line(), connection(node, Line()))
            let job = try await submit(harness, node, connection(node, lost)).id
            harness.clock.advance(seconds: 1)
            let second = try await submit(harness, node, connection(node, Line())).id
            let answered = try await submit(harness, node, kept, "answered").id
            node.service.answers.answered(kept.request)
            try await harness.store.markAnswered([answered], at: harness.clock.now)
            // One with an idempotency key, and one that nobody marks.
            _ = try await node.submit("keyed", idempotencyKey: "k")
            _ = try await node.submit("unmarked")
            await node.kill()

            let next = try harness.node()
            try await next.service.answers.load(from: harness.store, at: harness.clock.now)
            #expect(try await submit(harness, next, connection(next, Line())) == .repeated(job))
            let repeated = connection(next, Line())
            #expect(try await submit(harness, next, repeated) == .repeated(second))
            for prompt in ["a lighthouse", "answered", "keyed", "unmarked"] {
                let outcome = try await submit(harness, next, connection(next, Line()), prompt)
                #expect(outcome == .new(outcome.id), "\(prompt)")
            }
            next.service.answers.answered(repeated.request)
        }
    }

    @Test(
        "what a process of an earlier version left, which did not tell the forms of an answer apart, is found as well"
    )
    func nextVersion() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            // As an earlier version writes it.
            let job = try await lost(harness, node)
            await node.kill()
            let next = try harness.node()
            try await next.service.answers.load(from: harness.store, at: harness.clock.now)
            let line = Line()
            #expect(try await submit(harness, next, connection(next, line), form: "stream") == .repeated(job))
            line.close()
            // It is a stream's from now on.
            let document = try await submit(harness, next, connection(next, Line()), form: "json")
            #expect(document == .new(document.id))
            #expect(try await submit(harness, next, connection(next, Line()), form: "stream") == .repeated(job))
        }
    }

    @Test("another form of the answer is another request")
    func otherForm() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let line = Line()
            let job = try await submit(harness, node, connection(node, line), form: "json")
            line.close()
            for form in ["stream", nil] {
                let other = try await submit(harness, node, connection(node, Line()), form: form)
                #expect(other == .new(other.id))
            }
            #expect(try await submit(harness, node, connection(node, Line()), form: "json") == .repeated(job.id))
        }
    }

    @Test("an idempotency key of an earlier version is good for whatever form, one of this version for its own")
    func keyOfAnEarlierVersion() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            func submit(_ prompt: String, _ key: String, form: String?) async throws -> JobID {
                let request = GenerationRequest(model: "fake/video", content: .video(VideoRequest(prompt: prompt)))
                let submission = JobSubmission(
                    key: harness.key,
                    request: request,
                    parameters: JobParameters(),
                    idempotencyKey: key,
                    form: form
                )
                switch try await node.service.submit(submission, answer: { "\($0.id)" }) {
                case .accepted(let job): return job.id
                case .replayed(let id, _): return id
                case .takenOver(let view): return view.job.id
                }
            }
            let old = try await submit("x", "old", form: nil)
            #expect(try await submit("x", "old", form: "json") == old)
            #expect(try await submit("x", "old", form: "stream") == old)
            let new = try await submit("x", "new", form: "json")
            #expect(try await submit("x", "new", form: "json") == new)
            for (prompt, key, form) in [("x", "new", "stream"), ("x", "new", nil), ("y", "old", "json")] {
                await #expect(throws: SubmissionRefusal.idempotencyConflict) {
                    _ = try await submit(prompt, key, form: form)
                }
            }
            #expect(try await harness.store.audit().jobs == 2)
        }
    }

    @Test("what an earlier process left is too old after an hour as well")
    func nextProcessTooLate() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node()
            let old = try await lost(harness, node)
            await node.kill()
            let (inTime, tooLate) = (try harness.node(), try harness.node())
            try await inTime.service.answers.load(from: harness.store, at: harness.clock.now)
            harness.clock.advance(seconds: 3_601)
            try await tooLate.service.answers.load(from: harness.store, at: harness.clock.now)
            for node in [inTime, tooLate] {
                let outcome = try await submit(harness, node, connection(node, Line()))
                #expect(outcome != .repeated(old))
            }
        }
    }
}

/// A switch that a test and a store's faults share; on at first.
private final class Switch: Sendable {
    private let value = Mutex(true)

    var isSet: Bool {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
