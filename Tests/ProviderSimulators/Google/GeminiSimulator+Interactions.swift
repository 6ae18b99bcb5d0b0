import Foundation
import Generation

/// The Interactions API, as far as it makes videos.
extension GeminiSimulator {
    /// The longest video of each model, in seconds.
    private static let omniModels: [String: Double] = ["gemini-omni-1.1-flash": 10, "gemini-omni-1.2-flash": 15]

    /// The form of this API's own errors.
    static func interactionError(_ status: Int, _ message: String, code: String) -> SimulatedAnswer {
        .json(status, ["error": ["message": .string(message), "code": .string(code)]])
    }

    /// Measured by others (2026-10): 400, not 404.
    static func unknownInteraction(_ id: String) -> SimulatedAnswer {
        interactionError(400, "Invalid interaction name: interactions/\(id)", code: "invalid_request")
    }

    func createInteraction(_ request: SimulatedRequest) async -> SimulatedAnswer {
        let check: InteractionCheck
        do {
            check = try InteractionCheck(request.json, longest: Self.omniModels)
        } catch {
            return Self.interactionError(400, error.message, code: "invalid_request")
        }
        guard world.outcome(of: check.prompt) != .filteredInput else {
            world.consumeOutcome()
            return .json(
                400,
                [
                    "error": [
                        "message": "The prompt was blocked for safety reasons.", "code": "invalid_request",
                        "status": "PROHIBITED_CONTENT",
                    ]
                ]
            )
        }
        let task = world.newTask(
            id: world.newID("v1_", digits: 40),
            prompt: check.prompt,
            seconds: Int(check.seconds.rounded(.up)),
            width: check.width,
            height: check.height,
            hasAudio: true,
            fields: [
                "model": .string(check.model), "file": .string(world.newID("f", digits: 11)),
                "delivery": .string(check.delivery), "input": check.input,
            ]
        )
        // Without it the call lasts as long as the generation; nobody needs to wait here.
        if !check.isBackground { world.finish(task.id) }
        return await shown(world.allTasks.first { $0.id == task.id } ?? task, isCreation: true)
    }

    func cancelInteraction(_ id: String) async -> SimulatedAnswer {
        guard let task = world.task(id) else { return Self.unknownInteraction(id) }
        guard world.cancel(task.id) || task.isCancelled else {
            return Self.interactionError(400, "Interaction is already completed.", code: "invalid_request")
        }
        return await interaction(id)
    }

    func interaction(_ id: String) async -> SimulatedAnswer {
        guard let task = world.task(id), task.fields["delivery"] != nil else { return Self.unknownInteraction(id) }
        return await shown(task, isCreation: false)
    }

    private func shown(_ task: SimulatedTask, isCreation: Bool) async -> SimulatedAnswer {
        var answer: [String: JSONValue] = [
            "id": .string(task.id), "object": "interaction", "model": task.fields["model"] ?? .null,
            "service_tier": "standard",
            "created": .string(Self.time(task.createdAt)), "updated": .string(Self.time(world.now())),
        ]
        switch world.standing(of: task) {
        case .queued: answer["status"] = "queued"
        case .running: answer["status"] = "in_progress"
        case .vanished where isCreation: answer["status"] = "in_progress"
        case .unknown: answer["status"] = "pondering"
        case .cancelled: answer["status"] = "cancelled"
        case .failed, .filteredInput, .vanished:
            answer["status"] = "failed"
            answer["errors"] = [["code": "internal", "message": "An internal error has occurred. Please retry."]]
        case .withoutMedia:
            answer["status"] = "completed"
            answer["steps"] = []
        case .filteredOutput:
            // Measured by others (2026-10): completed, with words and no video.
            answer["status"] = "completed"
            let words: JSONValue = ["type": "text", "text": "I can't create that video. Try another prompt."]
            answer["steps"] = [["type": "model_output", "content": [words]]]
            answer["usage"] = Self.usage(videoTokens: 0)
        case .succeeded:
            var video: [String: JSONValue] = ["type": "video", "mime_type": "video/mp4"]
            if task.fields["delivery"] == "uri", isCreation || world.setting("inline") != "true" {
                video["uri"] = .string(fileURL(task))
            } else {
                do {
                    video["data"] = .string(Data(try await world.video(of: task)).base64EncodedString())
                } catch {
                    return GoogleWire.error(500, "\(error)")
                }
            }
            answer["status"] = "completed"
            answer["steps"] = [
                ["type": "thought", "signature": .string(String(repeating: "QUJD", count: 50_000))],
                ["type": "model_output", "content": [.object(video)]],
            ]
            answer["usage"] = Self.usage(videoTokens: 5_792 * Int64(task.seconds))
        }
        return .json(200, .object(answer))
    }

    private static func usage(videoTokens: Int64) -> JSONValue {
        var modalities: [JSONValue] = [["modality": "text", "tokens": 40]]
        if videoTokens > 0 { modalities.append(["modality": "video", "tokens": .integer(videoTokens)]) }
        return [
            "total_input_tokens": 12, "input_tokens_by_modality": [["modality": "text", "tokens": 12]],
            "total_output_tokens": .integer(videoTokens + 40), "output_tokens_by_modality": .array(modalities),
            "total_tokens": .integer(videoTokens + 52),
        ]
    }

    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds / 1_000)).ISO8601Format()
    }
}

/// A request that creates an interaction, held against the SDK's types and the documentation.
private struct InteractionCheck {
    var model = ""
    var prompt = ""
    var input: JSONValue = .null
    var isBackground = false
    var delivery = "inline"
    var seconds = 8.0
    var width = 1_280
    var height = 720

    private static let members: Set<String> = [
        "model", "input", "background", "store", "stream", "response_format", "generation_config", "labels",
        "service_tier", "previous_interaction_id", "webhook_config",
    ]
    private static let tasks: Set<String> = [
        "text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale",
    ]

    init(_ body: JSONValue?, longest: [String: Double]) throws(GoogleWire.Refusal) {
        let top = try Self.only(Self.members, in: body)
        model = top["model"]?.stringValue ?? ""
        guard let secondsMax = longest[model] else { throw GoogleWire.Refusal("Model '\(model)' not found.") }
        for name in ["background", "store", "stream"] where top[name] != nil {
            guard top[name]?.boolValue != nil else { throw GoogleWire.Refusal("Invalid value at '\(name)'.") }
        }
        isBackground = top["background"]?.boolValue ?? false
        guard !isBackground || top["store"] != false else {
            throw GoogleWire.Refusal("background=true requires store=true.")
        }
        let images = try readInput(top["input"])
        try readFormat(top["response_format"], secondsMax: secondsMax)
        try readTask(top["generation_config"], images: images)
    }

    private static func only(
        _ known: Set<String>,
        in value: JSONValue?
    ) throws(GoogleWire.Refusal) -> [String: JSONValue] {
        guard case .object(let members)? = value else { throw GoogleWire.Refusal("Invalid JSON payload received.") }
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw GoogleWire.Refusal("Unknown parameter '\(unknown)'.")
        }
        return members
    }

    /// Reads text, content, or one step of the user's.
    ///
    /// - Returns: How many pictures there are.
    private mutating func readInput(_ value: JSONValue?) throws(GoogleWire.Refusal) -> Int {
        var contents: [JSONValue] = []
        switch value {
        case .string(let text)?: contents = [["type": "text", "text": .string(text)]]
        case .array(let elements)?:
            for element in elements {
                if element["type"] == "user_input", case .array(let content)? = element["content"] {
                    contents += content
                } else {
                    contents.append(element)
                }
            }
        case .object?: contents = value.map { [$0] } ?? []
        case .null?, .bool?, .integer?, .number?, nil: throw GoogleWire.Refusal("An input is needed.")
        }
        var images = 0
        for content in contents {
            switch content["type"]?.stringValue {
            case "text":
                let text = try Self.only(["type", "text"], in: content)
                prompt += text["text"]?.stringValue ?? ""
            case "image":
                let image = try Self.only(["type", "data", "mime_type"], in: content)
                _ = try GoogleWire.picture(
                    base64: image["data"]?.stringValue ?? "",
                    mimeType: image["mime_type"]?.stringValue ?? "",
                    field: "input"
                )
                images += 1
            case _: throw GoogleWire.Refusal("Invalid content type in input.")
            }
        }
        guard !prompt.isEmpty else { throw GoogleWire.Refusal("A text is needed.") }
        guard images <= 10 else { throw GoogleWire.Refusal("Too many images.") }
        input = .array(contents)
        return images
    }

    private mutating func readFormat(_ value: JSONValue?, secondsMax: Double) throws(GoogleWire.Refusal) {
        var value = value
        if case .array(let formats)? = value { value = formats.first }
        guard let value else { return }
        let format = try Self.only(["type", "delivery", "aspect_ratio", "resolution", "duration"], in: value)
        guard format["type"] == "video" else { throw GoogleWire.Refusal("Invalid value at 'response_format.type'.") }
        delivery = format["delivery"]?.stringValue ?? "inline"
        guard delivery == "inline" || delivery == "uri" else {
            throw GoogleWire.Refusal("Invalid value at 'response_format.delivery'.")
        }
        switch format["resolution"] ?? "720p" {
        case "360p": (width, height) = (640, 360)
        case "720p": (width, height) = (1_280, 720)
        case "1080p": (width, height) = (1_920, 1_080)
        case "4k": (width, height) = (3_840, 2_160)
        case _: throw GoogleWire.Refusal("Invalid value at 'response_format.resolution'.")
        }
        switch format["aspect_ratio"] ?? "16:9" {
        case "16:9": break
        case "9:16": (width, height) = (height, width)
        case _: throw GoogleWire.Refusal("Invalid value at 'response_format.aspect_ratio'.")
        }
        guard let duration = format["duration"] else { return }
        // A number without its unit is refused (measured by others, 2026-09).
        guard let text = duration.stringValue, text.hasSuffix("s"), let given = Double(text.dropLast()),
            (3...secondsMax).contains(given)
        else { throw GoogleWire.Refusal("Invalid value at 'response_format.duration'.") }
        seconds = given
    }

    private func readTask(_ value: JSONValue?, images: Int) throws(GoogleWire.Refusal) {
        guard let value else { return }
        let config = try Self.only(["video_config"], in: value)
        let video = try Self.only(["task"], in: config["video_config"])
        guard let task = video["task"] else { return }
        guard let word = task.stringValue, Self.tasks.contains(word) else {
            throw GoogleWire.Refusal("Invalid value at 'generation_config.video_config.task'.")
        }
        guard word == "text_to_video" ? images == 0 : images > 0 else {
            throw GoogleWire.Refusal("The task '\(word)' does not fit the input.")
        }
    }
}
