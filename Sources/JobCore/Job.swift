public import Generation
public import Ledger

/// What a client may say about a job besides what is to be made.
public struct JobParameters: Sendable, Hashable, Codable {
    /// The end user on whose behalf the client asks.
    public var user: String?
    /// A name that ties jobs together.
    public var sessionID: String?
    /// Names for the client's own tracing, given back as they came.
    public var trace: JSONValue?
    /// Names and values of the client, given back as they came.
    public var metadata: [String: String] = [:]
    /// Whether unsupported parameters are refused.
    ///
    /// Defaults to true.
    public var strict = true
    /// The job is refused above this cost.
    public var maxCost: Credits?
    /// Higher goes first within a workspace; -100 to 100.
    ///
    /// Defaults to 0.
    public var priority = 0
    /// The job starts no earlier.
    public var startAfter: Timestamp?
    /// The job expires this many seconds after admission or `startAfter`, whichever is later.
    public var expiresAfterSeconds: Int64?
    /// How long artifacts are kept.
    public var retentionDays: Int?
    /// Where the end of the job is told.
    public var callbackURL: String?

    /// Makes parameters with their defaults.
    public init() {}
}

/// What a finished job gives: one file that is ours.
public struct Artifact: Sendable, Hashable, Codable {
    /// Its place among the job's artifacts, from 0.
    public let index: Int
    /// Its media type, as found in the bytes.
    public let mediaType: String
    /// Its length in bytes.
    public let bytes: Int64
    /// SHA-256 of the bytes, hexadecimal.
    public let sha256: String
    /// Its key in the artifact store.
    public let key: ArtifactKey
    /// Its width in pixels, of pictures and videos.
    public let width: Int?
    /// Its height in pixels, of pictures and videos.
    public let height: Int?
    /// Its measured length in milliseconds, of videos and sound.
    public let durationMilliseconds: Int64?

    /// Describes an artifact.
    public init(
        index: Int,
        mediaType: String,
        bytes: Int64,
        sha256: String,
        key: ArtifactKey,
        width: Int?,
        height: Int?,
        durationMilliseconds: Int64?
    ) {
        self.index = index
        self.mediaType = mediaType
        self.bytes = bytes
        self.sha256 = sha256
        self.key = key
        self.width = width
        self.height = height
        self.durationMilliseconds = durationMilliseconds
    }
}

/// What a job is from its admission on.
///
/// Where it is served may change, to another of the routes that it was admitted with (``JobRoute``); nothing else does.
public struct NewJob: Sendable, Hashable {
    /// Its identifier.
    public let id: JobID
    /// Whose credits pay for it.
    public let workspace: String
    /// SHA-256 of the key that posted it, hexadecimal.
    public let keyHash: String
    /// What is to be made: resolved; media that came with it are stored, others named by the URL that the client gave.
    public let request: GenerationRequest
    /// What the client said besides.
    public let parameters: JobParameters
    /// What was adjusted by then.
    public let adjustments: [Adjustment]
    /// Where it is to be served.
    public let endpoint: EndpointID
    /// What its slot and rate budget are counted in.
    public let lane: Lane
    /// What is set aside for it.
    public let hold: Credits
    /// What it was expected to cost when it was admitted; nil for jobs from before that was kept.
    public let estimatedCost: Credits?
    /// The prices it was accepted at.
    public let prices: PriceSheet
    /// When it was admitted.
    public let createdAt: Timestamp
    /// After how many seconds from its first send it expires, when the client set no deadline.
    public let defaultDeadlineSeconds: Int64
    /// Which of its routes it is on, from 0.
    public let route: Int
    /// How many routes it has.
    public let routeCount: Int

    /// Describes a new job.
    public init(
        id: JobID,
        workspace: String,
        keyHash: String,
        request: GenerationRequest,
        parameters: JobParameters,
        adjustments: [Adjustment],
        endpoint: EndpointID,
        lane: Lane,
        hold: Credits,
        estimatedCost: Credits? = nil,
        prices: PriceSheet,
        createdAt: Timestamp,
        defaultDeadlineSeconds: Int64,
        route: Int = 0,
        routeCount: Int = 1
    ) {
        self.id = id
        self.workspace = workspace
        self.keyHash = keyHash
        self.request = request
        self.parameters = parameters
        self.adjustments = adjustments
        self.endpoint = endpoint
        self.lane = lane
        self.hold = hold
        self.estimatedCost = estimatedCost
        self.prices = prices
        self.createdAt = createdAt
        self.defaultDeadlineSeconds = defaultDeadlineSeconds
        self.route = route
        self.routeCount = routeCount
    }

    /// The state that a job is admitted in.
    public var initialState: JobState {
        .queued(JobState.Queued(availableAt: max(createdAt, parameters.startAfter ?? createdAt)))
    }
}

/// A job as it stands.
public struct Job: Sendable, Hashable {
    /// How long a job without a deadline of its own may wait in the queue, in seconds: seven days.
    public static let queueWaitSecondsMax: Int64 = 604_800

    /// Beyond how many waiting jobs a position in the queue is no longer counted: the cost of a look has a bound.
    public static let queuePositionMax = 1_000

    /// What it is from its admission on.
    public let admitted: NewJob
    /// Where it is in its life.
    public let state: JobState
    /// Counts its transitions, from 1 at admission: the id of its latest event.
    public let version: Int64
    /// Raised at each claim: what fences off a worker that lost it.
    public let epoch: Int64
    /// Who holds it; nil when nobody does.
    public let worker: WorkerID?
    /// When a worker first began an attempt.
    public let startedAt: Timestamp?
    /// When it ended; set exactly in terminal states.
    public let finishedAt: Timestamp?
    /// Whether it is over, and its client has deleted it since: it stays in the books, without what it made.
    public let isDeleted: Bool

    /// Describes a job as it is stored.
    public init(
        admitted: NewJob,
        state: JobState,
        version: Int64,
        epoch: Int64,
        worker: WorkerID?,
        startedAt: Timestamp?,
        finishedAt: Timestamp?,
        isDeleted: Bool = false
    ) {
        self.admitted = admitted
        self.state = state
        self.version = version
        self.epoch = epoch
        self.worker = worker
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        if case .completed(let completed) = state, completed.artifacts.isEmpty {
            // None is completed without having made something.
            self.isDeleted = true
        } else {
            self.isDeleted = isDeleted
        }
    }

    /// A job as it is right after its admission.
    public init(_ admitted: NewJob) {
        self.init(
            admitted: admitted,
            state: admitted.initialState,
            version: 1,
            epoch: 0,
            worker: nil,
            startedAt: nil,
            finishedAt: nil
        )
    }

    /// What was adjusted: at its admission, and as it turned out when it was completed.
    public var adjustments: [Adjustment] {
        guard case .completed(let completed) = state else { return admitted.adjustments }
        return admitted.adjustments + completed.adjustments
    }

    /// The job as a deletion leaves it; nil for one that is not over, or was deleted before.
    public var deleted: JobDeletion? {
        guard state.isTerminal, !isDeleted else { return nil }
        var (state, artifacts): (JobState, [Artifact]) = (state, [])
        if case .completed(var completed) = state {
            artifacts = completed.artifacts
            completed.artifacts = []
            state = .completed(completed)
        }
        let job = Job(
            admitted: admitted,
            state: state,
            version: version,
            epoch: epoch,
            worker: worker,
            startedAt: startedAt,
            finishedAt: finishedAt,
            isDeleted: true
        )
        return JobDeletion(job: job, artifacts: artifacts)
    }

    /// The job after a transition.
    public func applying(_ transition: JobTransition) -> Job {
        var started = startedAt
        if started == nil, case .submitting = transition.to { started = transition.at }
        return Job(
            admitted: transition.reroute.map { admitted.moved(to: $0) } ?? admitted,
            state: transition.to,
            version: version + 1,
            epoch: epoch,
            worker: transition.givesUpWorker ? nil : worker,
            startedAt: started,
            finishedAt: transition.to.isTerminal ? transition.at : nil
        )
    }

    /// The job after a claim.
    public func claimed(by worker: WorkerID) -> Job {
        Job(
            admitted: admitted,
            state: state,
            version: version,
            epoch: epoch + 1,
            worker: worker,
            startedAt: startedAt,
            finishedAt: finishedAt
        )
    }

    /// The job after its worker gave it back.
    public func released() -> Job {
        Job(
            admitted: admitted,
            state: state,
            version: version,
            epoch: epoch,
            worker: nil,
            startedAt: startedAt,
            finishedAt: finishedAt
        )
    }

    /// Its identifier.
    public var id: JobID { admitted.id }

    /// What a worker shows to be allowed to decide about it.
    public var fence: Fence? { worker.map { Fence(worker: $0, epoch: epoch) } }

    /// When it expires: the client's deadline; else the model's, from the first send; else the queue's bound.
    public var deadline: Timestamp {
        let start = max(admitted.createdAt, admitted.parameters.startAfter ?? admitted.createdAt)
        if let seconds = admitted.parameters.expiresAfterSeconds { return start.adding(seconds: Double(seconds)) }
        if let sent = state.tally?.firstSentAt {
            return sent.adding(seconds: Double(admitted.defaultDeadlineSeconds))
        }
        return start.adding(seconds: Double(Self.queueWaitSecondsMax))
    }
}

/// What a worker shows to be allowed to decide about a job.
public struct Fence: Sendable, Hashable {
    /// Who it is.
    public let worker: WorkerID
    /// The job's epoch when it claimed it.
    public let epoch: Int64

    /// Makes a fence.
    public init(worker: WorkerID, epoch: Int64) {
        self.worker = worker
        self.epoch = epoch
    }
}

/// One step of a job as streaming clients see it.
///
/// A job's event id is its version: 1, 2, 3 ... without gaps.
public struct JobEventRecord: Sendable, Hashable, Codable {
    /// The job.
    public let job: JobID
    /// The job's version after the step.
    public let version: Int64
    /// When it happened.
    public let at: Timestamp
    /// The state after it.
    public let state: JobState.Name
    /// The phase after it; nil when the job is over.
    public let phase: JobPhase?
    /// The provider's progress figure, if it gives one.
    public let progress: Double?

    /// Describes a step as it is stored.
    public init(
        job: JobID,
        version: Int64,
        at: Timestamp,
        state: JobState.Name,
        phase: JobPhase?,
        progress: Double?
    ) {
        self.job = job
        self.version = version
        self.at = at
        self.state = state
        self.phase = phase
        self.progress = progress
    }

    /// The event that tells of a job's latest step.
    public init(_ job: Job, at: Timestamp) {
        self.init(
            job: job.id,
            version: job.version,
            at: at,
            state: job.state.name,
            phase: job.state.phase,
            progress: job.state.progress
        )
    }
}
