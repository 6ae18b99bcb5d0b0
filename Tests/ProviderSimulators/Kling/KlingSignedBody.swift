import Generation

/// The body of a submit on the signed wire, held against every rule that is documented.
struct KlingSignedBody {
    /// The paths that a video is started on.
    enum Family: String {
        case text = "text2video"
        case image = "image2video"
        case omni = "omni-video"
    }

    let members: [String: JSONValue]
    let model: String
    let prompt: String
    let seconds: Int
    let resolution: String
    let ratio: String?
    let hasAudio: Bool
    /// The first frame's size, where there is one.
    let frame: PixelSize?

    private static let common: Set<String> = [
        "model_name", "prompt", "mode", "duration", "sound", "multi_shot", "shot_type", "multi_prompt",
        "watermark_info", "callback_url", "external_task_id",
    ]
    private static let pictureBytesMax = 10 * 1_048_576

    init(_ json: JSONValue, _ family: Family) throws(KlingRefusal) {
        let own: Set<String> =
            switch family {
            case .text: ["negative_prompt", "aspect_ratio", "cfg_scale", "camera_control"]
            case .image: ["negative_prompt", "image", "image_tail", "cfg_scale", "static_mask", "dynamic_masks"]
            case .omni: ["image_list", "element_list", "video_list", "aspect_ratio"]
            }
        members = try KlingParts.only(Self.common.union(own), in: json, "the body")
        model = try Self.model(members["model_name"], family)
        prompt = try Self.prompt(members)
        if let negative = members["negative_prompt"] {
            _ = try KlingParts.text(negative, "negative_prompt", max: 2_500)
        }
        let isO1 = model == "kling-video-o1"
        let pictures = try Self.pictures(members, family, model)
        let modes = isO1 ? ["std", "pro"] : ["std", "pro", "4k"]
        let mode = try KlingParts.word(members["mode"], "mode", of: modes) ?? (family == .omni ? "pro" : "std")
        resolution = mode == "std" ? "720p" : mode == "pro" ? "1080p" : "4k"
        let ratio = try KlingParts.word(members["aspect_ratio"], "aspect_ratio", of: ["16:9", "9:16", "1:1"])
        guard ratio != nil || pictures.hasFirst || family != .omni else { throw .invalid("aspect_ratio is required") }
        self.ratio = ratio
        let sound = try KlingParts.word(members["sound"], "sound", of: isO1 ? ["off"] : ["on", "off"])
        hasAudio = sound == "on"
        frame = pictures.first
        let isFree = pictures.references > 0 || pictures.hasLast
        let lengths = isO1 ? (isFree ? Array(3...10) : [5, 10]) : Array(3...15)
        seconds =
            try KlingParts.word(members["duration"], "duration", of: lengths.map(String.init)).flatMap { Int($0) } ?? 5
        try Self.shots(members, seconds: seconds, isO1: isO1)
    }

    private static func model(_ value: JSONValue?, _ family: Family) throws(KlingRefusal) -> String {
        let known = family == .omni ? ["kling-video-o1", "kling-v3-omni"] : ["kling-v3"]
        let name = value?.stringValue ?? (family == .omni ? "kling-video-o1" : "")
        guard known.contains(name) else { throw KlingRefusal(404, 1_203, "model \(name) is not exist") }
        return name
    }

    /// A prompt is not asked for when every shot has its own.
    private static func prompt(_ members: [String: JSONValue]) throws(KlingRefusal) -> String {
        if members["multi_shot"] == true, members["shot_type"] == "customize", members["prompt"] == nil { return "" }
        return try KlingParts.text(members["prompt"], "prompt", max: 2_500)
    }

    private typealias Pictures = (first: PixelSize?, hasFirst: Bool, hasLast: Bool, references: Int)

    private static func pictures(
        _ members: [String: JSONValue],
        _ family: Family,
        _ model: String
    ) throws(KlingRefusal) -> Pictures {
        switch family {
        case .text: return (nil, false, false, 0)
        case .image:
            let size = try KlingParts.picture(members["image"], "image", bytesMax: pictureBytesMax)
            if members["image_tail"] != nil {
                try KlingParts.picture(members["image_tail"], "image_tail", bytesMax: pictureBytesMax)
            }
            return (size, true, members["image_tail"] != nil, 0)
        case .omni: return try images(members["image_list"], model)
        }
    }

    private static func images(_ value: JSONValue?, _ model: String) throws(KlingRefusal) -> Pictures {
        guard let value else { return (nil, false, false, 0) }
        guard case .array(let items) = value, !items.isEmpty else { throw .invalid("image_list is invalid") }
        guard items.count <= 7 else { throw .invalid("image_list has more than 7 images") }
        var found: Pictures = (nil, false, false, 0)
        for item in items {
            let members = try KlingParts.only(["image_url", "type"], in: item, "image_list")
            let size = try KlingParts.picture(members["image_url"], "image_url", bytesMax: pictureBytesMax)
            switch try KlingParts.word(members["type"], "type", of: ["first_frame", "end_frame"]) {
            case "first_frame" where !found.hasFirst: (found.first, found.hasFirst) = (size, true)
            case "end_frame" where !found.hasLast: found.hasLast = true
            case nil: found.references += 1
            case _: throw .invalid("image_list has a type twice")
            }
        }
        guard found.hasFirst || !found.hasLast else { throw .invalid("end_frame needs a first_frame") }
        guard !found.hasLast || found.references == 0 else {
            throw .invalid("image_list takes no more than 2 images with an end_frame")
        }
        return found
    }

    private static func shots(_ members: [String: JSONValue], seconds: Int, isO1: Bool) throws(KlingRefusal) {
        guard members["multi_shot"] == true else {
            guard members["multi_prompt"] == nil, members["shot_type"] == nil else {
                throw .invalid("multi_prompt is invalid without multi_shot")
            }
            return
        }
        guard !isO1 else { throw .invalid("multi_shot is not supported by this model") }
        let type = try KlingParts.word(members["shot_type"], "shot_type", of: ["customize", "intelligence"])
        guard let type else { throw .invalid("shot_type is required") }
        guard type == "customize" else { return }
        guard case .array(let shots)? = members["multi_prompt"], (1...6).contains(shots.count) else {
            throw .invalid("multi_prompt is required")
        }
        var sum = 0
        for (index, shot) in shots.enumerated() {
            let members = try KlingParts.only(["index", "prompt", "duration"], in: shot, "multi_prompt")
            guard members["index"]?.integerValue == Int64(index + 1) else { throw .invalid("index is invalid") }
            _ = try KlingParts.text(members["prompt"], "multi_prompt.prompt", max: 512)
            guard let length = members["duration"]?.stringValue.flatMap({ Int($0) }), length >= 1 else {
                throw .invalid("multi_prompt.duration is invalid")
            }
            sum += length
        }
        guard sum == seconds else { throw .invalid("the shots' durations are not the video's") }
    }
}
