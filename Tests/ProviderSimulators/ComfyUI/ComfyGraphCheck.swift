import Generation

/// A graph, held against the few classes of nodes that the simulated program has.
struct ComfyGraphCheck {
    /// Why a graph is refused.
    struct Problem {
        var type: String
        var message: String
        var nodes: [String: JSONValue] = [:]
    }

    /// What a right graph makes.
    struct Order {
        var text = ""
        var width = 1_024
        var height = 1_024
        var count = 1
        var seconds = 2
        var outputNode = ""
        var ending = "png"
        var prefix = "ComfyUI"
    }

    /// Each class with its inputs, and the kinds of their values.
    private static let classes: [String: [String: String]] = [
        "CheckpointLoaderSimple": ["ckpt_name": "file"], "CLIPTextEncode": ["text": "string", "clip": "link"],
        "EmptyLatentImage": ["width": "integer", "height": "integer", "batch_size": "integer"],
        "EmptyVideo": ["width": "integer", "height": "integer", "length": "integer"],
        "EmptyAudio": ["seconds": "number"], "LoadImage": ["image": "picture"],
        "KSampler": [
            "seed": "integer", "steps": "integer", "cfg": "number", "model": "link", "positive": "link",
            "negative": "link", "latent_image": "link",
        ],
        "SaveImage": ["filename_prefix": "string", "images": "link"],
        "SaveVideo": ["filename_prefix": "string", "fps": "integer", "images": "link"],
        "SaveAudioMP3": ["filename_prefix": "string", "audio": "link"],
    ]
    private static let savers = ["SaveImage": "png", "SaveVideo": "mp4", "SaveAudioMP3": "mp3"]

    private(set) var problem: Problem?
    private(set) var order = Order()

    init(_ graph: [String: JSONValue], hasFile: (String) -> Bool) {
        var texts: [String] = []
        var frames: Int64?
        var rate: Int64 = 16
        for (id, node) in graph.sorted(by: { $0.key < $1.key }) {
            guard let name = node["class_type"]?.stringValue, let known = Self.classes[name],
                case .object(let inputs)? = node["inputs"]
            else {
                problem = Problem(type: "missing_node_type", message: "Node \(id) has no known class")
                return
            }
            for (input, kind) in known.sorted(by: { $0.key < $1.key }) {
                let fault = Self.fault(inputs[input], kind, graph, hasFile)
                guard let fault else { continue }
                let error: JSONValue = [
                    "type": .string(fault.type), "message": .string(fault.message),
                    "details": "in [secret_model.safetensors]", "extra_info": ["input_name": .string(input)],
                ]
                problem = Problem(
                    type: "prompt_outputs_failed_validation",
                    message: "Prompt outputs failed validation",
                    nodes: [id: ["errors": [error], "dependent_outputs": [], "class_type": .string(name)]]
                )
                return
            }
            if name == "CLIPTextEncode" { texts.append(inputs["text"]?.stringValue ?? "") }
            if let width = inputs["width"]?.wholeNumber { order.width = Int(width) }
            if let height = inputs["height"]?.wholeNumber { order.height = Int(height) }
            if let count = inputs["batch_size"]?.wholeNumber { order.count = Int(count) }
            if let seconds = inputs["seconds"]?.finiteSeconds { order.seconds = max(1, Int(seconds)) }
            frames = inputs["length"]?.wholeNumber ?? frames
            rate = inputs["fps"]?.wholeNumber ?? rate
            if let ending = Self.savers[name] {
                (order.outputNode, order.ending) = (id, ending)
                order.prefix = inputs["filename_prefix"]?.stringValue ?? order.prefix
            }
        }
        order.text = texts.joined(separator: "\n")
        if let frames { order.seconds = max(1, Int((frames - 1) / max(1, rate))) }
        if order.outputNode.isEmpty { problem = Problem(type: "prompt_no_outputs", message: "Prompt has no outputs") }
    }

    private static func fault(
        _ value: JSONValue?,
        _ kind: String,
        _ graph: [String: JSONValue],
        _ hasFile: (String) -> Bool
    ) -> (type: String, message: String)? {
        guard let value else { return ("required_input_missing", "Required input is missing") }
        switch (kind, value) {
        case ("link", .array(let parts)):
            let isThere = parts.first?.stringValue.map { graph[$0] != nil } ?? false
            return isThere ? nil : ("bad_linked_input", "Bad linked input")
        case ("string", .string), ("integer", .integer), ("number", .integer), ("number", .number): return nil
        case ("file", .string(let name)):
            return name == "model.safetensors" ? nil : ("value_not_in_list", "Value not in list")
        case ("picture", .string(let name)):
            return hasFile(name) ? nil : ("custom_validation_failed", "Custom validation failed for node")
        case (_, _): return ("invalid_input_type", "Failed to convert an input value")
        }
    }
}

extension JSONValue {
    fileprivate var finiteSeconds: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number.isFinite ? number : nil
        case .null, .bool, .string, .array, .object: nil
        }
    }
}
