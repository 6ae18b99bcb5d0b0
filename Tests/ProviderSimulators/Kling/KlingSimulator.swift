import Cryptography
import Foundation
import Generation

/// Kling's signed wire, as its legacy developer pages describe it.
///
/// Settings: `access_key` and `secret_key` (`ak-simulated`, `sk-simulated`), `errors_with_200`, `webhook_secret`.
package struct KlingSimulator: SimulatedProvider {
    package static let name = "kling"
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
        switch (request.method, request.segments.count) {
        case ("POST", 3): .submit
        case ("GET", 3): .list
        case ("GET", 4): .poll
        case _: .other
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        parts.answer(KlingRefusal(status: status), retryAfterSeconds: retryAfterSeconds)
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do {
            try authorize(request)
            let segments = request.segments
            guard segments.count >= 3, segments[0] == "v1", segments[1] == "videos",
                let family = KlingSignedBody.Family(rawValue: segments[2])
            else { throw KlingRefusal(404, 1_202, "the path is invalid") }
            return switch operation(of: request) {
            case .submit: try submit(request, family)
            case .list: try list(request, family)
            case .poll: try poll(segments[3], family)
            case .cancel, .download, .upload, .token, .other: throw KlingRefusal(404, 1_202, "the method is invalid")
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

    private func submit(
        _ request: SimulatedRequest,
        _ family: KlingSignedBody.Family
    ) throws(KlingRefusal) -> SimulatedAnswer {
        guard let json = request.json else { throw KlingRefusal(400, 1_200, "the body is not JSON") }
        let body = try KlingSignedBody(json, family)
        let own = try parts.own(body.members)
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
            fields: [
                "family": .string(family.rawValue), "model": .string(body.model),
                "resolution": .string(body.resolution),
            ]
        )
        return parts.success([
            "task_id": .string(task.id), "task_status": "submitted", "task_info": info(task),
            "created_at": .integer(task.createdAt), "updated_at": .integer(task.createdAt),
        ])
    }

    /// By Kling's id or by the client's, and only on the path that the task was started on.
    private func poll(_ id: String, _ family: KlingSignedBody.Family) throws(KlingRefusal) -> SimulatedAnswer {
        guard let task = world.task(id) ?? world.task(externalID: id),
            task.fields["family"]?.stringValue == family.rawValue
        else { throw .invalid("Task not found") }
        return parts.success(shown(task))
    }

    private func list(
        _ request: SimulatedRequest,
        _ family: KlingSignedBody.Family
    ) throws(KlingRefusal) -> SimulatedAnswer {
        let number = request.queryItem("pageNum").map { Int($0) ?? 0 } ?? 1
        let count = request.queryItem("pageSize").map { Int($0) ?? 0 } ?? 30
        guard (1...1_000).contains(number), (1...500).contains(count) else {
            throw .invalid("pageNum or pageSize is invalid")
        }
        let tasks = world.tasks.filter { $0.fields["family"]?.stringValue == family.rawValue }
        return parts.success(.array(tasks.dropFirst((number - 1) * count).prefix(count).map(shown)))
    }

    private func info(_ task: SimulatedTask) -> JSONValue {
        task.externalID.map { ["external_task_id": .string($0)] } ?? [:]
    }

    private func shown(_ task: SimulatedTask) -> JSONValue {
        let standing = parts.standing(of: task, done: "succeed")
        var fields: [String: JSONValue] = [
            "task_id": .string(task.id), "task_status": .string(standing.word),
            "task_status_msg": .string(standing.message), "task_info": info(task),
            "created_at": .integer(task.createdAt), "updated_at": .integer(min(world.now(), task.endsAt)),
        ]
        if standing.word == "succeed" {
            let units =
                task.seconds
                * KlingParts.unitsPerSecond(
                    task.fields["model"]?.stringValue ?? "",
                    task.fields["resolution"]?.stringValue ?? "",
                    hasAudio: task.hasAudio
                )
            fields["watermark_info"] = ["enabled": false]
            fields["final_unit_deduction"] = .string(KlingParts.decimal(thousandths: units))
            fields["final_balance_deduction"] = ["quota": "0", "list_price": "0"]
            var videos: [JSONValue] = []
            if standing.hasMedia {
                videos.append([
                    "id": .string("\(task.id)1"), "url": .string(world.outputURL(of: task)), "watermark_url": "",
                    "duration": .string("\(task.seconds).041"),
                ])
            }
            fields["task_result"] = ["videos": .array(videos)]
        }
        return .object(fields)
    }

    /// Checks the token: its form, its times, its signature.
    private func authorize(_ request: SimulatedRequest) throws(KlingRefusal) {
        guard request.header("Authorization") != nil else { throw KlingRefusal(401, 1_001, "Authorization is empty") }
        let invalid = KlingRefusal(401, 1_002, "Authorization is invalid")
        guard let token = request.bearerToken else { throw invalid }
        let pieces = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard pieces.count == 3, let header = Self.decoded(pieces[0]), let claims = Self.decoded(pieces[1]),
            header.json?["alg"] == "HS256", header.json?["typ"] == "JWT"
        else { throw invalid }
        guard claims.json?["iss"]?.stringValue == world.setting("access_key") ?? "ak-simulated" else {
            throw KlingRefusal(401, 1_002, "access key not found")
        }
        let key = Array((world.setting("secret_key") ?? "sk-simulated").utf8)
        guard let code = Self.decoded(pieces[2])?.bytes,
            HMAC<SHA256>.isValidAuthenticationCode(
                code,
                authenticating: Array("\(pieces[0]).\(pieces[1])".utf8),
                using: key
            )
        else { throw KlingRefusal(401, 1_002, "signature is invalid") }
        let now = world.now() / 1_000
        guard let from = claims.json?["nbf"]?.integerValue, from <= now else {
            throw KlingRefusal(401, 1_003, "authorization is not yet valid")
        }
        guard let until = claims.json?["exp"]?.integerValue, now < until else {
            throw KlingRefusal(401, 1_004, "authorization has expired")
        }
    }

    private struct Decoded {
        let bytes: [UInt8]
        var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) }
    }

    /// Base64 for URLs, without padding: with it, it is refused.
    private static func decoded(_ text: String) -> Decoded? {
        guard !text.isEmpty, text.utf8.allSatisfy({ !Array("+/=".utf8).contains($0) }) else { return nil }
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: padded).map { Decoded(bytes: Array($0)) }
    }
}

extension KlingParts {
    /// A callback with its signature: over id, time and body, as Standard Webhooks have it; without a secret none.
    func signed(_ answer: SimulatedAnswer) -> SimulatedAnswer {
        guard let secret = world.setting("webhook_secret"), let key = Data(base64Encoded: secret) else { return answer }
        let (id, time) = (world.newID(digits: 19), String(world.now() / 1_000))
        let code = HMAC<SHA256>.authenticationCode(for: Array("\(id).\(time).".utf8) + answer.body, using: Array(key))
        var signed = answer
        signed.headers += [
            (name: "webhook-id", value: id), (name: "webhook-timestamp", value: time),
            (name: "webhook-signature", value: "v1,\(Data(code).base64EncodedString())"),
        ]
        return signed
    }
}
