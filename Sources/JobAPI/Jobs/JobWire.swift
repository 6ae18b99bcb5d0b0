import Generation
package import JobCore
package import JobEngine
import Ledger
import MediaInspection

/// Writes jobs as the native API shows them: every key always, null where there is nothing to say.
package struct JobWire: Sendable {
    /// The statuses of the native wire.
    package enum Status: String, Sendable, CaseIterable {
        case queued
        case inProgress = "in_progress"
        case completed, failed, cancelled, expired

        /// The status that a state is shown as.
        package init(_ state: JobState.Name) {
            self =
                switch state {
                case .queued, .submitting: .queued
                case .running, .storing: .inProgress
                case .completed: .completed
                case .failed: .failed
                case .cancelled: .cancelled
                case .expired: .expired
                }
        }

        /// The states that are shown as this status.
        package var states: Set<JobState.Name> {
            Set(JobState.Name.allCases.filter { Status($0) == self })
        }
    }

    /// What every URL starts with, without a slash at its end.
    package let publicURL: String

    /// Makes a writer.
    ///
    /// - Parameter publicURL: What every URL in a job starts with, without a slash at its end.
    package init(publicURL: String) { self.publicURL = publicURL }

    /// An estimate as it is written: whole seconds, never too few.
    static func wholeSeconds(_ seconds: Double) -> Int64 { Int64(max(0, min(seconds, 1e9)).rounded(.up)) }

    /// The URL of a job.
    package func url(of id: JobID) -> String { "\(publicURL)/api/v1/jobs/\(id)" }

    /// The URL of one of its artifacts.
    func artifact(_ index: Int, of id: JobID) -> String { "\(url(of: id))/artifacts/\(index)" }

    /// The URL of a video in OpenRouter's dialect.
    func video(_ id: JobID) -> String { "\(publicURL)/api/v1/videos/\(id)" }

    /// The URL of one of its outputs in OpenRouter's dialect.
    func videoContent(of id: JobID, index: Int) -> String { "\(video(id))/content?index=\(index)" }

    /// A job as a whole answer.
    package func body(of view: JobView) -> [UInt8] {
        var json = JSONWriter(capacity: 2_048)
        write(view, to: &json)
        return json.bytes
    }

    /// A job at its admission: what is answered, and kept to be answered again.
    package func admitted(_ job: Job) -> String {
        var json = JSONWriter(capacity: 2_048)
        write(job, attempts: [], queuePosition: nil, etaSeconds: nil, isCancellable: true, to: &json)
        return json.text
    }

    /// Writes a job as a value.
    package func write(_ view: JobView, to json: inout JSONWriter) {
        write(
            view.job,
            attempts: view.attempts,
            queuePosition: view.queuePosition,
            etaSeconds: view.etaSeconds,
            isCancellable: view.isCancellable,
            lateArtifacts: view.lateArtifacts,
            routes: view.routes,
            to: &json
        )
    }

    private func write(
        _ job: Job,
        attempts: [Attempt],
        queuePosition: Int?,
        etaSeconds: Double?,
        isCancellable: Bool,
        lateArtifacts: [Artifact] = [],
        routes: [JobRoute] = [],
        to json: inout JSONWriter
    ) {
        let url = url(of: job.id)
        json.beginObject()
        json.key("id")
        json.string(job.id.description)
        json.key("object")
        json.word("job")
        json.key("type")
        json.string(job.admitted.request.type.rawValue)
        json.key("model")
        json.string(job.admitted.request.model)
        json.key("status")
        json.string(Status(job.state.name).rawValue)
        json.key("phase")
        json.string(job.state.phase?.rawValue)
        json.key("progress")
        json.number(job.state.progress)
        json.key("eta_seconds")
        json.integer(etaSeconds.map(Self.wholeSeconds))
        json.key("queue_position")
        json.integer(queuePosition)
        json.key("cancellable")
        json.bool(isCancellable)
        json.key("created_at")
        json.time(job.admitted.createdAt)
        json.key("started_at")
        json.time(job.startedAt)
        json.key("completed_at")
        json.time(job.finishedAt)
        json.key("expires_at")
        json.time(job.state.isTerminal ? nil : job.deadline)
        json.key("input")
        json.value(Self.input(of: job.admitted))
        json.key("adjustments")
        Self.write(job.adjustments, to: &json)
        json.key("attempts")
        write(attempts, of: job, to: &json)
        json.key("routing")
        RoutingWire.write(job, routes, to: &json)
        json.key("artifacts")
        writeArtifacts(of: job, late: lateArtifacts, to: &json)
        json.key("estimated_cost")
        json.string(job.admitted.estimatedCost?.description)
        json.key("usage")
        writeUsage(of: job, to: &json)
        json.key("error")
        writeError(of: job.state, to: &json)
        json.key("metadata")
        json.beginObject()
        for (name, value) in job.admitted.parameters.metadata.sorted(by: { $0.key < $1.key }) {
            json.key(escaping: name)
            json.string(value)
        }
        json.endObject()
        json.key("links")
        json.beginObject()
        json.key("self")
        json.string(url)
        json.key("events")
        json.string(url + "/events")
        json.key("cancel")
        json.string(url + "/cancel")
        json.endObject()
        json.endObject()
    }

    /// The request as accepted, with what else the client said about it.
    ///
    /// Type, model and metadata stand beside it.
    private static func input(of job: NewJob) -> JSONValue {
        let request = job.request.json
        guard case .object(var fields) = request else { return request }
        let parameters = job.parameters
        fields["user"] = parameters.user.map(JSONValue.string)
        fields["session_id"] = parameters.sessionID.map(JSONValue.string)
        fields["trace"] = parameters.trace
        fields["strict"] = parameters.strict ? nil : false
        fields["max_cost"] = (parameters.maxCost?.description).map(JSONValue.string)
        fields["priority"] = parameters.priority == 0 ? nil : .integer(Int64(parameters.priority))
        fields["start_after"] = (parameters.startAfter?.description).map(JSONValue.string)
        fields["expires_after_seconds"] = parameters.expiresAfterSeconds.map(JSONValue.integer)
        fields["retention_days"] = parameters.retentionDays.map { .integer(Int64($0)) }
        fields["callback_url"] = parameters.callbackURL.map(JSONValue.string)
        return .object(fields)
    }

    /// Writes adjustments as an array.
    static func write(_ adjustments: [Adjustment], to json: inout JSONWriter) {
        json.beginArray()
        for adjustment in adjustments {
            json.beginObject()
            json.key("parameter")
            json.string(adjustment.parameter)
            json.key("asked")
            json.value(adjustment.asked)
            json.key("used")
            json.value(adjustment.used)
            json.key("reason")
            json.string(adjustment.reason.rawValue)
            json.endObject()
        }
        json.endArray()
    }

    /// Writes the attempts; of them all only the one that the job was completed by has cost anything.
    private func write(_ attempts: [Attempt], of job: Job, to json: inout JSONWriter) {
        json.beginArray()
        for attempt in attempts {
            json.beginObject()
            json.key("endpoint")
            json.string("\(attempt.start.endpoint.provider)/\(attempt.start.endpoint.model)")
            json.key("provider")
            json.string(attempt.start.endpoint.provider)
            json.key("status")
            json.string(attempt.state.rawValue)
            json.key("reason")
            json.string(attempt.failure?.code.rawValue)
            json.key("cost")
            let isLast = attempt.start.number == attempts.last?.start.number
            json.string(isLast && !job.state.isTerminal ? nil : (isLast ? job.charged : .zero).description)
            json.key("started_at")
            json.time(attempt.beganAt)
            json.key("ended_at")
            json.time(attempt.endedAt)
            json.endObject()
        }
        json.endArray()
    }

    private func writeArtifacts(of job: Job, late: [Artifact], to json: inout JSONWriter) {
        json.beginArray()
        for artifact in job.artifacts + late {
            json.beginObject()
            json.key("index")
            json.integer(artifact.index)
            json.key("kind")
            json.string(ArtifactType.kind(of: artifact.mediaType))
            json.key("media_type")
            json.string(artifact.mediaType)
            json.key("bytes")
            json.integer(artifact.bytes)
            json.key("sha256")
            json.string(artifact.sha256)
            json.key("width")
            json.integer(artifact.width)
            json.key("height")
            json.integer(artifact.height)
            json.key("duration_seconds")
            if let milliseconds = artifact.durationMilliseconds {
                json.thousandths(milliseconds)
            } else {
                json.null()
            }
            json.key("url")
            json.string(self.artifact(artifact.index, of: job.id))
            json.key("expires_at")
            // Artifacts are kept: nothing deletes them, so there is no time to tell.
            json.null()
            json.endObject()
        }
        json.endArray()
    }

    /// What was charged: of completed jobs, and of stopped ones that a provider charged for.
    private func writeUsage(of job: Job, to json: inout JSONWriter) {
        let bill: Bill
        let cost: Credits
        switch job.state {
        case .completed(let completed): (bill, cost) = (completed.bill, completed.bill.total)
        case .cancelled(let cancelled) where cancelled.charged != .zero: (bill, cost) = (.empty, cancelled.charged)
        case .queued, .submitting, .running, .storing, .failed, .cancelled, .expired: return json.null()
        }
        json.beginObject()
        json.key("cost")
        json.string(cost.description)
        json.key("currency")
        json.word("USD")
        json.key("is_byok")
        json.bool(job.admitted.isServedByCustomerKey)
        json.key("lines")
        Self.write(bill.lines, to: &json)
        json.endObject()
    }

    /// Writes the arithmetic of a bill or a quote as an array.
    static func write(_ lines: [BillLine], to json: inout JSONWriter) {
        json.beginArray()
        for line in lines {
            json.beginObject()
            json.key("unit")
            json.string(line.unit.rawValue)
            json.key("quantity")
            json.string(line.quantity.description)
            json.key("price")
            json.string(line.price.description)
            json.key("amount")
            json.string(line.amount.description)
            json.key("why")
            json.string(line.why)
            json.endObject()
        }
        json.endArray()
    }

    private func writeError(of state: JobState, to json: inout JSONWriter) {
        switch state {
        case .failed(let failure):
            json.beginObject()
            json.key("code")
            json.string(failure.code.rawValue)
            json.key("type")
            json.string(Self.errorType(failure.code))
            json.key("message")
            json.string(failure.message)
            json.key("provider_code")
            json.string(failure.providerCode)
            json.key("retryable")
            json.bool(failure.retryable)
            json.endObject()
        case .queued, .submitting, .running, .storing, .completed, .cancelled, .expired: json.null()
        }
    }

    /// Who can do something about a failure: the client with its request, or the provider.
    private static func errorType(_ code: JobFailure.Code) -> String {
        switch code {
        case .invalidRequest, .contentPolicy, .inputUnavailable: APIError.Family.invalidRequest.rawValue
        case .authentication, .insufficientProviderFunds, .rateLimited, .unavailable, .timedOut, .notFound, .unknown,
            .outcomeUnknown, .invalidOutput:
            "provider_error"
        }
    }
}

extension Job {
    /// What the job has made in time.
    fileprivate var artifacts: [Artifact] {
        guard case .completed(let completed) = state else { return [] }
        return completed.artifacts
    }
}

extension Job {
    /// What it cost the workspace.
    fileprivate var charged: Credits {
        switch state {
        case .completed(let completed): completed.bill.total
        case .cancelled(let cancelled): cancelled.charged
        case .queued, .submitting, .running, .storing, .failed, .expired: .zero
        }
    }
}
