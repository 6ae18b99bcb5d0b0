import Cryptography
import Generation
import HTTPTransport
import ProviderKit

/// A workflow with a request's values in it: what is sent.
///
/// Built again for the same attempt it is the same, byte for byte.
struct ComfyGraph {
    private(set) var graph: [String: JSONValue]
    private let workflow: ComfyWorkflow

    init(_ workflow: ComfyWorkflow, attempt: AttemptReference) {
        self.workflow = workflow
        graph = workflow.graph
        // A seed that nobody asked for is the attempt's own: with the template's, the program would take what it has
        // made before out of its cache, and answer without any output (seen in older versions).
        set(.seed, .integer(Self.seed(attempt.externalID)))
        for (id, node) in workflow.graph where node["inputs"]?["filename_prefix"]?.stringValue != nil {
            put(.string("mediary_\(attempt.externalID)"), ComfyWorkflow.Place(node: id, input: "filename_prefix"))
        }
    }

    /// Puts a value everywhere where the workflow has the slot.
    mutating func set(_ slot: ComfyWorkflow.Slot, _ value: JSONValue?) { set(slot.rawValue, value) }

    /// The same of a slot or an option by its name.
    mutating func set(_ name: String, _ value: JSONValue?) {
        guard let value else { return }
        for place in workflow.inputs[name] ?? [] { put(value, place) }
    }

    /// Puts pictures into the places of a slot, one each.
    mutating func set(_ slot: ComfyWorkflow.Slot, pictures names: [String]) {
        for (name, place) in zip(names, workflow.places(slot)) { put(.string(name), place) }
    }

    private mutating func put(_ value: JSONValue, _ place: ComfyWorkflow.Place) {
        guard case .object(var node)? = graph[place.node], case .object(var inputs)? = node["inputs"] else { return }
        inputs[place.input] = value
        node["inputs"] = .object(inputs)
        graph[place.node] = .object(node)
    }

    /// The canonical UUID that an attempt has at the server.
    static func promptID(_ externalID: String) -> String {
        var bytes = Array(SHA256.hash(Array("prompt \(externalID)".utf8)).bytes.prefix(16))
        // Version 8, which leaves the rest to whoever makes it; the variant of RFC 9562.
        (bytes[6], bytes[8]) = (bytes[6] & 0x0F | 0x80, bytes[8] & 0x3F | 0x80)
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let groups = [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
        return groups.map { $0.joined() }.joined(separator: "-")
    }

    private static func seed(_ externalID: String) -> Int64 {
        SHA256.hash(Array("seed \(externalID)".utf8)).bytes.prefix(4).reduce(0) { $0 << 8 | Int64($1) }
    }
}

extension ComfyGraph {
    /// Puts in what of a request is no picture.
    mutating func set(_ content: GenerationRequest.Content) {
        switch content {
        case .image(let image):
            set(.prompt, .string(image.prompt))
            set(.negativePrompt, image.negativePrompt.map(JSONValue.string))
            set(.seed, image.seed.map(JSONValue.integer))
            set(.count, .integer(Int64(image.n ?? 1)))
            set(image.size)
        case .video(let video):
            set(.prompt, .string(video.prompt))
            set(.negativePrompt, video.negativePrompt.map(JSONValue.string))
            set(.seed, video.seed.map(JSONValue.integer))
            set(.fps, video.fps.map { .integer(Int64($0)) })
            set(video.size)
            guard let seconds = video.duration else { return }
            set(.seconds, .integer(Int64(seconds)))
            // The models count from a first frame on: 81 frames are 5 seconds at 16.
            set(.frames, video.fps.map { .integer(Int64(seconds * $0 + 1)) })
        case .speech(let speech):
            set(.prompt, .string(speech.input))
            set(.voice, speech.voice.map(JSONValue.string))
            set(.language, speech.language.map(JSONValue.string))
            set(.speed, speech.speed.map(JSONValue.number))
            set(.instructions, speech.instructions.map(JSONValue.string))
        case .music(let music):
            set(.prompt, .string(music.prompt))
            set(.lyrics, music.lyrics.map(JSONValue.string))
            set(.seed, music.seed.map(JSONValue.integer))
            set(.seconds, music.duration.map(JSONValue.number))
        case .sound(let sound):
            set(.prompt, .string(sound.prompt))
            set(.seed, sound.seed.map(JSONValue.integer))
            set(.seconds, sound.duration.map(JSONValue.number))
        case .transcription: break
        }
    }

    private mutating func set(_ size: PixelSize?) {
        set(.width, size.map { .integer(Int64($0.width)) })
        set(.height, size.map { .integer(Int64($0.height)) })
    }
}
