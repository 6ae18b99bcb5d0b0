import Generation
import ProviderKit

/// The signed wire: `/v1/videos/<family>`, the model in the body, lengths as text.
///
/// Sources: the legacy pages of kling.ai/document-api/api/video (text2video, image2video, omni-video) as read
/// 2026-10-04 and 2026-10-08, and the callback protocol of the same site. Kling plans no end of it (update of
/// 2026-07-15), and it is the only one that takes a negative prompt.
struct KlingSignedWire: KlingWire {
    let slug = "kling"
    let pictureBytesMax: Int64 = 10 * 1_048_576
    /// The largest page of a list.
    let operationsPerCall = 500

    func submitPath(_ order: KlingOrder) -> String { path(order.family) }

    func body(_ order: KlingOrder) -> JSONValue {
        var body: [String: JSONValue] = [
            "model_name": .string(order.model.providerModel), "external_task_id": .string(order.externalID),
            "duration": .string(String(order.video.duration ?? 5)), "mode": .string(mode(order.video.resolution)),
        ]
        body["callback_url"] = order.callbackURL.map(JSONValue.string)
        body["negative_prompt"] = order.video.negativePrompt.map(JSONValue.string)
        body["aspect_ratio"] = order.firstFrame == nil ? order.video.aspectRatio.map(JSONValue.string) : nil
        if case .video(let parameters) = order.model.parameters, parameters.audio.canSound {
            body["sound"] = order.video.generateAudio == true ? "on" : "off"
        }
        switch order.family {
        case .text: break
        case .image:
            body["image"] = order.firstFrame.map(JSONValue.string)
            body["image_tail"] = order.lastFrame.map(JSONValue.string)
        case .omni:
            // References first: so `<<<image_1>>>` in a prompt is the first of them, whatever frames there are.
            let images =
                order.references.map { JSONValue.object(["image_url": .string($0)]) }
                + [("first_frame", order.firstFrame), ("end_frame", order.lastFrame)].compactMap { type, picture in
                    picture.map { ["image_url": .string($0), "type": .string(type)] }
                }
            if !images.isEmpty { body["image_list"] = .array(images) }
        }
        body["prompt"] = .string(order.video.prompt)
        if order.options.multiShot { addShots(order.options, to: &body) }
        return .object(body)
    }

    func url(ofTask id: String, _ family: KlingModels.Family, _ http: ProviderHTTP) -> String {
        http.url("\(path(family))/\(id)")
    }

    /// In the place of Kling's id; it says which of both it is by itself.
    func url(ofOwn externalID: String, _ family: KlingModels.Family, _ http: ProviderHTTP) -> String {
        http.url("\(path(family))/\(externalID)")
    }

    func urls(ofTasks tasks: [(id: String, family: KlingModels.Family)], _ http: ProviderHTTP) -> [String] {
        KlingModels.Family.allCases.filter { family in tasks.contains { $0.family == family } }.map {
            http.url(path($0), query: [("pageNum", "1"), ("pageSize", String(operationsPerCall))])
        }
    }

    /// A list for each path, one after the other: `omni 2` is the second page of the third.
    func question(since milliseconds: Int64, page: String?, _ http: ProviderHTTP) -> KlingListQuestion? {
        let families = KlingModels.Family.allCases
        let place = (page ?? "\(families[0].rawValue) 1").split(separator: " ").map(String.init)
        guard place.count == 2, let index = families.firstIndex(where: { $0.rawValue == place[0] }),
            let number = Int(place[1])
        else { return nil }
        let size = operationsPerCall
        return KlingListQuestion(
            url: http.url(path(families[index]), query: [("pageNum", "\(number)"), ("pageSize", "\(size)")]),
            next: { data, isPast in
                // The thousandth page is the last that can be asked for.
                if case .array(let tasks) = data, tasks.count >= size, !isPast, number < 1_000 {
                    return "\(place[0]) \(number + 1)"
                }
                return index + 1 < families.count ? "\(families[index + 1].rawValue) 1" : nil
            },
            tasks: { data in if case .array(let tasks) = data { tasks } else { nil } }
        )
    }

    func task(_ value: JSONValue) -> KlingTask? {
        guard let id = value["task_id"]?.stringValue else { return nil }
        let videos: [JSONValue] =
            if case .array(let videos)? = value["task_result"]?["videos"] { videos } else { [] }
        return KlingTask(
            id: id,
            externalID: value["task_info"]?["external_task_id"]?.stringValue,
            standing: KlingTask.standing(value["task_status"]?.stringValue),
            message: value["task_status_msg"]?.stringValue ?? "",
            videos: videos.compactMap { $0["url"]?.stringValue }.filter { !$0.isEmpty },
            costNanoUSD: cost(value),
            createdAt: value["created_at"]?.wholeNumber
        )
    }

    /// Only units have a known price here: what is taken from a balance has no currency on this wire.
    private func cost(_ value: JSONValue) -> Int64? {
        guard let units = KlingMoney.nanoUSD(units: value["final_unit_deduction"]) else { return nil }
        return units > 0 ? units : nil
    }

    private func path(_ family: KlingModels.Family) -> String { "/v1/videos/\(family.signedPath)" }

    private func mode(_ resolution: String?) -> String {
        switch resolution {
        case "1080p": "pro"
        case "4k": "4k"
        case _: "std"
        }
    }

    private func addShots(_ options: KlingOptions, to body: inout [String: JSONValue]) {
        body["multi_shot"] = true
        body["shot_type"] = .string(options.shotType.rawValue)
        guard !options.shots.isEmpty else { return }
        // The shots say it all then: a prompt besides them would not be looked at.
        body["prompt"] = nil
        body["multi_prompt"] = .array(
            options.shots.enumerated().map { index, shot in
                [
                    "index": .integer(Int64(index + 1)), "prompt": .string(shot.prompt),
                    "duration": .string(String(shot.seconds)),
                ]
            }
        )
    }
}
