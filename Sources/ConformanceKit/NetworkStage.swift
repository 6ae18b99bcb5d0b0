import Generation
import HTTPTransport
import ProviderKit
import Synchronization
import Testing

/// One network check at work: an adapter, its provider, and attempts that are numbered.
final class NetworkStage: Sendable {
    /// How an attempt at a submit came out.
    enum Outcome {
        case accepted(ProviderOperation)
        case completed([ProviderOutput])
        case failed(ProviderFailure)

        /// The failure, if it is one.
        var failure: ProviderFailure? {
            guard case .failed(let failure) = self else { return nil }
            return failure
        }

        /// The operation, if there is one.
        var operation: ProviderOperation? {
            guard case .accepted(let operation) = self else { return nil }
            return operation
        }
    }

    let subject: AdapterConformance.Subject
    let provider: ProviderUnderTest
    let adapter: any ProviderAdapter
    private let count = Atomic<Int>(0)
    /// The generations that need not go on for this check's sake.
    private let hurried = Mutex<Set<String>>([])

    init(_ subject: AdapterConformance.Subject, _ provider: ProviderUnderTest) throws {
        self.subject = subject
        self.provider = provider
        adapter = try subject.make()
    }

    /// The subject's requests, resolved.
    func requests() throws -> [GenerationRequest] { try AdapterConformance.resolved(subject, adapter) }

    /// An attempt that nobody made before.
    func attempt(
        inputs: [String: [UInt8]] = [:],
        callbackURL: String? = nil,
        sendTimeoutSeconds: Int64 = 10
    ) -> TestAttempt {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        return TestAttempt(
            at: adapter,
            externalID: "att_check_\(String(number + 100_000_000))",
            sentAtMilliseconds: provider.now(),
            inputs: subject.inputs.merging(inputs) { $1 },
            callbackURL: callbackURL,
            sendTimeoutSeconds: sendTimeoutSeconds
        )
    }

    /// Submits, and looks at what comes back.
    func submit(_ request: GenerationRequest, _ attempt: TestAttempt? = nil) async -> Outcome {
        let attempt = attempt ?? self.attempt()
        do {
            switch try await adapter.submit(request, attempt: attempt.context()) {
            case .accepted(let operation): return .accepted(operation)
            case .completed(let outputs, _): return .completed(outputs)
            }
        } catch {
            verify(error)
            return .failed(error)
        }
    }

    /// Submits what must be accepted.
    func accepted(_ request: GenerationRequest, _ attempt: TestAttempt? = nil) async throws -> ProviderOperation {
        let outcome = await submit(request, attempt)
        return try #require(outcome.operation, "\(request.model) was not accepted: \(outcome)")
    }

    /// Submits what must be taken.
    ///
    /// - Returns: How to ask for it; nil for what is done with the answer to the submit.
    func operation(_ request: GenerationRequest, _ attempt: TestAttempt? = nil) async throws -> ProviderOperation? {
        switch await submit(request, attempt) {
        case .accepted(let operation): return operation
        case .completed: return nil
        case .failed(let failure):
            Issue.record("\(request.model) was not accepted: \(failure)")
            return nil
        }
    }

    /// Submits, and waits for the end: what fails at once has failed.
    func result(_ request: GenerationRequest) async throws -> Result<OperationStatus, ProviderFailure> {
        switch await submit(request) {
        case .accepted(let operation): try await end(operation)
        case .completed(let outputs): .success(.completed(outputs, ReportedUsage()))
        case .failed(let failure): .success(.failed(failure))
        }
    }

    /// The first request that is not done with the answer to its submit; nil when there is none.
    func firstThatRuns() async throws -> GenerationRequest? {
        for request in try requests() {
            if case .accepted = await submit(request) { return request }
        }
        return nil
    }

    /// A request as a job of it would be accepted; nil for one that the model or the adapter refuses at the door.
    func admitted(_ request: GenerationRequest, _ model: ModelCapabilities) -> GenerationRequest? {
        guard let resolved = try? request.resolved(against: model, strict: true).request else { return nil }
        guard let validating = adapter as? any ValidatingAdapter else { return resolved }
        return (try? validating.validate(resolved)) == nil ? nil : resolved
    }

    /// A sound that a model listens to, of the subject's own requests.
    func sound(for model: ModelCapabilities) -> MediaInput? {
        for request in subject.requests where request.model == model.slug {
            if case .transcription(let transcription) = request.content { return transcription.inputAudio }
        }
        return nil
    }

    /// Asks once, and looks at what comes back.
    func status(_ operation: ProviderOperation) async -> Result<OperationStatus, ProviderFailure> {
        do {
            let status = try await adapter.status(of: operation)
            if case .failed(let failure) = status { verify(failure) }
            return .success(status)
        } catch {
            verify(error)
            return .failure(error)
        }
    }

    /// Asks until a generation has ended.
    ///
    /// - Returns: What ended it; a question that failed for good counts as an end.
    func end(_ operation: ProviderOperation) async throws -> Result<OperationStatus, ProviderFailure> {
        for _ in 0..<3_000 {
            let answer = await status(operation)
            switch answer {
            case .success(.pending):
                // It was seen under way; the rest of its time nobody learns anything.
                hurry()
                try await subject.pause()
            case .success, .failure: return answer
            }
        }
        Issue.record("the generation never ended")
        return answerOfNobody
    }

    /// Ends what was started, each as it was going to end.
    private func hurry() {
        let started = provider.started()
        let waiting = hurried.withLock { hurried in started.filter { hurried.insert($0).inserted } }
        for id in waiting { provider.finish(id) }
    }

    private var answerOfNobody: Result<OperationStatus, ProviderFailure> {
        .failure(.notSent(.unknown, "The generation never ended."))
    }

    /// What every failure must be: in words, and without secrets or pages.
    func verify(_ failure: ProviderFailure) {
        #expect(failure.message.count >= 8, "a failure needs a message: \(failure)")
        #expect(failure.message.count <= 1_000)
        #expect(!failure.message.contains("<html") && !failure.message.contains("<!DOCTYPE"))
        for secret in subject.secrets {
            for text in [failure.message, failure.details, failure.providerCode ?? ""] {
                #expect(!text.contains(secret), "a secret stands in a failure")
            }
        }
    }
}

extension AdapterConformance {
    /// A check that needs the provider's side.
    static func network(
        _ requirement: String,
        _ body: @escaping @Sendable (NetworkStage) async throws -> Void
    ) -> Check {
        Check(requirement) { subject in
            let provider = try #require(subject.provider, "a network adapter's subject needs a provider")
            try await body(NetworkStage(subject, provider))
        }
    }
}
