import Generation

/// A wire of nobody, as small as one can be: what the server around the wires is tested with, and a pattern for others.
package struct ExampleWire: SimulatedProvider {
    package static let name = "example"
    package static let limits = SimulatorLimits(
        slots: 100,
        rates: [SimulatorLimits.Rate(.list, requests: 3, seconds: 60)]
    )

    private static let fields: Set<String> = [
        "prompt", "seconds", "size", "sound", "seed", "first", "last", "references", "id", "callback",
    ]

    private let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "example-key"
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        switch (request.method, request.segments.count) {
        case ("POST", 1): .submit
        case ("GET", 1): .list
        case ("GET", 2): .poll
        case ("DELETE", 2): .cancel
        case _: .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        guard request.bearerToken == key else { return refusal(status: 401, retryAfterSeconds: nil) }
        guard request.segments.first == "tasks" else { return refusal(status: 404, retryAfterSeconds: nil) }
        switch operation(of: request) {
        case .submit: return submit(request)
        case .list: return .json(200, ["data": .array(world.tasks.map(shown))])
        case .poll:
            guard let task = world.task(request.segments[1]) else {
                return refusal(status: 404, retryAfterSeconds: nil)
            }
            return .json(200, shown(task))
        case .cancel:
            return world.cancel(request.segments[1])
                ? .json(200, [:]) : refusal(status: 409, retryAfterSeconds: nil)
        case .download, .upload, .token, .other: return refusal(status: 404, retryAfterSeconds: nil)
        }
    }

    package func callback(for task: SimulatedTask) -> SimulatedAnswer? { .json(200, shown(task)) }

    private func submit(_ request: SimulatedRequest) -> SimulatedAnswer {
        guard case .object(let fields)? = request.json, Set(fields.keys).isSubset(of: Self.fields),
            let prompt = fields["prompt"]?.stringValue, let seconds = fields["seconds"]?.integerValue,
            (1...4).contains(seconds), let size = PixelSize(fields["size"]?.stringValue ?? "320x180")
        else { return refusal(status: 400, retryAfterSeconds: nil) }
        if let id = fields["id"]?.stringValue, world.task(externalID: id) != nil {
            return .json(409, ["error": ["code": "duplicate", "message": "There is a task of this id."]])
        }
        guard world.outcome(of: prompt) != .filteredInput else {
            world.consumeOutcome()
            return .json(400, ["error": ["code": "filtered", "message": "The prompt is not allowed."]])
        }
        let task = world.newTask(
            id: world.newID("task-"),
            prompt: prompt,
            seconds: Int(seconds),
            width: size.width,
            height: size.height,
            hasAudio: fields["sound"]?.boolValue ?? false,
            externalID: fields["id"]?.stringValue,
            callbackURL: fields["callback"]?.stringValue
        )
        return .json(200, ["id": .string(task.id)])
    }

    private func shown(_ task: SimulatedTask) -> JSONValue {
        var fields: [String: JSONValue] = ["id": .string(task.id), "prompt": .string(task.prompt)]
        fields["external_id"] = task.externalID.map(JSONValue.string)
        let standing = world.standing(of: task)
        fields["status"] = .string(standing == .unknown ? "dreaming" : standing.word)
        if standing == .succeeded { fields["url"] = .string(world.outputURL(of: task)) }
        return .object(fields)
    }
}
