import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import NIOCore

/// Tells the operator's Prometheus how the service does.
///
/// Without a key, like the health: it holds no prompt, no key and no name of a workspace. Whoever serves the API to the
/// world keeps the path to the inside, at the proxy.
struct MetricsRoutes: Sendable {
    let engine: EngineMetrics
    let http: HTTPMetrics
    let store: StoreFigures
    let version: String
    let environment: EngineEnvironment
    /// When the process started, by the clock that never goes back.
    let startedAt: Double

    func add(to routes: inout RouteTable) {
        routes.get(
            "metrics",
            .init(
                id: "getMetrics",
                tag: .service,
                summary: "Tell figures for Prometheus",
                details: "Needs no key: keep it to the inside where the API is served to the world.",
                isOpen: true,
                answers: [200: .text("text/plain", "The figures, in the text format of Prometheus 0.0.4.")]
            )
        ) { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: PrometheusText.mediaType, .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: await text()))
            )
        }
    }

    private func text() async -> String {
        var text = PrometheusText()
        text.begin("mediary_build_info", .gauge, "Always 1; the version is in the label.")
        text.value("mediary_build_info", [("version", version)], "1")
        let uptime = environment.bootSeconds() - startedAt
        text.single("mediary_uptime_seconds", .gauge, "Time since the start of the process.", uptime)
        let metrics = await store.current()
        text.single("mediary_store_up", .gauge, "Whether the store answered for this.", metrics == nil ? 0 : 1)
        if let metrics { write(metrics, to: &text) }
        write(engine, to: &text)
        http.write(to: &text)
        ProcessFacts()?.write(to: &text)
        return text.text
    }

    private func write(_ store: StoreMetrics, to text: inout PrometheusText) {
        text.begin("mediary_jobs", .gauge, "Jobs by state.")
        for state in JobState.Name.allCases {
            text.value("mediary_jobs", [("state", state.rawValue)], "\(store.jobs[state] ?? 0)")
        }
        text.single("mediary_queue_depth", .gauge, "Jobs that wait for a worker.", store.waiting)
        text.single(
            "mediary_jobs_running_without_live_lease",
            .gauge,
            "Jobs in flight whose worker is gone: 0, but for the seconds until they are taken over.",
            store.inFlightWithoutLease
        )
        text.single("mediary_outbox_pending", .gauge, "Callbacks that wait to be delivered.", store.outboxPending)
        let age = store.outboxOldest.map { max(0, environment.now().seconds(since: $0)) } ?? 0
        text.single("mediary_outbox_oldest_age_seconds", .gauge, "Age of the oldest of them; 0 without any.", age)
        text.single("mediary_outbox_exhausted", .gauge, "Callbacks that were given up.", store.outboxExhausted)
        text.single(
            "mediary_ledger_difference_nano_usd",
            .gauge,
            "The sum over all accounts: 0, or the ledger is broken.",
            Int(store.ledgerDifference)
        )
    }

    private func write(_ engine: EngineMetrics, to text: inout PrometheusText) {
        text.family(
            "mediary_submissions_total",
            .counter,
            "Submissions that were readable, by what became of them.",
            engine.submissions
        )
        text.family(
            "mediary_completion_lag_seconds",
            "From when the provider's end was seen to when the job's own end was durable and its client could be told.",
            engine.completionLag
        )
        text.family(
            "mediary_provider_submits_total",
            .counter,
            "Sends of a request to a provider, by how they ended.",
            engine.providerSubmits
        )
        text.family(
            "mediary_provider_polls_total",
            .counter,
            "Questions to a provider about what it runs, by the answer.",
            engine.providerPolls
        )
        text.family(
            "mediary_provider_bulk_polls_total",
            .counter,
            "Calls that asked a provider about several things that it runs, by how they ended.",
            engine.providerBulkCalls
        )
        text.family(
            "mediary_completion_gap_seconds",
            "From the last look that found a generation unfinished to the one that saw its end: the most that its end can have gone unseen.",
            engine.completionGap
        )
        text.family(
            "mediary_provider_failures_total",
            .counter,
            "Failures that a provider gave, by their code.",
            engine.providerFailures
        )
    }
}
