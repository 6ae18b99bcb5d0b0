import Cryptography
import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// Videos of Gemini Omni, through the Interactions API.
extension GeminiAdapter {
    /// Starts a video.
    func submit(
        _ video: VideoRequest,
        _ model: ModelCapabilities,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let body = try await Self.body(video, model: model.providerModel, context)
        let answer = try await ProviderAnswer(context.send(api.post("/v1beta/interactions", body)))
        guard answer.isSuccess else { throw .google(answer) }
        guard let id = answer.json?["id"]?.stringValue, ProviderHTTP.isPlain(id) else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes without an id")
        }
        return .accepted(ProviderOperation(remoteID: id))
    }

    // MARK: - The request

    private static func body(
        _ video: VideoRequest,
        model: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        var input: [JSONValue] = []
        let frames = video.frameImages.sorted { $0.role < $1.role }
        for picture in frames.map(\.image) + video.inputReferences {
            let (bytes, type) = try await GooglePictures.read(picture, context)
            input.append([
                "type": "image", "data": .string(Data(bytes).base64EncodedString()), "mime_type": .string(type),
            ])
        }
        let (task, prompt) = task(video, frames: frames)
        input.append(["type": "text", "text": .string(prompt)])
        var format: [String: JSONValue] = ["type": "video", "delivery": "uri"]
        format["aspect_ratio"] = video.aspectRatio.map { .string($0) }
        format["resolution"] = video.resolution.map { .string($0) }
        // With its unit: a bare number is refused.
        format["duration"] = video.duration.map { .string("\($0)s") }
        var body: [String: JSONValue] = [
            "model": .string(model), "input": .array(input), "response_format": .object(format), "background": true,
            "store": true, "stream": false,
        ]
        if let task { body["generation_config"] = ["video_config": ["task": .string(task)]] }
        return Array(JSONValue.object(body).canonicalText.utf8)
    }

    /// What the pictures are for: a task, and marks in the prompt where one word does not say it.
    ///
    /// Pictures have no roles in the request; the prompt gives them theirs (docs/omni, "tags in prompts"). A prompt that
    /// has such marks already is left alone.
    private static func task(_ video: VideoRequest, frames: [FrameImage]) -> (task: String?, prompt: String) {
        let isMarked = ["<FIRST_FRAME>", "<LAST_FRAME>", "<IMAGE_REF_", "[# "].contains { video.prompt.contains($0) }
        let marks = frames.map { $0.role == .first ? "<FIRST_FRAME>" : "<LAST_FRAME>" }
        switch (frames.isEmpty, video.inputReferences.isEmpty) {
        case (true, true): return ("text_to_video", video.prompt)
        case (true, false): return ("reference_to_video", video.prompt)
        case (false, true):
            return ("image_to_video", isMarked ? video.prompt : "\(marks.joined(separator: " ")) \(video.prompt)")
        case (false, false):
            guard !isMarked else { return (nil, video.prompt) }
            let sources = marks.enumerated().map { "\($0.element)@Image\($0.offset + 1)" }
            let references = video.inputReferences.indices.map { "<IMAGE_REF_\($0)>@Image\(frames.count + $0 + 1)" }
            let head =
                "[# Sources \(sources.joined(separator: " "))] [# References \(references.joined(separator: " "))]"
            return (nil, "\(head) \(video.prompt)")
        }
    }

    // MARK: - The answer

    func standing(
        _ answer: InlineAnswer,
        of operation: ProviderOperation
    ) async throws(ProviderFailure) -> OperationStatus {
        let json = answer.json
        // Measured live (2026-09): beyond the rate a submit is accepted, and its first poll says that it was not.
        if let error = json["error"], error != .null, json["status"] == nil { return .failed(Self.failure([error])) }
        guard let status = json["status"]?.stringValue else { throw .unreadable("an interaction without a status") }
        switch status {
        case "queued": return .pending(progress: nil, isQueued: true)
        case "completed": return try await completed(answer, of: operation)
        case "cancelled": return .cancelled(chargedNanoUSD: nil)
        case "failed":
            var errors = [json["error"] ?? .null]
            if case .array(let listed)? = json["errors"] { errors += listed }
            return .failed(Self.failure(errors))
        case "incomplete", "budget_exceeded", "requires_action", "requires_continuation":
            return .failed(Self.ended(status))
        case _: return .pending(progress: nil)
        }
    }

    private func completed(
        _ answer: InlineAnswer,
        of operation: ProviderOperation
    ) async throws(ProviderFailure) -> OperationStatus {
        var contents: [JSONValue] = []
        if case .array(let steps)? = answer.json["steps"] {
            for step in steps where step["type"] == "model_output" {
                if case .array(let content)? = step["content"] { contents += content }
            }
        }
        let tokens = Self.videoTokens(answer.json)
        let usage = ReportedUsage(tokens: tokens)
        for content in contents where content["type"] == "video" {
            let type = content["mime_type"]?.stringValue
            if let uri = content["uri"]?.stringValue {
                guard try await isReady(uri) else { return .pending(progress: nil) }
                return .completed([ProviderOutput(.url(try api.download(uri)), mediaType: type)], usage)
            }
            if let marker = content["data"]?.stringValue {
                media.removeOld()
                let path = "\(media.path)/\(SHA256.hash(Array(operation.remoteID.utf8)).hex).mp4"
                try answer.keep(marker, as: path)
                return .completed([ProviderOutput(.file(path), mediaType: type)], usage)
            }
        }
        if let tokens, tokens > 0 {
            // Made and billed, in a form that nobody here knows yet.
            throw .unreadable("\(tokens) tokens of video, and no video")
        }
        // A refusal of the filter is complete, with words in place of a video (measured live, 2026-10).
        let words = contents.compactMap { $0["text"]?.stringValue }.joined(separator: " ")
        guard !words.isEmpty else { return .completed([], usage) }
        var failure = ProviderFailure.filtered([words])
        failure.billing = .unknown
        return .failed(failure)
    }

    /// Whether a file can be downloaded: it is still processed when its interaction is complete, for up to 95 seconds as
    /// measured live (2026-09).
    private func isReady(_ uri: String) async throws(ProviderFailure) -> Bool {
        let answer = try await api.http.exchange(api.get("/v1beta/files/\(try api.fileID(uri))"))
        guard answer.isSuccess else {
            // Gone, or not for us: the download will say so.
            if [400, 403, 404].contains(answer.status) { return true }
            throw .google(answer)
        }
        return answer.json?["state"] != "PROCESSING"
    }

    private static func videoTokens(_ json: JSONValue) -> Int64? {
        guard case .array(let modalities)? = json["usage"]?["output_tokens_by_modality"] else { return nil }
        return modalities.first { $0["modality"]?.stringValue?.lowercased() == "video" }?["tokens"]?.integerValue
    }

    private static func failure(_ errors: [JSONValue]) -> ProviderFailure {
        let text = errors.compactMap { $0["message"]?.stringValue }.joined(separator: " ")
        let code = errors.compactMap { $0["status"]?.stringValue ?? $0["code"]?.stringValue }.first
        let isFiltered =
            SafetyWords.isFilter(text) || ["SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"].contains(code ?? "")
        if isFiltered {
            var failure = ProviderFailure.filtered([text])
            failure.billing = .unknown
            return failure
        }
        let isBusy = code == "too_many_requests"
        let fallback = isBusy ? "The provider is busy." : "The provider could not make the video."
        return ProviderFailure(
            isBusy ? .rateLimited : .unavailable,
            retry: .backoff,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: ProviderFailure.passable(text).map { "\(fallback) It says: \($0)" } ?? fallback,
            providerCode: code,
            details: "the interaction failed"
        )
    }

    private static func ended(_ status: String) -> ProviderFailure {
        ProviderFailure(
            .unknown,
            retry: .never,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: "The provider ended the generation without a video.",
            providerCode: status,
            details: "status \(status)"
        )
    }
}
