import Generation

/// How a prompt has ended, as the history tells.
struct ComfyEnding {
    /// A file that was made.
    struct File: Hashable {
        let name: String
        let subfolder: String
        let mediaType: String?
    }

    /// What ended it; nil of one that succeeded.
    let error: JSONValue?
    /// Whether somebody stopped it.
    let isInterrupted: Bool
    /// Who has asked for it.
    let clientID: String?

    private let outputs: [String: JSONValue]

    init(_ entry: JSONValue) {
        var messages: [(name: String, data: JSONValue)] = []
        if case .array(let all)? = entry["status"]?["messages"] {
            messages = all.compactMap { message in
                guard case .array(let parts) = message, parts.count == 2, let name = parts[0].stringValue else {
                    return nil
                }
                return (name, parts[1])
            }
        }
        isInterrupted = messages.contains { $0.name == "execution_interrupted" }
        let said = messages.first { $0.name == "execution_error" }?.data
        // JSON has a nil of its own, which is not meant here.
        let hasFailed = entry["status"]?["status_str"]?.stringValue == "error"
        error = said ?? (hasFailed ? JSONValue?.some(.null) : JSONValue?.none)
        if case .array(let parts)? = entry["prompt"], parts.count > 3 {
            clientID = parts[3]["client_id"]?.stringValue
        } else {
            clientID = nil
        }
        if case .object(let all)? = entry["outputs"] { outputs = all } else { outputs = [:] }
    }

    /// What an ending of a file's name says that it is.
    private static let mediaTypes = [
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "mp4": "video/mp4",
        "webm": "video/webm", "mp3": "audio/mpeg", "flac": "audio/flac", "wav": "audio/wav", "opus": "audio/ogg",
        "ogg": "audio/ogg",
    ]

    /// The files of some nodes, or of all; of media of a type, or of all: previews are left out.
    ///
    /// What kind of node has made a file says little about it: videos are listed under `images`, `gifs` and `video`.
    func files(of nodes: Set<String>?, type: GenerationType?) -> [File] {
        var found: [File] = []
        for (node, output) in outputs.sorted(by: Self.comesBefore) where nodes?.contains(node) ?? true {
            guard case .object(let lists) = output else { continue }
            for (_, list) in lists.sorted(by: { $0.key < $1.key }) {
                guard case .array(let entries) = list else { continue }
                for entry in entries where entry["type"]?.stringValue == "output" {
                    guard let name = entry["filename"]?.stringValue, !name.isEmpty else { continue }
                    let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
                    let mediaType = Self.mediaTypes[ending]
                    guard Self.fits(mediaType, type) else { continue }
                    let subfolder = entry["subfolder"]?.stringValue ?? ""
                    found.append(File(name: name, subfolder: subfolder, mediaType: mediaType))
                }
            }
        }
        return found
    }

    /// Nodes by their numbers.
    private static func comesBefore(
        _ one: Dictionary<String, JSONValue>.Element,
        _ other: Dictionary<String, JSONValue>.Element
    ) -> Bool {
        let (first, second) = (Int(one.key) ?? .max, Int(other.key) ?? .max)
        return first == second ? one.key < other.key : first < second
    }

    private static func fits(_ mediaType: String?, _ type: GenerationType?) -> Bool {
        guard let mediaType, let type else { return true }
        return switch type {
        case .image: mediaType.hasPrefix("image/")
        case .video: mediaType.hasPrefix("video/")
        case .speech, .music, .sound: mediaType.hasPrefix("audio/")
        case .transcription: true
        }
    }
}
