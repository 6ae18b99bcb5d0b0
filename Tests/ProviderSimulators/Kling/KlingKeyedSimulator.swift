import Generation

/// Kling's API 2.0: the model in the path, an API key, one place for all tasks.
///
/// Settings: `api_key` (`key-simulated`), `errors_with_200`, `webhook_secret`.
package struct KlingKeyedSimulator: SimulatedProvider {
    package static let name = "kling2"
    /// What a standard video pack allows (concurrency rules, 2026-10-02).
    ///
    /// Questions are not limited.
    package static let limits = SimulatorLimits(slots: 20)

    private let world: SimulatorWorld
    private let parts: KlingParts

    package init(world: SimulatorWorld) {
        self.world = world
        parts = KlingParts(world: world)
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        guard request.segments != ["tasks"] else {
            let ids = request.queryItem("task_ids") ?? request.queryItem("external_task_ids") ?? ""
            return request.method == "GET" && !ids.contains(",") ? .poll : .list
        }
        return request.method == "POST" && request.segments.count == 2 ? .submit : .other
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        parts.answer(KlingRefusal(status: status), retryAfterSeconds: retryAfterSeconds)
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do {
            try authorize(request)
            switch (operation(of: request), request.method) {
            case (.submit, _): return try submit(request)
            case (.poll, "GET"), (.list, "GET"): return try tasks(request)
            case (.list, "POST"): return try history(request)
            case _: throw KlingRefusal(404, 1_202, "the path or method is invalid")
            }
        } catch let refusal as KlingRefusal {
            return parts.answer(refusal)
        } catch {
            return parts.answer(KlingRefusal(status: 500))
        }
    }

    /// The task, flat, and signed when there is a secret (Standard Webhooks).
    package func callback(for task: SimulatedTask) -> SimulatedAnswer? {
        parts.signed(.json(200, shown(task)))
    }

    private func authorize(_ request: SimulatedRequest) throws(KlingRefusal) {
        guard request.header("Authorization") != nil else { throw KlingRefusal(401, 1_001, "Authorization is empty") }
        guard let token = request.bearerToken, token == world.setting("api_key") ?? "key-simulated" else {
            let isSigned = request.bearerToken?.split(separator: ".").count == 3
            throw KlingRefusal(401, 1_002, isSigned ? "The current API does not support AK/SK" : "api key not found")
        }
    }

    private func submit(_ request: SimulatedRequest) throws(KlingRefusal) -> SimulatedAnswer {
        guard let json = request.json else { throw KlingRefusal(400, 1_200, "the body is not JSON") }
        let body = try KlingKeyedBody(json, kind: request.segments[0], model: request.segments[1])
        let own = try parts.own(body.options)
        try parts.filter(body.prompt)
        let size = KlingParts.size(body.resolution, body.ratio, body.frame)
        let task = world.newTask(
            id: parts.newTaskID(),
            prompt: body.prompt,
            seconds: body.seconds,
            width: size.width,
            height: size.height,
            hasAudio: body.hasAudio,
            externalID: own.externalID,
            callbackURL: own.callbackURL,
            fields: ["model": .string(body.model), "resolution": .string(body.resolution)]
        )
        var data: [String: JSONValue] = [
            "id": .string(task.id), "status": "submitted", "create_time": .integer(task.createdAt),
            "update_time": .integer(task.createdAt),
        ]
        data["external_id"] = task.externalID.map(JSONValue.string)
        return parts.success(.object(data))
    }

    /// Of ids that nobody knows nothing is said (HTTP 200 and code 0, probed by a third party on 2026-07-30).
    private func tasks(_ request: SimulatedRequest) throws(KlingRefusal) -> SimulatedAnswer {
        let (ids, externalIDs) = (request.queryItem("task_ids"), request.queryItem("external_task_ids"))
        guard (ids == nil) != (externalIDs == nil), let text = ids ?? externalIDs, !text.isEmpty else {
            throw .invalid("either task_ids or external_task_ids is required")
        }
        let found = text.split(separator: ",").compactMap {
            ids == nil ? world.task(externalID: String($0)) : world.task(String($0))
        }
        return parts.success(.array(found.map(shown)))
    }

    private func history(_ request: SimulatedRequest) throws(KlingRefusal) -> SimulatedAnswer {
        let known: Set<String> = ["start_time", "end_time", "cursor", "limit", "filters"]
        let members = try KlingParts.only(known, in: request.json ?? [:], "the body")
        let limit = members["limit"].map { $0.integerValue ?? 0 } ?? 100
        guard (1...500).contains(limit) else { throw .invalid("limit is invalid") }
        let end = Self.time(members["end_time"]) ?? world.now()
        let start = Self.time(members["start_time"]) ?? end - 30 * 86_400_000
        guard start < end else { throw .invalid("start_time must be earlier than end_time") }
        var tasks = world.tasks.filter { (start...end).contains($0.createdAt) }
        if let cursor = members["cursor"]?.stringValue, !cursor.isEmpty {
            guard let index = world.tasks.firstIndex(where: { $0.id == cursor }) else {
                throw .invalid("cursor is invalid")
            }
            tasks = Array(world.tasks.dropFirst(index + 1))
        }
        for filter in Self.filters(members["filters"]) where filter["key"] == "status" {
            guard case .array(let words)? = filter["values"] else { throw .invalid("filters is invalid") }
            tasks = tasks.filter { words.contains(.string(parts.standing(of: $0, done: "succeeded").word)) }
        }
        let page = tasks.prefix(Int(limit))
        return parts.success([
            "result": .array(page.map(shown)), "count": .integer(Int64(page.count)),
            "next_cursor": .string(page.last?.id ?? ""), "has_more": .bool(page.count < tasks.count),
        ])
    }

    /// The English page says text, the Chinese one a number: both are taken.
    private static func time(_ value: JSONValue?) -> Int64? {
        value?.integerValue ?? value?.stringValue.flatMap { Int64($0) }
    }

    private static func filters(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let filters)? = value { filters } else { [] }
    }

    private func shown(_ task: SimulatedTask) -> JSONValue {
        let standing = parts.standing(of: task, done: "succeeded")
        var fields: [String: JSONValue] = [
            "id": .string(task.id), "status": .string(standing.word), "message": .string(standing.message),
            "create_time": .integer(task.createdAt), "update_time": .integer(min(world.now(), task.endsAt)),
            "outputs": [],
        ]
        fields["external_id"] = task.externalID.map(JSONValue.string)
        guard standing.word == "succeeded" else { return .object(fields) }
        let units =
            task.seconds
            * KlingParts.unitsPerSecond(
                task.fields["model"]?.stringValue ?? "",
                task.fields["resolution"]?.stringValue ?? "",
                hasAudio: task.hasAudio
            )
        // One unit is 0.14 dollars; thousandths of units times 14 are hundred-thousandths of dollars.
        let dollars = KlingParts.decimal(thousandths: units * 14 / 100)
        fields["billing"] = [
            [
                "charge_type": "cash", "cash_type": "balance", "amount": .string(dollars), "currency": "USD",
                "list_price": .string(dollars),
            ]
        ]
        guard standing.hasMedia else { return .object(fields) }
        fields["outputs"] = [
            [
                "type": "video", "id": .string("\(task.id)1"), "url": .string(world.outputURL(of: task)),
                "watermark_url": "", "duration": .string("\(task.seconds).041"),
            ]
        ]
        return .object(fields)
    }
}
