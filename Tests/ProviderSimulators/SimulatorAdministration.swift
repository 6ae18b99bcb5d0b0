import Foundation
import Generation

/// The routes under `/_simulator/`, for scripts: they stand in no journal.
///
/// - `POST /_simulator/faults` `{"fault": "status", "status": 429, "retry_after": 3, "on": "submit", "times": 2}`
/// - `DELETE /_simulator/faults`
/// - `GET /_simulator/journal`: every exchange; `GET /_simulator/counts`: how many, violations, lags
/// - `GET /_simulator/tasks`; `POST /_simulator/tasks` `{"id": …, "finish": "failed"}`, or without id for the next task:
///   `{"outcome": "failed", "seconds": 3}`
/// - `POST /_simulator/time` `{"advance": 60}`
extension ProviderSimulator {
    /// The answer of an admin route; nil for everything else.
    func administration(_ request: SimulatedRequest) -> SimulatedAnswer? {
        guard request.path.hasPrefix("/_simulator/") else { return nil }
        switch (request.method, request.path.dropFirst("/_simulator/".count)) {
        case ("POST", "faults"): return addFault(request.json ?? .null)
        case ("DELETE", "faults"):
            clearFaults()
            return .json(200, ["ok": true])
        case ("GET", "faults"): return .json(200, ["pending": .integer(Int64(pendingFaults))])
        case ("GET", "journal"): return .json(200, ["data": .array(journal.map(\.json))])
        case ("GET", "counts"): return .json(200, counts)
        case ("GET", "tasks"):
            let now = world.now()
            return .json(200, ["data": .array(world.allTasks.map { $0.json(at: now) })])
        case ("POST", "tasks"): return changeTasks(request.json ?? .null)
        case ("POST", "time"):
            world.advance(seconds: request.json?["advance"]?.wholeNumber.map { Double($0) } ?? 0)
            return .json(200, ["now": .integer(world.now())])
        case _: return .json(404, ["error": "There is no such route."])
        }
    }

    private func addFault(_ json: JSONValue) -> SimulatedAnswer {
        guard let fault = SimulatedFault(json: json),
            let operation = SimulatedOperation(rawValue: json["on"]?.stringValue ?? "")
        else { return .json(400, ["error": "fault or on is not known"]) }
        inject(fault, on: operation, times: json["times"]?.integerValue.map { Int($0) } ?? 1)
        return .json(200, ["pending": .integer(Int64(pendingFaults))])
    }

    private func changeTasks(_ json: JSONValue) -> SimulatedAnswer {
        if let id = json["id"]?.stringValue {
            world.finish(id, json["finish"]?.stringValue.flatMap { SimulatedOutcome(rawValue: $0) })
        } else {
            if let word = json["outcome"]?.stringValue {
                guard let outcome = SimulatedOutcome(rawValue: word) else {
                    return .json(400, ["error": "outcome is not known"])
                }
                world.force(outcome)
            }
            switch json["seconds"] {
            case .integer(let seconds)?: world.force(seconds: Double(seconds))
            case .number(let seconds)?: world.force(seconds: seconds)
            case .null?, .bool?, .string?, .array?, .object?, nil: break
            }
        }
        return .json(200, ["ok": true])
    }

    /// How often the end of a task was posted to somebody who answered, after somebody had answered the first time.
    private var endsToldAgain: Int {
        let answered = callbacks.filter { $0.status != nil }
        return Dictionary(grouping: answered) { "\($0.task) \($0.standing)" }.values.reduce(0) { $0 + $1.count - 1 }
    }

    private var counts: JSONValue {
        let requests = SimulatedOperation.allCases.map { ($0.rawValue, JSONValue.integer(Int64(count($0)))) }
        return [
            "requests": .object(Dictionary(uniqueKeysWithValues: requests)),
            "violations": .object(
                Dictionary(uniqueKeysWithValues: violations.map { ($0.limit, .integer(Int64($0.count))) })
            ),
            "slots_peak": .integer(Int64(slotsPeak)),
            "tasks": .integer(Int64(world.allTasks.count)),
            "callbacks": .integer(Int64(callbacks.count)),
            "ends_told_again": .integer(Int64(endsToldAgain)),
            "lags": .array(completionLags.map { .number($0) }),
        ]
    }
}

extension ProviderSimulator.Entry {
    /// The exchange as the admin route shows it: a body that is text as text, any other in base64.
    fileprivate var json: JSONValue {
        var fields: [String: JSONValue] = [
            "operation": .string(operation.rawValue), "method": .string(request.method), "path": .string(request.path),
            "at_outputs": .bool(isAtOutputs), "received_at": .integer(request.receivedAt),
            "body_bytes": .integer(Int64(request.bodyBytes)),
            "query": .object(Dictionary(request.query.map { ($0.name, .string($0.value)) }) { $1 }),
            "headers": .object(Dictionary(request.headers.map { ($0.name.lowercased(), .string($0.value)) }) { $1 }),
        ]
        if let text = String(validating: request.body, as: UTF8.self) {
            fields["body"] = .string(text)
        } else {
            fields["body_base64"] = .string(Data(request.body).base64EncodedString())
        }
        fields["fault"] = fault.map(JSONValue.string)
        fields["status"] = status.map { .integer(Int64($0)) }
        return .object(fields)
    }
}

extension SimulatedTask {
    /// The task as the admin route shows it.
    fileprivate func json(at time: Int64) -> JSONValue {
        var shown: [String: JSONValue] = [
            "id": .string(id), "prompt": .string(prompt), "created_at": .integer(createdAt),
            "started_at": .integer(startedAt), "ends_at": .integer(endsAt), "outcome": .string(outcome.rawValue),
            "standing": .string(standing(at: time).word), "seconds": .integer(Int64(seconds)),
            "width": .integer(Int64(width)), "height": .integer(Int64(height)), "audio": .bool(hasAudio),
            "fields": .object(fields),
        ]
        shown["external_id"] = externalID.map(JSONValue.string)
        shown["callback_url"] = callbackURL.map(JSONValue.string)
        shown["reported_at"] = reportedAt.map(JSONValue.integer)
        return .object(shown)
    }
}
