import Generation
import JobAPI
import JobCore
import JobEngine
import Testing

/// Goal: the operator's figures are true, and nobody can make them many.
@Suite struct MetricsTests {
    @Test func whatHappensIsCounted() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            try await api.run(id)
            _ = try await api.submitted()
            let name = [("Idempotency-Key", "one")]
            #expect(try await api.submit(headers: name).status == 202)
            #expect(try await api.submit(headers: name).status == 202)
            #expect(try await api.submit(TestAPI.video(["model": "no/model"])).status == 404)
            #expect(try await api.get("/api/v1/jobs/\(id)").status == 200)
            let text = try await api.metrics()
            for line in [
                "mediary_jobs{state=\"queued\"} 2", "mediary_jobs{state=\"running\"} 1", "mediary_queue_depth 2",
                "mediary_submissions_total{outcome=\"accepted\"} 3",
                "mediary_submissions_total{outcome=\"replayed\"} 1",
                "mediary_submissions_total{outcome=\"refused_4xx\"} 1",
                "mediary_submissions_total{outcome=\"refused_5xx\"} 0",
                "mediary_http_requests_total{method=\"POST\",route=\"/api/v1/jobs\",status=\"2xx\"} 4",
                "mediary_http_requests_total{method=\"POST\",route=\"/api/v1/jobs\",status=\"4xx\"} 1",
                "mediary_http_requests_total{method=\"GET\",route=\"/api/v1/jobs/{id}\",status=\"2xx\"} 1",
                "mediary_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/jobs/{id}\"} 1",
                "mediary_ledger_difference_nano_usd 0", "mediary_outbox_pending 0",
                "mediary_outbox_oldest_age_seconds 0.0", "mediary_store_up 1", "mediary_event_streams_open 0",
                // No worker holds it in this test.
                "mediary_jobs_running_without_live_lease 1",
            ] { #expect(text.contains("\n\(line)\n"), "\(line) is not in:\n\(text)") }
        }
    }

    @Test func noPathOrMethodOfAClientsMakingBecomesALabel() async throws {
        try await TestAPI.run { api in
            for path in ["/nothing", "/api/v1/jobs/x/y/z", "/api/v2/jobs"] { _ = try await api.get(path) }
            _ = try await api.request("PURGE", "/api/v1/jobs")
            _ = try await api.request("TRACE", "/api/v1/jobs")
            let text = try await api.metrics()
            let routes = text.split(separator: "\n").filter { $0.hasPrefix("mediary_http_requests_total{") }
            #expect(
                routes.sorted() == [
                    "mediary_http_requests_total{method=\"TRACE\",route=\"/api/v1/jobs\",status=\"4xx\"} 1",
                    "mediary_http_requests_total{method=\"any\",route=\"unmatched\",status=\"4xx\"} 4",
                ]
            )
        }
    }

    @Test func openStreamsAreCounted() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let stream = try await api.connect()
            try await stream.send(
                RawConnection.head("GET", "/api/v1/jobs/\(id)/events", headers: [api.authorization], length: nil)
            )
            _ = try await stream.answerHead()
            try await expectStreams(1, api)
            _ = try await api.request("POST", "/api/v1/jobs/\(id)/cancel")
            try await expectStreams(0, api)
        }
    }

    private func expectStreams(_ count: Int, _ api: TestAPI) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let text = try await api.metrics()
            if text.contains("\nmediary_event_streams_open \(count)\n") { return }
            try #require(ContinuousClock.now < deadline, "\(text)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func aHistogramCountsIntoTheFirstBoundThatHolds() {
        let histogram = Histogram(bounds: [0.5, 1])
        for seconds in [-3, 0.5, 0.75, 1, 1.5, 600] { histogram.observe(seconds) }
        #expect(histogram.snapshot.counts == [2, 2, 2])
        #expect(histogram.snapshot.sum == 603.75)
    }

    @Test func textIsWrittenAsPrometheusReadsIt() {
        var text = PrometheusText()
        let counts = Family(["who"], make: Meter.init)
        counts["a \"b\" \\ \n"].add(3)
        text.family("hits_total", .counter, "Hits.", counts)
        let times = Family(["type"]) { Histogram(bounds: [0.5, 1]) }
        times["x"].observe(0.75)
        times["x"].observe(2)
        text.family("lag_seconds", "Lag.", times)
        #expect(
            text.text == """
                # HELP hits_total Hits.
                # TYPE hits_total counter
                hits_total{who="a \\"b\\" \\\\ \\n"} 3
                # HELP lag_seconds Lag.
                # TYPE lag_seconds histogram
                lag_seconds_bucket{type="x",le="0.5"} 0
                lag_seconds_bucket{type="x",le="1.0"} 1
                lag_seconds_bucket{type="x",le="+Inf"} 2
                lag_seconds_sum{type="x"} 2.75
                lag_seconds_count{type="x"} 2

                """
        )
    }
}

extension TestAPI {
    /// What the operator's Prometheus would read, without a key.
    func metrics() async throws -> String {
        let answer = try await connect().request("GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer[header: "content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        return answer.text
    }
}
