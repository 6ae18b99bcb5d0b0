import Cryptography
import Foundation
import Generation

/// The wire of Black Forest Labs: tasks that are started on the path of their model, and asked for where the answer says.
///
/// Settings of the wire: `api_key` (by default `bfl-test`); `regions`, which makes tasks known only at the address of
/// their region (`strict`), not at the bare one as well; `webhooks`, how a callback shows that it is genuine: `signed`
/// (the default) or `echoed`; `kontext_max`, how many tasks of that model may be under way.
///
/// An answer to a submit that asks for a callback names no address to poll, as the vendor's type of it has none.
package struct FluxSimulator: SimulatedProvider {
    package static let name = "bfl"
    /// So many tasks may be under way (docs.bfl.ai `quick_start/generating_images`, 2026-11-21).
    package static let limits = SimulatorLimits(slots: 24)

    /// The region that takes every task here.
    private static let region = "us3"
    private static let maxPath = "flux-kontext-max"

    private let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "bfl-test"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let segments = request.segments
        if request.method == "POST", segments.count >= 2, segments[0] == "v1" { return .submit }
        return request.method == "GET" && segments.last == "get_result" ? .poll : .other
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do throws(FluxRefusal) {
            guard request.header("x-key") == key else { throw FluxRefusal(status: 403) }
            switch operation(of: request) {
            case .submit: return .json(200, try submit(request))
            case .poll: return .json(200, try await poll(request))
            case .list, .cancel, .download, .upload, .token, .other:
                guard request.segments == ["v1", "credits"] else { throw FluxRefusal(status: 404) }
                return .json(200, ["credits": .number(1_234.5)])
            }
        } catch {
            return .json(error.status, error.body)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        .json(status, FluxRefusal(status: status).body, headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    /// The end alone is told; a failure has a form of its own there.
    package func callback(for task: SimulatedTask) -> SimulatedAnswer? {
        let standing = world.standing(of: task, isReported: false)
        guard standing.isFinal, standing != .vanished else { return nil }
        var fields: [String: JSONValue] = ["id": .string(task.id), "timestamp": "2026-11-21T10:30:00Z"]
        switch standing {
        case .succeeded:
            fields["status"] = "Ready"
            fields["result"] = result(of: task)
        case .failed:
            fields["status"] = "Error"
            fields["error"] = "internal_error"
            fields["message"] = "Something went wrong"
        case .queued, .running, .unknown, .withoutMedia, .filteredInput, .filteredOutput, .cancelled, .vanished:
            fields["status"] = .string(word(standing))
        }
        var answer = SimulatedAnswer.json(200, .object(fields))
        guard let secret = task.fields["webhook_secret"]?.stringValue else { return answer }
        if world.setting("webhooks") == "echoed" {
            answer.headers.append((name: "X-Webhook-Secret", value: secret))
        } else {
            let code = HMAC<SHA256>.authenticationCode(for: answer.body, using: Array(secret.utf8))
            answer.headers.append((name: "X-BFL-Signature", value: "sha256=\(Hex.encode(code))"))
        }
        return answer
    }

    // MARK: - Submit

    private func submit(_ request: SimulatedRequest) throws(FluxRefusal) -> JSONValue {
        let path = request.segments.dropFirst().joined(separator: "/")
        guard let schema = FluxSchema.named(path) else { throw FluxRefusal(status: 404) }
        let order = try FluxOrder(request.body, schema)
        try checkSlots(schema)
        let cost = schema.cost(output: order.size, inputs: order.pictures)
        var fields: [String: JSONValue] = [
            "model": .string(path), "format": .string(order.format), "cost": .number(cost),
            "seed": .integer(order.seed ?? 42), "pictures": .integer(Int64(order.pictures.count)),
        ]
        fields["webhook_secret"] = order.webhookSecret.map(JSONValue.string)
        let task = world.newTask(
            id: world.newUUID(),
            prompt: order.prompt,
            seconds: 0,
            width: order.size.width,
            height: order.size.height,
            hasAudio: false,
            callbackURL: order.webhookURL,
            fields: fields
        )
        if let url = order.webhookURL {
            return ["id": .string(task.id), "status": "Pending", "webhook_url": .string(url)]
        }
        let place = "\(world.baseURL)/\(Self.region)/v1/get_result?id=\(task.id)"
        return [
            "id": .string(task.id), "polling_url": .string(place), "cost": .number(cost),
            "input_mp": .number(order.pictures.reduce(0) { $0 + Self.megapixels($1) }),
            "output_mp": .number(Self.megapixels(order.size)),
        ]
    }

    private func checkSlots(_ schema: FluxSchema) throws(FluxRefusal) {
        guard schema.path == Self.maxPath, let most = world.setting("kontext_max").flatMap({ Int($0) }) else { return }
        let now = world.now()
        let running = world.tasks.count { $0.fields["model"] == .string(Self.maxPath) && !$0.standing(at: now).isFinal }
        guard running < most else { throw FluxRefusal(status: 429) }
    }

    /// Megapixels as the service tells them: to two places.
    private static func megapixels(_ size: PixelSize) -> Double {
        (Double(size.width * size.height) / 1_048_576 * 100).rounded() / 100
    }

    // MARK: - Result

    private func poll(_ request: SimulatedRequest) async throws(FluxRefusal) -> JSONValue {
        guard let id = request.queryItem("id") else {
            throw .invalid("id", "Field required", type: "missing")
        }
        let isAtRegion = request.segments.first == Self.region
        guard isAtRegion || world.setting("regions") != "strict", let task = world.task(id) else {
            return ["id": .string(id), "status": "Task not found", "result": nil, "progress": nil, "details": nil]
        }
        let standing = world.standing(of: task)
        var fields: [String: JSONValue] = [
            "id": .string(id), "status": .string(word(standing)), "result": nil, "progress": nil, "details": nil,
            "preview": nil,
        ]
        switch standing {
        case .running(let progress): fields["progress"] = .number((progress * 100).rounded() / 100)
        case .succeeded:
            try await make(task)
            fields["result"] = result(of: task)
        case .withoutMedia: fields["result"] = ["prompt": .string(task.prompt)]
        case .filteredInput: fields["details"] = ["Moderation Reasons": ["Safety Filter"]]
        case .filteredOutput: fields["details"] = ["Moderation Reasons": ["Derivative Works Filter"]]
        case .failed: fields["details"] = ["error": "internal_error"]
        case .queued, .unknown, .cancelled, .vanished: break
        }
        return .object(fields)
    }

    private func word(_ standing: SimulatedStanding) -> String {
        switch standing {
        case .queued, .running: "Pending"
        case .unknown: "Warming up"
        case .succeeded, .withoutMedia: "Ready"
        case .failed, .cancelled: "Error"
        case .filteredInput: "Request Moderated"
        case .filteredOutput: "Content Moderated"
        case .vanished: "Task not found"
        }
    }

    /// Makes the picture, once it is asked for.
    private func make(_ task: SimulatedTask) async throws(FluxRefusal) {
        let name = fileName(of: task)
        guard world.file(name) == nil else { return }
        let format = task.fields["format"]?.stringValue ?? "jpeg"
        do {
            let bytes = try await world.media.picture(width: task.width, height: task.height, format: format)
            world.keep(bytes, type: "image/\(format)", as: name)
        } catch {
            throw FluxRefusal(status: 500)
        }
    }

    private func fileName(of task: SimulatedTask) -> String {
        "\(task.id).\(task.fields["format"]?.stringValue ?? "jpeg")"
    }

    /// The result; its URL is signed anew whenever it is asked for, as far as the time goes.
    private func result(of task: SimulatedTask) -> JSONValue {
        let end = Double(task.endsAt) / 1_000
        let url =
            "\(world.outputsURL)/outputs/\(fileName(of: task))?se=\(world.now() / 1_000 + 600)&sig=simulated%2Fsignature"
        return [
            "sample": .string(url), "prompt": .string(task.prompt), "seed": task.fields["seed"] ?? .null,
            "start_time": .number(Double(task.startedAt) / 1_000), "end_time": .number(end),
            "duration": .number(end - Double(task.startedAt) / 1_000),
        ]
    }
}
