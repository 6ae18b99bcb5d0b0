import Foundation
import Generation

/// OpenAI's Images and Audio APIs, and its Videos API as it was until its end on 2026-09-24.
///
/// Checked by the official SDK (Tests/WireCompatibilityTests). Sources, all read on 2026-11-21: `openai` 3.54.0 on PyPI
/// (`resources/videos.py`, `types/video*.py`), the guide and the error page of the vendor, and answers that users have
/// published (the message about the picture's size; `invalid_type` for a string in place of the file, huobao-drama issue
/// 49; and for a number of seconds, OpenMAIC pull request 98). The words of other messages are made up; their `code` and
/// `param` are not. What is asked about a video that is not finished answers 404, which no source confirms.
///
/// Settings: `api_key`, the one key that is taken; otherwise any that begins with `sk-`. `poll_after_ms`, what is said about
/// when to ask again; otherwise nothing.
package struct OpenAISimulator: SimulatedProvider {
    package static let name = "openai"

    let world: SimulatorWorld

    package init(world: SimulatorWorld) { self.world = world }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let path = request.segments
        guard path.count >= 2, path[0] == "v1" else { return .other }
        guard path[1] == "videos" else {
            return request.method == "POST" && ["images", "audio"].contains(path[1]) ? .submit : .other
        }
        switch (request.method, path.count, path.last ?? "") {
        case ("POST", 2, _): return .submit
        case ("GET", 2, _): return .list
        case ("POST", 4, "remix"): return .submit
        case ("GET", 4, "content"): return .download
        case ("GET", 3, _): return .poll
        case _: return .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        var answer = await plainAnswer(request)
        answer.headers.append((name: "x-request-id", value: world.newID("req_")))
        return answer
    }

    private func plainAnswer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        if let refusal = OpenAIRefusal.ofCredentials(request, key: world.setting("api_key")) { return refusal.answer }
        do {
            return try await route(request)
        } catch let refusal as OpenAIRefusal {
            return refusal.answer
        } catch {
            return OpenAIRefusal(500, "\(error)", type: "server_error").answer
        }
    }

    private func route(_ request: SimulatedRequest) async throws -> SimulatedAnswer {
        let path = request.segments
        let nowhere = OpenAIRefusal(404, "Invalid URL (\(request.method) \(request.path))")
        guard path.first == "v1" else { throw nowhere }
        switch (request.method, path.dropFirst().joined(separator: "/")) {
        case ("POST", "images/generations"): return try await images(request, isEdit: false)
        case ("POST", "images/edits"): return try await images(request, isEdit: true)
        case ("POST", "audio/speech"): return try await speech(request)
        case ("POST", "audio/transcriptions"): return try await transcription(request)
        case _: break
        }
        guard path.count >= 2, path[1] == "videos" else { throw nowhere }
        switch (request.method, path.count) {
        case ("POST", 2): return try create(OpenAIForm(request), remixOf: nil)
        case ("GET", 2): return try list(request)
        case ("GET", 3): return try show(task(path[2]))
        case ("DELETE", 3): return try delete(task(path[2]))
        case ("GET", 4) where path[3] == "content": return try await content(task(path[2]), request)
        case ("POST", 4) where path[3] == "remix": return try remix(task(path[2]), request)
        case _: throw nowhere
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        OpenAIRefusal.usual(status, retryAfterSeconds: retryAfterSeconds).answer
    }

    // MARK: - Making

    private func create(_ form: OpenAIForm, remixOf source: SimulatedTask?) throws -> SimulatedAnswer {
        let wanted = try form.video()
        return try make(wanted, remixOf: source)
    }

    private func make(_ wanted: OpenAIForm.Video, remixOf source: SimulatedTask?) throws -> SimulatedAnswer {
        guard world.outcome(of: wanted.prompt) != .filteredInput else {
            world.consumeOutcome()
            throw OpenAIRefusal(
                400,
                "Your request was blocked by our moderation system.",
                code: "moderation_blocked"
            )
        }
        let task = world.newTask(
            id: world.newID("video_", digits: 48),
            prompt: wanted.prompt,
            seconds: Int(wanted.seconds) ?? 4,
            width: wanted.size.width,
            height: wanted.size.height,
            hasAudio: true,
            fields: [
                "model": .string(wanted.model), "remixed_from_video_id": source.map { .string($0.id) } ?? .null,
            ]
        )
        return .json(200, json(task, .queued))
    }

    private func remix(_ source: SimulatedTask, _ request: SimulatedRequest) throws -> SimulatedAnswer {
        guard world.standing(of: source) == .succeeded else {
            throw OpenAIRefusal(400, "Only a completed video can be remixed.")
        }
        let prompt = try OpenAIForm(request).remixPrompt()
        let size = PixelSize(width: source.width, height: source.height)
        let model = source.fields["model"]?.stringValue ?? "sora-2"
        let wanted = OpenAIForm.Video(prompt: prompt, model: model, seconds: String(source.seconds), size: size)
        return try make(wanted, remixOf: source)
    }

    // MARK: - Showing

    private func task(_ id: String) throws -> SimulatedTask {
        guard let task = world.task(id) else { throw OpenAIRefusal(404, "Video with id '\(id)' not found.") }
        return task
    }

    private func show(_ task: SimulatedTask) throws -> SimulatedAnswer {
        let standing = world.standing(of: task)
        let pause = standing.isFinal ? nil : world.setting("poll_after_ms")
        return .json(
            200,
            json(task, standing),
            headers: pause.map { [(name: "openai-poll-after-ms", value: $0)] } ?? []
        )
    }

    /// How long the bytes of a video are kept, in seconds.
    private static let kept: Int64 = 3_600

    private func json(_ task: SimulatedTask, _ standing: SimulatedStanding) -> JSONValue {
        let status: String
        var progress: Int64 = 0
        var error = JSONValue.null
        switch standing {
        case .queued: status = "queued"
        case .running(let done): (status, progress) = ("in_progress", Int64(min(99, done * 100)))
        case .unknown: status = "dreaming"
        case .succeeded, .withoutMedia: (status, progress) = ("completed", 100)
        case .filteredInput, .filteredOutput:
            status = "failed"
            error = [
                "code": "moderation_blocked", "message": "Your request was blocked by our moderation system.",
            ]
        case .failed, .cancelled, .vanished:
            status = "failed"
            error = ["code": "video_generation_failed", "message": "The video could not be generated."]
        }
        let isDone = status == "completed"
        let endedAt = task.endsAt / 1_000
        // The wire names no media: that there is none shows in a time that has passed, and at the download.
        let expiresAt = endedAt + (standing == .withoutMedia ? -Self.kept : Self.kept)
        return [
            "id": .string(task.id), "object": "video", "model": task.fields["model"] ?? "sora-2",
            "status": .string(status), "progress": .integer(progress), "prompt": .string(task.prompt),
            "created_at": .integer(task.createdAt / 1_000), "completed_at": isDone ? .integer(endedAt) : .null,
            "expires_at": isDone ? .integer(expiresAt) : .null,
            "size": .string("\(task.width)x\(task.height)"), "seconds": .string(String(task.seconds)),
            "remixed_from_video_id": task.fields["remixed_from_video_id"] ?? .null, "error": error,
        ]
    }

    private func list(_ request: SimulatedRequest) throws -> SimulatedAnswer {
        for (name, _) in request.query where !["after", "limit", "order"].contains(name) {
            throw OpenAIRefusal(400, "Unknown parameter: '\(name)'.", param: name, code: "unknown_parameter")
        }
        let limit = request.queryItem("limit").map { Int($0) ?? 0 } ?? 20
        guard (1...100).contains(limit) else {
            throw OpenAIRefusal(400, "Invalid 'limit': 1 to 100 are taken.", param: "limit", code: "invalid_value")
        }
        let order = request.queryItem("order") ?? "desc"
        guard ["asc", "desc"].contains(order) else {
            throw OpenAIRefusal.value("order", order, ["asc", "desc"])
        }
        var tasks = order == "desc" ? world.tasks : world.tasks.reversed()
        if let after = request.queryItem("after") {
            guard let index = tasks.firstIndex(where: { $0.id == after }) else {
                throw OpenAIRefusal(404, "Video with id '\(after)' not found.", param: "after")
            }
            tasks = Array(tasks[(index + 1)...])
        }
        let page = tasks.prefix(limit)
        return .json(
            200,
            [
                "object": "list", "data": .array(page.map { json($0, world.standing(of: $0)) }),
                "first_id": page.first.map { .string($0.id) } ?? .null,
                "last_id": page.last.map { .string($0.id) } ?? .null,
                "has_more": .bool(tasks.count > page.count),
            ]
        )
    }

    // MARK: - Giving out

    private func content(_ task: SimulatedTask, _ request: SimulatedRequest) async throws -> SimulatedAnswer {
        let variant = request.queryItem("variant") ?? "video"
        guard ["video", "thumbnail", "spritesheet"].contains(variant) else {
            throw OpenAIRefusal.value("variant", variant, ["video", "thumbnail", "spritesheet"])
        }
        guard world.standing(of: task, isReported: false) == .succeeded else {
            throw OpenAIRefusal(404, "Video '\(task.id)' has no content.")
        }
        guard world.now() / 1_000 < task.endsAt / 1_000 + Self.kept else {
            throw OpenAIRefusal(404, "The content of video '\(task.id)' has expired.")
        }
        switch variant {
        case "thumbnail": return .media("image/webp", OpenAIPictures.webp)
        case "spritesheet": return .media("image/jpeg", OpenAIPictures.jpeg)
        case _: return .media("video/mp4", try await world.video(of: task))
        }
    }

    private func delete(_ task: SimulatedTask) throws -> SimulatedAnswer {
        guard world.standing(of: task).isFinal else {
            throw OpenAIRefusal(400, "Only a completed or failed video can be deleted.")
        }
        world.remove(task.id)
        return .json(200, ["id": .string(task.id), "object": "video.deleted", "deleted": true])
    }
}

/// The smallest pictures of a kind, for what nobody looks at.
private enum OpenAIPictures {
    /// One pixel.
    static let webp = decoded("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
    /// The head and the end of a picture.
    static let jpeg = decoded("/9j/4AAQSkZJRgABAQEASABIAAD/2Q==")

    private static func decoded(_ text: String) -> [UInt8] { Array(Data(base64Encoded: text) ?? Data()) }
}
