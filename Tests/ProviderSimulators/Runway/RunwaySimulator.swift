import Foundation
import Generation

/// The wire of Runway: tasks of videos and images.
///
/// Settings of the wire: `api_key` (by default `key_runway-test`); `running`, how many tasks run at a time while others are
/// throttled (by default no limit).
package struct RunwaySimulator: SimulatedProvider {
    package static let name = "runway"

    private static let version = "2024-11-06"
    private static let creates = ["text_to_video", "image_to_video", "text_to_image"]

    private struct Refusal: Error {
        let status: Int
        var body: JSONValue

        init(_ status: Int, _ text: String) {
            self.status = status
            body = ["error": .string(text)]
        }

        init(_ complaint: FieldComplaint) {
            status = 400
            body = [
                "error": "Validation of body failed", "docUrl": "https://docs.dev.runwayml.com/api",
                "issues": [
                    [
                        "code": "invalid_union", "path": [.string(complaint.field)],
                        "message": .string(complaint.words),
                    ]
                ],
            ]
        }
    }

    let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "key_runway-test"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let segments = request.segments
        guard segments.first == "v1" else { return .other }
        return switch (request.method, segments.count) {
        case ("POST", 2) where Self.creates.contains(segments[1]): .submit
        case ("GET", 3) where segments[1] == "tasks": .poll
        case ("DELETE", 3) where segments[1] == "tasks": .cancel
        case (_, _): .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do throws(Refusal) {
            guard request.bearerToken == key else { throw Refusal(401, "The API key is not valid.") }
            guard request.header("X-Runway-Version") == Self.version else {
                throw Refusal(400, "The X-Runway-Version header is missing or not supported.")
            }
            switch operation(of: request) {
            case .submit: return .json(200, try create(request))
            case .poll:
                let task = try task(request)
                try await make(task)
                return .json(200, shown(task))
            case .cancel:
                let task = try task(request)
                if !world.cancel(task.id) { world.remove(task.id) }
                return SimulatedAnswer(status: 204)
            case .other where request.segments == ["v1", "organization"]:
                return .json(200, ["creditBalance": 100_000, "tier": ["models": [:]], "usage": ["models": [:]]])
            case .list, .download, .upload, .token, .other: throw Refusal(404, "Not found")
            }
        } catch {
            return .json(error.status, error.body)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        let text =
            switch status {
            case 401, 403: "The API key is not valid."
            case 404: "Not found"
            case 429: "You have exceeded your daily task limit."
            case 400..<500: "Validation of body failed"
            case _: "Internal server error"
            }
        return .json(status, ["error": .string(text)], headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    // MARK: - Create

    private func create(_ request: SimulatedRequest) throws(Refusal) -> JSONValue {
        let path = request.segments[1]
        let order: RunwayOrder
        do {
            order = try RunwayOrder(request.json, path: path)
        } catch {
            throw Refusal(error)
        }
        let task = world.newTask(
            id: world.newUUID(),
            prompt: order.prompt,
            seconds: Int(order.seconds),
            width: order.size.width,
            height: order.size.height,
            hasAudio: order.hasAudio,
            fields: ["credits": .number(order.credits), "path": .string(path)]
        )
        return ["id": .string(task.id), "estimatedCost": ["credits": .number(order.credits)]]
    }

    // MARK: - The task

    private func task(_ request: SimulatedRequest) throws(Refusal) -> SimulatedTask {
        guard let task = world.task(request.segments.last ?? "") else { throw Refusal(404, "Task not found") }
        return task
    }

    private func shown(_ task: SimulatedTask) -> JSONValue {
        let standing = world.standing(of: task)
        let credits = task.fields["credits"] ?? 0
        var fields: [String: JSONValue] = [
            "id": .string(task.id),
            "createdAt": .string(
                Date(timeIntervalSince1970: Double(task.createdAt) / 1_000).formatted(.iso8601)
            ),
        ]
        switch standing {
        case .queued, .running, .unknown: fields["estimatedCost"] = ["credits": credits]
        case .succeeded, .withoutMedia: fields["cost"] = ["credits": .integer(Int64(Self.number(credits).rounded()))]
        case .failed, .filteredInput, .filteredOutput, .cancelled, .vanished: fields["cost"] = ["credits": 0]
        }
        switch standing {
        case .queued: fields["status"] = isThrottled(task) ? "THROTTLED" : "PENDING"
        case .running(let progress):
            fields["status"] = isThrottled(task) ? "THROTTLED" : "RUNNING"
            if !isThrottled(task) { fields["progress"] = .number((progress * 100).rounded() / 100) }
        case .unknown: fields["status"] = "WARMING_UP"
        case .succeeded:
            fields["status"] = "SUCCEEDED"
            fields["output"] = [.string(output(of: task))]
        case .withoutMedia:
            fields["status"] = "SUCCEEDED"
            fields["output"] = []
        case .failed: fail(&fields, "INTERNAL.BAD_OUTPUT.CODE01", "An unexpected error occurred.")
        case .filteredInput: fail(&fields, "SAFETY.INPUT.TEXT", "The input was rejected by content moderation.")
        case .filteredOutput: fail(&fields, "SAFETY.OUTPUT.VIDEO", "The output was rejected by content moderation.")
        case .cancelled: fields["status"] = "CANCELLED"
        case .vanished: break
        }
        return .object(fields)
    }

    private func fail(_ fields: inout [String: JSONValue], _ code: String, _ text: String) {
        fields["status"] = "FAILED"
        fields["failureCode"] = .string(code)
        fields["failure"] = .string(text)
    }

    /// Whether so many of the account's older tasks are under way that this one waits.
    private func isThrottled(_ task: SimulatedTask) -> Bool {
        guard let most = world.setting("running").flatMap({ Int($0) }) else { return false }
        let now = world.now()
        let older = world.tasks.drop { $0.id != task.id }.dropFirst().filter { !$0.standing(at: now).isFinal }
        return older.count >= most
    }

    private static func number(_ value: JSONValue) -> Double {
        switch value {
        case .integer(let whole): Double(whole)
        case .number(let fraction): fraction
        case .null, .bool, .string, .array, .object: 0
        }
    }

    /// Where the output is, signed anew whenever it is asked for.
    private func output(of task: SimulatedTask) -> String {
        guard task.fields["path"] == "text_to_image" else { return "\(world.outputURL(of: task))&_jwt=\(world.now())" }
        return "\(world.outputsURL)/outputs/\(task.id).png?_jwt=\(world.now())"
    }

    /// Makes the picture, once it is asked for.
    private func make(_ task: SimulatedTask) async throws(Refusal) {
        let name = "\(task.id).png"
        guard task.fields["path"] == "text_to_image", world.standing(of: task, isReported: false) == .succeeded,
            world.file(name) == nil
        else { return }
        do {
            let bytes = try await world.media.picture(width: task.width, height: task.height, format: "png")
            world.keep(bytes, type: "image/png", as: name)
        } catch {
            throw Refusal(500, "Internal server error")
        }
    }
}
