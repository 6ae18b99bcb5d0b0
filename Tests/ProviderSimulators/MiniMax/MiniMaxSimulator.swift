import Generation

/// The wires of MiniMax: both interfaces for videos, speech and music.
///
/// Settings of the wire: `api_key` (by default `minimax-test`).
package struct MiniMaxSimulator: SimulatedProvider {
    package static let name = "minimax"

    private static let sounds = ["t2a_v2", "music_generation"]

    let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "minimax-test"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        switch (request.method, request.segments.prefix(3).joined(separator: "/"), request.segments.count) {
        case ("POST", "v1/video_generation", 2), ("POST", "v2/video_generation", 2): .submit
        case ("POST", "v1/t2a_v2", 2), ("POST", "v1/music_generation", 2): .submit
        case ("GET", "v1/query/video_generation", 3): .poll
        case ("GET", "v2/query/video_generation", 4): .poll
        case ("GET", "v2/query/video_generation", 3): .list
        case ("DELETE", _, 3) where request.segments.starts(with: ["v2", "video_generation"]): .cancel
        case _: .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        let isFirst = request.segments.first == "v1"
        do throws(MiniMaxRefusal) {
            guard request.bearerToken == key else { throw .key }
            switch operation(of: request) {
            case .submit where Self.sounds.contains(request.segments.last ?? ""):
                return .json(200, try await sound(request))
            case .submit: return .json(200, try isFirst ? hailuo(request) : h3(request))
            case .poll:
                return .json(200, try isFirst ? hailuoTask(request) : ["task": shown(try task(request.segments.last))])
            case .list: return .json(200, try list(request))
            case .cancel: return .json(200, try delete(task(request.segments.last)))
            case .other where request.segments == ["v1", "files", "retrieve"]: return .json(200, try file(request))
            case .download, .upload, .token, .other: throw .status(404)
            }
        } catch {
            return isFirst ? .json(200, error.base) : .json(error.status, error.error)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        .json(status, MiniMaxRefusal.status(status).error, headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    // MARK: - Create

    private func order(
        _ read: () throws(FieldComplaint) -> MiniMaxOrder
    ) throws(MiniMaxRefusal) -> MiniMaxOrder {
        let order: MiniMaxOrder
        do {
            order = try read()
        } catch {
            throw .parameters("\(error.field) \(error.words)")
        }
        guard world.outcome(of: order.prompt) != .filteredInput else {
            world.consumeOutcome()
            throw .filtered
        }
        return order
    }

    private func start(_ order: MiniMaxOrder, hasAudio: Bool, fields: [String: JSONValue]) -> SimulatedTask {
        world.newTask(
            // Numbers of fifteen digits.
            id: "4"
                + String((UInt64(world.newID(digits: 12), radix: 16) ?? 0) % 100_000_000_000_000 + 100_000_000_000_000)
                .suffix(14),
            prompt: order.prompt,
            seconds: Int(order.seconds),
            width: order.size.width,
            height: order.size.height,
            hasAudio: hasAudio,
            fields: fields.merging(["model": .string(order.model)]) { $1 }
        )
    }

    private func hailuo(_ request: SimulatedRequest) throws(MiniMaxRefusal) -> JSONValue {
        let order = try order { () throws(FieldComplaint) in try MiniMaxOrder(hailuo: request.json) }
        let file = String((UInt64(world.newID(digits: 12), radix: 16) ?? 0) % 1_000_000_000_000 + 176_000_000_000_000)
        let task = start(order, hasAudio: false, fields: ["file_id": .string(file)])
        return ["task_id": .string(task.id), "base_resp": Self.fine]
    }

    private func h3(_ request: SimulatedRequest) throws(MiniMaxRefusal) -> JSONValue {
        let order = try order { () throws(FieldComplaint) in try MiniMaxOrder(h3: request.json) }
        let input: Int64 = order.videos > 0 ? 6 : 0
        let task = start(
            order,
            hasAudio: true,
            fields: [
                "resolution": .string(order.resolution), "ratio": .string(order.ratio),
                "duration": .integer(order.seconds),
                "usage": [
                    "total_seconds": .integer(order.seconds + input), "input_seconds": .integer(input),
                    "output_seconds": .integer(order.seconds), "input_image_count": .integer(Int64(order.images)),
                    "input_audio_seconds": 0,
                ],
            ]
        )
        return ["task_id": .string(task.id)]
    }

    static let fine: JSONValue = ["status_code": 0, "status_msg": "success"]

    // MARK: - Tasks of the first interface

    private func hailuoTask(_ request: SimulatedRequest) throws(MiniMaxRefusal) -> JSONValue {
        let task = try task(request.queryItem("task_id"))
        var fields: [String: JSONValue] = ["task_id": .string(task.id), "base_resp": Self.fine, "file_id": ""]
        switch world.standing(of: task) {
        case .queued: fields["status"] = "Queueing"
        case .running: fields["status"] = "Processing"
        case .unknown: fields["status"] = "Warming"
        case .succeeded, .withoutMedia:
            fields["status"] = "Success"
            fields["video_width"] = .integer(Int64(task.width))
            fields["video_height"] = .integer(Int64(task.height))
            if world.standing(of: task) == .succeeded { fields["file_id"] = task.fields["file_id"] }
        case .failed:
            fields["status"] = "Fail"
            fields["base_resp"] = ["status_code": 1_000, "status_msg": "unknown error"]
        case .filteredInput, .filteredOutput:
            fields["status"] = "Fail"
            fields["base_resp"] = ["status_code": 1_027, "status_msg": "output new_sensitive"]
        case .cancelled, .vanished: throw .unknown
        }
        return .object(fields)
    }

    private func file(_ request: SimulatedRequest) throws(MiniMaxRefusal) -> JSONValue {
        let id = request.queryItem("file_id") ?? ""
        guard let task = world.allTasks.first(where: { $0.fields["file_id"] == .string(id) }) else { throw .unknown }
        let url = JSONValue.string(world.outputURL(of: task))
        return [
            "base_resp": Self.fine,
            "file": [
                // A number here, a text in the task.
                "file_id": .integer(Int64(id) ?? 0), "bytes": 0, "created_at": .integer(task.createdAt / 1_000),
                "filename": "output_aigc.mp4", "purpose": "video_generation", "download_url": url,
                "backup_download_url": url,
            ],
        ]
    }

    // MARK: - Tasks of the second interface

    private func task(_ id: String?) throws(MiniMaxRefusal) -> SimulatedTask {
        guard let task = world.task(id ?? ""), world.now() - task.createdAt <= 7 * 86_400_000 else { throw .unknown }
        return task
    }

    private func word(_ standing: SimulatedStanding) -> String {
        switch standing {
        case .queued: "queued"
        case .running: "running"
        case .unknown: "warming_up"
        case .succeeded, .withoutMedia: "succeeded"
        case .failed, .filteredInput, .filteredOutput: "failed"
        case .cancelled: "cancelled"
        case .vanished: "vanished"
        }
    }

    private func shown(_ task: SimulatedTask) -> JSONValue {
        let standing = world.standing(of: task)
        var fields: [String: JSONValue] = [
            "id": .string(task.id), "model": task.fields["model"] ?? .null, "status": .string(word(standing)),
            "created_at": .integer(task.createdAt / 1_000), "updated_at": .integer(world.now() / 1_000),
        ]
        switch standing {
        case .succeeded, .withoutMedia:
            for name in ["resolution", "ratio", "duration", "usage"] { fields[name] = task.fields[name] }
            (fields["task_type"], fields["modality"]) = ("video_generation", "t2v")
            if standing == .succeeded {
                fields["content"] = ["url": .string(world.outputURL(of: task)), "prompt": .string(task.prompt)]
            }
        case .failed: fields["error"] = ["code": "1000", "message": "internal error"]
        case .filteredInput, .filteredOutput: fields["error"] = ["code": "1027", "message": "output content sensitive"]
        case .queued, .running, .unknown, .cancelled, .vanished: break
        }
        return .object(fields)
    }

    private func list(_ request: SimulatedRequest) throws(MiniMaxRefusal) -> JSONValue {
        func number(_ name: String, _ most: Int) throws(MiniMaxRefusal) -> Int? {
            guard let text = request.queryItem(name) else { return nil }
            guard let number = Int(text), (1...most).contains(number) else { throw .parameters("\(name) is invalid") }
            return number
        }
        let (page, size) = (try number("page_num", 1_000_000) ?? 1, try number("page_size", 100) ?? 20)
        // Those of the first interface have a file.
        let tasks = world.tasks.filter { $0.fields["file_id"] == nil }
        let items = tasks.dropFirst((page - 1) * size).prefix(size).map(shown)
        return ["items": .array(items), "total": .integer(Int64(tasks.count))]
    }

    private func delete(_ task: SimulatedTask) throws(MiniMaxRefusal) -> JSONValue {
        switch world.standing(of: task) {
        case .queued:
            world.cancel(task.id)
            return ["task_id": .string(task.id), "status": "cancelled"]
        case .running, .unknown, .cancelled, .vanished: throw .parameters("a running task cannot be deleted")
        case .succeeded, .withoutMedia, .failed, .filteredInput, .filteredOutput:
            world.remove(task.id)
            return ["task_id": .string(task.id), "status": "deleted"]
        }
    }
}
