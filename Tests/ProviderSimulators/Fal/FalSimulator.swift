import Foundation
import Generation

/// The wire of fal.ai: the queue at the root, calls that wait and their streams under `/run`.
///
/// Settings of the wire: `api_key` (by default `fal-test:secret`).
package struct FalSimulator: SimulatedProvider {
    package static let name = "fal"
    /// What exceeds an account's requests waits in the queue, and nothing is refused for it.
    package static let limits = SimulatorLimits()

    let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "fal-test:secret"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let place = FalPlace(request)
        switch (request.method, place.end) {
        case ("POST", nil): return .submit
        case ("GET", .status?), ("GET", .result?), ("GET", .stream?): return .poll
        case ("PUT", .cancel?): return .cancel
        case _: return .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do throws(FalRefusal) {
            guard request.header("Authorization") == "Key \(key)" else { throw FalRefusal(status: 401) }
            let place = FalPlace(request)
            switch (request.method, place.end) {
            case ("POST", nil) where place.isWaiting: return try await run(request, place)
            case ("POST", nil): return .json(200, try queue(request, place).body)
            case ("GET", .status?):
                let task = try task(place)
                let (status, body) = standing(
                    of: task,
                    withLogs: ["1", "true"].contains(request.queryItem("logs") ?? "")
                )
                return .json(status, body)
            case ("GET", .stream?): return await events(try task(place))
            case ("GET", .result?): return try await result(of: try task(place))
            case ("PUT", .cancel?): return cancel(try task(place))
            case _: throw FalRefusal(status: 404)
            }
        } catch {
            return .json(error.status, error.body, headers: error.headers)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        let refusal = FalRefusal(status: status)
        // A gateway's own 5xx says nothing of any request.
        let body: JSONValue = status >= 500 ? ["message": "simulated"] : refusal.body
        return .json(status, body, headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    /// The end alone is told.
    package func callback(for task: SimulatedTask) -> SimulatedAnswer? {
        let standing = world.standing(of: task, isReported: false)
        guard standing.isFinal, standing != .vanished else { return nil }
        var fields: [String: JSONValue] = ["request_id": .string(task.id), "gateway_request_id": .string(task.id)]
        if let refusal = Self.refusal(of: task, standing) {
            fields["status"] = "ERROR"
            fields["error"] = .string("Invalid status code: \(refusal.status)")
            fields["payload"] = refusal.body
        } else {
            fields["status"] = "OK"
            fields["payload"] = payload(of: task, standing)
        }
        var answer = SimulatedAnswer.json(200, .object(fields))
        answer.headers += [
            (name: "X-Fal-Webhook-Request-Id", value: task.id), (name: "X-Fal-Webhook-User-Id", value: "user"),
            (name: "X-Fal-Webhook-Timestamp", value: String(world.now() / 1_000)),
            (name: "X-Fal-Webhook-Signature", value: String(repeating: "0", count: 128)),
        ]
        return answer
    }

    // MARK: - Starting

    private func queue(
        _ request: SimulatedRequest,
        _ place: FalPlace
    ) throws(FalRefusal) -> (task: SimulatedTask, body: JSONValue) {
        guard let schema = FalSchema.named(place.model) else { throw FalRefusal(status: 404) }
        let form = try FalForm(request.body, schema)
        let kind =
            switch schema.makes {
            case .images: "images"
            case .video: "video"
            case .audio: "audio"
            }
        let task = world.newTask(
            id: world.newUUID(),
            prompt: form.prompt,
            seconds: form.seconds,
            width: form.size.width,
            height: form.size.height,
            hasAudio: form.hasAudio,
            callbackURL: request.queryItem("fal_webhook"),
            fields: [
                "model": .string(place.model), "app": .string(place.app), "kind": .string(kind),
                "count": .integer(Int64(form.count)), "format": .string(form.format), "seed": .integer(form.seed ?? 42),
                "pictures": .integer(Int64(form.pictures.count)),
            ]
        )
        // Without the rest of the model's path.
        let url = "\(world.baseURL)/\(place.app)/requests/\(task.id)"
        return (
            task,
            [
                "status": "IN_QUEUE", "queue_position": 0, "request_id": .string(task.id),
                "gateway_request_id": .string(task.id), "response_url": .string(url),
                "status_url": .string("\(url)/status"), "cancel_url": .string("\(url)/cancel"),
            ]
        )
    }

    /// A call that waits for its result, or streams it.
    private func run(_ request: SimulatedRequest, _ place: FalPlace) async throws(FalRefusal) -> SimulatedAnswer {
        let task = try queue(request, place).task
        await world.settle(task)
        let whole = try await result(of: task)
        guard place.isStreaming else { return whole }
        let events = Self.event(["partial": true]) + "data: \(String(decoding: whole.body, as: UTF8.self))\n\n"
        return SimulatedAnswer(
            status: 200,
            headers: [(name: "Content-Type", value: "text/event-stream")],
            body: Array(events.utf8)
        )
    }

    // MARK: - Asking

    private func task(_ place: FalPlace) throws(FalRefusal) -> SimulatedTask {
        guard let id = place.request, let task = world.task(id), task.fields["app"]?.stringValue == place.app else {
            throw FalRefusal(status: 404)
        }
        return task
    }

    private func standing(of task: SimulatedTask, withLogs: Bool) -> (status: Int, body: JSONValue) {
        let standing = world.standing(of: task)
        var fields: [String: JSONValue] = [
            "request_id": .string(task.id),
            "response_url": .string("\(world.baseURL)/\(task.fields["app"]?.stringValue ?? "")/requests/\(task.id)"),
        ]
        var status = 202
        var logs: [JSONValue] = []
        switch standing {
        case .queued:
            fields["status"] = "IN_QUEUE"
            fields["queue_position"] = 2
        case .running(let progress):
            fields["status"] = "IN_PROGRESS"
            logs = [
                [
                    "message": .string("\(Int(progress * 28))/28"), "level": "INFO", "source": "USER",
                    "timestamp": "2026-11-20T10:00:00Z",
                ]
            ]
        case .unknown: fields["status"] = "WARMING_UP"
        case .succeeded, .withoutMedia, .failed, .filteredInput, .filteredOutput, .cancelled, .vanished:
            status = 200
            fields["status"] = "COMPLETED"
            fields["metrics"] = ["inference_time": .number(3.7)]
            if let refusal = Self.refusal(of: task, standing) {
                fields["error"] = .string("Invalid status code: \(refusal.status)")
                fields["error_type"] = refusal.body["error_type"]
            }
        }
        fields["logs"] = withLogs ? .array(logs) : JSONValue.null
        return (status, .object(fields))
    }

    /// How a request that ended badly is told at its result; nil for one that went well.
    private static func refusal(of task: SimulatedTask, _ standing: SimulatedStanding) -> FalRefusal? {
        switch standing {
        case .failed: FalRefusal(status: 500)
        case .filteredInput, .filteredOutput: .filtered(task.prompt)
        case .cancelled: FalRefusal(status: 499)
        case .queued, .running, .unknown, .succeeded, .withoutMedia, .vanished: nil
        }
    }

    private func result(of task: SimulatedTask) async throws(FalRefusal) -> SimulatedAnswer {
        let standing = world.standing(of: task)
        guard standing.isFinal else {
            return .json(400, ["detail": "Request is still in progress"])
        }
        if let refusal = Self.refusal(of: task, standing) { throw refusal }
        if standing == .succeeded { try await make(task) }
        return .json(
            200,
            payload(of: task, standing),
            headers: [(name: "x-fal-request-id", value: task.id), (name: "x-fal-billable-units", value: "1")]
        )
    }

    private func cancel(_ task: SimulatedTask) -> SimulatedAnswer {
        world.cancel(task.id)
            ? .json(202, ["status": "CANCELLATION_REQUESTED"]) : .json(400, ["status": "ALREADY_COMPLETED"])
    }

    private func events(_ task: SimulatedTask) async -> SimulatedAnswer {
        var text = Self.event(standing(of: task, withLogs: true).body)
        await world.settle(task)
        text += Self.event(standing(of: world.task(task.id) ?? task, withLogs: true).body)
        return SimulatedAnswer(
            status: 200,
            headers: [(name: "Content-Type", value: "text/event-stream")],
            body: Array(text.utf8)
        )
    }

    private static func event(_ value: JSONValue) -> String { "data: \(value.canonicalText)\n\n" }

    // MARK: - What is made

    private func names(of task: SimulatedTask) -> [(name: String, type: String)] {
        switch task.fields["kind"]?.stringValue {
        case "images":
            let format = task.fields["format"]?.stringValue ?? "jpeg"
            let count = Int(task.fields["count"]?.wholeNumber ?? 1)
            return (0..<count).map { ("\(task.id)-\($0).\(format)", "image/\(format)") }
        case "audio": return [("\(task.id).mp3", "audio/mpeg")]
        case _: return []
        }
    }

    private func make(_ task: SimulatedTask) async throws(FalRefusal) {
        for (name, type) in names(of: task) where world.file(name) == nil {
            do {
                let bytes =
                    type.hasPrefix("image/")
                    ? try await world.media.picture(
                        width: task.width,
                        height: task.height,
                        format: String(type.dropFirst("image/".count))
                    ) : try await world.media.sound(seconds: task.seconds, format: "mp3", sampleRate: 44_100)
                world.keep(bytes, type: type, as: name)
            } catch {
                throw FalRefusal(status: 500)
            }
        }
    }

    private func payload(of task: SimulatedTask, _ standing: SimulatedStanding) -> JSONValue {
        let isEmpty = standing != .succeeded
        let seed = task.fields["seed"] ?? .null
        func file(_ name: String, _ type: String) -> [String: JSONValue] {
            [
                "url": .string("\(world.outputsURL)/outputs/\(name)"), "content_type": .string(type),
                "file_name": .string(name), "file_size": 12_345,
            ]
        }
        switch task.fields["kind"]?.stringValue {
        case "images":
            let images = names(of: task).map { name, type -> JSONValue in
                .object(
                    file(name, type).merging(
                        ["width": .integer(Int64(task.width)), "height": .integer(Int64(task.height))]
                    ) { $1 }
                )
            }
            return [
                "images": .array(isEmpty ? [] : images), "seed": seed, "prompt": .string(task.prompt),
                "timings": ["inference": .number(1.9)], "has_nsfw_concepts": .array(images.map { _ in false }),
            ]
        case "audio":
            return isEmpty ? [:] : ["audio": .object(file("\(task.id).mp3", "audio/mpeg"))]
        case _:
            var video = file("\(task.id).mp4", "video/mp4")
            video["url"] = .string(world.outputURL(of: task))
            return isEmpty ? ["seed": seed] : ["video": .object(video), "seed": seed]
        }
    }
}

/// What a path of the host names: a model, or a request of an app.
struct FalPlace {
    enum End {
        case status
        case stream
        case result
        case cancel
    }

    /// Whether it is a call that waits.
    private(set) var isWaiting = false
    private(set) var isStreaming = false
    /// The model's whole path.
    private(set) var model = ""
    private(set) var request: String?
    private(set) var end: End?
    /// The first two parts of the model's path.
    var app: String { model.split(separator: "/").prefix(2).joined(separator: "/") }

    init(_ request: SimulatedRequest) {
        var parts = request.segments
        if parts.first == "run" {
            isWaiting = true
            parts.removeFirst()
            if parts.last == "stream" {
                isStreaming = true
                parts.removeLast()
            }
        }
        guard let index = parts.firstIndex(of: "requests"), index == 2, parts.count > 3 else {
            model = parts.joined(separator: "/")
            return
        }
        model = parts[..<index].joined(separator: "/")
        self.request = parts[3]
        switch parts[4...].joined(separator: "/") {
        case "": end = .result
        case "status": end = .status
        case "status/stream": end = .stream
        case "cancel": end = .cancel
        case _: break
        }
    }
}
