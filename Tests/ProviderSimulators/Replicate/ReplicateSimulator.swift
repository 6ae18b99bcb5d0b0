import Foundation
import Generation

/// The wire of Replicate: predictions of official models and of versions, files, and a stream of events.
///
/// Settings of the wire: `api_key` (by default `r8_test`); `page_size` of the list (100); `webhooks` in the list
/// (`shown`), as some clients of the host see them.
package struct ReplicateSimulator: SimulatedProvider {
    package static let name = "replicate"
    /// So many creates a minute (replicate.com/docs, rate limits).
    package static let limits = SimulatorLimits(rates: [.init(.submit, requests: 600, seconds: 60)])

    let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "r8_test"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let parts = Array(request.segments.dropFirst())
        switch (request.method, parts.first, parts.count) {
        case ("POST", "models"?, 4), ("POST", "predictions"?, 1): return .submit
        case ("GET", "predictions"?, 1): return .list
        case ("GET", "predictions"?, 2): return .poll
        case ("POST", "predictions"?, 3): return .cancel
        case ("POST", "files"?, 1): return .upload
        case _: return .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do throws(ReplicateRefusal) {
            guard request.bearerToken == key else { throw ReplicateRefusal(status: 401) }
            let parts = Array(request.segments.dropFirst())
            guard request.segments.first == "v1" else { throw ReplicateRefusal(status: 404) }
            switch operation(of: request) {
            case .submit: return try await create(request, parts)
            case .list: return .json(200, list(request))
            case .poll:
                let task = try task(parts[1])
                return .json(200, try await prediction(of: task))
            case .cancel where parts[2] == "cancel":
                let task = try task(parts[1])
                world.cancel(task.id)
                return .json(200, try await prediction(of: world.task(task.id) ?? task))
            case .upload: return try upload(request)
            case .cancel, .download, .token, .other:
                if parts.first == "stream", parts.count == 2 { return try await events(try task(parts[1])) }
                throw ReplicateRefusal(status: 404)
            }
        } catch {
            return .json(error.status, error.body)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        .json(
            status,
            ReplicateRefusal(status: status).body,
            headers: SimulatedAnswer.retryAfter(retryAfterSeconds)
        )
    }

    /// The end alone is told, since clients ask for no more.
    package func callback(for task: SimulatedTask) -> SimulatedAnswer? {
        let standing = world.standing(of: task, isReported: false)
        guard standing.isFinal, standing != .vanished else { return nil }
        var answer = SimulatedAnswer.json(200, body(of: task, standing))
        answer.headers += [
            (name: "webhook-id", value: "msg_\(task.id)"),
            (name: "webhook-timestamp", value: String(world.now() / 1_000)),
            (name: "webhook-signature", value: "v1,AAAA"),
        ]
        return answer
    }

    // MARK: - Creating

    private func create(
        _ request: SimulatedRequest,
        _ parts: [String]
    ) async throws(ReplicateRefusal) -> SimulatedAnswer {
        guard let body = request.json, case .object = body else { throw ReplicateRefusal(status: 400) }
        let model: String
        if parts.first == "models" {
            model = "\(parts[1])/\(parts[2])"
        } else {
            guard let version = body["version"]?.stringValue else {
                throw ReplicateRefusal(
                    status: 422,
                    title: "Input validation failed",
                    detail: "- version is required\n"
                )
            }
            let name = String(version.prefix { $0 != ":" })
            model = name.contains("/") ? name : "black-forest-labs/flux-schnell"
        }
        guard let schema = ReplicateSchema.named(model) else { throw ReplicateRefusal(status: 404) }
        let form = try ReplicateForm(body["input"], schema) { url in
            guard let name = url.split(separator: "/").last, url.hasPrefix("\(world.baseURL)/v1/files/")
            else {
                return nil
            }
            return world.file(String(name))?.bytes
        }
        let webhook = body["webhook"]?.stringValue
        if let webhook, !webhook.hasPrefix("https://"), !webhook.hasPrefix("http://127.0.0.1") {
            throw ReplicateRefusal(
                status: 422,
                title: "Input validation failed",
                detail: "- webhook must be https\n"
            )
        }
        let task = world.newTask(
            id: world.newID(digits: 26),
            prompt: form.prompt,
            seconds: schema.isVideo ? form.seconds : 0,
            width: form.size.width,
            height: form.size.height,
            hasAudio: form.hasAudio,
            callbackURL: webhook,
            fields: [
                "model": .string(model), "input": body["input"] ?? .null,
                "count": .integer(Int64(form.count)),
                "format": .string(form.format), "version": body["version"] ?? "hidden",
                "pictures": .integer(Int64(form.pictures.count)),
            ]
        )
        guard request.header("Prefer")?.hasPrefix("wait") == true else {
            return .json(201, try await prediction(of: task))
        }
        await world.settle(task)
        return .json(201, try await prediction(of: world.task(task.id) ?? task))
    }

    private func upload(_ request: SimulatedRequest) throws(ReplicateRefusal) -> SimulatedAnswer {
        guard let type = request.header("Content-Type"), let parts = MultipartParts(type, request.body),
            let part = parts.first("content")
        else { throw ReplicateRefusal(status: 400) }
        let id = world.newID(digits: 26)
        world.keep(part.bytes, type: part.mediaType ?? "application/octet-stream", as: id)
        return .json(
            201,
            [
                "id": .string(id), "name": .string(part.fileName ?? ""),
                "content_type": .string(part.mediaType ?? "application/octet-stream"),
                "size": .integer(Int64(part.bytes.count)), "etag": .string(id), "metadata": [:],
                "checksums": ["sha256": "simulated", "md5": "simulated"],
                "urls": ["get": .string("\(world.baseURL)/v1/files/\(id)")],
                "created_at": .string(Self.text(world.now())),
                "expires_at": .string(Self.text(world.now() + 86_400_000)),
            ]
        )
    }

    // MARK: - Asking

    private func task(_ id: String) throws(ReplicateRefusal) -> SimulatedTask {
        guard let task = world.task(id) else { throw ReplicateRefusal(status: 404) }
        return task
    }

    /// The newest first, without what others are not shown.
    private func list(_ request: SimulatedRequest) -> JSONValue {
        let size = world.setting("page_size").flatMap { Int($0) } ?? 100
        let start = request.queryItem("cursor").flatMap { Int($0) } ?? 0
        let all = world.tasks
        let page = all.dropFirst(start).prefix(size).map { task in
            body(of: task, world.standing(of: task, isReported: false))
        }
        let end = start + page.count
        let next: JSONValue =
            end < all.count ? .string("\(world.baseURL)/v1/predictions?cursor=\(end)") : .null
        return ["next": next, "previous": nil, "results": .array(Array(page))]
    }

    private func prediction(of task: SimulatedTask) async throws(ReplicateRefusal) -> JSONValue {
        let standing = world.standing(of: task)
        if standing == .succeeded { try await make(task) }
        return body(of: task, standing)
    }

    private func body(of task: SimulatedTask, _ standing: SimulatedStanding) -> JSONValue {
        let base = "\(world.baseURL)/v1"
        var fields: [String: JSONValue] = [
            "id": .string(task.id), "model": task.fields["model"] ?? .null,
            "version": task.fields["version"] ?? .null,
            "input": task.fields["input"] ?? .null, "output": nil, "error": nil, "logs": "",
            "metrics": [:],
            "data_removed": false, "source": "api", "created_at": .string(Self.text(task.createdAt)),
            "started_at": nil, "completed_at": nil,
            "urls": [
                "get": .string("\(base)/predictions/\(task.id)"),
                "cancel": .string("\(base)/predictions/\(task.id)/cancel"),
                "stream": .string("\(base)/stream/\(task.id)"),
                "web": .string("https://replicate.com/p/\(task.id)"),
            ],
        ]
        if world.setting("webhooks") == "shown" {
            fields["webhook"] = task.callbackURL.map(JSONValue.string)
        }
        fields["status"] = .string(word(standing))
        if case .running(let progress) = standing {
            fields["logs"] = .string("loading\n \(Int(progress * 100))%|###   | 12/28 [00:01<00:02]\r")
        }
        if standing.isFinal { fields["completed_at"] = .string(Self.text(task.endsAt)) }
        switch standing {
        case .succeeded:
            fields["output"] = output(of: task)
            fields["metrics"] = ["predict_time": .number(0.61), "image_count": task.fields["count"] ?? 1]
        case .failed: fields["error"] = "Prediction failed: something went wrong (E9999)"
        case .filteredInput:
            fields["error"] =
                "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
        case .filteredOutput:
            fields["error"] = "NSFW content detected. Try running it again, or try a different prompt."
        case .queued, .running, .unknown, .withoutMedia, .cancelled, .vanished: break
        }
        return .object(fields)
    }

    private func word(_ standing: SimulatedStanding) -> String {
        switch standing {
        case .queued: "starting"
        case .running: "processing"
        case .unknown: "booting"
        case .succeeded, .withoutMedia: "succeeded"
        case .failed, .filteredInput, .filteredOutput: "failed"
        case .cancelled, .vanished: "canceled"
        }
    }

    private static func text(_ milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds / 1_000))
        let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
        return date.formatted(.iso8601).dropLast() + ".\(fraction)Z"
    }

    private func events(_ task: SimulatedTask) async throws(ReplicateRefusal) -> SimulatedAnswer {
        await world.settle(task)
        let done = try await prediction(of: world.task(task.id) ?? task)
        let url = names(of: task).first.map { "\(world.outputsURL)/outputs/\($0.name)" } ?? ""
        let text = "event: output\nid: 1:0\ndata: \(url)\n\nevent: done\nid: 2:0\ndata: {}\n\n"
        guard done["status"] == "succeeded" else { throw ReplicateRefusal(status: 404) }
        return SimulatedAnswer(
            status: 200,
            headers: [(name: "Content-Type", value: "text/event-stream")],
            body: Array(text.utf8)
        )
    }

    // MARK: - What is made

    private func schema(of task: SimulatedTask) -> ReplicateSchema? {
        task.fields["model"]?.stringValue.flatMap(ReplicateSchema.named)
    }

    private func names(of task: SimulatedTask) -> [(name: String, format: String)] {
        guard schema(of: task)?.isVideo == false else { return [] }
        let format = task.fields["format"]?.stringValue ?? "webp"
        let count = Int(task.fields["count"]?.wholeNumber ?? 1)
        return (0..<count).map { ("\(task.id)-\($0).\(format)", format == "jpg" ? "jpeg" : format) }
    }

    private func make(_ task: SimulatedTask) async throws(ReplicateRefusal) {
        for (name, format) in names(of: task) where world.file(name) == nil {
            do {
                let bytes = try await world.media.picture(
                    width: task.width,
                    height: task.height,
                    format: format
                )
                world.keep(bytes, type: "image/\(format)", as: name)
            } catch {
                throw ReplicateRefusal(status: 500)
            }
        }
    }

    private func output(of task: SimulatedTask) -> JSONValue {
        guard let schema = schema(of: task) else { return .null }
        if schema.isVideo { return .string(world.outputURL(of: task)) }
        let urls = names(of: task).map { JSONValue.string("\(world.outputsURL)/outputs/\($0.name)") }
        return schema.isList ? .array(urls) : urls.first ?? .null
    }
}
