import Foundation
import Generation

/// What a submit asks for, held against the rules of its model.
struct DashScopeOrder {
    /// A refused order.
    struct Refusal: Error {
        var status = 400
        var code = "InvalidParameter"
        var message: String
    }

    private(set) var prompt = ""
    private(set) var seconds = 5
    private(set) var width = 1_280
    private(set) var height = 720
    private(set) var hasAudio = true
    /// What the task keeps for its answers.
    private(set) var fields: [String: JSONValue] = [:]

    private let model: DashScopeModel
    private let input: [String: JSONValue]
    private let parameters: [String: JSONValue]
    private let resolvesStorage: Bool
    /// The shape of the picture that the video starts with, as far as it can be seen.
    private var shape: (width: Int, height: Int)?

    /// Reads the body of a submit.
    init(_ body: JSONValue, resolvesStorage: Bool) throws(Refusal) {
        guard case .object(let members) = body, let name = members["model"]?.stringValue else {
            throw Refusal(message: "Required parameter(s) missing or invalid: model.")
        }
        guard let model = DashScopeModel(name) else {
            throw Refusal(status: 404, code: "ModelNotFound", message: "Model can not be found.")
        }
        guard case .object(let input)? = members["input"] else { throw Refusal(message: "Field required: input") }
        switch members["parameters"] {
        case .object(let given)?: parameters = given
        case nil: parameters = [:]
        case .null?, .bool?, .integer?, .number?, .string?, .array?:
            throw Refusal(message: "Input should be a valid dictionary: parameters")
        }
        self.model = model
        self.input = input
        self.resolvesStorage = resolvesStorage
        try only(["model", "input", "parameters"], of: members, "the body")
        try readInput()
        try readParameters()
        fields["model"] = .string(name)
    }

    // MARK: Input

    private mutating func readInput() throws(Refusal) {
        // The SDK adds the last two to everything.
        try only(model.inputKeys + ["extend_prompt", "function"], of: input, "input")
        let asked = try text("prompt", max: model.promptMax)
        guard model.mode == .image || model.family == .unified || asked != nil else {
            throw Refusal(message: "Field required: input.prompt")
        }
        prompt = asked ?? ""
        _ = try text("negative_prompt", max: 500)
        if let url = try text("audio_url", max: 2_048) { try checkURL(url, "audio") }
        switch model.family {
        case .media, .unified: try readMedia()
        case .size:
            if model.mode == .image {
                guard let url = try text("img_url", max: .max) else {
                    throw Refusal(message: "Field required: input.img_url")
                }
                shape = try checkURL(url, "image")
            }
            if model.mode == .reference {
                guard case .array(let urls)? = input["reference_urls"], (1...5).contains(urls.count) else {
                    throw Refusal(message: "input.reference_urls must have 1 to 5 items")
                }
                for url in urls {
                    guard let url = url.stringValue else {
                        throw Refusal(message: "Input should be a valid string: input.reference_urls")
                    }
                    try checkURL(url, "image")
                }
            }
        }
        if model.family == .unified, asked == nil, input["media"] == nil {
            throw Refusal(message: "Either prompt or media is required.")
        }
    }

    private mutating func readMedia() throws(Refusal) {
        guard let given = input["media"] else {
            if model.mode == .text || model.family == .unified { return }
            throw Refusal(message: "Field required: input.media")
        }
        guard case .array(let items) = given, !items.isEmpty else {
            throw Refusal(message: "Input should be a valid list: input.media")
        }
        var counts: [String: Int] = [:]
        for item in items {
            guard case .object(let members) = item, let type = members["type"]?.stringValue,
                let url = members["url"]?.stringValue
            else { throw Refusal(message: "Each item of input.media must have a type and a url") }
            try only(["type", "url", "reference_voice"], of: members, "input.media")
            guard let max = model.mediaTypes[type] else {
                throw Refusal(message: "input.media does not take the type \(type)")
            }
            counts[type, default: 0] += 1
            guard counts[type] ?? 0 <= max else { throw Refusal(message: "input.media has too many of \(type)") }
            let kind = type.hasSuffix("frame") || type.hasSuffix("image") ? "image" : "other"
            let seen = try checkURL(url, kind)
            if type == "first_frame" { shape = seen }
        }
        try model.checkCombination(counts)
        fields["has_first_frame"] = .bool(counts["first_frame"] != nil)
    }

    /// Checks an address, and looks at a picture that it carries.
    @discardableResult
    private func checkURL(_ url: String, _ kind: String) throws(Refusal) -> (width: Int, height: Int)? {
        if url.hasPrefix("https://") || url.hasPrefix("http://") { return nil }
        if url.hasPrefix("oss://") {
            guard resolvesStorage else {
                throw Refusal(
                    code: "InvalidParameter.DataInspection",
                    message: "Unable to download the media resource during the data inspection process."
                )
            }
            return nil
        }
        let types = ["image/jpeg", "image/png", "image/bmp", "image/webp"]
        guard kind == "image", url.hasPrefix("data:"), let comma = url.firstIndex(of: ","),
            case let head = url[url.index(url.startIndex, offsetBy: 5)..<comma], head.hasSuffix(";base64"),
            types.contains(String(head.dropLast(7))),
            let bytes = Data(base64Encoded: String(url[url.index(after: comma)...])), !bytes.isEmpty,
            bytes.count <= 20_000_000
        else {
            throw Refusal(
                code: "InvalidURL",
                message: "Required URL is missing or invalid, please check the request URL."
            )
        }
        return Self.size(ofPNG: [UInt8](bytes.prefix(24)))
    }

    private static func size(ofPNG head: [UInt8]) -> (width: Int, height: Int)? {
        guard head.count == 24, head.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return nil }
        let number = { (at: Int) in head[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        let (width, height) = (number(16), number(20))
        return width > 0 && height > 0 && width < 8 * height && height < 8 * width ? (width, height) : nil
    }

    // MARK: Parameters

    private mutating func readParameters() throws(Refusal) {
        try only(model.parameterKeys, of: parameters, "parameters")
        let isAutomatic = parameters["duration"] == .integer(-1) && model.family == .unified
        if !isAutomatic { seconds = try whole("duration", model.durations) ?? 5 } else { seconds = 7 }
        _ = try whole("seed", (model.family == .unified ? -1 : 0)...2_147_483_647)
        let extends = try flag("prompt_extend") ?? true
        _ = try flag("watermark")
        _ = try flag("enable_thinking")
        hasAudio = try flag("audio") ?? true
        let shot = try word("shot_type", ["single", "multi"])
        if shot == "multi", model.mode != .reference, !extends {
            throw Refusal(message: "shot_type takes effect only when prompt_extend is true.")
        }
        let (tier, ratio) = try readSize()
        fields["prompt_extend"] = .bool(extends && model.parameterKeys.contains("prompt_extend"))
        fields["usage"] = usage(lines: tier, ratio: ratio)
    }

    private mutating func readSize() throws(Refusal) -> (lines: Int, ratio: String?) {
        if model.takesSize {
            let sizes = model.sizes.flatMap { tier, shapes in shapes.map { (tier, $0.key, $0.value) } }
            let asked = try word("size", sizes.map { "\($0.2.width)*\($0.2.height)" }.sorted()) ?? "1920*1080"
            guard let match = sizes.first(where: { "\($0.2.width)*\($0.2.height)" == asked }) else {
                throw Refusal(message: "size is not supported")
            }
            (width, height) = match.2
            return (match.0, match.1)
        }
        let tier = try word("resolution", model.sizes.keys.sorted().map { "\($0)P" }) ?? "1080P"
        let lines = Int(tier.dropLast()) ?? 1_080
        let asked = try word("ratio", model.ratios)
        let follows = model.followsPicture || fields["has_first_frame"] == true || asked == "adaptive"
        guard let shapes = model.sizes[lines] else { throw Refusal(message: "resolution is not supported") }
        if follows {
            (width, height) = Self.fitted(shape ?? (16, 9), into: shapes["16:9"] ?? (1_280, 720))
            return (lines, nil)
        }
        let ratio = asked ?? "16:9"
        (width, height) = shapes[ratio] ?? Self.fitted((21, 9), into: shapes["16:9"] ?? (1_280, 720))
        return (lines, ratio)
    }

    /// A shape with about as many pixels as another one, both sides a multiple of 16.
    private static func fitted(_ shape: (width: Int, height: Int), into size: (width: Int, height: Int)) -> (Int, Int) {
        let scale = (Double(size.width * size.height) / Double(shape.width * shape.height)).squareRoot()
        let side = { (length: Int) in max(16, Int((Double(length) * scale / 16).rounded()) * 16) }
        return (side(shape.width), side(shape.height))
    }

    private func usage(lines: Int, ratio: String?) -> JSONValue {
        var usage: [String: JSONValue] = [
            "duration": .integer(Int64(seconds)), "input_video_duration": 0,
            "output_video_duration": .integer(Int64(seconds)), "video_count": 1, "SR": .integer(Int64(lines)),
        ]
        switch model.family {
        case .media, .unified: usage["ratio"] = ratio.map { .string($0) }
        case .size where model.takesSize: usage["size"] = .string("\(width)*\(height)")
        case .size: usage["audio"] = true
        }
        return .object(usage)
    }

    // MARK: Values

    private func only(_ names: [String], of members: [String: JSONValue], _ place: String) throws(Refusal) {
        if let stranger = members.keys.sorted().first(where: { !names.contains($0) }) {
            throw Refusal(message: "\(place) of \(model.name) does not take \(stranger)")
        }
    }

    private func text(_ name: String, max: Int) throws(Refusal) -> String? {
        guard let value = input[name], value != .null else { return nil }
        guard let text = value.stringValue else {
            throw Refusal(message: "Input should be a valid string: input.\(name)")
        }
        guard text.unicodeScalars.count <= max else {
            throw Refusal(message: "input.\(name) must have at most \(max) characters")
        }
        return text
    }

    /// A whole number; `"5"` is none, and neither would `5.0` be, which cannot be told from `5` here.
    private func whole(_ name: String, _ range: ClosedRange<Int64>) throws(Refusal) -> Int? {
        guard let value = parameters[name] else { return nil }
        guard case .integer(let number) = value, range.contains(number) else {
            throw Refusal(
                message: "\(name) must be an integer between \(range.lowerBound) and \(range.upperBound)"
            )
        }
        return Int(number)
    }

    private func flag(_ name: String) throws(Refusal) -> Bool? {
        guard let value = parameters[name] else { return nil }
        guard let flag = value.boolValue else { throw Refusal(message: "\(name) must be a boolean") }
        return flag
    }

    private func word(_ name: String, _ allowed: [String]) throws(Refusal) -> String? {
        guard let value = parameters[name] else { return nil }
        guard let word = value.stringValue, allowed.contains(word) else {
            throw Refusal(message: "\(name) must be one of \(allowed.joined(separator: ", "))")
        }
        return word
    }
}
