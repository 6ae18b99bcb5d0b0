import Foundation
import Generation

/// The Ark wire of BytePlus and Volcengine: content generation tasks, and images.
///
/// Settings of the wire: `api_key` (by default `ark-test`); `running`, how many tasks run at a time while others wait, and
/// `queue`, how many may wait (by default no limit: durations alone decide); `hides`, names of fields that task objects
/// do not repeat, with commas between.
package struct ArkWire: SimulatedProvider {
    package static let name = "ark"
    /// Of an individual's account.
    package static let limits = SimulatorLimits(rates: [
        SimulatorLimits.Rate(.submit, requests: 180, seconds: 60),
        SimulatorLimits.Rate(.poll, requests: 20, seconds: 1),
        SimulatorLimits.Rate(.list, requests: 1, seconds: 1),
        SimulatorLimits.Rate(.cancel, requests: 20, seconds: 1),
    ])

    private static let root = ["api", "v3", "contents", "generations", "tasks"]
    private static let recordMilliseconds: Int64 = 7 * 86_400_000
    private static let cancelledMilliseconds: Int64 = 86_400_000
    private static let pageSizeMax: Int64 = 500
    /// A picture of one pixel, for those who ask for the last frame.
    private static let pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="

    let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "ark-test"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        if request.method == "POST", request.segments == Self.imagesPath { return .submit }
        guard request.segments.starts(with: Self.root) else { return .other }
        return switch (request.method, request.segments.count - Self.root.count) {
        case ("POST", 0): .submit
        case ("GET", 0): .list
        case ("GET", 1): .poll
        case ("DELETE", 1): .cancel
        case (_, _): .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do throws(ArkRefusal) {
            guard request.bearerToken == key else { throw .status(401) }
            switch operation(of: request) {
            case .submit where request.segments == Self.imagesPath: return .json(200, try await images(request))
            case .submit: return .json(200, try create(request))
            case .list: return .json(200, try list(request))
            case .poll: return .json(200, shown(try task(request)))
            case .cancel:
                try delete(try task(request))
                return .json(200, [:])
            case .download, .upload, .token, .other:
                throw ArkRefusal(status: 404, code: "PathNotFound", message: "The path of api not found.")
            }
        } catch {
            return .json(error.status, error.body)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        .json(status, ArkRefusal.status(status).body, headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    /// The same object as the answer to a question.
    package func callback(for task: SimulatedTask) -> SimulatedAnswer? { .json(200, shown(task, isReported: false)) }

    // MARK: - Create

    private func create(_ request: SimulatedRequest) throws(ArkRefusal) -> JSONValue {
        let asked = try ArkRequest(body: request.body)
        guard world.outcome(of: asked.prompt) != .filteredInput else {
            world.consumeOutcome()
            throw ArkRefusal(
                status: 400,
                code: "InputTextSensitiveContentDetected",
                message: "The request failed because the input text may contain sensitive information."
            )
        }
        if let draft = asked.draftTask, world.task(draft) == nil { throw .noTask(draft) }
        try checkQueue()
        let size = asked.size
        var fields = asked.echoed
        fields["model"] = .string(asked.modelID)
        fields["resolution"] = .string(asked.resolution)
        fields["ratio"] = .string(asked.resultingRatio)
        fields["tokens"] = .integer(asked.tokens)
        if let frames = asked.frames {
            fields["frames"] = .integer(frames)
        } else {
            fields["duration"] = .integer(asked.seconds)
        }
        if asked.returnsLastFrame { fields["last_frame"] = true }
        let task = world.newTask(
            id: newID(),
            prompt: asked.prompt,
            seconds: Int(asked.seconds),
            width: size.width,
            height: size.height,
            hasAudio: asked.echoed["generate_audio"] == true,
            callbackURL: asked.callbackURL,
            fields: fields
        )
        enqueue(task)
        if asked.returnsLastFrame, let pixel = Data(base64Encoded: Self.pixel) {
            world.keep(Array(pixel), type: "image/png", as: "\(task.id)-last.png")
        }
        var answer: [String: JSONValue] = ["id": .string(task.id)]
        if !hides("safety_identifier") { answer["safety_identifier"] = fields["safety_identifier"] }
        return .object(answer)
    }

    /// `cgt-20261121183217-` and letters.
    private func newID() -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 8 * 3_600)
        format.dateFormat = "yyyyMMddHHmmss"
        let time = Date(timeIntervalSince1970: Double(world.now()) / 1_000)
        return world.newID("cgt-\(format.string(from: time))-", digits: 10)
    }

    private func number(_ name: String) -> Int? { world.setting(name).flatMap { Int($0) } }

    private var unfinished: [SimulatedTask] {
        let now = world.now()
        return world.tasks.filter { !$0.standing(at: now).isFinal }
    }

    private func checkQueue() throws(ArkRefusal) {
        guard let running = number("running"), let queue = number("queue"), unfinished.count >= running + queue else {
            return
        }
        throw ArkRefusal(status: 429, code: "QuotaExceeded", message: "The request has exceeded the quota.")
    }

    /// Lets a task wait until one of those that run now has ended.
    private func enqueue(_ task: SimulatedTask) {
        guard let running = number("running") else { return }
        let ends = unfinished.filter { $0.id != task.id }.map(\.endsAt).sorted(by: >)
        guard ends.count >= running else { return }
        let start = max(task.startedAt, ends[running - 1])
        world.update(task.id) { waiting in
            waiting.finishesAt = start + (waiting.finishesAt - waiting.startedAt)
            waiting.startedAt = start
        }
    }

    // MARK: - Retrieve, list, delete

    private func isKept(_ task: SimulatedTask) -> Bool {
        let now = world.now()
        if let cancelledAt = task.cancelledAt, now - cancelledAt > Self.cancelledMilliseconds { return false }
        return now - task.createdAt <= Self.recordMilliseconds
    }

    private func task(_ request: SimulatedRequest) throws(ArkRefusal) -> SimulatedTask {
        let id = request.segments.last ?? ""
        guard let task = world.task(id), isKept(task) else { throw .noTask(id) }
        return task
    }

    private func list(_ request: SimulatedRequest) throws(ArkRefusal) -> JSONValue {
        let known = [
            "page_num", "page_size", "filter.status", "filter.model", "filter.service_tier", "filter.task_ids",
        ]
        if let other = request.query.first(where: { !known.contains($0.name) }) {
            throw .invalid(other.name, "it is no parameter of this call")
        }
        let page = try positive(request, "page_num", most: .max) ?? 1
        let size = try positive(request, "page_size", most: Self.pageSizeMax) ?? 10
        let ids = request.query.filter { $0.name == "filter.task_ids" }.map(\.value)
        let matching = world.tasks.filter { task in
            isKept(task) && (ids.isEmpty || ids.contains(task.id))
                && request.queryItem("filter.model").map { task.fields["model"] == .string($0) } ?? true
                && request.queryItem("filter.service_tier").map { task.fields["service_tier"] == .string($0) } ?? true
                && request.queryItem("filter.status").map { word(of: task) == $0 } ?? true
        }
        let items = matching.dropFirst(Int(clamping: (page - 1) * size)).prefix(Int(size)).map { shown($0) }
        return ["total": .integer(Int64(matching.count)), "items": .array(items)]
    }

    private func positive(
        _ request: SimulatedRequest,
        _ name: String,
        most: Int64
    ) throws(ArkRefusal) -> Int64? {
        guard let text = request.queryItem(name) else { return nil }
        guard let number = Int64(text), (1...min(most, 1_000_000)).contains(number) else {
            throw .invalid(name, "must be in [1, \(most)]")
        }
        return number
    }

    private func delete(_ task: SimulatedTask) throws(ArkRefusal) {
        switch word(of: task) {
        case "queued": world.cancel(task.id)
        case "succeeded", "failed", "expired": world.remove(task.id)
        case "cancelled":
            throw ArkRefusal(
                status: 409,
                code: "InvalidAction.CancelledTaskDeletion",
                message: "Cannot delete task because it is cancelled."
            )
        case _: throw .status(409)
        }
    }

    // MARK: - The task object

    private func word(of task: SimulatedTask, isReported: Bool = false) -> String {
        let expiry = task.createdAt + (task.fields["execution_expires_after"]?.integerValue ?? 172_800) * 1_000
        let standing = world.standing(of: task, isReported: isReported)
        if !task.isCancelled, expiry < task.finishesAt, world.now() >= expiry { return "expired" }
        return switch standing {
        case .queued: "queued"
        case .running: "running"
        case .unknown: "warming_up"
        case .succeeded, .withoutMedia: "succeeded"
        case .failed, .filteredInput, .filteredOutput: "failed"
        case .cancelled: "cancelled"
        case .vanished: "vanished"
        }
    }

    private func hides(_ field: String) -> Bool {
        world.setting("hides")?.split(separator: ",").contains { $0 == field } ?? false
    }

    private func shown(_ task: SimulatedTask, isReported: Bool = true) -> JSONValue {
        let word = word(of: task, isReported: isReported)
        let standing = world.standing(of: task, isReported: false)
        var fields: [String: JSONValue] = ["id": .string(task.id), "status": .string(word)]
        fields["created_at"] = .integer(task.createdAt / 1_000)
        fields["updated_at"] = .integer(min(world.now(), max(task.startedAt, task.endsAt)) / 1_000)
        for name in ["model", "service_tier", "execution_expires_after", "safety_identifier"] {
            fields[name] = task.fields[name]
        }
        switch word {
        case "succeeded":
            for name in ["resolution", "ratio", "duration", "frames", "generate_audio", "draft"] {
                fields[name] = task.fields[name]
            }
            fields["seed"] = task.fields["seed"] ?? .integer(task.createdAt % 100_000)
            fields["framespersecond"] = 24
            fields["usage"] = [
                "completion_tokens": task.fields["tokens"] ?? 0, "total_tokens": task.fields["tokens"] ?? 0,
            ]
            if standing == .succeeded { fields["content"] = content(of: task) }
        case "failed": fields["error"] = Self.error(standing)
        case "expired":
            fields["error"] = ["code": "TaskExpired", "message": "Task exceeded execution_expires_after."]
        case _: break
        }
        for name in fields.keys where hides(name) { fields[name] = nil }
        return .object(fields)
    }

    private func content(of task: SimulatedTask) -> JSONValue {
        var content: [String: JSONValue] = ["video_url": .string(world.outputURL(of: task))]
        if task.fields["last_frame"] == true {
            content["last_frame_url"] = .string("\(world.outputsURL)/outputs/\(task.id)-last.png?Signature=simulated")
        }
        return .object(content)
    }

    private static func error(_ standing: SimulatedStanding) -> JSONValue {
        standing == .filteredOutput
            ? [
                "code": "OutputVideoSensitiveContentDetected",
                "message":
                    "The request failed because the output video may contain sensitive information. Request id: 0217",
            ]
            : [
                "code": "InternalServiceError",
                "message": "The service encountered an unexpected internal error. Request id: 0217",
            ]
    }
}
