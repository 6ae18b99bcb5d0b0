import Foundation
import Generation

/// Images: answered when they are made, or as tasks.
extension DashScopeSimulator {
    /// What a prompt says so that the last of several images is held back by the filter.
    private static let partialMarker = "[[sim:one_filtered]]"
    static let imageKind = "image"

    /// Where an image call came in; nil for another path.
    static func door(_ path: [String]) -> DashScopeImageModel.Door? {
        switch path {
        case ["services", "aigc", "multimodal-generation", "generation"]: .multimodal
        case ["services", "aigc", "image-generation", "generation"]: .imageGeneration
        case ["services", "aigc", "text2image", "image-synthesis"]: .textToImage
        case _: nil
        }
    }

    /// Plays one image call.
    func images(_ request: SimulatedRequest, at door: DashScopeImageModel.Door) async -> SimulatedAnswer {
        let isAsynchronous = request.header("X-DashScope-Async") == "enable"
        guard isAsynchronous == (door != .multimodal) else {
            let kind = isAsynchronous ? "asynchronous" : "synchronous"
            return error(403, "AccessDenied", "current user api does not support \(kind) calls.")
        }
        guard request.header("Content-Type")?.hasPrefix("application/json") == true, let json = request.json else {
            return error(400, "InvalidParameter", "Required body invalid, please check the request body format.")
        }
        let order: DashScopeImageOrder
        do {
            order = try DashScopeImageOrder(json, at: door)
        } catch {
            return self.error(error.status, error.code, error.message)
        }
        let outcome = world.outcome(of: order.prompt)
        guard outcome != .filteredInput else {
            world.consumeOutcome()
            return error(400, "DataInspectionFailed", "Input data may contain inappropriate content.")
        }
        let requestID = world.newUUID()
        let task = world.newTask(
            id: world.newUUID(),
            prompt: order.prompt,
            seconds: 0,
            width: order.width,
            height: order.height,
            hasAudio: false,
            fields: [
                "request_id": .string(requestID), "kind": .string(Self.imageKind), "model": .string(order.model.name),
                "count": .integer(Int64(order.count)), "door": .string(door == .textToImage ? "older" : "messages"),
            ]
        )
        guard door == .multimodal else {
            return .json(
                200,
                [
                    "request_id": .string(requestID),
                    "output": ["task_status": "PENDING", "task_id": .string(task.id)],
                ]
            )
        }
        await world.settle(task)
        return await answer(task, outcome, requestID)
    }

    /// The answer of a call that waits until all is made.
    private func answer(
        _ task: SimulatedTask,
        _ outcome: SimulatedOutcome,
        _ requestID: String
    ) async -> SimulatedAnswer {
        switch outcome {
        // Some refusals say 200, and what is wrong all the same.
        case .failed: return error(200, "InternalError.Algo", "Algorithm process error.")
        case .filteredInput, .filteredOutput:
            return error(400, "DataInspectionFailed", "Output data may contain inappropriate content.")
        case .succeeded, .unknownStatus, .vanished, .withoutMedia:
            do {
                let isWithout = outcome == .withoutMedia
                let (fields, usage) = try await made(task, isWithout: isWithout)
                return .json(
                    200,
                    [
                        "request_id": .string(requestID), "output": .object(fields.merging(["finished": true]) { $1 }),
                        "usage": usage,
                    ]
                )
            } catch {
                return self.error(500, "InternalError", "\(error)")
            }
        }
    }

    /// The output of a task that has succeeded, and what it is billed for.
    func made(
        _ task: SimulatedTask,
        isWithout: Bool
    ) async throws -> (fields: [String: JSONValue], usage: JSONValue) {
        let count = isWithout ? 0 : Int(task.fields["count"]?.integerValue ?? 1)
        let isPartial = count > 1 && task.prompt.contains(Self.partialMarker)
        let bytes = try await world.media.picture(width: task.width, height: task.height, format: "png")
        let urls = (0..<(isPartial ? count - 1 : count)).map { number -> JSONValue in
            let name = "\(task.id)-\(number).png"
            world.keep(bytes, type: "image/png", as: name)
            return .string("\(world.outputsURL)/outputs/\(name)?Expires=1999999999&Signature=simulated%2Fsignature")
        }
        let made = Int64(urls.count)
        let usage: JSONValue = ["image_count": .integer(made), "size": .string("\(task.width)*\(task.height)")]
        guard task.fields["door"] == "older" else {
            let isQwen = task.fields["model"]?.stringValue?.hasPrefix("qwen") ?? false
            let choices = urls.map { url -> JSONValue in
                // Qwen says no type.
                let part: JSONValue = isQwen ? ["image": url] : ["image": url, "type": "image"]
                return ["finish_reason": "stop", "message": ["role": "assistant", "content": [part]]]
            }
            return (["choices": .array(choices)], usage)
        }
        var results = urls.map { url -> JSONValue in ["url": url, "orig_prompt": .string(task.prompt)] }
        if isPartial {
            let message = "Output data may contain inappropriate content."
            results.append(["code": "DataInspectionFailed", "message": .string(message)])
        }
        let total = Int64(results.count)
        let metrics: JSONValue = [
            "TOTAL": .integer(total), "SUCCEEDED": .integer(made), "FAILED": .integer(total - made),
        ]
        return (["results": .array(results), "task_metrics": metrics], usage)
    }
}
