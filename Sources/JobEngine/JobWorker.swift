package import HTTPTransport
package import JobCore
package import Ledger
package import Logging
import ServiceLifecycle
import Synchronization

/// What is done when it cannot be found out whether a provider accepted a request.
package enum UnknownOutcomePolicy: Sendable, Equatable {
    /// The hold is released, the client is told, and nothing is sent again. The default.
    case refund
    /// The job is tried once more. If both ran, the surplus is the operator's loss, never the customer's.
    ///
    /// - Parameter holdMax: The most that the job may hold: what a surplus may cost.
    case retryOnce(holdMax: Credits)
}

/// Claims jobs and drives each to its end, under a lease.
///
/// A worker that is killed leaves its jobs to whoever sees its lease end; each is taken up at its last record. A worker
/// that was suspended past its lease finds its commits refused and starts anew under another name.
package struct JobWorker: Service {
    /// Figures that tests shorten.
    package struct Settings: Sendable {
        /// How long a lease lasts, in seconds.
        ///
        /// Defaults to 15.
        package var leaseSeconds = 15.0
        /// How often it is renewed, in seconds.
        ///
        /// Defaults to 5.
        package var renewSeconds = 5.0
        /// How long after its commit a send may still start, in seconds.
        ///
        /// Defaults to 10.
        package var sendWindowSeconds = 10.0
        /// How long an outcome may be looked for, in seconds.
        ///
        /// Defaults to 600.
        package var verifySecondsMax = 600.0
        /// How many jobs are claimed in one transaction.
        ///
        /// Defaults to 64.
        package var claimLimit = 64
        /// What is done when an outcome cannot be found out.
        ///
        /// Defaults to a refund.
        package var unknownOutcome = UnknownOutcomePolicy.refund
        /// Whether no other process can have this store open: then all other leases are dead at the start, and so is
        /// every send under them.
        package var isOnlyProcess = false
        /// The networks that outputs may be in besides the public one.
        package var allowNetworks: [NetworkRange] = []
        /// The address that clients and providers find the service at; nil while it is not known.
        package var publicURL: @Sendable () -> String? = { nil }

        package init() {}
    }

    private let services: DriverServices
    private let stopping = Flag()
    private let broken = BrokenStore()

    package init(
        store: any JobStore,
        artifacts: any ArtifactStore,
        catalog: EndpointCatalog,
        live: LiveJobs,
        signals: WorkSignals,
        durations: ObservedDurations,
        environment: EngineEnvironment,
        references: ReferenceSource = ReferenceSource(),
        outputs: LiveOutputs,
        settings: Settings = Settings(),
        metrics: EngineMetrics = EngineMetrics(),
        endpointBoard: EndpointBoard = EndpointBoard(),
        logger: Logger
    ) {
        services = DriverServices(
            store: store,
            artifacts: artifacts,
            catalog: catalog,
            live: live,
            signals: signals,
            durations: durations,
            budgets: LaneBudgets(catalog),
            board: endpointBoard,
            poller: StatusPoller(environment: environment, dueTimes: signals.dueTimes, metrics: metrics),
            references: ReferenceFetcher(source: references, artifacts: artifacts, environment: environment),
            outputs: outputs,
            environment: environment,
            settings: settings,
            metrics: metrics,
            logger: logger
        )
    }

    /// Works until the service group stops it: claims nothing more, lets sends in flight end, gives its jobs back.
    package func run() async throws {
        await withGracefulShutdownHandler {
            var isFirst = true
            while !stopping.isUp, !Task.isCancelled, broken.error == nil {
                if await workUnderOneLease(endingOthers: isFirst && services.settings.isOnlyProcess) { isFirst = false }
            }
        } onGracefulShutdown: {
            stopping.raise()
            services.signals.dueTimes.stop()
            services.signals.claimable.raise()
        }
        // The process must end: what it would answer for could not be kept.
        if let error = broken.error { throw error }
    }

    /// One life of a worker, under one name, from its first lease to its end or loss.
    ///
    /// - Returns: False when not even the lease could be had.
    private func workUnderOneLease(endingOthers: Bool) async -> Bool {
        let worker = WorkerID("worker_" + services.environment.randomHex(bytes: 12))
        let lease = Lease(worker: worker, services: services)
        services.signals.dueTimes.start()
        // The wish to stop may have come in between: nobody may sleep then.
        if stopping.isUp { services.signals.dueTimes.stop() }
        guard await lease.begin(endingOthers: endingOthers) else {
            try? await services.environment.sleep(1)
            return false
        }
        services.logger.info("worker started", metadata: ["worker": "\(worker)"])
        await withDiscardingTaskGroup { upkeep in
            upkeep.addTask { await services.signals.dueTimes.run() }
            upkeep.addTask { await services.poller.run() }
            upkeep.addTask { await lease.keep() }
            await withDiscardingTaskGroup { jobs in
                while !stopping.isUp, !lease.isLost.isUp, !Task.isCancelled {
                    await claim(as: worker, lease: lease, into: &jobs)
                }
            }
            upkeep.cancelAll()
        }
        do {
            try await services.store.release(worker)
        } catch {
            services.logger.warning("lease not given back; it ends by itself", metadata: ["error": "\(error)"])
        }
        services.logger.info("worker stopped", metadata: ["worker": "\(worker)"])
        return true
    }

    /// Claims what can be claimed, then sleeps until something changes.
    private func claim(as worker: WorkerID, lease: Lease, into group: inout DiscardingTaskGroup) async {
        let now = services.environment.now()
        var pause = services.settings.renewSeconds
        do {
            // Driven as soon as they are claimed: whatever fails after that, nobody else would.
            try await takeUpUnknownClaims(of: worker, lease: lease, into: &group)
            if lease.isTimeForOrphans(services.environment.bootSeconds()) {
                let orphans = try await services.store.claimOrphans(
                    worker: worker,
                    now: now,
                    limit: services.settings.claimLimit
                )
                for job in orphans {
                    services.logger.notice(
                        "job taken over",
                        metadata: ["job": "\(job.id)", "state": "\(job.state.name.rawValue)", "epoch": "\(job.epoch)"]
                    )
                }
                drive(orphans, worker, lease, into: &group)
                let overdue = try await expireOverdue(at: now)
                // There were more than one look takes.
                if max(orphans.count, overdue) >= services.settings.claimLimit { return lease.lookForOrphansAgain() }
            }
            let capacity = services.budgets.capacities(at: services.environment.bootSeconds())
            let claimed = try await services.store.claimQueued(
                worker: worker,
                lanes: capacity.lanes,
                now: now,
                limit: services.settings.claimLimit
            )
            drive(claimed.jobs, worker, lease, into: &group)
            // Those whose lane can take nothing, and that others may serve: they are moved there.
            let movable = try await services.store.claimMovable(
                worker: worker,
                lanes: services.lanesToLeave(),
                now: now,
                limit: services.settings.claimLimit
            )
            drive(movable, worker, lease, toMove: true, into: &group)
            if max(claimed.jobs.count, movable.count) >= services.settings.claimLimit { return }
            // As these claims have left the budgets.
            let nextIn = services.budgets.capacities(at: services.environment.bootSeconds()).nextIn
            for next in [claimed.nextDueAt?.seconds(since: now), nextIn].compactMap({ $0 }) {
                pause = min(pause, next)
            }
        } catch let broken as JobStoreIsBroken {
            services.logger.critical("the database cannot be written any more", metadata: ["error": "\(broken)"])
            self.broken.note(broken)
            lease.lose()
        } catch {
            services.logger.error("claiming failed", metadata: ["error": "\(error)"])
            lease.claimIsUnknown.withLock { $0 = true }
            pause = 1
        }
        guard !stopping.isUp, !lease.isLost.isUp else { return }
        await services.signals.claimable.wait(seconds: max(0.005, pause), sleep: services.environment.sleep)
    }

    /// Starts a driver for each job.
    private func drive(
        _ jobs: [Job],
        _ worker: WorkerID,
        _ lease: Lease,
        toMove: Bool = false,
        into group: inout DiscardingTaskGroup
    ) {
        for job in jobs {
            services.environment.passed(.claimed)
            let takenAtBoot = services.environment.bootSeconds()
            if case .queued = job.state { services.budgets.spend(job.admitted.lane, at: takenAtBoot) }
            // Before the task runs, so that news that come meanwhile are kept.
            services.signals.dueTimes.hold(job.id)
            let driver = JobDriver(
                services: services,
                worker: worker,
                epoch: job.epoch,
                takenAt: services.environment.now(),
                takenAtBoot: takenAtBoot,
                halt: Halt(stopping: stopping, leaseIsLost: lease.isLost),
                isToMove: toMove
            )
            group.addTask { await driver.drive(job) }
        }
    }

    /// Drives what this worker holds and nobody drives: a claim that ended with an error may have been made all the same.
    private func takeUpUnknownClaims(
        of worker: WorkerID,
        lease: Lease,
        into group: inout DiscardingTaskGroup
    ) async throws {
        guard lease.claimIsUnknown.withLock({ $0 }) else { return }
        let held = try await services.store.heldJobs(by: worker)
        lease.claimIsUnknown.withLock { $0 = false }
        drive(held.filter { !services.signals.dueTimes.isHeld($0.id) }, worker, lease, into: &group)
    }

    /// Ends jobs that waited past their deadline: no claim may ever find them, in a lane that is full or served no more.
    ///
    /// - Returns: How many were found.
    private func expireOverdue(at now: Timestamp) async throws -> Int {
        let overdue = try await services.store.overdueJobs(now: now, limit: services.settings.claimLimit)
        for job in overdue {
            // Fenced by the version alone, as a client's decision is: whoever claims it meanwhile finds it over.
            guard let transition = try? job.state.applying(.deadlinePassed, at: now) else { continue }
            let outcome = try await services.store.commit(transition, of: job.id, expecting: job.version, fence: nil)
            guard case .committed(let expired) = outcome else { continue }
            services.live.publish(expired)
            services.signals.wake(job.id)
        }
        return overdue.count
    }
}

/// The database's last word, once it cannot be written any more.
private final class BrokenStore: Sendable {
    private let state = Mutex<JobStoreIsBroken?>(nil)

    var error: JobStoreIsBroken? { state.withLock { $0 } }

    func note(_ error: JobStoreIsBroken) { state.withLock { $0 = error } }
}

/// A flag that is only ever raised.
final class Flag: Sendable {
    private let value = Atomic(false)

    var isUp: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}

/// What makes every driver of a worker leave its job at the next step: sends in flight end before.
struct Halt: Sendable {
    /// The process stops in good order.
    let stopping: Flag
    /// The jobs are another worker's by now.
    let leaseIsLost: Flag

    var isUp: Bool { stopping.isUp || leaseIsLost.isUp }
}

/// A worker's lease: begun once, renewed until cancelled or lost.
private final class Lease: Sendable {
    let isLost = Flag()
    /// Whether a claim ended with an error: what it took is found only by asking.
    let claimIsUnknown = Mutex(false)
    private let worker: WorkerID
    private let services: DriverServices
    private let orphansLookedForAt = Mutex<Double?>(nil)

    init(worker: WorkerID, services: DriverServices) {
        self.worker = worker
        self.services = services
    }

    func begin(endingOthers: Bool) async -> Bool {
        do {
            guard try await renew() else { return false }
            if endingOthers { try await services.store.endOtherLeases(than: worker) }
            return true
        } catch {
            services.logger.error("lease not begun", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Renews the lease in time.
    ///
    /// A database that does not answer is asked again: until another worker has taken over, nothing is lost.
    func keep() async {
        while !Task.isCancelled {
            guard (try? await services.environment.sleep(services.settings.renewSeconds)) != nil else { return }
            do {
                guard try await renew() else {
                    services.logger.warning("lease lost; starting anew", metadata: ["worker": "\(worker)"])
                    lose()
                    return
                }
            } catch {
                services.logger.error("lease not renewed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Makes every driver leave its job.
    func lose() {
        isLost.raise()
        // Those who sleep until a poll is due would hold up the new start, and ask for what is not theirs.
        services.signals.dueTimes.stop()
        services.signals.claimable.raise()
    }

    /// Whether the last look is long enough ago, on the clock that is never set.
    func isTimeForOrphans(_ now: Double) -> Bool {
        orphansLookedForAt.withLock { last in
            if let last, now - last < services.settings.renewSeconds { return false }
            last = now
            return true
        }
    }

    /// There are more orphans than one claim takes: the next look is not put off.
    func lookForOrphansAgain() { orphansLookedForAt.withLock { $0 = nil } }

    private func renew() async throws -> Bool {
        let now = services.environment.now()
        return try await services.store.renewLease(
            of: worker,
            now: now,
            until: now.adding(seconds: services.settings.leaseSeconds)
        )
    }
}
