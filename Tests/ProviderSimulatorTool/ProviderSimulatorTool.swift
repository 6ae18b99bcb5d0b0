import ArgumentParser
import Foundation
import ProviderSimulators

/// Plays a provider on this machine until it is stopped.
@main
struct ProviderSimulatorTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider-simulator",
        abstract: "Plays a provider on 127.0.0.1 until it is stopped, and prints its base URL."
    )

    @Argument(help: "The wire: \(Wires.all.map { $0.name }.joined(separator: ", ")).")
    var wire: String

    @Option(help: "The port; 0 for any that is free.")
    var port = 0

    @Option(help: "How long a task runs, in seconds; the median when sigma is given.")
    var seconds = 1.0

    @Option(help: "The sigma of a log-normal distribution of durations.")
    var sigma: Double?

    @Option(help: "How long a task waits before it starts, in seconds.")
    var queue = 0.0

    @Option(help: "How long an answer takes, in milliseconds: 20-200.")
    var latency: String?

    @Option(help: "What durations and latencies are drawn by.")
    var seed: UInt64 = 1

    @Option(help: "What is kept of requests: whole, heads or counts.")
    var journal = "whole"

    @Flag(help: "One small file for every output.")
    var cheapMedia = false

    @Flag(help: "Count what exceeds the wire's limits, but refuse nothing.")
    var countLimitsOnly = false

    @Flag(help: "Without the wire's limits.")
    var noLimits = false

    @Option(name: .customLong("set"), help: "A setting of the wire: name=value. May be repeated.")
    var wireSettings: [String] = []

    func run() async throws {
        guard let type = Wires.named(wire) else { throw ValidationError("There is no wire \(wire).") }
        var settings = SimulatorSettings()
        settings.port = port
        settings.durations = sigma.map { .logNormal(medianSeconds: seconds, sigma: $0) } ?? .fixed(seconds: seconds)
        settings.queueSeconds = queue
        settings.seed = seed
        settings.hasCheapMedia = cheapMedia
        if let latency {
            let bounds = latency.split(separator: "-").compactMap { Double($0) }
            guard bounds.count == 2, bounds[0] <= bounds[1] else { throw ValidationError("--latency takes 20-200.") }
            settings.latencySeconds = (bounds[0] / 1_000)...(bounds[1] / 1_000)
        }
        switch journal {
        case "whole": settings.journaling = .whole
        case "heads": settings.journaling = .heads
        case "counts": settings.journaling = .counts
        case _: throw ValidationError("--journal takes whole, heads or counts.")
        }
        for setting in wireSettings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--set takes name=value.") }
            settings.wire[parts[0]] = parts[1]
        }
        var limits = noLimits ? SimulatorLimits() : type.limits
        if countLimitsOnly { limits.areEnforced = false }
        settings.limits = limits
        let simulator = ProviderSimulator(type, settings)
        try await simulator.run {
            FileHandle.standardOutput.write(Data("\(simulator.baseURL)\n".utf8))
        }
    }
}
