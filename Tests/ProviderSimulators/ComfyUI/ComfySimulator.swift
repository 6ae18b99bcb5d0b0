import Foundation
import Generation
import MediaInspection

/// A ComfyUI server with a few classes of nodes: what it loads, what it makes, what it saves.
///
/// Settings: `version`, `older` for one that ignores the `prompt_id` of a client. What is made has the size and the length
/// that the nodes say. There is no filter; a node that asks a vendor breaks off with the vendor's words, and so does
/// filtered input here. Sources: Comfy-Org/ComfyUI (`server.py`, `execution.py`) and Comfy-Org/docs of 2026-08-21, read on
/// 2026-11-21.
package struct ComfySimulator: SimulatedProvider {
    package static let name = "comfyui"

    private let world: SimulatorWorld

    package init(world: SimulatorWorld) { self.world = world }

    private static func path(_ request: SimulatedRequest) -> [String] {
        let path = request.segments
        return path.first == "api" ? Array(path.dropFirst()) : path
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let path = Self.path(request)
        switch (request.method, path.first ?? "", path.count) {
        case ("POST", "prompt", 1): return .submit
        case ("GET", "history", 2): return .poll
        case ("GET", "history", 1), ("GET", "queue", 1): return .list
        case ("POST", "interrupt", 1), ("POST", "queue", 1): return .cancel
        case ("GET", "view", 1): return .download
        case ("POST", "upload", 2): return .upload
        case _: return .other
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        .json(
            status,
            Self.error("simulated_\(status)", "Simulated \(status)."),
            headers: SimulatedAnswer.retryAfter(retryAfterSeconds)
        )
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        let path = Self.path(request)
        switch (request.method, path.first ?? "", path.count) {
        case ("POST", "prompt", 1): return submit(request)
        case ("GET", "history", 2): return .json(200, .object(history([world.task(path[1])].compactMap(\.self))))
        case ("GET", "history", 1):
            let most = request.queryItem("max_items").flatMap { Int($0) } ?? 10_000
            return .json(200, .object(history(Array(world.tasks.prefix(most)))))
        case ("GET", "queue", 1): return .json(200, queue())
        case ("POST", "queue", 1): return delete(request)
        case ("POST", "interrupt", 1): return interrupt(request)
        case ("POST", "upload", 2) where path[1] == "image": return upload(request)
        case ("GET", "view", 1): return await view(request)
        case _: return SimulatedAnswer(status: 404, body: Array("404: Not Found".utf8))
        }
    }

    private static func error(_ type: String, _ message: String, nodes: [String: JSONValue] = [:]) -> JSONValue {
        [
            "error": [
                "type": .string(type), "message": .string(message), "details": "", "extra_info": [:],
            ],
            "node_errors": .object(nodes),
        ]
    }

    // MARK: - Submitting

    private func submit(_ request: SimulatedRequest) -> SimulatedAnswer {
        guard let body = request.json, case .object(let graph)? = body["prompt"], !graph.isEmpty else {
            return .json(400, Self.error("no_prompt", "No prompt provided"))
        }
        var id = world.newUUID()
        if world.setting("version") != "older", let own = body["prompt_id"] {
            guard let text = own.stringValue, UUID(uuidString: text)?.uuidString.lowercased() == text else {
                return .json(400, Self.error("invalid_prompt_id", "prompt_id must be a canonical UUID"))
            }
            guard !world.allTasks.contains(where: { $0.id == text }) else {
                return .json(409, Self.error("prompt_id_exists", "prompt_id already exists"))
            }
            id = text
        }
        let check = ComfyGraphCheck(graph) { world.file("input/\($0)") != nil }
        if let problem = check.problem {
            return .json(
                400,
                Self.error(problem.type, problem.message, nodes: problem.nodes)
            )
        }
        let order = check.order
        _ = world.newTask(
            id: id,
            prompt: order.text,
            seconds: order.seconds,
            width: order.width,
            height: order.height,
            hasAudio: false,
            fields: [
                "graph": .object(graph), "output": .string(order.outputNode), "media": .string(order.ending),
                "count": .integer(Int64(order.count)), "client_id": body["client_id"] ?? .null,
                "prefix": .string(order.prefix),
            ]
        )
        let number = JSONValue.integer(Int64(world.allTasks.count))
        return .json(200, ["prompt_id": .string(id), "number": number, "node_errors": [:]])
    }

    private func upload(_ request: SimulatedRequest) -> SimulatedAnswer {
        guard let parts = MultipartParts(request.header("Content-Type") ?? "", request.body),
            let image = parts.first("image"), let name = image.fileName,
            (try? MediaInspector.imageDimensions(image.bytes, pixelLimit: 100_000_000)) != nil
        else { return SimulatedAnswer(status: 400) }
        let folder = parts.first("subfolder").map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        world.keep(image.bytes, type: image.mediaType ?? "", as: "input/\(folder.isEmpty ? "" : folder + "/")\(name)")
        return .json(200, ["name": .string(name), "subfolder": .string(folder), "type": "input"])
    }

    // MARK: - Showing

    private func history(_ tasks: [SimulatedTask]) -> [String: JSONValue] {
        var entries: [String: JSONValue] = [:]
        for task in tasks {
            let standing = world.standing(of: task)
            guard standing.isFinal else { continue }
            entries[task.id] = [
                "prompt": entry(task), "meta": [:], "outputs": .object(outputs(task, standing)),
                "status": status(task, standing),
            ]
        }
        return entries
    }

    /// As the queue and the history show what was asked for.
    private func entry(_ task: SimulatedTask) -> JSONValue {
        [
            1, .string(task.id), task.fields["graph"] ?? [:], ["client_id": task.fields["client_id"] ?? .null],
            [task.fields["output"] ?? ""],
        ]
    }

    private func outputs(_ task: SimulatedTask, _ standing: SimulatedStanding) -> [String: JSONValue] {
        guard standing == .succeeded, let node = task.fields["output"]?.stringValue,
            let ending = task.fields["media"]?.stringValue
        else { return [:] }
        let count = task.fields["count"]?.wholeNumber ?? 1
        let prefix = task.fields["prefix"]?.stringValue ?? "ComfyUI"
        let files = (1...max(1, count)).map { index -> JSONValue in
            [
                "filename": .string("\(prefix)_\(task.id)_0000\(index)_.\(ending)"), "subfolder": "", "type": "output",
            ]
        }
        let key = ending == "mp4" ? "gifs" : ending == "png" ? "images" : "audio"
        let preview: JSONValue = ["filename": "preview.png", "subfolder": "", "type": "temp"]
        return [node: .object([key: .array(files)]), "0": ["images": [preview]]]
    }

    private func status(_ task: SimulatedTask, _ standing: SimulatedStanding) -> JSONValue {
        func message(_ name: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
            let own: [String: JSONValue] = ["prompt_id": .string(task.id), "timestamp": .integer(world.now())]
            return [.string(name), .object(own.merging(more) { $1 })]
        }
        let error: (type: String, words: String)?
        switch standing {
        case .cancelled:
            let messages = [message("execution_start"), message("execution_interrupted", ["node_id": "3"])]
            return ["status_str": "error", "completed": false, "messages": .array(messages)]
        case .failed: error = ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied")
        case .filteredInput, .filteredOutput: error = ("Exception", "Refused by moderation.")
        case .queued, .running, .unknown, .succeeded, .withoutMedia, .vanished: error = nil
        }
        guard let error else {
            let messages = [message("execution_start"), message("execution_success")]
            return ["status_str": "success", "completed": true, "messages": .array(messages)]
        }
        let facts: [String: JSONValue] = [
            "node_id": "3", "node_type": "KSampler", "exception_type": .string(error.type),
            "exception_message": .string(error.words), "traceback": [],
        ]
        return [
            "status_str": "error", "completed": false,
            "messages": [message("execution_start"), message("execution_error", facts)],
        ]
    }

    private func queue() -> JSONValue {
        var (running, pending): ([JSONValue], [JSONValue]) = ([], [])
        for task in world.tasks {
            switch world.standing(of: task) {
            case .queued: pending.append(entry(task))
            case .running, .unknown: running.append(entry(task))
            case .succeeded, .withoutMedia, .failed, .filteredInput, .filteredOutput, .cancelled, .vanished: break
            }
        }
        return ["queue_running": .array(running), "queue_pending": .array(pending)]
    }

    // MARK: - Stopping

    private func delete(_ request: SimulatedRequest) -> SimulatedAnswer {
        guard case .array(let ids)? = request.json?["delete"] else { return SimulatedAnswer(status: 200) }
        for id in ids.compactMap(\.stringValue) {
            guard let task = world.task(id), world.standing(of: task) == .queued else { continue }
            world.remove(id)
        }
        return SimulatedAnswer(status: 200)
    }

    private func interrupt(_ request: SimulatedRequest) -> SimulatedAnswer {
        let wanted = request.json?["prompt_id"]?.stringValue
        // Without an id, whatever runs.
        let isAny = wanted == nil || world.setting("version") == "older"
        for task in world.tasks where isAny || task.id == wanted {
            if world.standing(of: task, isReported: false) != .queued { world.cancel(task.id) }
        }
        return SimulatedAnswer(status: 200)
    }

    // MARK: - Giving out

    private func view(_ request: SimulatedRequest) async -> SimulatedAnswer {
        let gone = SimulatedAnswer(status: 404)
        let parts = (request.queryItem("filename") ?? "").split(separator: "_")
        guard request.queryItem("type") == "output", let task = parts.lazy.compactMap({ world.task(String($0)) }).first,
            let ending = task.fields["media"]?.stringValue
        else { return gone }
        do {
            switch ending {
            case "png":
                let bytes = try await world.media.picture(width: task.width, height: task.height, format: "png")
                return .media("image/png", bytes)
            case "mp4": return .media("video/mp4", try await world.video(of: task))
            case _: return .media("audio/mpeg", try await world.media.sound(seconds: task.seconds, format: "mp3"))
            }
        } catch {
            return gone
        }
    }
}
