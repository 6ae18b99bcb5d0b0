import Generation
import ProviderKit
import Testing

extension AdapterConformance {
    static let recoveryChecks = [
        network("a submit that was accepted and whose answer was lost is found, where the class says so") { stage in
            guard let adapter = stage.adapter as? any RecoverableAdapter else { return }
            for request in try stage.requests() where looksUp(adapter, request) {
                let attempt = stage.attempt()
                stage.provider.inject(.answerLost, .submit, 1)
                #expect(await stage.submit(request, attempt).failure != nil)
                let id = try #require(stage.provider.started().last)
                guard case .accepted(let operation)? = try await find(stage, adapter, request, attempt) else {
                    Issue.record("\(request.model): what was lost was not found")
                    continue
                }
                // The same, when it belongs to another attempt.
                let foreign = try await find(stage, adapter, request, attempt, seconds: 0) {
                    $0 == operation.remoteID || $0.contains(id)
                }
                #expect(foreign == nil, "\(request.model): it took what another attempt owns")
                guard case .success(.completed(let outputs, _)) = try await stage.end(operation) else {
                    Issue.record("\(request.model): what was found did not complete")
                    continue
                }
                #expect(!outputs.isEmpty)
            }
        },
        network("a submit that never arrived is not found, and another request's generation is not taken for it") {
            stage in
            guard let adapter = stage.adapter as? any RecoverableAdapter else { return }
            for request in try stage.requests() where looksUp(adapter, request) {
                guard case .video(var video) = request.content else { continue }
                video.prompt += " Another one."
                var other = request
                other.content = .video(video)
                _ = try await stage.accepted(other)
                let attempt = stage.attempt()
                stage.provider.inject(.neverArrived, .submit, 1)
                #expect(await stage.submit(request, attempt).failure != nil)
                for id in stage.provider.started() { stage.provider.finish(id) }
                let found = try await find(stage, adapter, request, attempt, seconds: 0)
                #expect(found == nil, "\(request.model): it found what never was")
            }
        },
        network("a look-up that fails is no answer") { stage in
            guard let adapter = stage.adapter as? any RecoverableAdapter else { return }
            for request in try stage.requests() where looksUp(adapter, request) {
                for operation in [ProviderUnderTest.Operation.list, .poll] {
                    let attempt = stage.attempt()
                    stage.provider.inject(.answerLost, .submit, 1)
                    #expect(await stage.submit(request, attempt).failure != nil)
                    for fault in [ProviderUnderTest.Fault.status(500), .malformed, .html] {
                        let before = stage.provider.journal().count { $0.operation == operation }
                        stage.provider.inject(fault, operation, 20)
                        do throws(ProviderFailure) {
                            let found = try await adapter.find(
                                request,
                                attempt: attempt.reference,
                                isTaken: { _ in false }
                            )
                            let asked = stage.provider.journal().count { $0.operation == operation } - before
                            #expect(asked == 0 || found != nil, "\(request.model): \(fault) was taken for an absence")
                        } catch {
                            stage.verify(error)
                            #expect(error.retry != .never, "\(request.model): \(fault)")
                        }
                        stage.provider.clearFaults()
                    }
                }
            }
        },
        network("a resend of the same attempt starts nothing a second time") { stage in
            for request in try stage.requests() {
                switch stage.adapter.recoveryClass(of: request) {
                case .lookUp, .unrecoverable: continue
                case .resend, .lookUpThenResend: break
                }
                let attempt = stage.attempt()
                stage.provider.inject(.answerLost, .submit, 1)
                #expect(await stage.submit(request, attempt).failure != nil)
                let started = stage.provider.started().count
                _ = try? await subjectSubmit(stage, request, attempt)
                #expect(stage.provider.started().count == started, "\(request.model): it was paid twice")
            }
        },
    ]

    private static func subjectSubmit(
        _ stage: NetworkStage,
        _ request: GenerationRequest,
        _ attempt: TestAttempt
    ) async throws -> Submission {
        try await stage.subject.make().submit(request, attempt: attempt.context(earlierSends: 1))
    }

    private static func looksUp(_ adapter: any ProviderAdapter, _ request: GenerationRequest) -> Bool {
        switch adapter.recoveryClass(of: request) {
        case .lookUp, .lookUpThenResend: true
        case .resend, .unrecoverable: false
        }
    }

    /// Looks again and again, as the engine does while the settle time lasts.
    private static func find(
        _ stage: NetworkStage,
        _ adapter: any RecoverableAdapter,
        _ request: GenerationRequest,
        _ attempt: TestAttempt,
        seconds: Double? = nil,
        isTaken: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> Submission? {
        let end = stage.provider.now() + Int64((seconds ?? stage.provider.facts.findSeconds) * 1_000)
        // What must not be found is looked for a few times only.
        var looks = 0
        repeat {
            let found = try await adapter.find(request, attempt: attempt.reference, isTaken: { isTaken($0) })
            if let found { return found }
            looks += 1
            try await stage.subject.pause()
        } while stage.provider.now() < end && looks < 400
        return nil
    }
}
