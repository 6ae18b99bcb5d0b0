import Foundation
import Generation
import MediaInspection

/// One create request, read as strictly as the service reads it: `null` is absent, anything else must be right.
struct ArkRequest {
    let modelID: String
    let model: ArkModel
    var prompt = ""
    var firstFrame: PixelSize?
    var hasFirstFrame = false
    var hasLastFrame = false
    var images = 0
    var videos = 0
    var audios = 0
    var draftTask: String?
    var resolution = ""
    var ratio = ""
    var duration: Int64 = 5
    var frames: Int64?
    /// What the task object repeats, as it was asked for or by default.
    var echoed: [String: JSONValue] = [:]
    var callbackURL: String?
    var returnsLastFrame = false

    private static let bodyBytesMax = 64 * 1_024 * 1_024
    /// Taken without a look, as developers found; of no effect here.
    private static let ignored: Set<String> = ["framespersecond", "subdivisionlevel", "fileformat"]

    init(body: [UInt8]) throws(ArkRefusal) {
        guard body.count <= Self.bodyBytesMax else {
            throw .invalid("content", "the request body must not exceed 64 MB")
        }
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            case .object(let members) = value
        else { throw .invalid("body", "it is no JSON object") }
        var fields = ArkFields(members.filter { $0.value != .null && !Self.ignored.contains($0.key) })
        guard let id = try fields.string("model"), !id.isEmpty else { throw .missing("model") }
        guard let model = ArkModel.named(id) else { throw .noModel(id) }
        (modelID, self.model) = (id, model)
        try readContent(fields.value("content"))
        try readSize(&fields)
        try readDuration(&fields)
        try readOptions(&fields)
        if let unknown = fields.unread.first { throw .unsupported(unknown, by: id) }
    }

    // MARK: - What comes of it

    /// How long the video becomes, in whole seconds: what was asked for, or what the model decides.
    var seconds: Int64 {
        if let frames { return max(1, (frames + 12) / 24) }
        return duration == -1 ? (model.durations.lowerBound + model.durations.upperBound) / 2 : duration
    }

    /// The ratio on offer that the video gets.
    var resultingRatio: String {
        guard ratio == "adaptive" else { return ratio }
        return firstFrame.map { ArkModel.nearestRatio(width: $0.width, height: $0.height) } ?? "16:9"
    }

    /// The size that the video gets; of 2.5 the very shape of the first frame.
    var size: PixelSize {
        let plain = model.size(resolution: resolution, ratio: resultingRatio) ?? PixelSize(width: 1_280, height: 720)
        guard model.family == .v25, let firstFrame else { return plain }
        let shape = Double(firstFrame.width) / Double(firstFrame.height)
        let height = Int((Double(plain.width * plain.height) / shape).squareRoot())
        return PixelSize(width: Int(Double(height) * shape) / 2 * 2, height: height / 2 * 2)
    }

    /// What is billed: a draft less than the whole, with sound six tenths, without seven.
    var tokens: Int64 {
        let whole = ArkModel.tokens(size: size, frames: frames ?? 24 * seconds + 1)
        guard echoed["draft"] == true else { return whole }
        return whole * (echoed["generate_audio"] == true ? 6 : 7) / 10
    }

    private var hasReferences: Bool { images + videos + audios > 0 }
    private var hasFrames: Bool { hasFirstFrame || hasLastFrame }

    // MARK: - Content

    private mutating func readContent(_ value: JSONValue?) throws(ArkRefusal) {
        guard case .array(let items)? = value, !items.isEmpty else { throw .missing("content") }
        for item in items {
            guard case .object(let members) = item else { throw .invalid("content", "an item is no object") }
            var fields = ArkFields(members.filter { $0.value != .null })
            switch try fields.string("type") {
            case "text"?:
                guard let text = try fields.string("text"), !text.isEmpty else { throw .missing("content.text") }
                prompt += text
            case "image_url"?: try readImage(&fields)
            case "video_url"?: videos += try readMedia(&fields, "video_url", role: "reference_video", data: nil)
            case "audio_url"?: audios += try readMedia(&fields, "audio_url", role: "reference_audio", data: "audio/")
            case "draft_task"?:
                guard let task = fields.value("draft_task")?["id"]?.stringValue else {
                    throw .missing("content.draft_task.id")
                }
                draftTask = task
            case let other:
                throw .invalid(
                    "content.type",
                    "\(other ?? "it is missing"); supported values are: text, image_url, audio_url, video_url"
                )
            }
            if let unknown = fields.unread.first { throw .unsupported("content.\(unknown)", by: modelID) }
        }
        try checkModes()
    }

    private func checkModes() throws(ArkRefusal) {
        guard !hasFrames || !hasReferences else {
            throw .invalid(
                "content",
                "first/last frame content cannot be mixed with reference media content",
                code: "InvalidParameter.TaskTypeConstraint"
            )
        }
        guard !hasLastFrame || hasFirstFrame else {
            throw .invalid(
                "content",
                "a last frame needs a first frame",
                code: "InvalidParameter.TaskTypeConstraint"
            )
        }
        if hasLastFrame, !model.lastFrame { throw .unsupported("content.role", by: modelID) }
        guard hasReferences else {
            guard hasFrames || !prompt.isEmpty || draftTask != nil else { throw .missing("content.text") }
            return
        }
        guard let most = model.references else { throw .unsupported("content.role", by: modelID) }
        guard images <= most.images, videos <= most.videos, audios <= most.audios else {
            throw .invalid(
                "content",
                "at most \(most.images) images, \(most.videos) videos and \(most.audios) audios are taken"
            )
        }
        guard images + videos > 0 || model.family == .v25 else {
            throw .invalid("content", "audio cannot be the only reference")
        }
    }

    private mutating func readImage(_ fields: inout ArkFields) throws(ArkRefusal) {
        guard let image = fields.value("image_url") else { throw .missing("content.image_url") }
        guard let url = image["url"]?.stringValue else {
            throw .invalid("content.image_url", "it is no object with a url")
        }
        let size = try Self.picture(url)
        switch try fields.string("role") {
        case "first_frame"?, nil:
            guard !hasFirstFrame else {
                throw .invalid("content", "expected at most one first frame image content but got 2 instead")
            }
            (hasFirstFrame, firstFrame) = (true, size)
        case "last_frame"?:
            guard !hasLastFrame else {
                throw .invalid("content", "expected at most one last frame image content but got 2 instead")
            }
            hasLastFrame = true
        case "reference_image"?: images += 1
        case let other?: throw .invalid("content", "invalid role specified for image content: \(other)")
        }
    }

    /// Checks a picture as far as it is here; what is behind a URL is taken as it is.
    ///
    /// - Returns: Its size; nil when it is not here.
    private static func picture(_ url: String) throws(ArkRefusal) -> PixelSize? {
        if url.isEmpty { throw ArkRefusal.invalid("image_url", "it is empty", code: "InvalidImageURL.EmptyURL") }
        guard url.hasPrefix("data:") else {
            guard ["https://", "http://", "asset://"].contains(where: url.hasPrefix) else {
                throw .invalid("image_url", "it is no URL", code: "InvalidImageURL.InvalidFormat")
            }
            return nil
        }
        let parts = url.split(separator: ",", maxSplits: 1)
        let types = ["jpeg", "png", "webp", "bmp", "tiff", "gif", "heic", "heif"]
        guard parts.count == 2, types.contains(where: { parts[0] == "data:image/\($0);base64" }),
            let bytes = Data(base64Encoded: String(parts[1])), bytes.count < 30 * 1_024 * 1_024,
            let size = try? MediaInspector.imageDimensions(Array(bytes), pixelLimit: .max)
        else { throw .invalid("image_url", "it is no picture that can be read", code: "InvalidImageURL.InvalidFormat") }
        let (width, height) = (size.width, size.height)
        guard (300...6_000).contains(width), (300...6_000).contains(height) else {
            throw .invalid("image_url", "sides must be 300 to 6000 px, got \(width)x\(height)")
        }
        guard (0.4...2.5).contains(Double(width) / Double(height)) else {
            throw .invalid("image_url", "the aspect ratio must be 0.4 to 2.5, got \(width)x\(height)")
        }
        return PixelSize(width: width, height: height)
    }

    private func readMedia(
        _ fields: inout ArkFields,
        _ name: String,
        role: String,
        data: String?
    ) throws(ArkRefusal) -> Int {
        guard let url = fields.value(name)?["url"]?.stringValue else { throw .missing("content.\(name)") }
        let isData = data.map { url.hasPrefix("data:\($0)") } ?? false
        guard isData || ["https://", "http://", "asset://"].contains(where: url.hasPrefix) else {
            throw .invalid("content.\(name)", "it must be a URL")
        }
        guard try fields.string("role") == role else { throw .invalid("content", "role must be \(role)") }
        return 1
    }

    // MARK: - Parameters

    private mutating func readSize(_ fields: inout ArkFields) throws(ArkRefusal) {
        resolution = try fields.string("resolution") ?? model.defaultResolution
        guard model.resolutions.contains(resolution) else {
            throw .invalid("resolution", "\(modelID) takes \(model.resolutions.joined(separator: ", "))")
        }
        let adapts = model.family != .v1 || hasFrames
        let asked = try fields.string("ratio")
        ratio = asked ?? (adapts ? "adaptive" : "16:9")
        guard ArkModel.ratios.contains(ratio) || (ratio == "adaptive" && adapts) else {
            throw .invalid("ratio", "\(ratio) is not taken here")
        }
        if model.family == .v25, hasFrames, ratio != "adaptive" {
            throw .invalid(
                "ratio",
                "for first-frame or first-last-frame generation, the output ratio follows the first-frame image",
                code: "InvalidParameter.TaskTypeConstraint"
            )
        }
    }

    private mutating func readDuration(_ fields: inout ArkFields) throws(ArkRefusal) {
        if let asked = try fields.integer("duration") {
            guard model.durations.contains(asked) || (asked == -1 && model.automaticDuration) else {
                let least = model.durations.lowerBound
                throw .invalid("duration", "must be in [\(least), \(model.durations.upperBound)] or -1")
            }
            duration = asked
        }
        guard let count = try fields.integer("frames") else { return }
        guard model.family == .v1 else { throw .unsupported("frames", by: modelID) }
        guard (29...289).contains(count), (count - 25) % 4 == 0 else {
            throw .invalid("frames", "must be in [29, 289] and of the form 25 + 4n")
        }
        frames = count
    }

    private mutating func readOptions(_ fields: inout ArkFields) throws(ArkRefusal) {
        let audio = try fields.bool("generate_audio")
        if audio != nil, !model.audio { throw .unsupported("generate_audio", by: modelID) }
        echoed["generate_audio"] = .bool(audio ?? model.audio)
        if let seed = try fields.integer("seed") {
            guard model.takesSeed else { throw .unsupported("seed", by: modelID) }
            guard (-1...4_294_967_295).contains(seed) else { throw .invalid("seed", "must be in [-1, 2^32-1]") }
            if seed >= 0 { echoed["seed"] = .integer(seed) }
        }
        if try fields.bool("camera_fixed") != nil, !model.takesSeed { throw .unsupported("camera_fixed", by: modelID) }
        _ = try fields.bool("watermark")
        returnsLastFrame = try fields.bool("return_last_frame") ?? false
        let tier = try fields.word("service_tier", ["default", "flex"]) ?? "default"
        if tier == "flex", !model.takesSeed { throw .unsupported("service_tier", by: modelID) }
        echoed["service_tier"] = .string(tier)
        let expiry = try fields.integer("execution_expires_after") ?? 172_800
        guard (3_600...259_200).contains(expiry) else {
            throw .invalid("execution_expires_after", "must be in [3600, 259200]")
        }
        echoed["execution_expires_after"] = .integer(expiry)
        if let priority = try fields.integer("priority") {
            guard !model.takesSeed, tier == "default" else { throw .unsupported("priority", by: modelID) }
            guard (0...9).contains(priority) else { throw .invalid("priority", "must be in [0, 9]") }
        }
        let draft = try fields.bool("draft")
        if draft != nil {
            guard model.family == .v15 || model.family == .v25 else { throw .unsupported("draft", by: modelID) }
            guard draft == false || (resolution == "480p" && tier == "default" && !returnsLastFrame) else {
                throw .invalid("draft", "a draft is 480p, without its last frame, on the default tier")
            }
        }
        echoed["draft"] = .bool(draft ?? false)
        try readRest(&fields)
    }

    private mutating func readRest(_ fields: inout ArkFields) throws(ArkRefusal) {
        if let tools = fields.value("tools") {
            guard !model.takesSeed else { throw .unsupported("tools", by: modelID) }
            guard tools == [["type": "web_search"]], !hasFrames, !hasReferences else {
                throw .invalid("tools", "web_search alone is taken, with text alone")
            }
        }
        if let identifier = try fields.string("safety_identifier") {
            guard identifier.unicodeScalars.count <= 64 else {
                throw .invalid("safety_identifier", "at most 64 characters")
            }
            echoed["safety_identifier"] = .string(identifier)
        }
        if try fields.word("output_format", ["mp4", "mov"]) != nil, model.family != .v25 {
            throw .unsupported("output_format", by: modelID)
        }
        if try fields.word("omni_reference_task_type", ["auto", "reference", "edit", "extend"]) != nil {
            guard model.references != nil else { throw .unsupported("omni_reference_task_type", by: modelID) }
        }
        callbackURL = try fields.string("callback_url")
        if let callbackURL, !callbackURL.hasPrefix("http") { throw .invalid("callback_url", "it is no URL") }
    }
}

/// The members of one object, read by type.
struct ArkFields {
    private let members: [String: JSONValue]
    private var read: Set<String> = []

    init(_ members: [String: JSONValue]) { self.members = members }

    var unread: [String] { members.keys.filter { !read.contains($0) }.sorted() }

    mutating func value(_ name: String) -> JSONValue? {
        read.insert(name)
        return members[name]
    }

    mutating func string(_ name: String) throws(ArkRefusal) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw .invalid(name, "expected a string, got \(value.typeName)") }
        return text
    }

    mutating func integer(_ name: String) throws(ArkRefusal) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.integerValue else {
            throw .invalid(name, "expected an integer, got \(value.typeName)")
        }
        return number
    }

    mutating func bool(_ name: String) throws(ArkRefusal) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolValue else { throw .invalid(name, "expected a boolean, got \(value.typeName)") }
        return flag
    }

    mutating func word(_ name: String, _ words: [String]) throws(ArkRefusal) -> String? {
        guard let text = try string(name) else { return nil }
        guard words.contains(text) else { throw .invalid(name, "allowed: \(words.joined(separator: ", "))") }
        return text
    }
}
