import Cryptography
import Generation
import HTTPTransport
import JobCore

/// The references of a request as they are at the door: checked, nothing of them written.
struct AdmittedReferences {
    /// One that came with the request.
    struct Kept {
        /// Where its bytes are.
        enum Source {
            case bytes([UInt8])
            case upload(SpooledFile)
        }

        let source: Source
        let stored: StoredInput
    }

    /// Those that came with the request.
    var kept: [Kept] = []
    /// What each input of the request turned out to be, in order; nil for those that are fetched later.
    var found: [StoredInput?] = []
    /// The names that URLs lead to, each once, with the first field that has it.
    var names: [(field: String, name: String)] = []
    /// Whether there are any.
    var isEmpty = true

    /// Whether something came with the request, and was measured.
    var isMeasured: Bool { !kept.isEmpty }

    /// The request with what came with it in the form that is kept.
    func measured(_ request: GenerationRequest) -> GenerationRequest {
        var rest = found[...]
        return request.replacingInputs { input in rest.popFirst().flatMap(\.self).map(MediaInput.stored) ?? input }
    }
}

/// What admission asks of references.
///
/// One that comes with the request is decoded and checked whole. Of one that is named by URL only the form and the
/// address are looked at, and no socket is opened to it: the worker fetches it, and the address that decides is the one
/// that is connected to then. This check is for the client, who is told at once; a name may lead elsewhere a moment later.
struct ReferenceAdmission: Sendable {
    /// The longest URL, in bytes: signed ones are long.
    static let urlBytesMax = 4_096
    /// How long all names of a request together may take to look up, in seconds.
    static let lookUpSecondsMax = 1.0
    private static let loopback = ["127.0.0.0/8", "::1"].compactMap(NetworkRange.init)

    let source: ReferenceSource
    let limits: JobService.Limits
    let sleep: @Sendable (Double) async throws -> Void
    /// Where long synchronous work is done.
    let aside: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// Decodes and checks what came with the request, and the form of every URL.
    ///
    /// - Parameters:
    ///   - request: The request as it was posted.
    ///   - uploads: The files that came with it.
    /// - Returns: What is known of its references.
    /// - Throws: `RequestProblem` that names the field; never with a payload, or a URL's query. What the disk throws when
    ///   an upload cannot be read.
    func read(_ request: GenerationRequest, _ uploads: [JobSubmission.Upload] = []) async throws -> AdmittedReferences {
        var references = AdmittedReferences()
        let check = ReferenceCheck(kind: request.inputKind, pixelsMax: limits.inputPixelsMax)
        for (path, input) in request.inputs {
            let url: String
            switch input {
            case .url(let text): url = text
            case .upload(let number) where uploads.indices.contains(number):
                references.isEmpty = false
                let kept = try await self.kept(uploads[number], path, check)
                references.kept.append(kept)
                references.found.append(kept.stored)
                continue
            case .upload, .stored: throw RequestProblem(.invalidValue, field: path, "`\(path)` is not a URL.")
            }
            references.isEmpty = false
            guard Self.isRemote(url) else {
                let kept = try await LongWork(aside: aside).done(on: Int64(url.utf8.count)) {
                    try decode(url, path, check)
                }
                references.kept.append(kept)
                references.found.append(kept.stored)
                continue
            }
            references.found.append(nil)
            guard let name = try remoteName(url, path), !references.names.contains(where: { $0.name == name }) else {
                continue
            }
            references.names.append((path, name))
        }
        for (path, url) in request.remoteMedia {
            guard Self.isRemote(url) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` must be an http or https URL: the provider fetches it there."
                )
            }
            guard let name = try remoteName(url, path), !references.names.contains(where: { $0.name == name }) else {
                continue
            }
            references.names.append((path, name))
        }
        return references
    }

    /// Looks up where names lead, all at once, for a second at most.
    ///
    /// A name that nobody knows in time is let through: the fetch will tell.
    ///
    /// - Throws: `RequestProblem` for a name that does not exist, or has an address that may not be reached: of several
    ///   the one that the first field has.
    func checkAddresses(_ references: AdmittedReferences) async throws(RequestProblem) {
        guard !references.names.isEmpty else { return }
        let answers = await answers(references.names.map(\.name))
        for (field, name) in references.names {
            switch answers[name] ?? .noAnswer {
            case .noAnswer: continue
            case .noSuchName:
                throw RequestProblem(.invalidValue, field: field, "`\(field)` names a host that does not exist.")
            // Of several addresses the connection may take any.
            case .addresses(let addresses):
                guard !addresses.allSatisfy(source.reach.allows) else { continue }
                throw RequestProblem(
                    .invalidValue,
                    field: field,
                    "`\(field)` names a host with an address that is not public, and that the operator has not allowed."
                )
            }
        }
    }

    private func answers(_ names: [String]) async -> [String: NameAnswer] {
        let (resolve, sleep) = (source.resolve, sleep)
        return await withTaskGroup(of: (String, NameAnswer)?.self) { group in
            for name in names { group.addTask { (name, await resolve(name)) } }
            group.addTask {
                try? await sleep(Self.lookUpSecondsMax)
                return nil
            }
            var answers: [String: NameAnswer] = [:]
            while answers.count < names.count, let (name, answer) = await group.next() ?? nil { answers[name] = answer }
            group.cancelAll()
            return answers
        }
    }

    /// Whether a reference is named by URL.
    ///
    /// By bytes: comparing characters of a client's making can be slow.
    private static func isRemote(_ url: String) -> Bool {
        let scheme = url.utf8.prefix(6).prefix { $0 != UInt8(ascii: ":") }
        let letters = scheme.map { $0 | 0x20 }
        return letters == Array("http".utf8) || letters == Array("https".utf8)
    }

    /// Checks a URL's form, and its address if it has one written out.
    ///
    /// - Returns: The name to be looked up; nil when there is none.
    private func remoteName(_ text: String, _ path: String) throws(RequestProblem) -> String? {
        func refusal(_ reason: String) -> RequestProblem {
            RequestProblem(.invalidValue, field: path, "`\(path)` \(reason)")
        }
        guard text.utf8.count <= Self.urlBytesMax else {
            throw refusal("is a URL of \(text.utf8.count) bytes; at most \(Self.urlBytesMax) are taken.")
        }
        let url: RemoteURL
        do throws(RemoteURL.Problem) {
            url = try RemoteURL(text)
        } catch {
            throw refusal(error.text)
        }
        do throws(RemoteURL.Problem) {
            try url.check(reach: source.reach, plainHTTP: true)
        } catch {
            throw refusal(Self.isOwn(url) ? "leads to this very machine: localhost URLs are not allowed." : error.text)
        }
        // What this machine's own name stands for is known.
        guard case .name(let name) = url.host, !url.isLocalhost else { return nil }
        return name
    }

    private static func isOwn(_ url: RemoteURL) -> Bool {
        guard case .address(let address) = url.host else { return url.isLocalhost }
        return loopback.contains { $0.contains(address) }
    }

    /// Decodes a `data:` URL, and checks that it holds what it says, and that this can be used.
    private func decode(
        _ url: String,
        _ path: String,
        _ check: ReferenceCheck
    ) throws(RequestProblem) -> AdmittedReferences.Kept {
        let data = try DataURL(url, field: path, bytesMax: bytesMax(check.kind))
        let facts: ReferenceCheck.Facts
        do {
            facts = try check.facts(of: data.bytes, declared: data.mediaType)
        } catch {
            throw Self.problem(error, path, check.kind)
        }
        // What a sound is called differs from place to place; what it is, its bytes say.
        guard facts.mediaType == data.mediaType || check.kind == .sound else {
            throw RequestProblem(
                .invalidValue,
                field: path,
                "`\(path)` says \(data.mediaType) but holds \(facts.mediaType)."
            )
        }
        return AdmittedReferences.Kept(
            source: .bytes(data.bytes),
            stored: facts.stored(sha256: SHA256.hash(data.bytes).hex, bytes: Int64(data.bytes.count))
        )
    }

    /// Checks a file that came with the request.
    private func kept(
        _ upload: JobSubmission.Upload,
        _ path: String,
        _ check: ReferenceCheck
    ) async throws -> AdmittedReferences.Kept {
        let file = upload.file
        guard file.bytes <= Int64(bytesMax(check.kind)) else {
            throw RequestProblem(
                .invalidValue,
                field: path,
                "`\(path)` has \(file.bytes) bytes; at most \(bytesMax(check.kind)) are allowed."
            )
        }
        do {
            let facts: ReferenceCheck.Facts = try await withCheckedThrowingContinuation { continuation in
                aside {
                    continuation.resume(
                        with: Result {
                            try check.facts(ofFile: file.path, bytes: file.bytes, declared: upload.mediaType)
                        }
                    )
                }
            }
            return AdmittedReferences.Kept(
                source: .upload(file),
                stored: facts.stored(sha256: file.sha256, bytes: file.bytes)
            )
        } catch let problem as ReferenceProblem {
            // Our own disk, and no fault of the request.
            if case .unreadable(let cause) = problem { throw cause }
            throw Self.problem(problem, path, check.kind)
        }
    }

    private func bytesMax(_ kind: ReferenceCheck.Kind) -> Int {
        switch kind {
        case .picture: limits.inputBytesMax
        case .sound: limits.audioBytesMax
        }
    }

    private static func problem(
        _ problem: ReferenceProblem,
        _ path: String,
        _ kind: ReferenceCheck.Kind
    ) -> RequestProblem {
        switch problem {
        case .unfit(let reason): RequestProblem(.invalidValue, field: path, "`\(path)` \(reason)")
        case .unreadable(let cause):
            RequestProblem(
                .invalidValue,
                field: path,
                "`\(path)` is not a usable \(kind == .picture ? "image" : "sound"): \(cause)."
            )
        }
    }
}
