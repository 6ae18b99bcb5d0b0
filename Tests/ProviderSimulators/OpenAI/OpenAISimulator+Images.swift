import Foundation
import Generation

/// Images, answered when they are made: `openai` 3.54.0 on PyPI, `resources/images.py`, `types/image*.py`, 2026-11-21.
extension OpenAISimulator {
    func images(_ request: SimulatedRequest, isEdit: Bool) async throws -> SimulatedAnswer {
        let order = try OpenAIImageOrder(OpenAIFields(request, mayBeForm: isEdit), isEdit: isEdit)
        let task = try await made(
            order.prompt,
            "img_",
            seconds: 0,
            order.size,
            fields: ["model": .string(order.model)]
        )
        let outcome = try outcome(of: task)
        let count = outcome == .withoutMedia ? 0 : order.count
        let bytes = try await world.media.picture(
            width: order.size.width,
            height: order.size.height,
            format: order.format
        )
        let picture = JSONValue.string(Data(bytes).base64EncodedString())
        guard let previews = order.previews else {
            var fields = common(order, key: "created")
            fields["data"] = .array(Array(repeating: ["b64_json": picture], count: count))
            fields["usage"] = usage(order, images: count, previews: 0)
            return .json(200, .object(fields))
        }
        let name = isEdit ? "image_edit" : "image_generation"
        var events: [(name: String, fields: [String: JSONValue])] = (0..<previews).map { index in
            var fields = common(order, key: "created_at")
            fields["partial_image_index"] = .integer(Int64(index))
            fields["b64_json"] = picture
            return ("\(name).partial_image", fields)
        }
        for index in 0..<count {
            var fields = common(order, key: "created_at")
            fields["b64_json"] = picture
            fields["usage"] = usage(order, images: 1, previews: index == 0 ? previews : 0)
            events.append(("\(name).completed", fields))
        }
        return Self.stream(events)
    }

    private func common(_ order: OpenAIImageOrder, key: String) -> [String: JSONValue] {
        [
            key: .integer(world.now() / 1_000), "background": .string(order.background),
            "output_format": .string(order.format), "quality": .string(order.quality),
            "size": .string(order.size.description),
        ]
    }

    private func usage(_ order: OpenAIImageOrder, images: Int, previews: Int) -> JSONValue {
        let text = Int64(order.prompt.utf8.count / 4 + 8)
        let pictures = Int64(order.pictures) * 1_540
        let output = order.tokens * Int64(images) + Int64(previews) * 100
        return [
            "input_tokens": .integer(text + pictures),
            "input_tokens_details": ["text_tokens": .integer(text), "image_tokens": .integer(pictures)],
            "output_tokens": .integer(output),
            "output_tokens_details": ["text_tokens": 0, "image_tokens": .integer(output)],
            "total_tokens": .integer(text + pictures + output),
        ]
    }

    // MARK: - What is answered at once

    /// A task that is over when this returns.
    ///
    /// - Throws: `OpenAIRefusal` for a prompt that the filter does not let in.
    func made(
        _ prompt: String,
        _ prefix: String,
        seconds: Int,
        _ size: PixelSize = PixelSize(width: 0, height: 0),
        fields: [String: JSONValue]
    ) async throws -> SimulatedTask {
        guard world.outcome(of: prompt) != .filteredInput else {
            world.consumeOutcome()
            throw OpenAIRefusal.moderation(stage: "input")
        }
        let task = world.newTask(
            id: world.newID(prefix),
            prompt: prompt,
            seconds: seconds,
            width: size.width,
            height: size.height,
            hasAudio: false,
            fields: fields
        )
        await world.settle(task)
        return task
    }

    /// How a task came out, as far as it is answered with anything.
    ///
    /// - Throws: `OpenAIRefusal` for what failed.
    func outcome(of task: SimulatedTask) throws -> SimulatedOutcome {
        switch task.outcome {
        case .succeeded, .unknownStatus, .vanished, .withoutMedia: return task.outcome
        case .filteredInput, .filteredOutput: throw OpenAIRefusal.moderation(stage: "output")
        case .failed:
            throw OpenAIRefusal(500, "The server had an error while processing your request.", type: "server_error")
        }
    }

    /// A stream of events that are named by their type.
    static func stream(_ events: [(name: String, fields: [String: JSONValue])]) -> SimulatedAnswer {
        let text = events.map { event in
            let data = JSONValue.object(event.fields.merging(["type": .string(event.name)]) { $1 })
            return "event: \(event.name)\ndata: \(data.canonicalText)\n\n"
        }
        var answer = SimulatedAnswer.media("text/event-stream; charset=utf-8", Array(text.joined().utf8))
        answer.isChunked = true
        return answer
    }
}
