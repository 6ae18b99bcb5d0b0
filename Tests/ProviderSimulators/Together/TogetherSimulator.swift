import Foundation
import Generation

/// The wire of Together AI: video jobs, and images in one call.
///
/// Settings of the wire: `api_key` (by default `together-test`).
package struct TogetherSimulator: SimulatedProvider {
    package static let name = "together"

    private struct Refusal: Error {
        let status: Int
        let text: String
        var type = "invalid_request_error"
        var param: JSONValue = .null
        var code: JSONValue = .null

        var body: JSONValue {
            [
                "id": "oEjtZ3x-4YNCb4-9a1b2c3d4e5f6789",
                "error": ["message": .string(text), "type": .string(type), "param": param, "code": code],
            ]
        }

        static let filtered = Refusal(
            status: 422,
            text: "The request was flagged by the safety checker: NSFW content.",
            code: "nsfw_content"
        )

        init(status: Int, text: String, type: String = "invalid_request_error", code: JSONValue = .null) {
            (self.status, self.text, self.type, self.code) = (status, text, type, code)
        }

        init(_ complaint: FieldComplaint) {
            self.init(status: 400, text: "\(complaint.field) \(complaint.words)")
            param = .string(complaint.field)
        }
    }

    let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "together-test"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        switch (request.method, request.segments.prefix(2).joined(separator: "/"), request.segments.count) {
        case ("POST", "v2/videos", 2): .submit
        case ("POST", "v1/images", 3) where request.segments[2] == "generations": .submit
        case ("GET", "v2/videos", 3): .poll
        case _: .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do throws(Refusal) {
            guard request.bearerToken == key else {
                throw Refusal(status: 401, text: "Invalid API key provided.", code: "invalid_api_key")
            }
            switch operation(of: request) {
            case .submit:
                return .json(200, request.segments.first == "v2" ? try start(request) : try await images(request))
            case .poll:
                guard let task = world.task(request.segments.last ?? "") else {
                    throw Refusal(status: 404, text: "Video job not found")
                }
                return .json(200, shown(task))
            case .list, .cancel, .download, .upload, .token, .other:
                throw Refusal(status: 404, text: "Not found")
            }
        } catch {
            return .json(error.status, error.body)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        let refusal: Refusal =
            switch status {
            case 401, 403: Refusal(status: status, text: "Invalid API key provided.", code: "invalid_api_key")
            case 402: Refusal(status: status, text: "Credit limit exceeded", type: "credit_limit")
            case 404: Refusal(status: status, text: "Unable to access model", code: "model_not_available")
            case 429: Refusal(status: status, text: "You have reached the rate limit", type: "model_rate_limit")
            case 400..<500: Refusal(status: status, text: "width and height are not supported by this model")
            case _: Refusal(status: status, text: "Internal server error", type: "server_error")
            }
        return .json(status, refusal.body, headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    // MARK: - Videos

    private func order(
        _ read: () throws(FieldComplaint) -> TogetherOrder?
    ) throws(Refusal) -> TogetherOrder {
        let order: TogetherOrder?
        do {
            order = try read()
        } catch {
            throw Refusal(error)
        }
        guard let order else {
            throw Refusal(status: 404, text: "Unable to access model", code: "model_not_available")
        }
        guard world.outcome(of: order.prompt) != .filteredInput else {
            world.consumeOutcome()
            throw .filtered
        }
        return order
    }

    private func start(_ request: SimulatedRequest) throws(Refusal) -> JSONValue {
        let order = try order { () throws(FieldComplaint) in try TogetherOrder(video: request.json) }
        let task = world.newTask(
            id: world.newUUID(),
            prompt: order.prompt,
            seconds: Int(order.seconds),
            width: order.size.width,
            height: order.size.height,
            hasAudio: order.hasAudio,
            fields: ["model": .string(order.model), "cost": .number(order.cost)]
        )
        return shown(task)
    }

    private func shown(_ task: SimulatedTask) -> JSONValue {
        let standing = world.standing(of: task)
        var fields: [String: JSONValue] = [
            "id": .string(task.id), "object": "video", "model": task.fields["model"] ?? .null,
            "created_at": .integer(task.createdAt / 1_000), "seconds": .string(String(task.seconds)),
            "size": .string("\(task.width)x\(task.height)"),
        ]
        switch standing {
        case .queued: fields["status"] = "queued"
        case .running, .vanished: fields["status"] = "in_progress"
        case .unknown: fields["status"] = "warming_up"
        case .succeeded, .withoutMedia:
            fields["status"] = "completed"
            fields["completed_at"] = .integer(task.endsAt / 1_000)
            var outputs: [String: JSONValue] = ["cost": task.fields["cost"] ?? 0]
            if standing == .succeeded { outputs["video_url"] = .string(world.outputURL(of: task)) }
            fields["outputs"] = .object(outputs)
        case .failed: fail(&fields, "internal_error", "The model could not make the video.")
        case .filteredInput, .filteredOutput:
            fail(&fields, "content_moderation", "The video was held back by content moderation.")
        case .cancelled: fields["status"] = "cancelled"
        }
        return .object(fields)
    }

    private func fail(_ fields: inout [String: JSONValue], _ code: String, _ text: String) {
        fields["status"] = "failed"
        fields["error"] = ["code": .string(code), "message": .string(text)]
    }

    // MARK: - Images

    private func images(_ request: SimulatedRequest) async throws(Refusal) -> JSONValue {
        let order = try order { () throws(FieldComplaint) in try TogetherOrder(image: request.json) }
        let task = world.newTask(
            id: world.newUUID(),
            prompt: order.prompt,
            seconds: 0,
            width: order.size.width,
            height: order.size.height,
            hasAudio: false,
            fields: ["model": .string(order.model), "count": .integer(order.count)]
        )
        await world.settle(task)
        var items: [JSONValue] = []
        switch world.standing(of: task) {
        case .failed: throw Refusal(status: 500, text: "The model has failed", type: "server_error")
        case .filteredInput, .filteredOutput: throw .filtered
        case .withoutMedia: break
        case .queued, .running, .unknown, .succeeded, .cancelled, .vanished:
            let bytes: [UInt8]
            do {
                bytes = try await world.media.picture(width: task.width, height: task.height, format: order.format)
            } catch {
                throw Refusal(status: 500, text: "Internal server error", type: "server_error")
            }
            for index in 0..<order.count { items.append(item(bytes, order, index: index, task)) }
        }
        return [
            "id": .string(task.id), "model": .string(order.model), "object": "list", "data": .array(items),
        ]
    }

    private func item(_ bytes: [UInt8], _ order: TogetherOrder, index: Int64, _ task: SimulatedTask) -> JSONValue {
        guard !order.isBase64 else {
            return [
                "index": .integer(index), "type": "b64_json", "b64_json": .string(Data(bytes).base64EncodedString()),
            ]
        }
        let name = "\(task.id)-\(index).\(order.format)"
        world.keep(bytes, type: "image/\(order.format)", as: name)
        return [
            "index": .integer(index), "type": "url", "url": .string("\(world.outputsURL)/outputs/\(name)"),
            "timings": ["inference": .number(0.9)],
        ]
    }
}
