import Generation
import JobCore
import MediaInspection

/// Whether files have the format that a request asks for: what is delivered otherwise is kept, paid for and told.
enum DeliveredFormat {
    /// One adjustment for each other format that files have.
    ///
    /// - Parameters:
    ///   - artifacts: The files, with the media types that were found in them.
    ///   - request: The request that the job was accepted with.
    /// - Returns: None where all is as asked for, and where nothing is that can be told from a file.
    static func adjustments(of artifacts: [Artifact], for request: GenerationRequest) -> [Adjustment] {
        guard let (parameter, asked) = format(of: request), let wanted = Format(name: asked) else { return [] }
        var others: [Format] = []
        for artifact in artifacts {
            let found = Format(mediaType: artifact.mediaType)
            if found != wanted, !others.contains(found) { others.append(found) }
        }
        return others.map { other in
            Adjustment(
                parameter: parameter,
                asked: .string(asked),
                used: .string(other.name),
                reason: .deliveredOtherwise
            )
        }
    }

    /// The format that a request names, and the parameter that it does it in.
    ///
    /// Transcripts are written here, and videos have no format to choose.
    private static func format(of request: GenerationRequest) -> (parameter: String, name: String)? {
        switch request.content {
        case .image(let image): image.outputFormat.map { ("output_format", $0) }
        case .speech(let speech): speech.responseFormat.map { ("response_format", $0) }
        case .music(let music): music.responseFormat.map { ("response_format", $0) }
        case .sound(let sound): sound.responseFormat.map { ("response_format", $0) }
        case .video, .transcription: nil
        }
    }
}

/// A format of pictures or sound, by whatever name.
private enum Format: Equatable {
    case media(MediaType)
    /// Samples without a container, at whatever rate.
    case samples
    /// One that nothing is known of.
    case other(String)

    /// The format that a request's word asks for; nil for `auto`, and for a word that says nothing about the file.
    ///
    /// Opus comes in an Ogg container, and so it is found.
    init?(name: String) {
        switch name.lowercased() {
        case "png": self = .media(.png)
        case "jpeg", "jpg": self = .media(.jpeg)
        case "webp": self = .media(.webp)
        case "gif": self = .media(.gif)
        case "mp3": self = .media(.mp3)
        case "opus", "ogg": self = .media(.ogg)
        case "wav": self = .media(.wav)
        case "flac": self = .media(.flac)
        case "aac": self = .media(.aac)
        case "m4a": self = .media(.m4a)
        case "pcm": self = .samples
        case _: return nil
        }
    }

    /// The format of a file.
    init(mediaType: String) {
        if let media = MediaType(mime: mediaType) {
            self = .media(media)
        } else {
            let type = mediaType.prefix { $0 != ";" }
            self = type == "audio/pcm" ? .samples : .other(String(type))
        }
    }

    /// Its name among the words of requests.
    var name: String {
        switch self {
        case .media(.jpeg): "jpeg"
        case .media(let type): type.fileExtension
        case .samples: "pcm"
        case .other(let type): type
        }
    }
}
