import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// `POST /videos`, and whatever a server has in its place.
extension CompatibleAdapter {
    func submitVideo(_ video: VideoRequest, _ order: CompatibleOrder) async throws(ProviderFailure) -> Submission {
        let response = try await order.context.send(try await request(video, order))
        guard response.isSuccess else { throw CompatibleFailures.refused(try await ProviderAnswer(response)) }
        if profile.videoWaits { return try await made(response, order.context) }
        let answer = try await ProviderAnswer(response)
        guard let video = answer.json.flatMap(CompatibleVideo.init) else {
            throw .unreadable("a submit without a video in its answer, status \(answer.status)")
        }
        return .accepted(ProviderOperation(remoteID: video.id))
    }

    /// A video that is the answer: as bytes, or as JSON in the form of images.
    private func made(_ response: HTTPResponse, _ context: AttemptContext) async throws(ProviderFailure) -> Submission {
        let type = response.mediaType
        guard type.hasPrefix("video/") else {
            let answer = try await PicturesAnswer(response.body, context) { address($0) }
            return .completed(answer.outputs, ReportedUsage())
        }
        let writer = try context.openOutput(mediaType: type)
        do throws(ProviderFailure) {
            while let chunk = try await response.body.nextOfAnswer() { try writer.append(chunk) }
            guard writer.bytes > 0 else { throw .unreadable("an answer without a video") }
            return .completed([try writer.finish()], ReportedUsage())
        } catch {
            writer.discard()
            throw error
        }
    }

    private func request(_ video: VideoRequest, _ order: CompatibleOrder) async throws(ProviderFailure) -> HTTPRequest {
        let fields = try fields(video, order)
        var frames: [(name: String, file: CompatibleFile)] = []
        for (role, field) in [(FrameRole.first, profile.firstFrame), (.last, profile.lastFrame)] {
            guard let field, let frame = video.frameImages.first(where: { $0.role == role }) else { continue }
            frames.append((field, try await order.file(frame.image, named: "\(role)")))
        }
        switch profile.videoForm {
        case .multipart:
            var form = MultipartBody(boundary: order.context.reference.externalID)
            form.add(fields)
            for frame in frames { form.add(frame.name, frame.file) }
            return post(type: form.contentType, form.bytes)
        case .json:
            let texts = frames.map { frame -> (name: String, value: JSONValue) in
                (frame.name, .string(Data(frame.file.bytes).base64EncodedString()))
            }
            let body = JSONValue.object(Dictionary(fields + texts))
            return post(type: "application/json", Array(body.canonicalText.utf8))
        }
    }

    private func post(type: String, _ body: [UInt8]) -> HTTPRequest {
        var request = door.post("/\(profile.videoPath)", type: type, body)
        if profile.videoPath.hasPrefix("/") { request.url = address(profile.videoPath) }
        return request
    }

    private func fields(
        _ video: VideoRequest,
        _ order: CompatibleOrder
    ) throws(ProviderFailure) -> [(name: String, value: JSONValue)] {
        guard let duration = video.duration, let size = video.size else {
            throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
        var fields: [(name: String, value: JSONValue)] = [
            ("model", .string(order.model.providerModel)), ("prompt", .string(video.prompt)),
        ]
        switch profile.sizeForm {
        case .size: fields.append(("size", .string(size.description)))
        case .sides:
            fields.append(("width", .integer(Int64(size.width))))
            fields.append(("height", .integer(Int64(size.height))))
        }
        switch profile.videoLength {
        case .seconds:
            fields.append(("seconds", .string(String(duration))))
        case .frames:
            guard let rate = video.fps else { throw .notSent(.invalidRequest, "The model has no frame rate.") }
            // The models behind these servers count from a first frame on: 81 frames are 5 seconds at 16.
            fields.append(("num_frames", .integer(Int64(duration * rate + 1))))
        }
        if let rate = video.fps { fields.append(("fps", .integer(Int64(rate)))) }
        if let text = video.negativePrompt { fields.append(("negative_prompt", .string(text))) }
        if let seed = video.seed { fields.append(("seed", .integer(seed))) }
        if let sound = video.generateAudio, let name = profile.soundField { fields.append((name, .bool(sound))) }
        return fields + order.options
    }

    // MARK: - Answers

    /// How a video stands.
    ///
    /// A failed one may be answered with a status of its own, and the video as the body (vLLM-Omni 0.30, 2026-11-21).
    func standing(
        _ answer: ProviderAnswer,
        of operation: ProviderOperation
    ) throws(ProviderFailure) -> OperationStatus {
        let video = answer.json.flatMap(CompatibleVideo.init)
        guard answer.isSuccess || video?.status == "failed" else { throw CompatibleFailures.refused(answer) }
        guard let video, video.id == operation.remoteID else { throw .unreadable("a status without its video") }
        switch video.status {
        case "completed":
            let url = door.http.url("/videos/\(video.id)/content")
            return .completed([ProviderOutput(.url(url), mediaType: "video/mp4")], ReportedUsage())
        case "failed": return .failed(CompatibleFailures.failed(video.error))
        // SGLang's word for what somebody has deleted.
        case "deleted", "cancelled": return .cancelled(chargedNanoUSD: 0)
        case "queued": return .pending(progress: video.progress, isQueued: true)
        case _: return .pending(progress: video.progress)
        }
    }
}

/// A video as every answer shows it.
struct CompatibleVideo {
    let id: String
    let status: String
    /// 0 to 1; the wire has 0 to 100.
    let progress: Double?
    let error: JSONValue?

    /// Reads a video; nil for anything without an id that can be asked for, or without a status.
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.stringValue, ProviderHTTP.isPlain(id), let status = json["status"]?.stringValue
        else { return nil }
        self.id = id
        self.status = status
        progress = json["progress"]?.finiteNumber.map { min(1, max(0, $0 / 100)) }
        error = json["error"]
    }
}
