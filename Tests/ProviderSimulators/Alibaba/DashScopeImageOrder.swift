import Foundation
import Generation
import MediaInspection

/// What an image call asks for, held against the rules of its model.
struct DashScopeImageOrder {
    private(set) var prompt = ""
    private(set) var count = 1
    private(set) var width = 2_048
    private(set) var height = 2_048
    let model: DashScopeImageModel

    private let parameters: [String: JSONValue]
    private var pictures = 0

    /// Reads the body of a call.
    init(_ body: JSONValue, at door: DashScopeImageModel.Door) throws(DashScopeOrder.Refusal) {
        guard case .object(let members) = body, let name = members["model"]?.stringValue else {
            throw DashScopeOrder.Refusal(message: "Required parameter(s) missing or invalid: model.")
        }
        guard let model = DashScopeImageModel.named(name) else {
            throw DashScopeOrder.Refusal(status: 404, code: "ModelNotFound", message: "Model can not be found.")
        }
        guard model.doors.contains(door) else {
            throw DashScopeOrder.Refusal(message: "url error, please check url!")
        }
        if let stranger = members.keys.sorted().first(where: { !["model", "input", "parameters"].contains($0) }) {
            // `messages` beside the input is a mistake of many.
            throw DashScopeOrder.Refusal(
                message: stranger == "messages" ? "Field required: input.messages" : "Unknown field \(stranger)"
            )
        }
        guard case .object(let input)? = members["input"] else {
            throw DashScopeOrder.Refusal(message: "Field required: input")
        }
        switch members["parameters"] {
        case .object(let given)?: parameters = given
        case nil: parameters = [:]
        case .null?, .bool?, .integer?, .number?, .string?, .array?:
            throw DashScopeOrder.Refusal(message: "Input should be a valid dictionary: parameters")
        }
        self.model = model
        if door == .textToImage { try readOlder(input) } else { try readMessages(input) }
        try readParameters()
        guard prompt.unicodeScalars.count <= model.promptMax else {
            throw DashScopeOrder.Refusal(message: "The prompt is longer than \(model.promptMax)")
        }
    }

    // MARK: Input

    private mutating func readOlder(_ input: [String: JSONValue]) throws(DashScopeOrder.Refusal) {
        guard let text = input["prompt"]?.stringValue, !text.isEmpty else {
            throw DashScopeOrder.Refusal(message: "Field required: input.prompt")
        }
        if let stranger = input.keys.sorted().first(where: { !["prompt", "negative_prompt"].contains($0) }) {
            throw DashScopeOrder.Refusal(message: "input has an unknown field: \(stranger)")
        }
        prompt = text
    }

    private mutating func readMessages(_ input: [String: JSONValue]) throws(DashScopeOrder.Refusal) {
        guard input.keys.sorted() == ["messages"], case .array(let messages)? = input["messages"] else {
            throw DashScopeOrder.Refusal(message: "Field required: input.messages")
        }
        guard messages.count == 1, messages[0]["role"] == "user", case .array(let parts)? = messages[0]["content"]
        else { throw DashScopeOrder.Refusal(message: "input.messages must be one message of the user") }
        var texts: [Int] = []
        var images: [Int] = []
        for (index, part) in parts.enumerated() {
            guard case .object(let members) = part, members.count == 1 else {
                throw DashScopeOrder.Refusal(message: "a part of the content must be a text or an image")
            }
            if let text = members["text"]?.stringValue {
                prompt = text
                texts.append(index)
            } else if let url = members["image"]?.stringValue {
                try Self.check(url)
                images.append(index)
            } else {
                throw DashScopeOrder.Refusal(message: "a part of the content must be a text or an image")
            }
        }
        guard texts.count == 1, !prompt.isEmpty else {
            throw DashScopeOrder.Refusal(message: "the content must have one text")
        }
        guard model.references.contains(images.count) else {
            throw DashScopeOrder.Refusal(
                message: "\(model.name) takes \(model.references.lowerBound) to \(model.references.upperBound) images"
            )
        }
        // Wan numbers its pictures after the text, Qwen before it.
        guard images.allSatisfy({ model.picturesFirst ? $0 < texts[0] : $0 > texts[0] }) else {
            throw DashScopeOrder.Refusal(message: "the order of the content is not supported")
        }
        pictures = images.count
    }

    private static func check(_ url: String) throws(DashScopeOrder.Refusal) {
        if url.hasPrefix("https://") || url.hasPrefix("http://") { return }
        let types = ["image/jpeg", "image/png", "image/bmp", "image/webp"]
        guard url.hasPrefix("data:"), let comma = url.firstIndex(of: ","),
            case let head = url[url.index(url.startIndex, offsetBy: 5)..<comma], head.hasSuffix(";base64"),
            types.contains(String(head.dropLast(7))),
            let bytes = Data(base64Encoded: String(url[url.index(after: comma)...])), bytes.count <= 20_000_000,
            (try? MediaInspector.imageDimensions(Array(bytes), pixelLimit: .max)) != nil
        else {
            throw DashScopeOrder.Refusal(
                code: "InvalidURL",
                message: "Required URL is missing or invalid, please check the request URL."
            )
        }
    }

    // MARK: Parameters

    private mutating func readParameters() throws(DashScopeOrder.Refusal) {
        // The SDK adds `is_async` to what becomes a task.
        let known = model.parameters + (model.doors.contains(.imageGeneration) ? ["is_async"] : [])
        if let stranger = parameters.keys.sorted().first(where: { !known.contains($0) }) {
            throw DashScopeOrder.Refusal(message: "\(stranger) is not supported by \(model.name)")
        }
        let asked = try whole("n") ?? model.countDefault
        guard model.count.contains(asked) else {
            let most = model.count.upperBound
            let message = most == 1 ? "num_images_per_prompt must be 1" : "n must be between 1 and \(most)"
            throw DashScopeOrder.Refusal(message: message)
        }
        count = Int(asked)
        if let seed = try whole("seed"), !(0...2_147_483_647).contains(seed) {
            throw DashScopeOrder.Refusal(message: "seed must be between 0 and 2147483647")
        }
        for name in ["prompt_extend", "watermark", "thinking_mode", "enable_sequential", "enable_interleave"] {
            guard let value = parameters[name], value.boolValue == nil else { continue }
            throw DashScopeOrder.Refusal(message: "\(name) must be a boolean")
        }
        if let text = parameters["negative_prompt"] {
            guard let text = text.stringValue, text.unicodeScalars.count <= 500 else {
                throw DashScopeOrder.Refusal(message: "negative_prompt must be a string of at most 500 characters")
            }
        }
        try readSize()
    }

    private mutating func readSize() throws(DashScopeOrder.Refusal) {
        guard let value = parameters["size"] else {
            if let first = model.sizes?.first { (width, height) = Self.sides(first) ?? (width, height) }
            if model.doors == [.textToImage] { (width, height) = (1_024, 1_024) }
            return
        }
        guard let text = value.stringValue else { throw DashScopeOrder.Refusal(message: "size must be a string") }
        if model.tiers.contains(text) {
            let side = ["1K": 1_024, "2K": 2_048, "4K": 4_096][text] ?? 2_048
            (width, height) = (side, side)
        } else if let sides = Self.sides(text) {
            (width, height) = sides
        } else {
            throw DashScopeOrder.Refusal(message: "size must read width*height")
        }
        if let sizes = model.sizes, !sizes.contains(text) {
            throw DashScopeOrder.Refusal(message: "size must be one of \(sizes.joined(separator: ", "))")
        }
        let (short, long) = (min(width, height), max(width, height))
        // With pictures there is no 4K.
        let most = pictures > 0 ? min(model.pixels.upperBound, 2_048 * 2_048) : model.pixels.upperBound
        guard width * height >= model.pixels.lowerBound, width * height <= most,
            model.edges.contains(short), model.edges.contains(long), Double(long) <= model.ratioMax * Double(short)
        else { throw DashScopeOrder.Refusal(message: "size \(text) is out of range") }
    }

    private func whole(_ name: String) throws(DashScopeOrder.Refusal) -> Int64? {
        guard let value = parameters[name] else { return nil }
        guard case .integer(let number) = value else {
            throw DashScopeOrder.Refusal(message: "\(name) must be an integer")
        }
        return number
    }

    /// The sides of `1280*720`.
    private static func sides(_ text: String) -> (Int, Int)? {
        let sides = text.split(separator: "*", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else { return nil }
        return (width, height)
    }
}
