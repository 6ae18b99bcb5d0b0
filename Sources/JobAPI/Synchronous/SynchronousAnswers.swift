import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import NIOCore
import ServiceLifecycle

/// Answers requests that wait for their job: submits it, waits, and answers with what it made.
///
/// The job is the same as any other, and does not depend on who waits for it: a client that leaves stops nothing, and
/// finds the job by repeating its request, running or over (``PendingAnswers``). So does one whose service is stopped:
/// it is told to come again, or cut off.
struct SynchronousAnswers: Sendable {
    let submitter: Submitter
    let writer: AnswerWriter
    /// How those who wait are kept from giving up.
    let keepAlive: KeepAlive
    /// How often.
    let keepAliveSeconds: Double

    /// The same for a dialect whose refusals have another form.
    func with(refusal: @escaping @Sendable (APIError) -> Response) -> SynchronousAnswers {
        SynchronousAnswers(
            submitter: Submitter(service: submitter.service, refusal: refusal),
            writer: writer,
            keepAlive: keepAlive,
            keepAliveSeconds: keepAliveSeconds
        )
    }

    /// Submits a job, waits for it, and makes the answer.
    ///
    /// - Parameters:
    ///   - submission: What the client posted.
    ///   - context: The request's.
    ///   - form: What the answer looks like.
    /// - Returns: The answer: of a completed job with status 200, of any other with that of `APIError.init(endOf:isNamed:)`.
    /// - Throws: What `JobService.submit` throws, and what makes the answer fail.
    func answer(
        _ submission: JobSubmission,
        _ context: APIRequestContext,
        as form: SynchronousForm
    ) async throws -> Response {
        try await submitter.answer(context) { connection in
            let id: JobID
            var isReplay = true
            switch try await submitter.service.submit(submission, connection: connection, answer: Self.admitted) {
            case .accepted(let job): (id, isReplay) = (job.id, false)
            case .replayed(let job, _): id = job
            case .takenOver(let view): id = view.job.id
            }
            let wait = JobWait(
                answers: self,
                job: id,
                workspace: submission.key.workspace,
                isNamed: submission.idempotencyKey != nil,
                form: form,
                connection: connection,
                context: context
            )
            var response: Response
            do {
                response = try await wait.response()
            } catch let error as APIError where error.status.code >= 500 && error.headers[.generationID] == nil {
                // The job is there, and may be paid for: a client that repeats upon a 5xx would pay again.
                throw APIError(
                    .unprocessableContent,
                    reason: error.reason,
                    headers: [.shouldRetry: "false", .generationID: id.description],
                    "The job \(id) is there, but what it made cannot be read; GET /api/v1/jobs/\(id) tells how it stands."
                )
            }
            if isReplay { response.headers[.idempotentReplayed] = "true" }
            return response
        }
    }

    /// What is kept of an answer for its idempotency key: which job it is, and the answer is made anew of that.
    private static func admitted(_ job: Job) -> String { "{\"id\":\"\(job.id)\"}" }
}

/// One request that waits for one job.
struct JobWait: Sendable {
    /// What ends the first wait.
    private enum News: Sendable {
        case ended(JobView)
        /// Something of it can be seen, or heard: of this type.
        case flows(String)
        /// The client wants to see life, and a `102` would not get through.
        case impatience(GenerationRequest)
    }

    let answers: SynchronousAnswers
    let job: JobID
    let workspace: String
    let isNamed: Bool
    let form: SynchronousForm
    let connection: ClientConnection
    let context: APIRequestContext

    private var service: JobService { answers.submitter.service }

    /// Waits until there is something to answer with, and makes the answer.
    ///
    /// - Throws: `APIError` for a job that ended without a result; `CancellationError` when the process stops before;
    ///   `ChannelError` when the client is gone; what the store throws.
    func response() async throws -> Response {
        switch try await firstNews() {
        case .ended(let view): return try await response(to: view)
        case .flows(let mediaType):
            return streamed(form.contentType(mediaType, try await view().job.admitted.request))
        case .impatience(let request): return streamed(form.contentType(nil, request))
        }
    }

    // MARK: Waiting

    private func firstNews() async throws -> News {
        do {
            return try await cancelWhenGracefulShutdown {
                // What is over is told as such, though its media may not be cleared away yet.
                let first = try await view()
                if first.job.state.isTerminal { return .ended(first) }
                while true {
                    if let news = try await news() { return news }
                    // A wait that is told to stop ends without news.
                    try Task.checkCancellation()
                    guard await connection.isStillOpen() else { throw ChannelError.eof }
                    switch answers.keepAlive {
                    case .processing where await isShownLife(): continue
                    case .processing, .body: return .impatience(try await view().job.admitted.request)
                    }
                }
            }
        } catch let stopped as CancellationError {
            // The last sends have ended before this is told to stop.
            guard let view = try? await view(), view.job.state.isTerminal else { throw stopped }
            return .ended(view)
        }
    }

    /// Shows a client that its request is being worked at, if its version of HTTP knows how.
    private func isShownLife() async -> Bool {
        do {
            try await context.channel.triggerUserOutboundEvent(StillProcessing())
            return true
        } catch {
            // One that is gone is noticed at the next look.
            return !(error is StillProcessing.IsNotUnderstood)
        }
    }

    /// What there is at the end of one interval, or before; nil when there is nothing new.
    private func news() async throws -> News? {
        try await withThrowingTaskGroup(of: News?.self) { group in
            group.addTask {
                let view = try await view(within: answers.keepAliveSeconds)
                return view.job.state.isTerminal ? .ended(view) : nil
            }
            if form.isLive {
                group.addTask {
                    if let mediaType = await beginning() { return .flows(mediaType) }
                    // It is over, or runs elsewhere: the other one tells.
                    try await answers.writer.sleep(answers.keepAliveSeconds * 2)
                    return nil
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// The type of the first that can be seen or heard of the job while it runs; nil when there will be nothing.
    private func beginning() async -> String? {
        let (news, standing) = service.outputs.follow(job)
        if let mediaType = form.beginning(of: standing()) { return mediaType }
        for await _ in news {
            if let mediaType = form.beginning(of: standing()) { return mediaType }
        }
        return nil
    }

    /// The job, once it is over, or after some seconds.
    func view(within seconds: Double = 0) async throws -> JobView {
        guard let view = try await service.wait(for: job, workspace: workspace, seconds: seconds) else {
            throw APIError.noSuchJob
        }
        return view
    }

    // MARK: Answering

    private func response(to view: JobView) async throws -> Response {
        guard case .completed(let completed) = view.job.state else {
            throw APIError(endOf: view, isNamed: isNamed) ?? .unexpected
        }
        let parts = try await form.completed(.init(job: view.job, completed: completed, hasFlowed: false))
        try await answers.writer.check(parts, context.logger)
        let mediaType = form.contentType(completed.artifacts.first?.mediaType, view.job.admitted.request)
        let body = answers.writer.body(of: parts, to: connection, context)
        return Response(status: .ok, headers: headers(mediaType), body: body)
    }

    /// An answer whose body begins before the job is over.
    private func streamed(_ contentType: String) -> Response {
        Response(
            status: .ok,
            headers: headers(contentType),
            body: ResponseBody { writer in
                try await answers.writer.watched(&writer, connection, context) { writer in
                    var body = LiveBody(wait: self)
                    try await body.write(to: &writer)
                }
                try await writer.finish(nil)
            }
        )
    }

    private func headers(_ contentType: String) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: contentType, .cacheControl: "no-store", .generationID: job.description,
        ]
        if form.filler == .comments { headers[.accelBuffering] = "no" }
        return headers
    }
}

extension SynchronousForm {
    /// The type of the first that a client can see or hear of what there is; nil when there is nothing yet.
    fileprivate func beginning(of standing: LiveOutputs.Standing) -> String? {
        if sound != nil, let output = standing.outputs.first(where: { $0.bytes > 0 }) { return output.mediaType }
        return preview != nil ? standing.previews.first?.mediaType : nil
    }
}
