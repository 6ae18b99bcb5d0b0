import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// The provider of tests: it does what a script in the request says, and costs nothing.
///
/// The adapter to copy from. It speaks to `SandboxProvider` as any adapter speaks to its provider: through the
/// transport it was given, with everything that is needed later inside the operation.
package struct SandboxAdapter: ValidatingAdapter, RecoverableAdapter, CancellableAdapter {
    /// The slug, and the key of its scripts in `provider.options`.
    package static let slug = "fake-provider"

    package let id = ProviderID(SandboxAdapter.slug)
    package let account = "sandbox"
    package let models: [ModelCapabilities]
    package let transport: any HTTPTransport

    /// Makes an adapter.
    ///
    /// - Parameters:
    ///   - transport: What answers: a `SandboxProvider`, or recorded exchanges in a test.
    ///   - models: What it offers.
    package init(transport: any HTTPTransport, models: [ModelCapabilities] = SandboxModels.all) {
        self.transport = transport
        self.models = models
    }

    /// The sandbox needs no key: it is always there, once.
    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        let provider = SandboxProvider(
            journalPath: settings.environment["SANDBOX_JOURNAL"],
            folder: "\(settings.workFolder)/\(slug)",
            now: settings.now
        )
        return [SandboxAdapter(transport: provider, models: settings.models(ProviderID(slug), SandboxModels.all))]
    }

    /// Refuses a script with an unknown key or a wrong value.
    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        _ = try SandboxScript(checking: request)
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let script = try SandboxScript(of: request)
        var body = Wire.Generation(request, script: script)
        let frames = try await Self.frames(of: request, context)
        let references = try await Self.references(of: request, context)
        body.frames = frames.isEmpty ? nil : frames
        body.references = references.isEmpty ? nil : references
        var headers = Self.headers(context.reference)
        headers.append((name: Wire.earlierSendsHeader, value: String(context.earlierSends)))
        if context.earlierSends > 0 { headers.append(Self.firstSent(context.reference)) }
        let response = try await context.send(
            HTTPRequest(.post, "\(SandboxProvider.origin)/v1/generations", headers: headers, body: Wire.encode(body))
        )
        if let submission = try await Self.streamed(response, context) { return submission }
        let standing = try await Self.standing(response)
        return try Self.submission(standing)
    }

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        let response = try await exchange(HTTPRequest(.get, Self.url(of: operation)))
        let standing = try await Self.standing(response)
        switch standing.status {
        case "queued": return .pending(progress: nil, isQueued: true)
        case "done": return .completed(Self.outputs(standing), ReportedUsage(characters: standing.characters))
        case "failed": return .failed(ProviderFailure(generation: standing.error))
        case "cancelled": return .cancelled(chargedNanoUSD: 0)
        default: return .pending(progress: standing.progress)
        }
    }

    /// Asks the provider to stop.
    ///
    /// One that has finished by then keeps its outcome; that is no failure.
    ///
    /// - Throws: `invalidRequest` when the script says that this generation cannot be stopped.
    package func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        let response = try await exchange(HTTPRequest(.post, Self.url(of: operation, verb: "/cancel")))
        guard (200...299).contains(response.status) || response.status == 409 else {
            throw await ProviderFailure(refusal: response)
        }
    }

    package func recovery(of request: GenerationRequest) -> RecoveryClass {
        let script: SandboxScript
        do {
            script = try SandboxScript(of: request)
        } catch {
            // Such a request is refused before anything is sent, so there is nothing to recover.
            return .resend
        }
        return switch script.recovery {
        case .resend: .resend
        case .lookUpThenResend: .lookUpThenResend(settleSeconds: 1)
        case .lookUp: .lookUp(settleSeconds: 1, complete: true)
        case .unrecoverable: .unrecoverable
        }
    }

    /// Looks an attempt up by its token.
    ///
    /// The provider keeps no memory, so the look-up carries what the submit did (without the pictures, which change
    /// nothing here). With a journal the provider answers from that instead of taking our word.
    package func find(
        _ request: GenerationRequest,
        attempt reference: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        let body = Wire.Generation(request, script: try SandboxScript(of: request))
        let headers =
            Self.headers(reference)
            + [(name: "Idempotency-Key", value: reference.token), Self.firstSent(reference)]
        let response = try await exchange(
            HTTPRequest(.post, "\(SandboxProvider.origin)/v1/lookups", headers: headers, body: Wire.encode(body))
        )
        if response.status == 404 { return nil }
        let standing = try await Self.standing(response)
        return try Self.submission(standing)
    }

    // MARK: - The wire

    func exchange(_ request: HTTPRequest) async throws(ProviderFailure) -> HTTPResponse {
        do {
            return try await transport.exchange(request, options: ExchangeOptions(totalTimeoutSeconds: 10))
        } catch {
            throw ProviderFailure(error)
        }
    }

    private static func headers(_ reference: AttemptReference) -> [(name: String, value: String)] {
        [
            (name: "Content-Type", value: "application/json"),
            (name: Wire.attemptHeader, value: String(reference.number)),
        ]
    }

    private static func firstSent(_ reference: AttemptReference) -> (name: String, value: String) {
        (name: Wire.firstSentHeader, value: String(reference.sentAtMilliseconds))
    }

    private static func url(of operation: ProviderOperation, verb: String = "") -> String {
        // Both parts were made by the provider of letters that a URL takes as they are; anything else it never gave.
        let isPlain = { (text: String) in
            text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        }
        let id = isPlain(operation.remoteID) ? operation.remoteID : "unknown"
        let ticket = isPlain(operation.payload) ? operation.payload : ""
        return "\(SandboxProvider.origin)/v1/generations/\(id)\(verb)?ticket=\(ticket)"
    }

    private static func standing(_ response: HTTPResponse) async throws(ProviderFailure) -> Wire.Standing {
        guard (200...299).contains(response.status) else { throw await ProviderFailure(refusal: response) }
        let body: [UInt8]
        do {
            body = try await response.body.collect(bytesMax: 1_024 * 1_024)
        } catch {
            throw ProviderFailure(error)
        }
        guard let standing = try? Wire.decode(Wire.Standing.self, body) else {
            throw ProviderFailure(unreadable: "status \(response.status), \(body.count) bytes that are no standing")
        }
        return standing
    }

    private static func submission(_ standing: Wire.Standing) throws(ProviderFailure) -> Submission {
        if standing.status == "done" {
            return .completed(outputs(standing), ReportedUsage(characters: standing.characters))
        }
        guard let id = standing.id, let ticket = standing.ticket, !id.isEmpty else {
            throw ProviderFailure(unreadable: "an accepted generation without id and ticket")
        }
        return .accepted(ProviderOperation(remoteID: id, payload: ticket))
    }

    private static func outputs(_ standing: Wire.Standing) -> [ProviderOutput] {
        (standing.media ?? []).map { ProviderOutput(.url($0.url), mediaType: $0.mediaType) }
    }

    private static func frames(
        of request: GenerationRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [Wire.Media] {
        guard case .video(let video) = request.content else { return [] }
        var frames: [Wire.Media] = []
        for frame in video.frameImages {
            var media = try await media(frame.image, context)
            media.role = frame.role.rawValue
            frames.append(media)
        }
        return frames
    }

    private static func references(
        of request: GenerationRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [Wire.Media] {
        let inputs: [MediaInput] =
            switch request.content {
            case .video(let video): video.inputReferences
            case .image(let image): image.inputReferences
            case .speech, .transcription, .music, .sound: []
            }
        var references: [Wire.Media] = []
        for input in inputs { references.append(try await media(input, context)) }
        guard case .image(let image) = request.content, let mask = image.mask else { return references }
        var media = try await media(mask, context)
        media.role = "mask"
        return references + [media]
    }

    private static func media(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Wire.Media {
        guard case .stored(let stored) = input else {
            throw ProviderFailure(
                .invalidRequest,
                retry: .never,
                billing: .notCharged,
                requestReachedProvider: .no,
                message: "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        let data = Data(try await context.bytes(of: stored)).base64EncodedString()
        return Wire.Media(mediaType: stored.mediaType, data: data)
    }
}

extension Wire.Generation {
    /// The request in the provider's words, without its pictures.
    fileprivate init(_ request: GenerationRequest, script: SandboxScript) {
        self.init(model: request.model, prompt: request.prompt, script: script)
        switch request.content {
        case .video(let video):
            negativePrompt = video.negativePrompt
            duration = video.duration
            width = video.size?.width
            height = video.size?.height
            fps = video.fps
            audio = video.generateAudio
            seed = video.seed
        case .image(let image):
            negativePrompt = image.negativePrompt
            width = image.size?.width
            height = image.size?.height
            count = image.n
            format = image.outputFormat
            previews = image.partialImages
            seed = image.seed
        case .speech(let speech):
            voice = speech.voice
            turns =
                speech.turns.isEmpty ? nil : speech.turns.map { Wire.Turn(voice: $0.voice, text: $0.text) }
            language = speech.language
            speed = speech.speed
            instructions = speech.instructions
            format = speech.responseFormat
        case .transcription(let transcription):
            if case .stored(let input) = transcription.inputAudio {
                sound = Wire.Sound(
                    sha256: input.sha256,
                    mediaType: input.mediaType,
                    bytes: input.bytes,
                    milliseconds: input.milliseconds
                )
            }
            prompt = transcription.prompt ?? ""
            language = transcription.language
            words = transcription.timestampGranularities.contains(.word) ? true : nil
            diarize = transcription.diarize
            keyterms = transcription.keyterms.isEmpty ? nil : transcription.keyterms
            temperature = transcription.temperature
        case .music(let music):
            lyrics = music.lyrics
            instrumental = music.instrumental
            length = music.duration
            format = music.responseFormat
            seed = music.seed
        case .sound(let effect):
            loop = effect.loop
            length = effect.duration
            format = effect.responseFormat
            seed = effect.seed
        }
    }
}
