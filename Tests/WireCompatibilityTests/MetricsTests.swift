import Generation
import ServiceHarness
import Testing

/// Goal: a Prometheus can read what the real program tells, and it is true.
@Suite(.keepsEvidence) struct MetricsTests {
    @Test func figuresOfRealJobsCanBeRead() async throws {
        try await Gate.machine.run {
            let installation = try Installation("metrics")
            let service = try installation.serve()
            let client = service.client
            let bodies: [JSONValue] = [
                ["type": "image", "model": "sandbox/image", "prompt": "x"],
                ["type": "speech", "model": "sandbox/speech", "input": "hello"],
                ["type": "image", "model": "sandbox/image", "prompt": "[[fail:no_media]]"],
                ["type": "image", "model": "sandbox/image", "prompt": "[[fail:content_policy]]"],
            ]
            for (index, body) in bodies.enumerated() {
                let answer = try client.submit(body, idempotencyKey: "\(index)")
                _ = try client.waitForEnd(of: try #require(answer.json["id"]?.stringValue), within: 30)
            }
            let answer = try ServiceClient(port: service.port, key: "").exchange("GET", "/metrics")
            let figures = try Exposition(answer.text)
            #expect(figures["mediary_jobs", ["state": "completed"]] == 2)
            #expect(figures["mediary_jobs", ["state": "failed"]] == 2)
            #expect(figures["mediary_queue_depth"] == 0)
            #expect(figures["mediary_jobs_running_without_live_lease"] == 0)
            #expect(figures["mediary_ledger_difference_nano_usd"] == 0)
            #expect(figures["mediary_submissions_total", ["outcome": "accepted"]] == 4)
            // One image completed, one was withheld when the provider was done; the one that was refused never ran.
            #expect(figures["mediary_completion_lag_seconds_count", ["type": "image"]] == 2)
            #expect(figures["mediary_completion_lag_seconds_count", ["type": "speech"]] == 1)
            let provider = ["provider": "fake-provider"]
            #expect(figures["mediary_provider_submits_total", provider.with("outcome", "accepted")] == 3)
            #expect(figures["mediary_provider_submits_total", provider.with("outcome", "refused")] == 1)
            #expect(figures["mediary_provider_failures_total", provider.with("code", "content_policy")] == 1)
            #expect(figures["mediary_provider_polls_total", provider.with("outcome", "completed")] == 3)
            #expect(figures["process_resident_memory_bytes"] ?? 0 > 1_000_000)
            #expect(figures["process_open_fds"] ?? 0 > 5)
            #expect(figures["mediary_uptime_seconds"] ?? 0 > 0)
            try service.stop()
            installation.remove()
        }
    }
}

extension [String: String] {
    fileprivate func with(_ name: String, _ value: String) -> [String: String] {
        merging([name: value]) { $1 }
    }
}

/// A strict reader of Prometheus' text format, with the rules that `promtool check metrics` holds figures to.
private struct Exposition {
    private struct Series: Hashable {
        let name: String
        let labels: [String: String]
    }

    private var values: [Series: Double] = [:]

    subscript(name: String, labels: [String: String] = [:]) -> Double? { values[Series(name: name, labels: labels)] }

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Unexpected("the last line has no end") }
        var kinds: [String: String] = [:]
        var helped: Set<String> = []
        var current = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("# HELP ") {
                guard words.count == 4, helped.insert(String(words[2])).inserted else { throw Unexpected("\(line)") }
            } else if line.hasPrefix("# TYPE ") {
                current = String(words[2])
                guard words.count == 4, ["counter", "gauge", "histogram"].contains(words[3]),
                    kinds.updateValue(String(words[3]), forKey: current) == nil, helped.contains(current),
                    (words[3] == "counter") == current.hasSuffix("_total")
                else { throw Unexpected("\(line)") }
            } else {
                let (series, value) = try Self.sample(line)
                let suffixes = kinds[current] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { series.name == current + $0 }) else {
                    throw Unexpected("\(line) does not belong to \(current)")
                }
                guard values.updateValue(value, forKey: series) == nil else { throw Unexpected("twice: \(line)") }
            }
        }
        for (name, kind) in kinds where kind == "histogram" { try checkHistogram(name) }
    }

    private static func sample(_ line: Substring) throws -> (Series, Double) {
        let pattern = /([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)+)\})? (-?[0-9][0-9.e+-]*)/
        guard let match = line.wholeMatch(of: pattern), let value = Double(match.3) else {
            throw Unexpected("not a sample: \(line)")
        }
        var labels: [String: String] = [:]
        for label in (match.2 ?? "").matches(of: /([a-z_]+)="((?:[^"\\]|\\.)*)"/) {
            guard labels.updateValue(String(label.2), forKey: String(label.1)) == nil else {
                throw Unexpected("a label twice: \(line)")
            }
        }
        return (Series(name: String(match.1), labels: labels), value)
    }

    /// Bounds ascend, counts never fall, and the last of them is the count of all.
    private func checkHistogram(_ name: String) throws {
        for (series, count) in values where series.name == name + "_count" {
            let buckets = values.compactMap { other, value -> (Double, Double)? in
                guard other.name == name + "_bucket", let le = other.labels["le"],
                    other.labels.filter({ $0.key != "le" }) == series.labels
                else { return nil }
                return (le == "+Inf" ? .infinity : Double(le) ?? .nan, value)
            }.sorted { $0.0 < $1.0 }
            let counts = buckets.map(\.1)
            guard buckets.last?.0 == .infinity, counts.last == count, zip(counts, counts.dropFirst()).allSatisfy(<=),
                values[Series(name: name + "_sum", labels: series.labels)] != nil
            else { throw Unexpected("\(series) is no histogram: \(buckets)") }
        }
    }
}
