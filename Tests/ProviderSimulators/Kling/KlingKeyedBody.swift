import Generation

/// The body of a submit on API 2.0, held against every rule that is documented.
struct KlingKeyedBody {
    let options: [String: JSONValue]
    let model: String
    let prompt: String
    let seconds: Int
    let resolution: String
    let ratio: String?
    let hasAudio: Bool
    /// The first frame's size, where there is one.
    let frame: PixelSize?

    private static let pictureBytesMax = 50 * 1_048_576

    init(_ json: JSONValue, kind: String, model: String) throws(KlingRefusal) {
        let models: [String: [String]] = [
            "text-to-video": ["kling-3.0", "kling-3.0-turbo"], "image-to-video": ["kling-3.0", "kling-3.0-turbo"],
            "omni-video": ["kling-o1", "kling-3.0-omni"],
        ]
        guard let known = models[kind] else { throw KlingRefusal(404, 1_202, "the path is invalid") }
        guard known.contains(model) else { throw KlingRefusal(404, 1_203, "model \(model) is not exist") }
        self.model = model
        let isText = kind == "text-to-video"
        let isOmni = kind == "omni-video"
        let members = try KlingParts.only(
            [isText ? "prompt" : "contents", "settings", "options"],
            in: json,
            "the body"
        )
        options = try KlingParts.only(
            ["callback_url", "external_task_id", "watermark_info"],
            in: members["options"] ?? [:],
            "options"
        )
        var contents = Contents()
        let promptMax = model == "kling-o1" || (model == "kling-3.0-turbo" && !isText) ? 2_500 : 3_072
        if isText {
            contents.prompt = try KlingParts.text(members["prompt"], "prompt", max: promptMax)
        } else {
            contents = try Self.contents(members["contents"], isOmni: isOmni, model: model, promptMax: promptMax)
        }
        guard isOmni || isText || contents.hasFirst else { throw .invalid("contents needs a first_frame") }
        prompt = contents.prompt ?? ""
        frame = contents.first

        let settings = try KlingParts.only(
            Self.settings(of: model, isRatio: isText || isOmni),
            in: members["settings"] ?? [:],
            "settings"
        )
        let resolutions =
            model == "kling-3.0" || model == "kling-3.0-omni" ? ["720p", "1080p", "4k"] : ["720p", "1080p"]
        resolution = try KlingParts.word(settings["resolution"], "video resolution", of: resolutions) ?? "720p"
        ratio = try KlingParts.word(settings["aspect_ratio"], "aspect_ratio", of: ["16:9", "9:16", "1:1"])
        guard ratio != nil || contents.hasFirst || !isOmni else { throw .invalid("aspect_ratio is required") }
        guard ratio == nil || !contents.hasFirst else { throw .invalid("aspect_ratio is invalid with a first_frame") }
        let sounds = model == "kling-o1" ? ["original", "off"] : ["native", "off"]
        let audio = try KlingParts.word(settings["audio"], "audio", of: sounds) ?? "off"
        hasAudio = audio == "native" || model == "kling-3.0-turbo"
        if let shots = settings["multi_shot"], shots.boolValue == nil { throw .invalid("multi_shot must be a boolean") }
        seconds = try Self.seconds(settings["duration"], model, contents)
    }

    private static func settings(of model: String, isRatio: Bool) -> Set<String> {
        var known: Set<String> = ["resolution", "duration"]
        if isRatio { known.insert("aspect_ratio") }
        if model != "kling-3.0-turbo" { known.insert("audio") }
        if model == "kling-3.0" || model == "kling-3.0-omni" { known.insert("multi_shot") }
        return known
    }

    private static func seconds(_ value: JSONValue?, _ model: String, _ contents: Contents) throws(KlingRefusal) -> Int
    {
        let isFree = contents.references > 0 || contents.hasLast
        let lengths = model == "kling-o1" ? (isFree ? Array(3...10) : [5, 10]) : Array(3...15)
        guard let value else { return 5 }
        guard let seconds = value.integerValue.map({ Int($0) }), lengths.contains(seconds) else {
            throw .invalid("duration value '\(value.stringValue ?? value.canonicalText)' is invalid")
        }
        return seconds
    }

    private struct Contents {
        var prompt: String?
        var first: PixelSize?
        var hasFirst = false
        var hasLast = false
        var references = 0
    }

    private static func contents(
        _ value: JSONValue?,
        isOmni: Bool,
        model: String,
        promptMax: Int
    ) throws(KlingRefusal) -> Contents {
        guard case .array(let items)? = value, !items.isEmpty else { throw .invalid("contents is required") }
        let types =
            isOmni
            ? ["prompt", "first_frame", "last_frame", "refer_image"]
            : model == "kling-3.0-turbo" ? ["prompt", "first_frame"] : ["prompt", "first_frame", "last_frame"]
        var found = Contents()
        var names: Set<String> = []
        for item in items {
            guard let type = try KlingParts.word(item["type"], "contents.type", of: types) else {
                throw .invalid("contents.type is required")
            }
            guard type != "prompt" else {
                let members = try KlingParts.only(["type", "text"], in: item, "contents")
                guard found.prompt == nil else { throw .invalid("contents has two prompts") }
                found.prompt = try KlingParts.text(members["text"], "contents.text", max: promptMax)
                continue
            }
            let members = try KlingParts.only(isOmni ? ["type", "url", "id"] : ["type", "url"], in: item, "contents")
            let size = try KlingParts.picture(members["url"], "contents.url", bytesMax: pictureBytesMax)
            if let name = members["id"] {
                guard let name = name.stringValue, names.insert(name).inserted else {
                    throw .invalid("contents.id is invalid or duplicated")
                }
            }
            switch type {
            case "first_frame" where !found.hasFirst: (found.first, found.hasFirst) = (size, true)
            case "last_frame" where !found.hasLast: found.hasLast = true
            case "refer_image": found.references += 1
            case _: throw .invalid("contents has a type twice")
            }
        }
        guard found.prompt != nil else { throw .invalid("contents needs a prompt") }
        guard found.hasFirst || !found.hasLast else { throw .invalid("last_frame needs a first_frame") }
        guard !found.hasLast || found.references == 0 else {
            throw .invalid("first and last frame allow no refer_image")
        }
        let pictures = found.references + (found.hasFirst ? 1 : 0) + (found.hasLast ? 1 : 0)
        guard pictures <= 7 else { throw .invalid("contents has more than 7 images") }
        return found
    }
}
