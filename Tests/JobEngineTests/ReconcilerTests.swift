import ArtifactStoreFiles
import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobStoreMemory
import JobStoreSQLite
import Ledger
import Logging
import ProviderKit
import Synchronization
import Testing

@testable import JobEngine

/// What a comparison with a provider's list finds, and what it changes.
@Suite("Reconciling") struct ReconcilerTests {
    /// Runs a test on an empty store, with a provider whose list it writes.
    private func withStage(_ test: (inout Stage) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mediary-reconcile-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let sqlite = try SQLiteJobStore(path: folder.appending(path: "jobs.sqlite").path)
        for store in [MemoryJobStore(), sqlite] as [any JobStore] {
            var stage = Stage(
                driver: try await ConformanceKit.JobDriver(store),
                files: try FileArtifactStore(folder: folder.appending(path: "files").path)
            )
            try await test(&stage)
            #expect(try await store.audit().findings == [])
        }
        try sqlite.close()
    }

    @Test("a job in flight gets its generation as evidence, once, and only when it is to be applied")
    func adopts() async throws {
        try await withStage { stage in
            for situation in [JobSituation.sending, .verifying] {
                let job = try await stage.driver.job(in: situation)
                let remoteID = "r-\(job.id)"
                stage.provider.list.append(
                    stage.listed(remoteID, externalID: JobScript(job.admitted).attempt(1).externalID)
                )
                let before = try await stage.driver.observe(job)
                let told = try await stage.run(isApplying: false)
                #expect(told.findings.map(\.kind) == [.lostSubmit])
                #expect(told.findings.first?.isDone == false)
                #expect(try await stage.driver.observe(job) == before)
                let done = try await stage.run(isApplying: true)
                #expect(done.findings.map(\.kind) == [.lostSubmit])
                #expect(done.findings.first?.isDone == true)
                #expect(done.findings.first?.job == job.id.description)
                // Evidence, no decision.
                #expect(try await stage.store.job(job.id) == job)
                let attempt = try #require(try await stage.store.attempts(of: job.id).first)
                #expect(attempt.state == (situation == .sending ? .accepted : .found))
                #expect(attempt.remoteID == remoteID)
                #expect(attempt.submission?.contains(remoteID) == true)
                #expect(try await stage.run(isApplying: true).findings.isEmpty)
            }
        }
    }

    @Test("every page is read, and told of are generations of nobody and jobs that the provider denies")
    func tells() async throws {
        try await withStage { stage in
            let gone = try await stage.running("gone")
            _ = try await stage.running("here")
            _ = try await stage.running("listed")
            stage.provider.statuses["here"] = .pending(progress: nil)
            stage.provider.list = [
                stage.listed("stranger-1"), stage.listed("listed"), stage.listed("stranger-2"),
                stage.listed("stranger-2"), stage.listed("old", secondsAgo: 400_000),
            ]
            stage.provider.pageSize = 2
            // So young ones may be missing in a list.
            #expect(try await stage.run(isApplying: true).findings.map(\.operation) == ["stranger-1", "stranger-2"])
            stage.driver.fixtures.tick(seconds: 400)
            let report = try await stage.run(isApplying: true)
            #expect(report.findings.map(\.kind) == [.unknownJob, .unknownOperation, .unknownOperation])
            #expect(report.findings.first?.job == gone.id.description)
            #expect(report.accounts.map(\.listed) == [3])
            #expect(report.accounts.map(\.attempts) == [3])
            #expect(try await stage.store.job(gone.id) == gone)
        }
    }

    @Test("what was made besides of a completed job is the operator's loss, once")
    func surplus() async throws {
        try await withStage { stage in
            let lost = try await stage.driver.job(in: .verifying)
            let failure = JobFailure(.outcomeUnknown, "Lost.", retryable: true)
            let again = try await stage.driver.commit(
                .gaveUpVerifying(failure, retryAt: stage.driver.now),
                of: lost
            )
            let script = JobScript(lost.admitted)
            stage.provider.list = [stage.listed("surplus", externalID: script.attempt(1).externalID)]
            stage.provider.statuses["surplus"] = .completed([], ReportedUsage(costNanoUSD: 77))
            // The other attempt is under way: what this one is can be told only when the job is over.
            #expect(try await stage.run(isApplying: true).findings.map(\.kind) == [.surplus])
            let done = try await stage.driver.commit(try script.way(to: .completed, attempt: 2), of: again)
            let before = try await stage.driver.observe(done)
            #expect(try await stage.run(isApplying: false).findings.map(\.kind) == [.surplus])
            #expect(try await stage.store.lateResults(of: [done.id]).isEmpty)
            let report = try await stage.run(isApplying: true)
            #expect(report.findings.map(\.kind) == [.surplus])
            #expect(report.findings.first?.loss == Credits(nanoUSD: 77).description)
            #expect(try await stage.run(isApplying: true).findings.isEmpty)
            #expect(try await stage.driver.observe(done) == before)
            let late = try #require(try await stage.store.lateResults(of: [done.id])[done.id])
            #expect(late.map(\.loss) == [Credits(nanoUSD: 77)])
            #expect(late.flatMap(\.artifacts).isEmpty)
        }
    }

    @Test("what nobody waits for any more is stopped at the provider, and looked at again")
    func stops() async throws {
        try await withStage { stage in
            let lost = try await stage.driver.job(in: .verifying)
            let failure = JobFailure(.outcomeUnknown, "Lost.", retryable: true)
            let failed = try await stage.driver.commit(.gaveUpVerifying(failure, retryAt: nil), of: lost)
            let externalID = JobScript(lost.admitted).attempt(1).externalID
            stage.provider.list = [stage.listed("late", externalID: externalID)]
            stage.provider.statuses["late"] = .pending(progress: nil)
            #expect(try await stage.run(isApplying: false).findings.map(\.kind) == [.stillRunning])
            #expect(stage.provider.cancelled.isEmpty)
            #expect(try await stage.run(isApplying: true).findings.map(\.kind) == [.stillRunning])
            #expect(stage.provider.cancelled == ["late"])
            #expect(try await stage.store.attempts(of: failed.id).map(\.orphanRemoteID) == ["late"])
            // Some bill what they were stopped in.
            stage.provider.statuses["late"] = .cancelled(chargedNanoUSD: 5)
            let report = try await stage.run(isApplying: true)
            #expect(report.findings.map(\.loss) == [Credits(nanoUSD: 5).description])
            #expect(try await stage.run(isApplying: true).findings.isEmpty)
            #expect(try await stage.store.job(failed.id) == failed)
        }
    }

    @Test("a provider that does not answer is a problem, and nothing is concluded from its silence")
    func silence() async throws {
        try await withStage { stage in
            _ = try await stage.running("gone")
            stage.driver.fixtures.tick(seconds: 400)
            stage.provider.isAway = true
            let report = try await stage.run(isApplying: true)
            #expect(report.findings.isEmpty)
            #expect(!report.isWhole)
            #expect(report.accounts.map(\.problem) == ["away"])
        }
    }
}

/// A store, a provider, and the comparison of both.
private struct Stage {
    var driver: ConformanceKit.JobDriver
    let files: FileArtifactStore
    let provider = ListedProvider()

    var store: any JobStore { driver.store }

    func listed(_ remoteID: String, externalID: String? = nil, secondsAgo: Double = 0) -> ListedOperation {
        ListedOperation(
            remoteID: remoteID,
            startedAtMilliseconds: driver.now.adding(seconds: -secondsAgo).milliseconds,
            externalID: externalID
        )
    }

    /// A job at the provider, with its answer as the engine records it.
    mutating func running(_ remoteID: String) async throws -> Job {
        let job = try await driver.job(in: .sending)
        let operation = ProviderOperation(remoteID: remoteID)
        let outcome = try await store.record(
            .accepted(
                remoteID: remoteID,
                submission: try JobEngine.JobDriver.encode(Submission.accepted(operation))
            ),
            of: job.id,
            attempt: 1,
            send: 1,
            at: driver.now
        )
        #expect(outcome == .recorded)
        return try await driver.commit(
            .accepted(remoteID: remoteID, operation: "operation", nextPollAt: driver.now),
            of: job
        )
    }

    func run(isApplying: Bool) async throws -> Reconciliation {
        let now = driver.now
        return try await Reconciler(
            store: store,
            artifacts: files,
            catalog: try EndpointCatalog([provider]),
            environment: EngineEnvironment(
                now: { now },
                bootSeconds: { 0 },
                sleep: { _ in },
                randomBytes: { Array(repeating: 0, count: $0) }
            ),
            allowNetworks: [],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).run(since: now.adding(seconds: -86_400), isApplying: isApplying)
    }
}

/// A provider that shows what a test writes down.
private final class ListedProvider: ListingAdapter, CancellableAdapter {
    private struct State {
        var list: [ListedOperation] = []
        var statuses: [String: OperationStatus] = [:]
        var pageSize = 100
        var cancelled: [String] = []
        var isAway = false
    }

    private let state = Mutex(State())

    var list: [ListedOperation] {
        get { state.withLock { $0.list } }
        set { state.withLock { $0.list = newValue } }
    }
    var statuses: [String: OperationStatus] {
        get { state.withLock { $0.statuses } }
        set { state.withLock { $0.statuses = newValue } }
    }
    var pageSize: Int {
        get { state.withLock { $0.pageSize } }
        set { state.withLock { $0.pageSize = newValue } }
    }
    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }
    var cancelled: [String] { state.withLock { $0.cancelled } }

    let id = ProviderID("vendor")
    let account = "main"
    let transport: any HTTPTransport = ScriptedTransport([])
    let models = [
        ModelCapabilities(
            slug: "vendor/video",
            name: "Video",
            summary: "Scripted.",
            parameters: .video(
                VideoParameters(
                    durations: [4],
                    defaultDuration: 4,
                    sizes: [
                        SizeOption(
                            resolution: "720p",
                            aspectRatio: "16:9",
                            size: PixelSize(width: 1_280, height: 720)
                        )
                    ]
                )
            ),
            promptCharactersMax: 1_000,
            prices: [ListPrice(unit: "second", usd: "0.1")],
            limits: EndpointLimits(slots: 10),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 900,
                sendTimeoutSeconds: 60,
                pollIntervalSeconds: 0.5
            ),
            source: "made for tests, 2026-11-21"
        )
    ]

    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission { throw Self.failure(.unavailable, "not asked here") }

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        if isAway { throw Self.failure(.unavailable, "away") }
        guard let status = statuses[operation.remoteID] else { throw Self.failure(.notFound, "unknown") }
        return status
    }

    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        state.withLock { $0.cancelled.append(operation.remoteID) }
    }

    func operations(since milliseconds: Int64, page: String?) async throws(ProviderFailure) -> OperationPage {
        if isAway { throw Self.failure(.unavailable, "away") }
        let (list, size) = (list, pageSize)
        let start = page.flatMap { Int($0) } ?? 0
        let next = start + size < list.count ? String(start + size) : nil
        return OperationPage(Array(list.dropFirst(start).prefix(size)), next: next)
    }

    func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation? {
        ProviderOperation(remoteID: listed.remoteID)
    }

    private static func failure(_ code: ProviderFailure.Code, _ message: String) -> ProviderFailure {
        ProviderFailure(
            code,
            retry: .never,
            billing: .unknown,
            requestReachedProvider: .unknown,
            message: message,
            details: message
        )
    }
}
