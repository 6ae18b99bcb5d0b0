import Foundation
import Generation

/// Seedream images: answered when they are made.
extension ArkWire {
    static let imagesPath = ["api", "v3", "images", "generations"]
    /// What a prompt says so that the last image of a set is held back by the filter.
    private static let partialMarker = "[[sim:one_filtered]]"

    /// Plays one image request.
    func images(_ request: SimulatedRequest) async throws(ArkRefusal) -> JSONValue {
        guard request.header("Content-Type")?.hasPrefix("application/json") == true else {
            throw .invalid("Content-Type", "it must be application/json")
        }
        let order = try SeedreamOrder(body: request.body)
        let outcome = world.outcome(of: order.prompt)
        guard outcome != .filteredInput else {
            world.consumeOutcome()
            throw ArkRefusal(
                status: 400,
                code: "InputTextSensitiveContentDetected",
                message: "The request failed because the input text may contain sensitive information."
            )
        }
        let task = world.newTask(
            id: world.newID("img-"),
            prompt: order.prompt,
            seconds: 0,
            width: order.size.width,
            height: order.size.height,
            hasAudio: false,
            fields: ["model": .string(order.modelID)]
        )
        await world.settle(task)
        var items: [JSONValue] = []
        switch outcome {
        case .succeeded, .unknownStatus, .vanished:
            let isPartial = order.count > 1 && order.prompt.contains(Self.partialMarker)
            for number in 0..<(isPartial ? order.count - 1 : order.count) {
                items.append(try await item(order, task, number))
            }
            if isPartial { items.append(Self.filtered) }
        case .withoutMedia: break
        case .filteredInput, .filteredOutput: items = Array(repeating: Self.filtered, count: order.count)
        case .failed:
            let message = "The service encountered an unexpected internal error. Request id: 0217"
            items = [["error": ["code": "InternalServiceError", "message": .string(message)]]]
        }
        let made = items.count { $0["error"] == nil }
        let tokens = JSONValue.integer(order.tokens(images: made))
        var usage: [String: JSONValue] = [
            "generated_images": .integer(Int64(made)), "output_tokens": tokens, "total_tokens": tokens,
        ]
        if order.references > 0 { usage["input_images"] = .integer(Int64(order.references)) }
        return [
            "model": .string(order.modelID), "created": .integer(world.now() / 1_000), "data": .array(items),
            "usage": .object(usage),
        ]
    }

    private static let filtered: JSONValue = [
        "error": [
            "code": "OutputImageSensitiveContentDetected",
            "message":
                "The request failed because the output image may contain sensitive information. Request id: 0217",
        ]
    ]

    private func item(
        _ order: SeedreamOrder,
        _ task: SimulatedTask,
        _ number: Int
    ) async throws(ArkRefusal) -> JSONValue {
        let bytes: [UInt8]
        do {
            bytes = try await world.media.picture(
                width: order.size.width,
                height: order.size.height,
                format: order.format
            )
        } catch {
            throw ArkRefusal(status: 500, code: "InternalServiceError", message: "\(error)")
        }
        var fields: [String: JSONValue] = ["size": .string(order.size.description)]
        if order.isInline {
            fields["b64_json"] = .string(Data(bytes).base64EncodedString())
        } else {
            let name = "\(task.id)-\(number).\(order.format)"
            world.keep(bytes, type: "image/\(order.format)", as: name)
            fields["url"] = .string("\(world.outputsURL)/outputs/\(name)?X-Tos-Expires=86400&X-Tos-Signature=simulated")
        }
        if order.model.choosesFormat { fields["output_format"] = .string(order.format) }
        return .object(fields)
    }
}
