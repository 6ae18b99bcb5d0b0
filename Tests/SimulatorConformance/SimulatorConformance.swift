package import ConformanceKit
package import CurlTransport
import Foundation
package import HTTPTransport
package import ProviderSimulators

extension SimulatorSettings {
    /// As `AdapterConformance.networkChecks` want a provider: quick, and without limits.
    package static var forConformance: SimulatorSettings {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        return settings
    }
}

extension CurlTransport {
    /// One for all tests of a process; a check may shorten its patience.
    package static let forTests: any HTTPTransport = ImpatientTransport(
        CurlTransport(bootSeconds: { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 })
    )
}

extension ProviderSimulator {
    /// This simulator as the suite of adapters knows a provider.
    package func underTest(_ facts: ProviderUnderTest.Facts = ProviderUnderTest.Facts()) -> ProviderUnderTest {
        ProviderUnderTest(
            facts: facts,
            now: { self.world.now() },
            inject: { self.inject(self.fault($0), on: Self.operation($1), times: $2) },
            clearFaults: { self.clearFaults() },
            force: { self.world.force(Self.outcome($0)) },
            journal: { self.journal.map(Self.recorded) },
            started: { self.world.allTasks.reversed().map(\.id) },
            finish: { id in self.world.finish(id) },
            callback: { id in
                guard let task = self.world.task(id), let answer = self.wire.callback(for: task) else { return nil }
                return (answer.body, answer.headers)
            }
        )
    }

    private func fault(_ fault: ProviderUnderTest.Fault) -> SimulatedFault {
        switch fault {
        case .status(let status, let seconds): return .status(status, retryAfter: seconds)
        case .malformed: return .malformedJSON
        case .truncated: return .truncatedJSON
        case .otherShape: return .otherJSON
        case .html: return .html
        case .empty: return .empty
        case .huge: return .huge()
        case .hang: return .hang
        case .answerLost: return .answerLost
        case .neverArrived: return .refusedConnection
        case .redirectElsewhere:
            world.keep(Array("elsewhere".utf8), type: "video/mp4", as: "elsewhere")
            let address = "\(world.outputsURL)/outputs/elsewhere"
            return .answer(SimulatedAnswer(status: 302, headers: [(name: "Location", value: address)]))
        }
    }

    private static func operation(_ operation: ProviderUnderTest.Operation) -> SimulatedOperation {
        switch operation {
        case .submit: .submit
        case .poll: .poll
        case .list: .list
        case .cancel: .cancel
        case .download: .download
        case .other: .other
        }
    }

    private static func outcome(_ outcome: ProviderUnderTest.Outcome) -> SimulatedOutcome {
        switch outcome {
        case .succeeded: .succeeded
        case .failed: .failed
        case .filteredInput: .filteredInput
        case .filteredOutput: .filteredOutput
        case .withoutMedia: .withoutMedia
        case .unknownStatus: .unknownStatus
        case .vanished: .vanished
        }
    }

    private static func recorded(_ entry: Entry) -> ProviderUnderTest.Recorded {
        let operation: ProviderUnderTest.Operation =
            switch entry.operation {
            case .submit: .submit
            case .poll: .poll
            case .list: .list
            case .cancel: .cancel
            case .download: .download
            case .upload, .token, .other: .other
            }
        let request = entry.request
        let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        let fields = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        return ProviderUnderTest.Recorded(
            operation: operation,
            isElsewhere: entry.isAtOutputs,
            head: "\(request.method) \(request.path)?\(query)\n\(fields)",
            body: request.body
        )
    }
}
