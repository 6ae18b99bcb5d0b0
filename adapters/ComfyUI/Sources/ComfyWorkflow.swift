import Foundation
import Generation

/// A workflow of the operator's, and where in it a request's values go.
///
/// The graph has the form that the program saves as "API": ids of nodes, each with its class and its inputs.
struct ComfyWorkflow: Sendable, Hashable {
    /// What of a request goes into a workflow.
    enum Slot: String, CaseIterable {
        case prompt
        case negativePrompt = "negative_prompt"
        case seed
        case width
        case height
        case count
        case seconds
        case frames
        case fps
        case images
        case firstFrame = "first_frame"
        case lastFrame = "last_frame"
        case voice
        case language
        case speed
        case instructions
        case lyrics

        /// Whether each place of it takes a picture of its own.
        var isPicture: Bool { self == .images || self == .firstFrame || self == .lastFrame }
    }

    /// One input of a node.
    struct Place: Sendable, Hashable {
        let node: String
        let input: String
    }

    /// The nodes, by id.
    let graph: [String: JSONValue]
    /// Where values go, by the name of a slot or of an option.
    let inputs: [String: [Place]]
    /// The nodes whose files are the outputs; empty: all.
    let outputs: [String]

    func places(_ slot: Slot) -> [Place] { inputs[slot.rawValue] ?? [] }

    func has(_ slot: Slot) -> Bool { !places(slot).isEmpty }

    // MARK: - The operator's file

    /// The longest graph, in bytes.
    private static let bytesMax = 8 << 20

    /// Reads `workflow`: the file, the places, and the nodes of the outputs.
    static func read(
        _ reader: inout FieldReader,
        of model: ModelCapabilities,
        folder: String
    ) throws(RequestProblem) -> ComfyWorkflow {
        guard var fields = try reader.object("workflow") else {
            let place = reader.path(of: "workflow")
            throw RequestProblem(.missingField, field: place, "`\(place)` is required: {file, inputs, outputs}.")
        }
        let name = try fields.requiredString("file", charactersMax: 1_000)
        let graph = try graph(name.hasPrefix("/") ? name : "\(folder)/\(name)", at: fields.path(of: "file"))
        let inputs = try inputs(&fields, graph, options: model.options)
        var outputs: [String] = []
        for (value, path) in try fields.array("outputs", countMax: 100) ?? [] {
            guard let node = value.stringValue ?? value.wholeNumber.map(String.init), graph[node] != nil else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)), which is no node of \(name)."
                )
            }
            outputs.append(node)
        }
        try fields.finish()
        return ComfyWorkflow(graph: graph, inputs: inputs, outputs: outputs)
    }

    private static func graph(_ path: String, at place: String) throws(RequestProblem) -> [String: JSONValue] {
        func refuse(_ why: String) -> RequestProblem {
            RequestProblem(
                .invalidValue,
                field: place,
                "`\(place)` is \(RequestProblem.shown(.string(path))), which \(why)."
            )
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw refuse("cannot be read") }
        guard data.count <= bytesMax, let json = try? JSONDecoder().decode(JSONValue.self, from: data),
            case .object(let graph) = json
        else { throw refuse("is no JSON object of at most \(bytesMax) bytes") }
        if case .array? = graph["nodes"] {
            throw refuse("is a workflow as the page saves it; save it with \"Export (API)\"")
        }
        for (id, node) in graph.sorted(by: { $0.key < $1.key }) {
            guard node["class_type"]?.stringValue != nil, case .object? = node["inputs"] else {
                throw refuse("is no workflow in the API's form: its node \(id) has no class_type or no inputs")
            }
        }
        guard !graph.isEmpty else { throw refuse("has no nodes") }
        return graph
    }

    private static func inputs(
        _ fields: inout FieldReader,
        _ graph: [String: JSONValue],
        options: [String]
    ) throws(RequestProblem) -> [String: [Place]] {
        let slots = Slot.allCases.map(\.rawValue)
        if let option = options.first(where: slots.contains) {
            throw RequestProblem(
                .contradiction,
                field: "options",
                "`options` has \"\(option)\", which is a slot of every workflow; choose another name."
            )
        }
        guard var reader = try fields.object("inputs") else { return [:] }
        var inputs: [String: [Place]] = [:]
        for name in slots + options {
            guard let value = reader.value(name) else { continue }
            let path = reader.path(of: name)
            switch value {
            case .array(let elements):
                inputs[name] = try elements.enumerated().map { index, element throws(RequestProblem) in
                    try place(element, "\(path)[\(index)]", graph)
                }
            case .null, .bool, .integer, .number, .string, .object: inputs[name] = [try place(value, path, graph)]
            }
        }
        try reader.finish()
        return inputs
    }

    /// `NODE.INPUT`, of a node and an input that are there and hold a value.
    private static func place(
        _ value: JSONValue,
        _ path: String,
        _ graph: [String: JSONValue]
    ) throws(RequestProblem) -> Place {
        let parts = (value.stringValue ?? "").split(separator: ".", maxSplits: 1).map(String.init)
        func refuse(_ why: String) -> RequestProblem {
            RequestProblem(.invalidValue, field: path, "`\(path)` is \(RequestProblem.shown(value)); \(why).")
        }
        guard parts.count == 2 else { throw refuse("the form is NODE.INPUT, such as \"6.text\"") }
        guard let node = graph[parts[0]], case .object(let inputs)? = node["inputs"] else {
            throw refuse("the workflow has no node \(parts[0])")
        }
        guard let current = inputs[parts[1]] else {
            throw refuse(
                "node \(parts[0]) has no input \(parts[1]); it has: \(RequestProblem.list(inputs.keys.sorted()))"
            )
        }
        if case .array = current { throw refuse("that input is linked to another node, and takes no value") }
        return Place(node: parts[0], input: parts[1])
    }
}
