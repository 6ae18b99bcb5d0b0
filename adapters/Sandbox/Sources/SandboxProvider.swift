import Cryptography
import Foundation
package import HTTPTransport
import Synchronization

/// The provider behind the sandbox: answers its wire inside this process, and keeps nothing.
///
/// All that it knows of a generation is in the ticket that the client holds, so any process can answer for any
/// generation, also for those of a process that was killed. Two things it does write down when it is given a place: the
/// journal, by which crash tests count what a provider would have seen, and the marks of cancelled generations.
package struct SandboxProvider: HTTPTransport {
    /// Where the provider lives: a name that no network resolves.
    package static let origin = "https://fake-provider.invalid"

    private let journal: SandboxJournal?
    private let cancelled: SandboxCancellations
    private let now: @Sendable () -> Int64
    private let sleep: @Sendable (Duration) async throws -> Void

    /// Makes a provider.
    ///
    /// - Parameters:
    ///   - journalPath: The file to append one line to per submit and per cancel; nil or empty for none.
    ///   - folder: Where cancelled generations are marked, made when first needed; nil keeps the marks in memory.
    ///   - now: The time, in milliseconds since 1970.
    ///   - sleep: How `hang_ms` passes. Defaults to waiting.
    package init(
        journalPath: String? = nil,
        folder: String? = nil,
        now: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        journal = journalPath.flatMap { $0.isEmpty ? nil : SandboxJournal(path: $0) }
        cancelled = SandboxCancellations(folder: folder)
        self.now = now
        self.sleep = sleep
    }

    package func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        guard !options.isSubmit || options.mayStillSend() else {
            throw TransportFailure(.sendWindowPassed, requestReachedPeer: .no, "the send window has passed")
        }
        guard request.url.hasPrefix(Self.origin + "/") else {
            throw TransportFailure(.noConnection, requestReachedPeer: .no, "the sandbox is only at \(Self.origin)")
        }
        let target = request.url.dropFirst(Self.origin.count).split(separator: "?", maxSplits: 1)
        let path = target[0].split(separator: "/").map(String.init)
        let ticket = target.dropFirst().first.flatMap { query in
            query.hasPrefix("ticket=") ? Wire.Ticket(text: String(query.dropFirst("ticket=".count))) : nil
        }
        guard path.count >= 2, path[0] == "v1" else { return .refusing(404, "not_found") }
        switch (request.method, path[1], path.count) {
        case (.post, "generations", 2): return try await submit(request, options)
        case (.post, "lookups", 2): return try lookUp(request)
        case (.get, "generations", 2): return list(since: target.dropFirst().first.map(String.init))
        case (.get, "generations", 3): return status(of: ticket, id: path[2])
        case (.post, "generations", 4) where path[3] == "cancel": return try cancel(ticket, id: path[2])
        case (.get, "media", 4): return media(of: ticket, id: path[2], index: Int(path[3]))
        default: return .refusing(404, "not_found")
        }
    }

    // MARK: - Submits and look-ups

    private func submit(
        _ request: HTTPRequest,
        _ options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        guard let order = Order(request) else { return .refusing(400, "invalid_request") }
        let script = order.body.script.forAttempt(order.attempt)
        try journal?.append(
            SandboxJournal.Line(
                event: "submit",
                id: Wire.id(token: order.token),
                token: order.token,
                bodySha256: Hex.encode(SHA256.hash(request.body).bytes),
                attempt: order.attempt,
                earlierSends: order.earlierSends,
                accepted: script.refusal == nil,
                ticket: script.refusal == nil ? order.ticket(script, start: order.firstSent ?? now())?.text : nil,
                timeMs: now()
            )
        )
        if order.earlierSends == 0 {
            try await hang(script, options)
            guard !script.lostAnswer else {
                throw TransportFailure(.connectionLost, requestReachedPeer: .unknown, "closed without an answer")
            }
        }
        switch script.refusal {
        case .invalidRequest: return .refusing(400, "invalid_request")
        case .contentPolicy: return .refusing(400, "content_policy")
        case .rateLimited: return .refusing(429, "rate_limited", retryAfterSeconds: 1)
        case .unavailable: return .refusing(503, "unavailable")
        case .timeout, .noMedia, nil: break
        }
        guard let ticket = order.ticket(script, start: order.firstSent ?? now()) else {
            return .refusing(400, "invalid_request")
        }
        if let stream = SandboxStream(ticket) { return stream.answer(sleep) }
        return .answering(202, standing(of: ticket, isDone: script.sync))
    }

    /// Waits as the script says, or until the client has no patience left.
    private func hang(_ script: SandboxScript, _ options: ExchangeOptions) async throws(TransportFailure) {
        guard script.hangMilliseconds > 0 else { return }
        let patience = options.totalTimeoutSeconds * 1_000
        do {
            try await sleep(.milliseconds(min(script.hangMilliseconds, patience)))
        } catch {
            throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "the exchange was cancelled")
        }
        guard script.hangMilliseconds < patience else {
            throw TransportFailure(.timedOut, requestReachedPeer: .unknown, "no answer in \(patience) ms")
        }
    }

    private func lookUp(_ request: HTTPRequest) throws(TransportFailure) -> HTTPResponse {
        guard let order = Order(request) else { return .refusing(400, "invalid_request") }
        let script = order.body.script.forAttempt(order.attempt)
        let wasAccepted = try journal?.hasAccepted(token: order.token) ?? (script.refusal == nil)
        guard wasAccepted, let ticket = order.ticket(script, start: order.firstSent ?? now()) else {
            return .refusing(404, "not_found")
        }
        return .answering(200, standing(of: ticket, isDone: false))
    }

    // MARK: - Generations

    /// What was accepted, as the journal has it; without a journal the provider remembers nothing, and has no list.
    private func list(since query: String?) -> HTTPResponse {
        guard let journal else { return .refusing(404, "not_found") }
        let start = query.flatMap { $0.hasPrefix("since=") ? Int64($0.dropFirst("since=".count)) : nil } ?? 0
        return .json(200, Wire.encode(Wire.List(generations: journal.accepted(since: start))))
    }

    private func status(of ticket: Wire.Ticket?, id: String) -> HTTPResponse {
        guard let ticket, ticket.id == id else { return .refusing(404, "not_found") }
        guard !cancelled.contains(id) else { return .answering(200, Wire.Standing(status: "cancelled", id: id)) }
        return .answering(200, standing(of: ticket, isDone: now() - ticket.start >= ticket.script.delayMilliseconds))
    }

    private func cancel(_ ticket: Wire.Ticket?, id: String) throws(TransportFailure) -> HTTPResponse {
        guard let ticket, ticket.id == id else { return .refusing(404, "not_found") }
        try journal?.append(SandboxJournal.Line(event: "cancel", id: id, timeMs: now()))
        guard ticket.script.cancellable else { return .refusing(422, "not_cancellable") }
        guard now() - ticket.start < ticket.script.delayMilliseconds else { return .refusing(409, "finished") }
        guard cancelled.insert(id) else { return .refusing(500, "not_stored") }
        return .answering(200, Wire.Standing(status: "cancelled", id: id))
    }

    private func standing(of ticket: Wire.Ticket, isDone: Bool) -> Wire.Standing {
        var standing = Wire.Standing(status: "running", id: ticket.id, ticket: ticket.text)
        guard isDone else {
            let steps = ticket.script.progressSteps
            if steps > 0 {
                let elapsed = max(0, now() - ticket.start)
                standing.progress =
                    Double(min(steps, elapsed * steps / max(1, ticket.script.delayMilliseconds))) / Double(steps)
            }
            return standing
        }
        switch ticket.script.failure {
        case .invalidRequest, .contentPolicy, .rateLimited, .unavailable, .timeout:
            standing.status = "failed"
            standing.error = Wire.Problem(code: ticket.script.failure?.rawValue, message: "as scripted")
        case .noMedia:
            standing.status = "done"
            standing.media = []
        case nil:
            standing.status = "done"
            standing.characters = ticket.kind == .speech ? Int64(ticket.characters) : nil
            standing.media = (0..<ticket.count).map { index in
                Wire.Link(
                    url: "\(Self.origin)/v1/media/\(ticket.id)/\(index)?ticket=\(ticket.text)",
                    mediaType: SandboxMedia.mediaType(of: ticket)
                )
            }
        }
        return standing
    }

    // MARK: - Outputs

    private func media(of ticket: Wire.Ticket?, id: String, index: Int?) -> HTTPResponse {
        guard let ticket, ticket.id == id, let index, (0..<ticket.count).contains(index) else {
            return .refusing(404, "not_found")
        }
        let mediaType = SandboxMedia.mediaType(of: ticket)
        let served = SandboxMedia.served(ticket, index: index)
        guard ticket.script.truncation == .loud, !ticket.script.wrongType else {
            return .streaming(served, mediaType: mediaType)
        }
        return .streaming(
            Array(served.prefix(served.count * 6 / 10)),
            mediaType: mediaType,
            declaredLength: served.count
        )
    }
}

/// What a submit or a look-up asks for.
private struct Order {
    let token: String
    let body: Wire.Generation
    let attempt: Int
    let earlierSends: Int
    /// When the attempt was first sent, as the client says on resends and look-ups; nil when it does not.
    let firstSent: Int64?

    init?(_ request: HTTPRequest) {
        guard let token = request.header("Idempotency-Key"), !token.isEmpty,
            let body = try? Wire.decode(Wire.Generation.self, request.body)
        else { return nil }
        self.token = token
        self.body = body
        attempt = request.header(Wire.attemptHeader).flatMap { Int($0) } ?? 1
        earlierSends = request.header(Wire.earlierSendsHeader).flatMap { Int($0) } ?? 0
        firstSent = request.header(Wire.firstSentHeader).flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// The ticket of the generation that the order starts; nil for a model that the provider lacks.
    func ticket(_ script: SandboxScript, start: Int64) -> Wire.Ticket? {
        let kind: Wire.Ticket.Kind? =
            switch body.model {
            case "sandbox/video": .video
            case "sandbox/image": .image
            case "sandbox/speech": .speech
            case "sandbox/transcription": .transcription
            case "sandbox/music": .music
            case "sandbox/sound": .sound
            default: nil
            }
        guard let kind else { return nil }
        var ticket = Wire.Ticket(id: Wire.id(token: token), start: start, kind: kind, script: script)
        ticket.format = body.format
        ticket.color = Array(SHA256.hash(Array("\(body.seed ?? 0) \(body.prompt)".utf8)).bytes.prefix(3))
        switch kind {
        case .video:
            ticket.seconds = body.duration ?? 5
            ticket.framesPerSecond = body.fps ?? 24
            ticket.hasAudio = body.audio ?? false
        case .image:
            ticket.count = body.count ?? 1
            ticket.previews = body.previews
        case .speech:
            ticket.characters = body.prompt.unicodeScalars.count
            ticket.speed = body.speed ?? 1
        case .transcription:
            ticket.milliseconds = body.sound?.milliseconds.map { Int(clamping: $0) }
            ticket.language = body.language
            ticket.diarize = body.diarize
            ticket.words = body.words
        case .music, .sound:
            ticket.milliseconds = Int(max(0.01, min(600, body.length ?? 2)) * 1_000)
        }
        return ticket
    }
}

/// Which generations were cancelled: a mark per generation in a folder, so that every process knows of it.
private final class SandboxCancellations: Sendable {
    private let folder: String?
    private let inMemory = Mutex<Set<String>>([])

    init(folder: String?) {
        self.folder = folder
    }

    func contains(_ id: String) -> Bool {
        guard let folder else { return inMemory.withLock { $0.contains(id) } }
        return access(Self.path(id, in: folder), F_OK) == 0
    }

    /// Marks a generation; false when the mark could not be written.
    func insert(_ id: String) -> Bool {
        guard let folder else {
            inMemory.withLock { _ = $0.insert(id) }
            return true
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            return false
        }
        let descriptor = open(Self.path(id, in: folder), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Ids come from tickets, which clients hold: hashed, they name a file in the folder whatever they are.
    private static func path(_ id: String, in folder: String) -> String {
        "\(folder)/cancelled-\(Hex.encode(SHA256.hash(Array(id.utf8)).bytes.prefix(16)))"
    }
}

extension HTTPResponse {
    fileprivate static func answering(_ status: Int, _ standing: Wire.Standing) -> HTTPResponse {
        json(status, Wire.encode(standing))
    }

    fileprivate static func refusing(_ status: Int, _ code: String, retryAfterSeconds: Int? = nil) -> HTTPResponse {
        let problem = Wire.Problem(code: code, message: "refused by the sandbox")
        return json(
            status,
            Wire.encode(Wire.Refusal(error: problem)),
            retryAfterSeconds.map { [(name: "Retry-After", value: String($0))] } ?? []
        )
    }

    fileprivate static func json(
        _ status: Int,
        _ body: [UInt8],
        _ headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [(name: "Content-Type", value: "application/json")] + headers,
            contentLength: Int64(body.count),
            body: chunks(of: body, declaredLength: body.count)
        )
    }

    /// An output; with fewer bytes than declared the connection ends early.
    fileprivate static func streaming(
        _ bytes: [UInt8],
        mediaType: String,
        declaredLength: Int? = nil
    ) -> HTTPResponse {
        let length = declaredLength ?? bytes.count
        return HTTPResponse(
            status: 200,
            headers: [
                (name: "Content-Type", value: mediaType), (name: "Content-Length", value: String(length)),
            ],
            contentLength: Int64(length),
            body: chunks(of: bytes, declaredLength: length)
        )
    }

    private static func chunks(of bytes: [UInt8], declaredLength: Int) -> HTTPBody {
        let offset = Mutex(0)
        return HTTPBody { () throws(TransportFailure) in
            let chunk: [UInt8]? = offset.withLock { offset in
                guard offset < bytes.count else { return nil }
                let end = min(bytes.count, offset + 64 * 1_024)
                defer { offset = end }
                return Array(bytes[offset..<end])
            }
            guard chunk == nil, bytes.count < declaredLength else { return chunk }
            throw TransportFailure(
                .connectionLost,
                requestReachedPeer: .yes,
                "the peer closed after \(bytes.count) of \(declaredLength) bytes"
            )
        }
    }
}
