import Foundation
public import Generation
import HTTPTransport
import MediaInspection
public import ProviderKit
public import Testing

/// What every `ProviderAdapter` must do, as named checks.
///
/// An adapter's test target runs them all, each on a subject of its own:
///
///     @Test(arguments: AdapterConformance.checks)
///     func conforms(_ check: AdapterConformance.Check) async throws {
///         try await check.run(makeSubject())
///     }
///
/// An adapter that speaks over a network runs `checks + networkChecks`, over real HTTP, against a server that plays its
/// provider: the subject then has a `provider`.
public enum AdapterConformance {
    /// An adapter, and what the suite must know to use it.
    public struct Subject: Sendable {
        let make: @Sendable () throws -> any ProviderAdapter
        let requests: [GenerationRequest]
        let inputs: [String: [UInt8]]
        let secrets: [String]
        let pause: @Sendable () async throws -> Void
        let provider: ProviderUnderTest?

        /// Describes an adapter.
        ///
        /// - Parameters:
        ///   - requests: What to ask for, as a client would: at least one request per model, quick and cheap.
        ///   - inputs: The stored inputs that the requests name, by hash.
        ///   - secrets: The credentials that the adapter was given: they must show up nowhere.
        ///   - provider: The other side, for `networkChecks`.
        ///   - pause: Lets time pass between two questions.
        ///   - make: Makes an instance: the second is what answers after a restart.
        public init(
            requests: [GenerationRequest],
            inputs: [String: [UInt8]] = [:],
            secrets: [String] = [],
            provider: ProviderUnderTest? = nil,
            pause: @escaping @Sendable () async throws -> Void,
            make: @escaping @Sendable () throws -> any ProviderAdapter
        ) {
            self.requests = requests
            self.inputs = inputs
            self.secrets = secrets
            self.provider = provider
            self.pause = pause
            self.make = make
        }
    }

    /// One named check.
    public struct Check: Sendable, CustomTestStringConvertible {
        /// The requirement, as a sentence.
        public let testDescription: String
        private let body: @Sendable (Subject) async throws -> Void

        init(_ requirement: String, body: @escaping @Sendable (Subject) async throws -> Void) {
            self.testDescription = requirement
            self.body = body
        }

        /// Holds an adapter to the requirement.
        ///
        /// - Throws: Whatever ends the check early; the test fails with it.
        public func run(_ subject: Subject) async throws { try await body(subject) }
    }

    /// Every check.
    public static let checks: [Check] = catalogChecks + submitChecks + operationChecks

    // MARK: - The catalog

    private static let catalogChecks = [
        Check("every model's capabilities are coherent, priced and sourced") { subject in
            let adapter = try subject.make()
            #expect(!adapter.models.isEmpty)
            #expect(Set(adapter.models.map(\.slug)).count == adapter.models.count, "slugs must be unique")
            #expect(isSlug(adapter.id.slug))
            #expect(!adapter.account.isEmpty)
            for model in adapter.models {
                let problems = CapabilityProblems.of(model)
                #expect(problems.isEmpty, "\(model.slug): \(problems.joined(separator: "; "))")
            }
        },
        Check("every model takes each of its sizes, durations, counts and formats") { subject in
            for model in try subject.make().models {
                for content in CapabilityProblems.everyOffer(of: model) {
                    let request = GenerationRequest(model: model.slug, content: content)
                    #expect(throws: Never.self, "\(model.slug)") {
                        _ = try request.resolved(against: model, strict: true)
                    }
                }
            }
        },
        Check("the subject asks for every model") { subject in
            let asked = Set(subject.requests.map(\.model))
            for model in try subject.make().models {
                #expect(asked.contains(model.slug), "no request for \(model.slug)")
            }
        },
    ]

    // MARK: - Submitting

    private static let submitChecks = [
        Check("a submit commits exactly one send") { subject in
            let adapter = try subject.make()
            for (index, request) in try resolved(subject, adapter).enumerated() {
                let attempt = subject.attempt(at: adapter, index)
                _ = try await adapter.submit(request, attempt: attempt.context())
                #expect(attempt.commits.count == 1)
                #expect(attempt.submits.count <= 1)
            }
        },
        Check("a gate that refuses starts nothing") { subject in
            let adapter = try subject.make()
            for (index, request) in try resolved(subject, adapter).enumerated() {
                let attempt = subject.attempt(at: adapter, index)
                let refusal = ProviderFailure(
                    .unavailable,
                    retry: .backoff,
                    billing: .notCharged,
                    requestReachedProvider: .no,
                    message: "Another worker has the job."
                )
                let context = attempt.context(refusal: refusal)
                await #expect(throws: refusal) { _ = try await adapter.submit(request, attempt: context) }
                #expect(!context.didCommitSending)
                #expect(attempt.submits.isEmpty)
            }
        },
        Check("a send whose window has closed is known not to have reached the provider") { subject in
            let adapter = try subject.make()
            for (index, request) in try resolved(subject, adapter).enumerated() {
                let attempt = subject.attempt(at: adapter, index)
                let failure = await #expect(throws: ProviderFailure.self) {
                    _ = try await adapter.submit(request, attempt: attempt.context(isWindowOpen: false))
                }
                #expect(failure?.requestReachedProvider == .no)
                #expect(failure?.isDefiniteRefusal == true)
                #expect(attempt.submits.isEmpty)
            }
        },
        Check("a resend of class A or A' has the token and the body of the first send") { subject in
            let adapter = try subject.make()
            for (index, request) in try resolved(subject, adapter).enumerated() {
                switch adapter.recoveryClass(of: request) {
                case .lookUp, .unrecoverable: continue
                case .resend, .lookUpThenResend: break
                }
                let attempt = subject.attempt(at: adapter, index)
                _ = try await adapter.submit(request, attempt: attempt.context())
                // A provider that knows the id already may refuse the second send.
                _ = try? await subject.make().submit(request, attempt: attempt.context(earlierSends: 1))
                #expect(Set(attempt.commits).count == 1, "two bodies for one attempt")
                #expect(Set(attempt.submits.map { $0.header("Idempotency-Key") }).count <= 1)
            }
        },
    ]

    // MARK: - Operations

    private static let operationChecks = [
        Check("an operation survives storage, and another instance answers for it to its whole media") { subject in
            let adapter = try subject.make()
            for (index, request) in try resolved(subject, adapter).enumerated() {
                let attempt = subject.attempt(at: adapter, index)
                let submission = try await adapter.submit(request, attempt: attempt.context())
                let stored = try JSONDecoder().decode(Submission.self, from: JSONEncoder().encode(submission))
                #expect(stored == submission)
                let outputs: [ProviderOutput]
                switch stored {
                case .accepted(let operation):
                    outputs = try await finish(operation, at: try subject.make(), subject)
                case .completed(let found, _): outputs = found
                }
                #expect(!outputs.isEmpty)
                for output in outputs {
                    let bytes = try await read(output, at: adapter)
                    if case .transcription = request.content {
                        #expect(throws: Never.self, "\(request.model)") {
                            _ = try JSONDecoder().decode(Transcript.self, from: Data(bytes))
                        }
                        continue
                    }
                    guard output.mediaType?.hasPrefix("audio/pcm") != true else {
                        #expect(!bytes.isEmpty && bytes.count.isMultiple(of: 2), "\(request.model)")
                        continue
                    }
                    let declared = output.mediaType.flatMap { MediaType(mime: $0) }
                    #expect(throws: Never.self, "\(request.model)") {
                        _ = try MediaInspector.inspect(bytes: bytes, expecting: declared)
                    }
                }
            }
        },
        Check("an operation names itself, and holds no secret") { subject in
            let adapter = try subject.make()
            for (index, request) in try resolved(subject, adapter).enumerated() {
                let attempt = subject.attempt(at: adapter, index)
                let submission = try await adapter.submit(request, attempt: attempt.context())
                guard case .accepted(let operation) = submission else { continue }
                #expect(!operation.remoteID.isEmpty)
                for secret in subject.secrets + [attempt.reference.token] {
                    #expect(!operation.remoteID.contains(secret))
                    #expect(!operation.payload.contains(secret))
                }
            }
        },
        Check("an operation that the provider never gave is not found") { subject in
            let adapter = try subject.make()
            let strangers = [
                ProviderOperation(remoteID: "no-such-generation"),
                ProviderOperation(remoteID: "../../etc/passwd", payload: "../../etc/passwd"),
                ProviderOperation(remoteID: "", payload: "\u{0}"),
            ]
            for stranger in strangers {
                let failure = await #expect(throws: ProviderFailure.self) {
                    _ = try await adapter.status(of: stranger)
                }
                #expect(failure?.code == .notFound)
                #expect(failure?.retry == .never)
            }
        },
        Check("a cancelled generation ends, and may be cancelled again") { subject in
            guard let adapter = try subject.make() as? any CancellableAdapter else { return }
            for (index, request) in try resolved(subject, adapter).enumerated() {
                let attempt = subject.attempt(at: adapter, index)
                let submission = try await adapter.submit(request, attempt: attempt.context())
                guard case .accepted(let operation) = submission else { continue }
                try await adapter.cancel(operation)
                try await adapter.cancel(operation)
                // Whether it was stopped or had just finished is the provider's to say; that it ends is not.
                _ = try await finish(operation, at: try subject.make(), subject)
                try await adapter.cancel(operation)
            }
        },
    ]

    // MARK: - Steps

    static func resolved(
        _ subject: Subject,
        _ adapter: any ProviderAdapter
    ) throws -> [GenerationRequest] {
        try subject.requests.map { request in
            let model = try #require(adapter.models.first { $0.slug == request.model })
            return try request.resolved(against: model, strict: true).request
        }
    }

    /// Asks until a generation has ended.
    ///
    /// - Returns: The outputs; none of one that was cancelled.
    public static func finish(
        _ operation: ProviderOperation,
        at adapter: any ProviderAdapter,
        _ subject: Subject
    ) async throws -> [ProviderOutput] {
        var progressBefore = 0.0
        for _ in 0..<3_000 {
            switch try await adapter.status(of: operation) {
            case .pending(let progress, _, _):
                #expect((0...1).contains(progress ?? 0))
                #expect(progress ?? progressBefore >= progressBefore, "progress went back")
                progressBefore = progress ?? progressBefore
                try await subject.pause()
            case .completed(let outputs, _): return outputs
            case .cancelled: return []
            case .failed(let failure): throw failure
            }
        }
        throw NeverEnded()
    }

    /// The bytes of an output, fetched as the engine fetches them.
    ///
    /// - Throws: What the transport or the file system throws.
    public static func read(_ output: ProviderOutput, at adapter: any ProviderAdapter) async throws -> [UInt8] {
        switch output.location {
        case .file(let path): return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        case .url(let url):
            var request = HTTPRequest(.get, url)
            if let authorizing = adapter as? any OutputAuthorizingAdapter,
                let origin = (try? RemoteURL(url))?.origin, adapter.trustedOrigins.contains(origin)
            {
                request.headers = try await authorizing.outputHeaders()
            }
            var options = ExchangeOptions()
            options.redirectsMax = 5
            let response = try await adapter.transport.exchange(request, options: options)
            #expect(response.status == 200)
            let bytes = try await response.body.collect(bytesMax: 1 << 30)
            #expect(response.contentLength.map { $0 == Int64(bytes.count) } ?? true)
            return bytes
        }
    }

    private struct NeverEnded: Error {}

    private static func isSlug(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { CapabilityProblems.slugBytes.contains($0) }
    }
}

extension AdapterConformance.Subject {
    /// The attempt for the request at an index; numbered, since the suite has no randomness.
    fileprivate func attempt(at adapter: any ProviderAdapter, _ index: Int) -> TestAttempt {
        TestAttempt(
            at: adapter,
            externalID: "att_0000000000000000000000000\(index)",
            sentAtMilliseconds: provider?.now() ?? 0,
            inputs: inputs
        )
    }
}
