import Generation
import HTTPTransport
import JobCore

/// Why a fetch of a reference brought nothing.
private struct FetchProblem: Error {
    /// The rest of a sentence that begins with the field's name; never a part of the URL.
    let reason: String
    /// Whether another try may help.
    var isPassing = false
    /// After how many seconds, by the server's own word.
    var hint: Double?
}

/// Brings references that a client named by URL into storage, checked whole.
///
/// Repeatable: nothing that it leaves behind is more than a file under the hash of its content, which the sweeper removes
/// if no job comes to refer to it.
struct ReferenceFetcher: Sendable {
    /// How often a reference is asked for, when what fails may pass.
    private static let triesMax = 3
    /// The longest pause between two tries, in seconds: with all pauses below half a minute.
    private static let pauseMax = 10.0
    /// How many references of one job are fetched at once.
    private static let parallelMax = 4
    /// How long one try may take, and how long nothing may arrive, in seconds.
    private static let timeouts: (total: Int64, idle: Int64) = (60, 15)
    /// How many redirects are followed, each checked as the URL itself.
    private static let redirectsMax = 3

    let source: ReferenceSource
    let artifacts: any ArtifactStore
    let environment: EngineEnvironment

    /// Fetches references, and keeps them by the hash of their content.
    ///
    /// - Parameters:
    ///   - wanted: URLs, each once, with the field to name.
    ///   - kind: What they are wanted for.
    /// - Returns: What they gave.
    /// - Throws: `JobFailure` for one that cannot be had; what the artifact store throws when that is not able, upon which
    ///   the whole step is tried again; `CancellationError`.
    func fetch(
        _ wanted: [(path: String, url: String)],
        as kind: ReferenceCheck.Kind = .picture
    ) async throws -> [FetchedReference] {
        try await withThrowingTaskGroup(of: FetchedReference.self) { group in
            var waiting = wanted[...]
            var fetched: [FetchedReference] = []
            for (path, url) in waiting.prefix(Self.parallelMax) {
                group.addTask { try await fetch(url, named: path, kind) }
            }
            waiting = waiting.dropFirst(Self.parallelMax)
            while let next = try await group.next() {
                fetched.append(next)
                if let (path, url) = waiting.popFirst() {
                    group.addTask { try await fetch(url, named: path, kind) }
                }
            }
            return fetched
        }
    }

    private func fetch(
        _ url: String,
        named path: String,
        _ kind: ReferenceCheck.Kind
    ) async throws -> FetchedReference {
        var tries = 1
        while true {
            do {
                return FetchedReference(url: url, stored: try await attempt(url, kind))
            } catch let problem as FetchProblem {
                guard problem.isPassing, tries < Self.triesMax else {
                    throw JobFailure(
                        .inputUnavailable,
                        "`\(path)` \(problem.reason)",
                        retryable: problem.isPassing
                    )
                }
                let usual = Double(tries * tries) * (1.5 + environment.randomFraction())
                try await environment.sleep(min(Self.pauseMax, max(usual, problem.hint ?? 0)))
                tries += 1
            }
        }
    }

    /// One try.
    private func attempt(_ url: String, _ kind: ReferenceCheck.Kind) async throws -> StoredInput {
        do throws(RemoteURL.Problem) {
            // Admission has looked, but the operator may have closed a network since.
            try RemoteURL(url).check(reach: source.reach, plainHTTP: true)
        } catch {
            throw FetchProblem(reason: error.text)
        }
        let file = try await receive(url, kind)
        do {
            // By its bytes: what the server says about them counts for nothing.
            let facts = try await inspect(file, kind)
            try await artifacts.keep(file, as: .input(sha256: file.sha256))
            return facts.stored(sha256: file.sha256, bytes: file.bytes)
        } catch {
            await artifacts.discard(file)
            throw error
        }
    }

    /// Receives what the URL gives into a temporary file.
    private func receive(_ url: String, _ kind: ReferenceCheck.Kind) async throws -> SpooledFile {
        let bytesMax = Int64(kind == .picture ? source.limits.inputBytesMax : source.limits.audioBytesMax)
        var options = ExchangeOptions(totalTimeoutSeconds: Self.timeouts.total)
        options.idleTimeoutSeconds = Self.timeouts.idle
        options.reach = source.reach
        options.redirectsMax = Self.redirectsMax
        options.bodyBytesMax = bytesMax
        let tooLong = FetchProblem(reason: "is longer than \(bytesMax) bytes, the most that is allowed.")
        do {
            // No credentials, and nothing that a client could have put in.
            let request = HTTPRequest(
                .get,
                url,
                headers: [("Accept", kind == .picture ? "image/*" : "audio/*, video/*")]
            )
            let response = try await source.transport.exchange(request, options: options)
            guard response.status == 200 else { throw Self.problem(response) }
            guard response.contentLength ?? 0 <= bytesMax else { throw tooLong }
            let body = response.body
            return try await artifacts.spool(
                bytesMax: bytesMax,
                declaredLength: response.contentLength,
                next: { try await body.next() }
            )
        } catch ArtifactStoreError.wrongLength(_, let found) {
            guard found <= bytesMax else { throw tooLong }
            throw FetchProblem(reason: "could not be fetched: it was cut short.", isPassing: true)
        } catch let failure as TransportFailure {
            switch failure.kind {
            case .cancelled: throw CancellationError()
            case .tooLarge:
                throw FetchProblem(reason: "is longer than \(bytesMax) bytes, or its server's answer is malformed.")
            case .forbidden:
                throw FetchProblem(
                    reason: "leads to an address that is not public, or through a redirect that is not followed."
                )
            case .timedOut: throw FetchProblem(reason: "could not be fetched: it took too long.", isPassing: true)
            case .connectionLost: throw FetchProblem(reason: "could not be fetched: it was cut short.", isPassing: true)
            case .noConnection, .sendWindowPassed:
                throw FetchProblem(reason: "could not be fetched: there was no connection.", isPassing: true)
            }
        }
    }

    private static func problem(_ response: HTTPResponse) -> FetchProblem {
        let isPassing = [408, 425, 429].contains(response.status) || response.status >= 500
        return FetchProblem(
            reason: "could not be fetched: its server answered \(response.status).",
            isPassing: isPassing,
            hint: response.header("Retry-After").flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
        )
    }

    /// Walks a file where that holds up none of the threads that jobs run on.
    private func inspect(_ file: SpooledFile, _ kind: ReferenceCheck.Kind) async throws -> ReferenceCheck.Facts {
        let check = ReferenceCheck(kind: kind, pixelsMax: source.limits.inputPixelsMax)
        let aside = environment.aside
        do {
            return try await withCheckedThrowingContinuation { continuation in
                aside {
                    continuation.resume(with: Result { try check.facts(ofFile: file.path, bytes: file.bytes) })
                }
            }
        } catch let problem as ReferenceProblem {
            switch problem {
            case .unfit(let reason): throw FetchProblem(reason: reason)
            // Our own disk, and no fault of the reference.
            case .unreadable(let problem): throw problem
            }
        }
    }
}
