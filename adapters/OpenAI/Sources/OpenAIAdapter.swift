import Foundation
package import Generation
package import HTTPTransport
package import ProviderKit

/// OpenAI's Images and Audio APIs, and its Videos API as servers of that dialect still speak it.
///
/// - Images, speech and transcriptions are answered at once: see `OpenAIImages`, `OpenAISpeech` and
///   `OpenAITranscriptions`. There is no id, no idempotency key and no list: a lost answer cannot be found.
/// - Videos: one paid request, `POST /videos`; the id that it gives is the operation. Outputs are behind the same key, at
///   `/videos/{id}/content`, for about an hour. `DELETE` takes only what is over, and is not used. A lost answer is looked
///   for in the list, which tells what was asked for and when; two equal requests are told apart by who owns which id.
/// - Nothing can be cancelled.
package struct OpenAIAdapter: ValidatingAdapter, RecoverableAdapter, ListingAdapter, OutputAuthorizingAdapter {
    /// OpenAI's own address.
    static let vendorURL = "https://api.openai.com/v1"

    package let id = ProviderID("openai")
    package let name = "OpenAI"
    package let account: String
    package let models: [ModelCapabilities]
    package let trustedOrigins: Set<String>

    package var transport: any HTTPTransport { http.transport }

    private let door: ProviderDoor
    private var http: ProviderHTTP { door.http }
    private let pictures: PictureScaler
    private let now: @Sendable () -> Int64

    /// Nil without a key.
    init?(_ settings: ProviderSettings) {
        guard let key = settings.value("OPENAI_API_KEY") else { return nil }
        let http = ProviderHTTP(
            baseURL: settings.value("OPENAI_BASE_URL") ?? Self.vendorURL,
            transport: settings.transport
        )
        // The names that the official SDK reads: openai 3.54.0, `_client.py`, 2026-11-21.
        let organization = settings.value("OPENAI_ORG_ID").map { (name: "OpenAI-Organization", value: $0) }
        let project = settings.value("OPENAI_PROJECT_ID").map { (name: "OpenAI-Project", value: $0) }
        let authorization = (name: "Authorization", value: "Bearer \(key)")
        door = ProviderDoor(http: http, credentials: [authorization] + [organization, project].compactMap(\.self))
        account = "default"
        trustedOrigins = http.origin.map { [$0] } ?? []
        let isVendor = http.baseURL == Self.vendorURL
        models = settings.models(
            id,
            OpenAIAdapters.models.map { model in
                var model = model
                // Whoever runs another server has a policy of their own.
                if !isVendor { model.dataPolicy = nil }
                return model
            },
            isVendor: isVendor
        )
        pictures = settings.pictures
        now = settings.now
    }

    package func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)] { door.credentials }

    // MARK: - Submitting

    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        let model = models.first { $0.slug == request.model }
        switch request.content {
        case .video: _ = try OpenAICharacters(request, provider: id)
        case .image(let image):
            _ = try OpenAIOptions(request, model: model, provider: id)
            try OpenAIImages.validate(image)
        case .speech(let speech):
            _ = try OpenAIOptions(request, model: model, provider: id)
            try OpenAISpeech.validate(speech, model: model)
        case .transcription, .music, .sound: _ = try OpenAIOptions(request, model: model, provider: id)
        }
        for (path, input) in request.inputs where OpenAIWire.isGIF(input) {
            throw RequestProblem(
                .unsupportedValue,
                field: path,
                "`\(path)` is image/gif, which `\(request.model)` does not take; allowed: image/png, image/jpeg, image/webp."
            )
        }
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let model = models.first(where: { $0.slug == request.model }) else {
            throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
        switch request.content {
        case .video: return try await submitVideo(request, context)
        case .image(let image):
            return try await OpenAIImages(door: door).submit(image, of: request, model: model, context)
        case .speech(let speech): return try await OpenAISpeech(door: door).submit(speech, model: model, context)
        case .transcription(let transcription):
            return try await OpenAITranscriptions(door: door).submit(transcription, model: model, context)
        case .music, .sound: throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
    }

    // MARK: - Submitting a video

    private func submitVideo(
        _ request: GenerationRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let wanted = try wanted(request)
        let frame = try await frame(wanted, context)
        let body = try OpenAIWire.body(
            wanted,
            frame: frame,
            characters: characters(of: request),
            boundary: context.reference.externalID
        )
        let send = door.post("/videos", type: body.contentType, body.bytes)
        let answer = try await ProviderAnswer(context.send(send))
        guard answer.isSuccess else { throw OpenAIFailures.refused(answer) }
        guard let video = answer.json.flatMap(OpenAIVideo.init) else {
            throw .unreadable("a submit without a video in its answer, status \(answer.status)")
        }
        return .accepted(video.operation)
    }

    private var headers: [(name: String, value: String)] { door.headers }

    /// What a request asks for, in the wire's own terms.
    private func wanted(_ request: GenerationRequest) throws(ProviderFailure) -> OpenAIWire.Wanted {
        guard case .video(let video) = request.content, let size = video.size, let duration = video.duration,
            let model = models.first(where: { $0.slug == request.model })
        else { throw .notSent(.invalidRequest, "The request does not fit the model.") }
        return OpenAIWire.Wanted(
            model: model.providerModel,
            prompt: video.prompt,
            seconds: String(duration),
            size: size,
            firstFrame: video.frameImages.first { $0.role == .first }?.image
        )
    }

    private func characters(of request: GenerationRequest) throws(ProviderFailure) -> [String] {
        do {
            return try OpenAICharacters(request, provider: id).ids
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
    }

    /// The first frame in the video's own size: another is refused.
    ///
    /// Source: the answer `Inpaint image must match the requested width and height`, seen by many, 2026-11-21.
    private func frame(
        _ wanted: OpenAIWire.Wanted,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> OpenAIWire.Picture? {
        guard let input = wanted.firstFrame else { return nil }
        guard case .stored(let stored) = input else { throw .notSent(.invalidRequest, "The first frame is not there.") }
        guard OpenAIWire.Picture.mediaTypes.contains(stored.mediaType) else {
            throw .notSent(.invalidRequest, "The first frame is \(stored.mediaType); PNG, JPEG and WebP are taken.")
        }
        let bytes = try await context.bytes(of: stored)
        let scaled = try await pictures.scale(bytes, mediaType: stored.mediaType, to: wanted.size)
        return OpenAIWire.Picture(bytes: scaled.bytes, mediaType: scaled.mediaType)
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let answer = try await http.exchange(
            HTTPRequest(.get, http.url("/videos/\(operation.remoteID)"), headers: headers)
        )
        let video = answer.json.flatMap(OpenAIVideo.init)
        // Some servers of the dialect answer for a failed video with its failure's own status, and the video as the body
        // (vLLM-Omni 0.30, 2026-11-21).
        guard answer.isSuccess || video?.status == "failed" else { throw OpenAIFailures.refused(answer) }
        guard let video, video.id == operation.remoteID else { throw .unreadable("a status without its video") }
        let pause = answer.header("openai-poll-after-ms").flatMap(Double.init).map { max(0, $0) / 1_000 }
        return standing(of: video, retryAfterSeconds: pause)
    }

    /// How a video stands.
    ///
    /// The words `queued`, `in_progress`, `completed` and `failed` are all that there are: openai 3.54.0,
    /// `types/video.py`, 2026-11-21.
    private func standing(of video: OpenAIVideo, retryAfterSeconds: Double? = nil) -> OperationStatus {
        switch video.status {
        case "completed":
            // The hour is counted by the provider's clock, which may be ahead of ours by some seconds, not by minutes.
            if let expiresAt = video.expiresAt, expiresAt + 60 < now() / 1_000 {
                return .failed(OpenAIFailures.expired)
            }
            let url = http.url("/videos/\(video.id)/content")
            return .completed([ProviderOutput(.url(url), mediaType: "video/mp4")], ReportedUsage())
        case "failed": return .failed(OpenAIFailures.failed(video.error))
        case "queued":
            return .pending(progress: video.progress, isQueued: true, retryAfterSeconds: retryAfterSeconds)
        case _: return .pending(progress: video.progress, retryAfterSeconds: retryAfterSeconds)
        }
    }

    // MARK: - Looking

    /// B for videos of text alone, by what the list says of each, within minutes of the send; C for anything else.
    ///
    /// A server may list late or only a part: that a video is not in the list proves nothing. The list does not show first
    /// frames and characters; of two lost requests with one prompt and different pictures nobody could say which video is
    /// whose, so such a submit cannot be found.
    package func recovery(of request: GenerationRequest) -> RecoveryClass {
        guard case .video = request.content, request.inputs.isEmpty, request.providerOptions.isEmpty else {
            return .unrecoverable
        }
        return .lookUp(settleSeconds: 180, complete: false)
    }

    package func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        let wanted = try wanted(request)
        let sentAt = attempt.sentAtMilliseconds / 1_000
        // A minute for clocks that differ; ten for a send that took its time and a queue before the list.
        let window = sentAt - 60...sentAt + 600
        var candidates: [OpenAIVideo] = []
        try await list { video in
            if window.contains(video.createdAt), video.isMade(from: wanted) { candidates.append(video) }
            return video.createdAt >= window.lowerBound
        }
        // The oldest first: of several equal requests, the first sent most likely came first.
        for candidate in candidates.reversed() where await !isTaken(candidate.id) {
            return .accepted(candidate.operation)
        }
        return nil
    }

    /// How many pages of the list are asked for at most.
    private static let pagesMax = 10

    // MARK: - Telling all there are

    /// The account's videos: what else OpenAI makes is in no list.
    package func operations(
        since milliseconds: Int64,
        page: String?
    ) async throws(ProviderFailure) -> OperationPage {
        // Of the longest pages that are read whatever the prompts are.
        let answer = try await self.page(after: page, limit: 20)
        if [404, 405, 501].contains(answer.status) { return OperationPage([]) }
        guard answer.isSuccess else { throw OpenAIFailures.refused(answer) }
        guard case .array(let entries)? = answer.json?["data"] else { throw .unreadable("a list without data") }
        let videos = entries.compactMap(OpenAIVideo.init)
        let isPast = videos.contains { $0.createdAt > 0 && $0.createdAt * 1_000 < milliseconds }
        let last = answer.json?["has_more"]?.boolValue == true && !isPast ? videos.last?.id : nil
        return OperationPage(videos.map(\.listed), next: last == page ? nil : last)
    }

    package func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation? {
        guard case .video = request.content else { return nil }
        return ProviderOperation(remoteID: listed.remoteID)
    }

    /// Goes through the account's videos, the newest first, as long as `visit` wants more.
    private func list(_ visit: (OpenAIVideo) -> Bool) async throws(ProviderFailure) {
        var after: String?
        var limit = 100
        for _ in 0..<Self.pagesMax {
            let answer: ProviderAnswer
            do throws(ProviderFailure) {
                answer = try await page(after: after, limit: limit)
            } catch {
                // Prompts may be long: a page of this length fits into what is read, whatever they are.
                guard error.code == .unknown, limit > 20 else { throw error }
                limit = 20
                continue
            }
            if [404, 405, 501].contains(answer.status) { return }
            guard answer.isSuccess else { throw OpenAIFailures.refused(answer) }
            guard case .array(let entries)? = answer.json?["data"] else { throw .unreadable("a list without data") }
            let videos = entries.compactMap(OpenAIVideo.init)
            for video in videos where !visit(video) { return }
            guard answer.json?["has_more"]?.boolValue == true, let last = videos.last, last.id != after else { return }
            after = last.id
        }
    }

    private func page(after: String?, limit: Int) async throws(ProviderFailure) -> ProviderAnswer {
        var query = [(name: "limit", value: String(limit)), (name: "order", value: "desc")]
        if let after { query.append((name: "after", value: after)) }
        return try await http.exchange(HTTPRequest(.get, http.url("/videos", query: query), headers: headers))
    }
}
