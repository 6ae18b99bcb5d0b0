import Generation
import ProviderKit

/// API 2.0: the model in the path, lengths as numbers, one place for all tasks.
///
/// Sources: kling.ai/document-api/api/video/3-0-omni/{text-to-video,image-to-video,video-omni}, 3-0-turbo, o1/video-omni,
/// as read 2026-09-16 to 2026-10-08. A picture's `url` takes an address or base64 ("simply fill in the relevant
/// information directly"), so pictures travel inside the body here too, and need no address that Kling can reach.
struct KlingKeyedWire: KlingWire {
    let slug = "kling-2"
    let pictureBytesMax: Int64 = 50 * 1_048_576
    /// How many ids one query may have is not documented; a hundred keep its URL below 2,500 bytes.
    let operationsPerCall = 100

    private let tasksPath = "/tasks"

    func submitPath(_ order: KlingOrder) -> String {
        "/\(order.family.keyedPath)/\(order.model.providerModel)"
    }

    func body(_ order: KlingOrder) -> JSONValue {
        var settings: [String: JSONValue] = [
            "duration": .integer(Int64(order.video.duration ?? 5))
        ]
        settings["resolution"] = order.video.resolution.map(JSONValue.string)
        settings["aspect_ratio"] = order.firstFrame == nil ? order.video.aspectRatio.map(JSONValue.string) : nil
        if case .video(let parameters) = order.model.parameters {
            switch parameters.audio {
            // 3.0 Turbo always sounds, and has neither setting.
            case .always: break
            case .silent: settings["audio"] = "off"
            case .choice: settings["audio"] = order.video.generateAudio == true ? "native" : "off"
            }
        }
        // Left out it would be true.
        if order.model.options.contains("multi_shot") { settings["multi_shot"] = .bool(order.options.multiShot) }
        var options: [String: JSONValue] = ["external_task_id": .string(order.externalID)]
        options["callback_url"] = order.callbackURL.map(JSONValue.string)
        var body: [String: JSONValue] = ["settings": .object(settings), "options": .object(options)]
        switch order.family {
        case .text: body["prompt"] = .string(order.video.prompt)
        case .image, .omni: body["contents"] = .array(contents(order))
        }
        return .object(body)
    }

    func url(ofTask id: String, _ family: KlingModels.Family, _ http: ProviderHTTP) -> String {
        http.url(tasksPath, query: [("task_ids", id)])
    }

    func url(ofOwn externalID: String, _ family: KlingModels.Family, _ http: ProviderHTTP) -> String {
        http.url(tasksPath, query: [("external_task_ids", externalID)])
    }

    func urls(ofTasks tasks: [(id: String, family: KlingModels.Family)], _ http: ProviderHTTP) -> [String] {
        [http.url(tasksPath, query: [("task_ids", tasks.map(\.id).joined(separator: ","))])]
    }

    /// `POST /tasks`, which tells of the last thirty days unless it is asked for others.
    func question(since milliseconds: Int64, page: String?, _ http: ProviderHTTP) -> KlingListQuestion? {
        // The English page has times as text, the Chinese one as numbers.
        var body: [String: JSONValue] = [
            "start_time": .string(String(milliseconds)), "limit": .integer(Int64(operationsPerCall)),
        ]
        body["cursor"] = page.map(JSONValue.string)
        return KlingListQuestion(
            url: http.url(tasksPath),
            body: .object(body),
            next: { data, _ in
                guard data["has_more"]?.boolValue == true, let next = data["next_cursor"]?.stringValue, !next.isEmpty,
                    next != page
                else { return nil }
                return next
            },
            tasks: { data in if case .array(let tasks)? = data["result"] { tasks } else { nil } }
        )
    }

    func task(_ value: JSONValue) -> KlingTask? {
        guard let id = value["id"]?.stringValue else { return nil }
        let outputs: [JSONValue] = if case .array(let outputs)? = value["outputs"] { outputs } else { [] }
        return KlingTask(
            id: id,
            externalID: value["external_id"]?.stringValue,
            standing: KlingTask.standing(value["status"]?.stringValue),
            message: value["message"]?.stringValue ?? "",
            videos: outputs.filter { $0["type"]?.stringValue == "video" }
                .compactMap { $0["url"]?.stringValue }.filter { !$0.isEmpty },
            costNanoUSD: cost(value),
            createdAt: value["create_time"]?.wholeNumber
        )
    }

    /// Pictures have names only where a prompt can speak of them: `@image_1` is the first reference.
    private func contents(_ order: KlingOrder) -> [JSONValue] {
        var contents: [JSONValue] = [["type": "prompt", "text": .string(order.video.prompt)]]
        for (type, picture) in [("first_frame", order.firstFrame), ("last_frame", order.lastFrame)] {
            guard let picture else { continue }
            var content: [String: JSONValue] = ["type": .string(type), "url": .string(picture)]
            if order.family == .omni { content["id"] = .string(type) }
            contents.append(.object(content))
        }
        for (index, picture) in order.references.enumerated() {
            contents.append(["type": "refer_image", "url": .string(picture), "id": .string("image_\(index + 1)")])
        }
        return contents
    }

    /// The sum of what the task took from the balance and from packs; nil when any of it is in another currency.
    private func cost(_ value: JSONValue) -> Int64? {
        guard case .array(let entries)? = value["billing"], !entries.isEmpty else { return nil }
        var sum: Int64 = 0
        for entry in entries {
            let amount: Int64? =
                switch (entry["charge_type"]?.stringValue, entry["currency"]?.stringValue) {
                case ("cash", "USD"): KlingMoney.nano(entry["amount"])
                case ("unit", _): KlingMoney.nanoUSD(units: entry["amount"])
                case _: nil
                }
            guard let amount else { return nil }
            sum += amount
        }
        return sum
    }
}
