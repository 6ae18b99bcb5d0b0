import Generation
import ProviderKit
import Testing

extension AdapterConformance {
    static let listingChecks = [
        network("the account's list shows what was started, by what it can be told whose it is, and asked for") {
            stage in
            guard let adapter = stage.adapter as? any ListingAdapter,
                let request = try await stage.firstThatRuns()
            else { return }
            let start = stage.provider.now() - 60_000
            var started: [(attempt: TestAttempt, operation: ProviderOperation)] = []
            for _ in 0..<3 {
                let attempt = stage.attempt()
                started.append((attempt, try await stage.accepted(request, attempt)))
            }
            let listed = try await all(adapter, since: start)
            #expect(Set(listed.map(\.remoteID)).count == listed.count, "one is shown twice")
            for (attempt, operation) in started {
                guard let shown = listed.first(where: { $0.remoteID == operation.remoteID }) else {
                    Issue.record("\(request.model): what was started is not in the list")
                    continue
                }
                if let externalID = shown.externalID { #expect(externalID == attempt.reference.externalID) }
                if let token = shown.token { #expect(token == attempt.reference.token) }
                if let time = shown.startedAtMilliseconds {
                    #expect(abs(time - stage.provider.now()) < 600_000, "its time is not in milliseconds")
                }
                let asked = try #require(adapter.operation(of: shown, for: request))
                #expect(asked.remoteID == operation.remoteID)
                guard case .success(.completed(let outputs, _)) = try await stage.end(asked) else {
                    Issue.record("\(request.model): what was listed did not complete")
                    continue
                }
                #expect(!outputs.isEmpty)
            }
        },
        network("a list that cannot be had is no empty list") { stage in
            guard let adapter = stage.adapter as? any ListingAdapter,
                let request = try await stage.firstThatRuns()
            else { return }
            _ = try await stage.accepted(request)
            for fault in [ProviderUnderTest.Fault.status(500), .malformed, .html] {
                stage.provider.inject(fault, .list, 1)
                await #expect(throws: ProviderFailure.self) { _ = try await adapter.operations(since: 0, page: nil) }
                stage.provider.clearFaults()
            }
        },
    ]

    /// Every page of a list.
    private static func all(_ adapter: any ListingAdapter, since start: Int64) async throws -> [ListedOperation] {
        var listed: [ListedOperation] = []
        var page: String?
        for _ in 0..<100 {
            let answer = try await adapter.operations(since: start, page: page)
            listed += answer.operations
            guard let next = answer.next else { break }
            page = next
        }
        return listed
    }
}
