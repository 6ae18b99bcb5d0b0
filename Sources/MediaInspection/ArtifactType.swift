/// What a media type that something is stored under is to people: its kind, and the usual ending of a file's name.
///
/// Besides the formats that are recognised by their bytes there are those that are known because we made them: transcripts,
/// and sound without a container.
package enum ArtifactType {
    /// `video`, `image`, `audio` or `text`; nil for a type that nothing is known of.
    package static func kind(of mediaType: String) -> String? {
        switch essence(of: mediaType) {
        case "audio/pcm": "audio"
        case "application/json", "text/plain", "application/x-subrip", "text/vtt": "text"
        case let type: MediaType(rawValue: type)?.kind.rawValue
        }
    }

    /// The usual ending of a file's name, without the dot; `bin` for a type that nothing is known of.
    package static func fileExtension(of mediaType: String) -> String {
        switch essence(of: mediaType) {
        case "audio/pcm": "pcm"
        case "application/json": "json"
        case "text/plain": "txt"
        case "application/x-subrip": "srt"
        case "text/vtt": "vtt"
        case let type: MediaType(mime: type)?.fileExtension ?? "bin"
        }
    }

    /// The type without its parameters.
    private static func essence(of mediaType: String) -> String {
        String(mediaType.prefix { $0 != ";" && $0 != " " }).lowercased()
    }
}
