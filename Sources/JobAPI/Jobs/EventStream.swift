import HTTPTypes
import Hummingbird
import JobCore
import JobEngine
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The route that tells of a job's steps as they happen: server-sent events.
///
/// An event's id is the job's version after the step, so a client that was cut off asks for what follows the last one
/// it saw and misses nothing. Each stream reads the store at its own pace: one that is slow holds up nobody, and one
/// that does not read at all is cut off.
struct EventRoutes: Sendable {
    let service: JobService
    let store: any JobStore
    let authenticator: Authenticator
    let address: PublicAddress
    /// How many streams are open.
    let streams: Meter
    let heartbeatSeconds: Double
    let sleep: @Sendable (Double) async throws -> Void

    func add(to routes: inout RouteTable) {
        routes.get(
            "api/v1/jobs/:id/events",
            .init(
                id: "streamJobEvents",
                tag: .jobs,
                summary: "Follow a job's steps",
                details: """
                    Server-sent events named `job`: each step of the job from its first, or from the one after the last that \
                    you saw; the last one carries the whole job, and ends the stream. A comment shows life in between.
                    """,
                parameters: [
                    .jobID,
                    .query("after", .count, "The id of the last event that you saw."),
                    .header(
                        "Last-Event-ID",
                        .string(pattern: "^[0-9]{1,18}$"),
                        "The same; counts more than the parameter."
                    ),
                ],
                answers: [
                    200: .events(of: .jobEvent, "The events."),
                    204: .empty("You saw the last event: do not connect again."),
                ],
                errors: [404]
            )
        ) { request, context in try await events(request, context) }
    }

    private func events(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let after = try Self.position(of: request)
        let id = try context.jobID
        guard let view = try await service.job(id, workspace: key.workspace) else { throw APIError.noSuchJob }
        var job = view.job
        // Events are told from the store, and may be a moment ahead of what the process has noted of the job.
        if after > job.version { job = try await store.job(id) ?? job }
        guard after <= job.version else {
            throw APIError.invalid("Last-Event-ID", "The job has no event \(after) yet; its latest is \(job.version).")
        }
        // A browser that lost the stream at its end connects again: this answer tells it to stop.
        guard after < job.version || !job.state.isTerminal else { return Response(status: .noContent) }
        let stream = EventStream(
            job: id,
            workspace: key.workspace,
            after: after,
            routes: self,
            channel: context.channel,
            logger: context.logger
        )
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no",
                .connection: "close",
            ],
            body: ResponseBody { writer in
                try await stream.write(to: writer, request.body)
                try await writer.finish(nil)
            }
        )
    }

    /// The event after which the stream starts.
    ///
    /// A client that connects again by itself repeats the URL, so what it has seen since, in the header, counts more
    /// than the parameter.
    private static func position(of request: Request) throws(APIError) -> Int64 {
        var query = try QueryReader(request.uri.query)
        let parameter = try query.integer("after", in: 0...Int64.max)
        try query.finish()
        guard let header = request.headers[.lastEventID] else { return parameter ?? 0 }
        guard let position = QueryReader.wholeNumber(header) else {
            throw APIError.invalid("Last-Event-ID", "The Last-Event-ID must be the id of an event of this job.")
        }
        return position
    }
}

/// One connection that is told of a job's steps.
private struct EventStream: Sendable {
    /// A reader that has not taken a heartbeat for so many of them is cut off.
    private static let missedHeartbeatsMax = 4
    /// How long the end of a job may take to be seen everywhere in the process, in seconds.
    private static let settleSeconds = 10.0

    private enum Signal: Sendable {
        case event(JobEventRecord)
        case heartbeat
        case stop(reason: StaticString)
    }

    let job: JobID
    let workspace: String
    let after: Int64
    let routes: EventRoutes
    let channel: any Channel
    let logger: Logger

    /// Writes events until the job is over, the client is gone, or the process stops.
    @concurrent func write(to writer: any ResponseBodyWriter, _ body: RequestBody) async throws {
        var writer = writer
        let signals = HandOff<Signal>()
        let missed = MissedHeartbeats()
        routes.streams.add(1)
        defer { routes.streams.add(-1) }
        defer { logger.debug("a reader of events is done", metadata: ["job": "\(job)"]) }
        try await writer.write(ByteBuffer(staticString: "retry: 2000\n\n"))
        try await body.consumeWithInboundCloseHandler { _ in
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await follow(signals) }
                    group.addTask { try await beat(signals, missed) }
                    try await signals.useAll { signal in
                        try await write(signal, to: &writer, missed)
                    }
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                signals.offer(.stop(reason: "the service is stopping"))
            }
        } onInboundClosed: {
            signals.end()
        }
    }

    private func follow(_ signals: HandOff<Signal>) async {
        do {
            for try await event in routes.service.events(of: job, after: after) {
                try await signals.give(.event(event))
            }
            signals.end()
        } catch is CancellationError {
            signals.end()
        } catch {
            logger.error("events cannot be read", metadata: ["job": "\(job)", "error": "\(error)"])
            signals.offer(.stop(reason: "the events cannot be read now"))
        }
    }

    private func beat(_ signals: HandOff<Signal>, _ missed: MissedHeartbeats) async throws {
        while true {
            try await routes.sleep(routes.heartbeatSeconds)
            guard missed.add() <= Self.missedHeartbeatsMax else {
                logger.debug("a reader of events is cut off: it does not read", metadata: ["job": "\(job)"])
                channel.close(promise: nil)
                return
            }
            signals.offer(.heartbeat)
        }
    }

    /// Writes one signal.
    ///
    /// - Returns: Whether there is more to come.
    @concurrent private func write(
        _ signal: Signal,
        to writer: inout any ResponseBodyWriter,
        _ missed: MissedHeartbeats
    ) async throws -> Bool {
        switch signal {
        case .heartbeat:
            missed.reset()
            try await writer.write(ByteBuffer(staticString: ": heartbeat\n\n"))
            return true
        case .stop(let reason):
            try await writer.write(ByteBuffer(string: ": \(reason); connect again with Last-Event-ID\n\n"))
            return false
        case .event(let event):
            try await writer.write(try await frame(event))
            return !event.state.isTerminal
        }
    }

    private func frame(_ event: JobEventRecord) async throws -> ByteBuffer {
        var json = JSONWriter(capacity: 256)
        if event.state.isTerminal {
            // The event may be read from the store a moment before the process takes note of the job's end.
            guard
                let view = try await routes.service.wait(for: job, workspace: workspace, seconds: Self.settleSeconds)
            else { throw APIError.noSuchJob }
            routes.address.wire.write(view, to: &json)
        } else {
            json.beginObject()
            json.key("id")
            json.string(job.description)
            json.key("status")
            json.string(JobWire.Status(event.state).rawValue)
            json.key("phase")
            json.string(event.phase?.rawValue)
            json.key("progress")
            json.number(event.progress)
            json.key("at")
            json.time(event.at)
            json.endObject()
        }
        var frame = ByteBuffer()
        frame.reserveCapacity(json.bytes.count + 64)
        frame.writeString("id: \(event.version)\nevent: job\ndata: ")
        frame.writeBytes(json.bytes)
        frame.writeStaticString("\n\n")
        return frame
    }
}

/// Counts the heartbeats that were offered to a reader and not taken.
private final class MissedHeartbeats: Sendable {
    private let count = Atomic<Int>(0)

    func add() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }

    func reset() { count.store(0, ordering: .relaxed) }
}
