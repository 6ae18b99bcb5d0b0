import Generation
import HTTPTransport
import ProviderKit
import Testing

extension AdapterConformance {
    /// What every adapter of a network provider must do besides, over real HTTP against a server that plays the provider.
    ///
    ///     @Test(arguments: AdapterConformance.checks + AdapterConformance.networkChecks)
    ///     func conforms(_ check: AdapterConformance.Check) async throws {
    ///         try await withSimulator(MyWire.self, .forConformance) { simulator in
    ///             try await check.run(
    ///                 AdapterConformance.Subject(
    ///                     requests: requests,                    // one per model
    ///                     secrets: ["the-api-key"],
    ///                     provider: simulator.underTest(),       // of SimulatorConformance
    ///                     pause: { try await Task.sleep(for: .milliseconds(20)) },
    ///                     make: { makeAdapter(baseURL: simulator.baseURL, transport: transport) }
    ///                 )
    ///             )
    ///         }
    ///     }
    ///
    /// `transport` is a `CurlTransport`, one for all checks. The provider must answer within a second, let generations
    /// run for about 0.2 s, and hold no limits. What it documents otherwise than most is said in `ProviderUnderTest.Facts`.
    public static let networkChecks: [Check] =
        outcomeChecks + submitFaultChecks + pollFaultChecks + recoveryChecks + listingChecks + fidelityChecks
        + surfaceChecks

    // MARK: - How generations end

    private static let outcomeChecks = [
        network("a generation that fails ends as failed, with words") { stage in
            for request in try stage.requests() {
                stage.provider.force(.failed)
                guard case .success(.failed(let failure)) = try await stage.result(request) else {
                    Issue.record("\(request.model): it did not end as failed")
                    continue
                }
                #expect(failure.code != .contentPolicy, "\(request.model)")
            }
        },
        network("an output that the filter holds back ends as content policy, or with nothing") { stage in
            for request in try stage.requests() {
                stage.provider.force(.filteredOutput)
                switch try await stage.result(request) {
                case .success(.completed(let outputs, _)): #expect(outputs.isEmpty, "\(request.model)")
                case .success(.failed(let failure)): #expect(failure.code == .contentPolicy, "\(request.model)")
                case .success(.pending), .success(.cancelled), .failure:
                    Issue.record("\(request.model): filtered output ended otherwise")
                }
            }
        },
        network("an input that the filter refuses is refused for good, with words") { stage in
            for request in try stage.requests() {
                stage.provider.force(.filteredInput)
                let failure: ProviderFailure?
                switch await stage.submit(request) {
                case .failed(let refusal):
                    #expect(refusal.isDefiniteRefusal, "\(request.model)")
                    failure = refusal
                case .completed(let outputs):
                    #expect(outputs.isEmpty)
                    failure = nil
                case .accepted(let operation):
                    // Some find out only when they are at it.
                    guard case .success(.failed(let refusal)) = try await stage.end(operation) else {
                        Issue.record("\(request.model): filtered input ended otherwise")
                        continue
                    }
                    failure = refusal
                }
                guard let failure else { continue }
                #expect(failure.code == .contentPolicy, "\(request.model): \(failure)")
                #expect(failure.retry == .never, "\(request.model)")
            }
        },
        network("a generation that is done without media is no success") { stage in
            for request in try stage.requests() {
                stage.provider.force(.withoutMedia)
                if case .success(.completed(let outputs, _)) = try await stage.result(request) {
                    #expect(outputs.isEmpty, "\(request.model)")
                }
            }
        },
        network("a status word that nobody knows is pending") { stage in
            for request in try stage.requests() {
                stage.provider.force(.unknownStatus)
                guard let operation = try await stage.operation(request) else { continue }
                guard case .success(.pending) = await stage.status(operation) else {
                    Issue.record("\(request.model): an unknown word was taken for something")
                    continue
                }
                guard case .success(.completed(let outputs, _)) = try await stage.end(operation) else {
                    Issue.record("\(request.model): it did not complete")
                    continue
                }
                #expect(!outputs.isEmpty)
            }
        },
        network("a generation that the provider has forgotten is not found") { stage in
            for request in try stage.requests() {
                stage.provider.force(.vanished)
                guard let operation = try await stage.operation(request) else { continue }
                switch await stage.status(operation) {
                case .failure(let failure): #expect(failure.code == .notFound, "\(request.model): \(failure)")
                case .success(.failed(let failure)): #expect(failure.code == .notFound, "\(request.model): \(failure)")
                case .success(let status): Issue.record("\(request.model): forgotten, and yet \(status)")
                }
            }
        },
    ]

    // MARK: - Submits that go wrong

    /// The reasons that a refusal of a status may be given.
    private static let refusals: [(status: Int, codes: Set<ProviderFailure.Code>)] = [
        (400, [.invalidRequest]), (401, [.authentication]), (402, [.insufficientProviderFunds]),
        (403, [.authentication]), (404, [.notFound, .invalidRequest]), (422, [.invalidRequest]),
    ]
    private static let unsure = [408, 409, 425, 499, 500, 502, 503, 504]

    private static let submitFaultChecks = [
        network("a refusal of a submit is definite, has its reason and its words, and is not sent again") { stage in
            for request in try stage.requests() {
                for (status, codes) in refusals {
                    let before = stage.provider.submits.count
                    stage.provider.inject(.status(status), .submit, 1)
                    let failure = try #require(await stage.submit(request).failure, "\(request.model): \(status)")
                    #expect(stage.provider.submits.count == before + 1, "\(request.model): \(status)")
                    #expect(
                        (stage.provider.facts.submitCodes[status] ?? codes).contains(failure.code),
                        "\(request.model): \(status) is \(failure.code)"
                    )
                    let isUnsure = stage.provider.facts.unsureStatuses.contains(status)
                    #expect(failure.isDefiniteRefusal == !isUnsure, "\(request.model): \(status)")
                    #expect(failure.requestReachedProvider == .yes)
                    if !isUnsure { #expect(failure.retry == .never, "\(request.model): \(status)") }
                }
            }
        },
        network("a busy provider is asked again when it says so") { stage in
            for request in try stage.requests() {
                for pause in [nil, 7] {
                    stage.provider.inject(.status(429, retryAfter: pause), .submit, 1)
                    let failure = try #require(await stage.submit(request).failure)
                    #expect(failure.code == .rateLimited, "\(request.model)")
                    #expect(failure.isDefiniteRefusal, "\(request.model)")
                    if pause != nil, stage.provider.facts.honoursRetryAfter {
                        #expect(failure.retry == .after(seconds: 7), "\(request.model)")
                    } else {
                        #expect(failure.retry != .never, "\(request.model)")
                    }
                }
            }
        },
        network("an answer that refuses nothing leaves a submit's outcome unknown") { stage in
            for request in try stage.requests() {
                for status in unsure {
                    let before = stage.provider.submits.count
                    stage.provider.inject(.status(status), .submit, 1)
                    let failure = try #require(await stage.submit(request).failure, "\(request.model): \(status)")
                    #expect(stage.provider.submits.count == before + 1, "\(request.model): \(status)")
                    let isUnbilled = stage.provider.facts.unbilledStatuses.contains(status)
                    #expect(failure.isDefiniteRefusal == isUnbilled, "\(request.model): \(status)")
                }
            }
        },
        network("an answer to a submit that nobody can read leaves its outcome unknown") { stage in
            for request in try stage.requests() {
                for fault in [ProviderUnderTest.Fault.malformed, .truncated, .otherShape, .html, .empty] {
                    let before = stage.provider.submits.count
                    stage.provider.inject(fault, .submit, 1)
                    let failure = try #require(await stage.submit(request).failure, "\(request.model): \(fault)")
                    #expect(!failure.isDefiniteRefusal, "\(request.model): \(fault)")
                    #expect(stage.provider.submits.count == before + 1)
                }
            }
        },
        network("an answer to a submit without end is not read to its end") { stage in
            let request = try #require(try stage.requests().first)
            stage.provider.inject(.huge, .submit, 1)
            let failure = try #require(await stage.submit(request).failure)
            #expect(!failure.isDefiniteRefusal)
        },
        network("a submit that is never answered ends in time, its outcome unknown") { stage in
            for request in try stage.requests().prefix(2) {
                stage.provider.inject(.hang, .submit, 1)
                let attempt = stage.attempt(sendTimeoutSeconds: 2)
                let failure = try #require(await stage.submit(request, attempt).failure)
                #expect(!failure.isDefiniteRefusal, "\(request.model)")
            }
        },
        network("a submit whose answer is lost is sent once, its outcome unknown") { stage in
            for request in try stage.requests() {
                let (sent, started) = (stage.provider.submits.count, stage.provider.started().count)
                stage.provider.inject(.answerLost, .submit, 1)
                let failure = try #require(await stage.submit(request).failure)
                #expect(!failure.isDefiniteRefusal, "\(request.model)")
                #expect(stage.provider.submits.count == sent + 1, "\(request.model)")
                #expect(stage.provider.started().count == started + 1, "\(request.model)")
            }
        },
    ]

    // MARK: - Questions that go wrong

    private static let pollFaultChecks = [
        network("a question that fails says whether to ask again, and the generation goes on") { stage in
            for request in try stage.requests() {
                guard let operation = try await stage.operation(request) else { continue }
                for status in [401, 403, 408, 429, 500, 502, 503, 504] {
                    let before = stage.provider.polls.count
                    stage.provider.inject(.status(status), .poll, 1)
                    guard case .failure(let failure) = await stage.status(operation) else {
                        Issue.record("\(request.model): \(status) was taken for an answer")
                        continue
                    }
                    #expect(stage.provider.polls.count == before + 1, "\(request.model): \(status) was asked again")
                    let isRefused = status == 401 || status == 403
                    #expect(isRefused || failure.retry != .never, "\(request.model): \(status)")
                    #expect(failure.code != .notFound && failure.code != .contentPolicy, "\(request.model): \(status)")
                }
                stage.provider.inject(.status(429, retryAfter: 7), .poll, 1)
                if case .failure(let failure) = await stage.status(operation), stage.provider.facts.honoursRetryAfter {
                    #expect(failure.retry == .after(seconds: 7), "\(request.model)")
                }
                guard case .success(.completed) = try await stage.end(operation) else {
                    Issue.record("\(request.model): the generation did not go on")
                    continue
                }
            }
        },
        network("a question whose generation is not there is not found") { stage in
            for request in try stage.requests() {
                guard let operation = try await stage.operation(request) else { continue }
                stage.provider.inject(.status(404), .poll, 1)
                guard case .failure(let failure) = await stage.status(operation) else {
                    Issue.record("\(request.model): 404 was taken for an answer")
                    continue
                }
                #expect(failure.code == .notFound, "\(request.model)")
            }
        },
        network("an answer to a question that nobody can read is asked for again") { stage in
            for request in try stage.requests() {
                guard let operation = try await stage.operation(request) else { continue }
                for fault in [ProviderUnderTest.Fault.malformed, .truncated, .otherShape, .html, .empty] {
                    stage.provider.inject(fault, .poll, 1)
                    switch await stage.status(operation) {
                    case .failure(let failure): #expect(failure.retry != .never, "\(request.model): \(fault)")
                    case .success(.pending): break
                    case .success(let status): Issue.record("\(request.model): \(fault) was taken for \(status)")
                    }
                }
                // A transport may ask again by itself when a kept connection turns out to be closed: then all is well.
                for fault in [ProviderUnderTest.Fault.answerLost, .neverArrived] {
                    stage.provider.inject(fault, .poll, 1)
                    if case .failure(let failure) = await stage.status(operation) {
                        #expect(failure.retry != .never, "\(request.model): \(fault)")
                    }
                }
                guard case .success(.completed) = try await stage.end(operation) else {
                    Issue.record("\(request.model): the generation did not go on")
                    continue
                }
            }
        },
        network("an answer to a question without end is not read to its end") { stage in
            guard let operation = try await stage.operation(try #require(try stage.requests().first)) else { return }
            stage.provider.inject(.huge, .poll, 1)
            guard case .failure(let failure) = await stage.status(operation) else {
                Issue.record("8 MiB were taken for an answer")
                return
            }
            #expect(failure.retry != .never)
        },
        network("a question that is never answered ends in time") { stage in
            guard let operation = try await stage.operation(try #require(try stage.requests().first)) else { return }
            stage.provider.inject(.hang, .poll, 1)
            // What the adapter would wait for is looked at; nobody waits for it.
            let patience = ImpatientTransport.Patience(secondsMax: 2)
            let answer = await ImpatientTransport.$patience.withValue(patience) { await stage.status(operation) }
            #expect(patience.asked.allSatisfy { $0 <= 45 }, "a question may take \(patience.asked) s")
            guard case .failure(let failure) = answer else {
                Issue.record("silence was taken for an answer")
                return
            }
            #expect(failure.retry != .never)
        },
    ]
}
