import Foundation
import Generation

/// Alibaba's Model Studio, whose API is called DashScope: the Wan models behind its asynchronous tasks, and Qwen images.
///
/// Settings: `api_key` (default `sk-test`). The base URL for clients ends with `/api/v1`.
///
/// Sources: the API references of Wan 2.6, 2.7 and 3.0 and of asynchronous task management (2026), dashscope 2.0.2; read
/// 2026-11-21. Texts of messages are composed unless they are quoted there.
package struct DashScopeSimulator: SimulatedProvider {
    package static let name = "dashscope"

    /// Five submits a second and five unfinished tasks for each model, 20 questions a second (rate limits, 2026-02-09).
    ///
    /// The slots are those of one model: who drives several at a time gives limits of its own.
    package static let limits = SimulatorLimits(
        slots: 5,
        rates: [
            SimulatorLimits.Rate(.submit, requests: 5, seconds: 1),
            SimulatorLimits.Rate(.poll, requests: 20, seconds: 1),
            SimulatorLimits.Rate(.list, requests: 20, seconds: 1),
            SimulatorLimits.Rate(.cancel, requests: 20, seconds: 1),
        ]
    )

    private static let keptMilliseconds: Int64 = 24 * 3_600_000
    private static let submitPath = ["services", "aigc", "video-generation", "video-synthesis"]
    /// Where first and last frames of Wan 2.2 and older went.
    private static let olderPath = ["services", "aigc", "image2video", "video-synthesis"]

    let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "sk-test"
    }

    // MARK: Routes

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let path = Array(request.segments.dropFirst(2))
        return switch (request.method, path.first, path.count) {
        case ("POST", "services", _): .submit
        case ("GET", "tasks", 1): .list
        case ("GET", "tasks", 2): .poll
        case ("POST", "tasks", 3) where path[2] == "cancel": .cancel
        case _: .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        guard Array(request.segments.prefix(2)) == ["api", "v1"] else {
            return refusal(status: 404, retryAfterSeconds: nil)
        }
        guard let token = request.bearerToken else {
            return error(401, "InvalidApiKey", "No API-key provided.")
        }
        guard token == key else { return error(401, "InvalidApiKey", "Invalid API-key provided.") }
        let path = Array(request.segments.dropFirst(2))
        switch operation(of: request) {
        case .submit:
            if let door = Self.door(path) { return await images(request, at: door) }
            return submit(request, path)
        case .poll: return await poll(path[1])
        case .list: return list(request)
        case .cancel: return cancel(path[1])
        case .download, .upload, .token, .other: return refusal(status: 404, retryAfterSeconds: nil)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        let (code, message) =
            switch status {
            case 400:
                ("InvalidParameter", "Required parameter(s) missing or invalid, please check the request parameters.")
            case 401: ("InvalidApiKey", "Invalid API-key provided.")
            case 402: ("Arrearage", "Access denied, please make sure your account is in good standing.")
            case 403: ("AccessDenied", "Access denied.")
            case 404: ("ModelNotFound", "Model can not be found.")
            case 429: ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
            case 503: ("ModelServiceFailed", "Failed to request model service.")
            case _:
                ("InternalError", "An internal error has occured, please try again later or contact service support.")
            }
        return error(status, code, message, headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    func error(
        _ status: Int,
        _ code: String,
        _ message: String,
        headers: [(name: String, value: String)] = []
    ) -> SimulatedAnswer {
        .json(
            status,
            ["code": .string(code), "message": .string(message), "request_id": .string(world.newUUID())],
            headers: headers
        )
    }

    // MARK: Submit

    private func submit(_ request: SimulatedRequest, _ path: [String]) -> SimulatedAnswer {
        guard path == Self.submitPath || path == Self.olderPath else {
            return error(400, "InvalidParameter", "url error, please check url!")
        }
        guard request.header("X-DashScope-Async") == "enable" else {
            return error(403, "AccessDenied", "current user api does not support synchronous calls.")
        }
        guard request.header("Content-Type")?.hasPrefix("application/json") == true, let json = request.json else {
            return error(400, "InvalidParameter", "Required body invalid, please check the request body format.")
        }
        let order: DashScopeOrder
        do {
            order = try DashScopeOrder(
                json,
                resolvesStorage: request.header("X-DashScope-OssResourceResolve") == "enable"
            )
        } catch {
            return self.error(error.status, error.code, error.message)
        }
        guard path == Self.submitPath else {
            return error(400, "InvalidParameter", "url error, please check url!")
        }
        guard world.outcome(of: order.prompt) != .filteredInput else {
            world.consumeOutcome()
            return error(400, "DataInspectionFailed", "Input data may contain inappropriate content.")
        }
        let requestID = world.newUUID()
        let task = world.newTask(
            id: world.newUUID(),
            prompt: order.prompt,
            seconds: order.seconds,
            width: order.width,
            height: order.height,
            hasAudio: order.hasAudio,
            fields: order.fields.merging(["request_id": .string(requestID)]) { $1 }
        )
        return .json(
            200,
            [
                "request_id": .string(requestID),
                "output": ["task_status": "PENDING", "task_id": .string(task.id)],
            ]
        )
    }

    // MARK: One task

    private func poll(_ id: String) async -> SimulatedAnswer {
        guard let task = known(id) else {
            return output(["task_id": .string(id), "task_status": "UNKNOWN"])
        }
        var fields: [String: JSONValue] = [
            "task_id": .string(task.id), "submit_time": .string(Self.time(task.createdAt)),
        ]
        let standing = world.standing(of: task)
        fields["task_status"] = .string(word(standing))
        if standing != .queued { fields["scheduled_time"] = .string(Self.time(task.startedAt)) }
        if standing.isFinal { fields["end_time"] = .string(Self.time(task.endsAt)) }
        switch standing {
        case .queued, .running, .unknown: return output(fields)
        case .cancelled:
            fields["scheduled_time"] = nil
            return output(fields)
        case .succeeded, .withoutMedia:
            if task.fields["kind"]?.stringValue == Self.imageKind {
                guard let (made, usage) = try? await made(task, isWithout: standing == .withoutMedia) else {
                    return error(500, "InternalError", "The images cannot be made.")
                }
                return output(fields.merging(made) { $1 }, usage: usage)
            }
            if standing == .succeeded { fields["video_url"] = .string(world.outputURL(of: task)) }
            fields["orig_prompt"] = .string(task.prompt)
            if task.fields["prompt_extend"] == true {
                fields["actual_prompt"] = .string("Cinematic, in soft light: \(task.prompt)")
            }
            return output(fields, usage: task.fields["usage"])
        case .failed:
            fields["code"] = "InternalError.Algo"
            fields["message"] = "Algorithm process error."
            return output(fields)
        case .filteredInput, .filteredOutput:
            fields["code"] = "DataInspectionFailed"
            let what = standing == .filteredInput ? "Input" : "Output"
            fields["message"] = .string("\(what) data may contain inappropriate content.")
            return output(fields)
        case .vanished: return output(["task_id": .string(id), "task_status": "UNKNOWN"])
        }
    }

    /// A task of the last 24 hours.
    private func known(_ id: String) -> SimulatedTask? {
        guard let task = world.task(id), world.now() - task.createdAt < Self.keptMilliseconds else { return nil }
        return task
    }

    private func output(_ fields: [String: JSONValue], usage: JSONValue? = nil) -> SimulatedAnswer {
        var body: [String: JSONValue] = ["request_id": .string(world.newUUID()), "output": .object(fields)]
        body["usage"] = usage
        return .json(200, .object(body))
    }

    private func word(_ standing: SimulatedStanding) -> String {
        switch standing {
        case .queued: "PENDING"
        case .running: "RUNNING"
        case .unknown: "PREHEATING"
        case .succeeded, .withoutMedia: "SUCCEEDED"
        case .failed, .filteredInput, .filteredOutput: "FAILED"
        case .cancelled: "CANCELED"
        case .vanished: "UNKNOWN"
        }
    }

    /// Only a task that waits can be stopped.
    private func cancel(_ id: String) -> SimulatedAnswer {
        guard let task = known(id), world.standing(of: task, isReported: false) == .queued, world.cancel(id) else {
            return error(
                400,
                "UnsupportedOperation",
                "Failed to cancel the task, please confirm if the task is in PENDING status."
            )
        }
        return .json(200, ["request_id": .string(world.newUUID())])
    }

    // MARK: The list

    private func list(_ request: SimulatedRequest) -> SimulatedAnswer {
        let names: Set<String> = [
            "task_id", "start_time", "end_time", "model_name", "status", "page_no", "page_size", "api_key_id", "region",
        ]
        if let stranger = request.query.first(where: { !names.contains($0.name) }) {
            return error(400, "InvalidParameter", "\(stranger.name) is not a parameter.")
        }
        let now = world.now()
        let day = Self.keptMilliseconds
        let given = (start: request.queryItem("start_time"), end: request.queryItem("end_time"))
        let read = (start: given.start.flatMap(Self.moment), end: given.end.flatMap(Self.moment))
        guard (given.start == nil) == (read.start == nil), (given.end == nil) == (read.end == nil) else {
            return error(400, "InvalidParameter", "start_time and end_time must read YYYYMMDDhhmmss.")
        }
        let end = read.end ?? read.start.map { $0 + day } ?? now
        let start = read.start ?? end - day
        guard end >= start, end - start <= day else {
            return error(400, "InvalidParameter", "The time range must not exceed 24 hours.")
        }
        guard let page = Self.whole(request.queryItem("page_no") ?? "1"),
            let size = Self.whole(request.queryItem("page_size") ?? "10")
        else { return error(400, "InvalidParameter", "page_no and page_size must be whole numbers above 0.") }
        let found = world.tasks.filter { task in
            (start...end).contains(task.createdAt) && now - task.createdAt < day
                && request.queryItem("task_id").map { $0 == task.id } ?? true
                && request.queryItem("model_name").map { .string($0) == task.fields["model"] } ?? true
                && request.queryItem("status").map { $0 == word(world.standing(of: task, isReported: false)) } ?? true
        }
        let lines = found.dropFirst((page - 1) * size).prefix(size).map(line)
        return .json(
            200,
            [
                "request_id": .string(world.newUUID()), "data": .array(lines), "total": .integer(Int64(found.count)),
                "total_page": .integer(Int64((found.count + size - 1) / size)), "page_no": .integer(Int64(page)),
                "page_size": .integer(Int64(size)),
            ]
        )
    }

    private func line(_ task: SimulatedTask) -> JSONValue {
        let standing = world.standing(of: task, isReported: false)
        var fields: [String: JSONValue] = [
            "api_key_id": "15000", "caller_parent_id": "1500000000000000", "caller_uid": "1500000000000000",
            "gmt_create": .integer(task.createdAt), "region": "ap-southeast-1", "task_id": .string(task.id),
            "status": .string(word(standing)),
        ]
        fields["model_name"] = task.fields["model"]
        fields["request_id"] = task.fields["request_id"]
        if let model = task.fields["model"]?.stringValue {
            let isImage = task.fields["kind"]?.stringValue == Self.imageKind
            let service = isImage ? "image-generation:generation" : "video-generation:video-synthesis"
            fields["user_api_unique_key"] = .string("apikey:v1:aigc:\(service):\(model)")
        }
        if standing != .queued, standing != .cancelled { fields["start_time"] = .integer(task.startedAt) }
        if standing.isFinal { fields["end_time"] = .integer(task.endsAt) }
        return .object(fields)
    }

    private static func whole(_ text: String) -> Int? {
        guard let number = Int(text), (1...1_000_000).contains(number) else { return nil }
        return number
    }

    // MARK: Times

    /// `2026-11-21 18:03:25.848`, eight hours ahead of UTC, without saying so.
    private static func time(_ milliseconds: Int64) -> String {
        let format = formatter("yyyy-MM-dd HH:mm:ss.SSS")
        return format.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1_000))
    }

    /// `20261121180325`, of the same clock.
    private static func moment(_ text: String) -> Int64? {
        guard text.count == 14, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return formatter("yyyyMMddHHmmss").date(from: text).map { Int64($0.timeIntervalSince1970 * 1_000) }
    }

    private static func formatter(_ form: String) -> DateFormatter {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 8 * 3_600)
        format.dateFormat = form
        return format
    }
}
