import Generation
import HTTPTransport
import ProviderKit
import Testing

extension AdapterConformance {
    static let surfaceChecks = [
        network("credentials go to the provider's own origin, and nowhere else") { stage in
            for request in try stage.requests().prefix(3) {
                guard case .success(.completed(let outputs, _)) = try await stage.result(request) else {
                    Issue.record("\(request.model): it did not complete")
                    continue
                }
                for output in outputs { _ = try await read(output, at: stage.adapter) }
                let isFetchedHere = stage.provider.journal().contains { $0.operation == .download && !$0.isElsewhere }
                if isFetchedHere, let output = outputs.first {
                    stage.provider.inject(.redirectElsewhere, .download, 1)
                    _ = try await read(output, at: stage.adapter)
                    let arrived = stage.provider.journal().contains(where: \.isElsewhere)
                    #expect(arrived, "the redirect led nowhere")
                }
            }
            for seen in stage.provider.journal() where seen.isElsewhere {
                for secret in stage.subject.secrets {
                    #expect(!seen.head.contains(secret), "a secret went to another origin")
                }
            }
        },
        network("many generations are told of in one answer, as each would be alone") { stage in
            guard let adapter = stage.adapter as? any BulkStatusAdapter else { return }
            #expect(adapter.operationsPerCall > 1)
            guard let request = try await stage.firstThatRuns() else { return }
            var operations: [ProviderOperation] = []
            for outcome in [ProviderUnderTest.Outcome.succeeded, .failed, .succeeded, .filteredOutput] {
                stage.provider.force(outcome)
                operations.append(try await stage.accepted(request))
            }
            operations = Array(operations.prefix(adapter.operationsPerCall))
            var alone: [String: String] = [:]
            for operation in operations { alone[operation.remoteID] = kind(try await stage.end(operation)) }
            let before = stage.provider.journal().count
            let together = try await adapter.statuses(of: operations)
            #expect(stage.provider.journal().count == before + 1, "one call")
            for operation in operations {
                let status = together[operation.remoteID]
                // What is missing is asked for by itself.
                if status == nil, !stage.provider.facts.listTellsEnds { continue }
                #expect(status.map { kind(.success($0)) } == alone[operation.remoteID], "\(operation.remoteID)")
                if case .failed(let failure)? = status { stage.verify(failure) }
            }
            let strangers = [ProviderOperation(remoteID: "no-such-generation"), ProviderOperation(remoteID: "../../x")]
            let mixed = try? await adapter.statuses(of: [operations[0]] + strangers)
            for stranger in strangers {
                if case .completed? = mixed?[stranger.remoteID] { Issue.record("a stranger has completed") }
            }
            for fault in [ProviderUnderTest.Fault.status(500), .malformed, .html] {
                stage.provider.inject(fault, .list, 1)
                await #expect(throws: ProviderFailure.self) { _ = try await adapter.statuses(of: operations) }
                stage.provider.clearFaults()
            }
        },
        network("a callback tells which generation it is about, and nothing of a stranger's making is taken") { stage in
            guard let adapter = stage.adapter as? any CallbackAdapter else { return }
            for request in try stage.requests() {
                let url = "https://gateway.example/provider-callbacks/of-\(request.model.count)"
                let attempt = stage.attempt(callbackURL: url)
                guard let operation = try await stage.operation(request, attempt) else { continue }
                let submit = try #require(stage.provider.submits.last)
                let sent = String(decoding: submit.body, as: UTF8.self).replacing("\\/", with: "/")
                // Not every wire of an adapter calls back.
                guard sent.contains(url) || submit.head.contains(url) else { continue }
                let id = try #require(stage.provider.started().last)
                stage.provider.finish(id)
                let callback = try #require(stage.provider.callback(id), "\(request.model): nothing is posted")
                let named = adapter.operation(
                    inCallback: callback.body,
                    headers: callback.headers,
                    for: request,
                    of: attempt.reference
                )
                #expect(named?.remoteID == operation.remoteID, "\(request.model)")
                if let named {
                    let answer = await stage.status(named)
                    guard case .success(.completed) = answer else {
                        Issue.record("\(request.model): the callback's generation cannot be asked for: \(answer)")
                        continue
                    }
                }
                for text in ["", "not json", "[]", "{}", "null", "{\"id\":5,\"data\":[],\"output\":\"x\"}"] {
                    let bytes = Array(text.utf8)
                    #expect(
                        adapter.operation(inCallback: bytes, headers: [], for: request, of: attempt.reference) == nil
                    )
                }
            }
        },
        network("a generation is stopped at the provider where that can be done") { stage in
            guard let adapter = stage.adapter as? any CancellableAdapter else { return }
            guard let request = try await stage.firstThatRuns() else { return }
            let operation = try await stage.accepted(request)
            try await adapter.cancel(operation)
            #expect(stage.provider.journal().contains { $0.operation == .cancel }, "the provider was not asked")
            for fault in [ProviderUnderTest.Fault.status(500), .status(401)] {
                let other = try await stage.accepted(request)
                stage.provider.inject(fault, .cancel, 1)
                do throws(ProviderFailure) {
                    try await adapter.cancel(other)
                } catch {
                    stage.verify(error)
                }
            }
        },
        network("every submit carries the attempt's token or id at most where the wire has a place for it") { stage in
            for request in try stage.requests() {
                let attempt = stage.attempt()
                #expect(await stage.submit(request, attempt).failure == nil)
                let submit = try #require(stage.provider.submits.last)
                let text = String(decoding: submit.body, as: UTF8.self)
                #expect(!text.contains(attempt.reference.token), "\(request.model): the token is a secret")
            }
        },
    ]

    /// A standing without what differs from one answer to the next.
    private static func kind(_ answer: Result<OperationStatus, ProviderFailure>) -> String {
        switch answer {
        case .success(.pending): "pending"
        case .success(.completed(let outputs, let usage)): "completed \(outputs.count) \(usage)"
        case .success(.failed(let failure)): "failed \(failure.code)"
        case .success(.cancelled): "cancelled"
        case .failure(let failure): "not answered: \(failure.code)"
        }
    }
}
