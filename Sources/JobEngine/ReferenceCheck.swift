import Foundation
import Generation
import MediaInspection

/// Why a reference cannot be used.
enum ReferenceProblem: Error {
    /// It is not what it should be: the rest of a sentence that begins with the field's name.
    case unfit(String)
    /// The file that it was received into cannot be read: no fault of the reference.
    case unreadable(MediaProblem)
}

/// What the bytes of a reference have to be, whichever way they came: a whole picture or sound of a known format, by its
/// bytes and not by what anybody says about them, and not larger than may be decoded.
struct ReferenceCheck: Sendable {
    /// What a reference is wanted for.
    enum Kind: Sendable {
        /// Something to see.
        case picture
        /// Something to listen to; with the picture of a film or without.
        case sound
    }

    /// What was found.
    struct Facts: Sendable {
        /// The media type.
        var mediaType: String
        var width: Int?
        var height: Int?
        var milliseconds: Int64?
        var sampleRate: Int?

        /// The input that has these bytes.
        func stored(sha256: String, bytes: Int64) -> StoredInput {
            var stored = StoredInput(sha256: sha256, mediaType: mediaType, bytes: bytes)
            (stored.width, stored.height) = (width, height)
            (stored.milliseconds, stored.sampleRate) = (milliseconds, sampleRate)
            return stored
        }
    }

    /// Sound without any header, which is what it is said to be: 16 bits, little-endian, mono, at the rate below.
    static let pcm = "audio/pcm"
    private static let pcmRate = 16_000

    private static let pictures = "image/png, image/jpeg, image/webp, image/gif"
    private static let sounds =
        "audio/wav, audio/mpeg, audio/flac, audio/ogg, audio/mp4, audio/aac, audio/webm, video/mp4, video/webm"

    /// What it is wanted for.
    let kind: Kind
    /// The most pixels, checked in the header before anything decodes it.
    let pixelsMax: Int

    /// What bytes in memory are.
    func facts(of bytes: [UInt8], declared: String? = nil) throws(ReferenceProblem) -> Facts {
        if kind == .sound, declared == Self.pcm { return try pcm(bytes: Int64(bytes.count)) }
        try sniff(bytes.prefix(MediaInspector.sniffLength))
        return try facts { () throws(MediaProblem) in
            try MediaInspector.inspect(bytes: bytes, pixelLimit: pixelsMax)
        }
    }

    /// What bytes in a file are.
    func facts(ofFile path: String, bytes: Int64, declared: String? = nil) throws(ReferenceProblem) -> Facts {
        if kind == .sound, declared == Self.pcm { return try pcm(bytes: bytes) }
        // Too many open files, for one, are no fault of the reference.
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw .unreadable(.unreadable("the file that it was received into cannot be opened"))
        }
        let head: Data?
        do {
            head = try handle.read(upToCount: MediaInspector.sniffLength)
        } catch {
            throw .unreadable(.unreadable("\(error)"))
        }
        try sniff(Array(head ?? Data())[...])
        return try facts { () throws(MediaProblem) in try MediaInspector.inspect(path: path, pixelLimit: pixelsMax) }
    }

    private func pcm(bytes: Int64) throws(ReferenceProblem) -> Facts {
        guard bytes > 0, bytes.isMultiple(of: 2) else {
            throw .unfit("has \(bytes) bytes, which are no whole samples of 16 bits.")
        }
        var facts = Facts(mediaType: Self.pcm)
        facts.milliseconds = bytes / 2 * 1_000 / Int64(Self.pcmRate)
        facts.sampleRate = Self.pcmRate
        return facts
    }

    /// By the first bytes, before anything walks the whole: a long file of another kind costs nothing.
    private func sniff(_ head: ArraySlice<UInt8>) throws(ReferenceProblem) {
        guard let found = MediaInspector.sniff(Array(head)), isTaken(found) else {
            switch kind {
            case .picture: throw .unfit("is not an image that is taken: \(Self.pictures).")
            case .sound: throw .unfit("is not a sound that is taken: \(Self.sounds).")
            }
        }
    }

    private func isTaken(_ type: MediaType) -> Bool {
        switch kind {
        case .picture: type.kind == .image
        case .sound: type.kind != .image
        }
    }

    private func facts(_ inspect: () throws(MediaProblem) -> MediaFacts) throws(ReferenceProblem) -> Facts {
        let found: MediaFacts
        do {
            found = try inspect()
        } catch {
            if case .unreadable = error { throw .unreadable(error) }
            throw .unfit("is not a usable \(kind == .picture ? "image" : "sound"): \(error).")
        }
        guard isTaken(found.mediaType) else {
            throw .unfit(
                "holds \(found.mediaType.rawValue); allowed: \(kind == .picture ? Self.pictures : Self.sounds)."
            )
        }
        var facts = Facts(mediaType: found.mediaType.rawValue)
        switch kind {
        case .picture: (facts.width, facts.height) = (found.width, found.height)
        case .sound:
            guard found.hasAudio != false else { throw .unfit("is a film without sound.") }
            (facts.milliseconds, facts.sampleRate) = (found.durationMilliseconds, found.sampleRate)
        }
        return facts
    }
}

extension GenerationRequest {
    /// Whether it can be told only from the bytes of its inputs whether a model takes them.
    var dependsOnInputs: Bool {
        switch content {
        case .transcription: true
        case .image(let image): image.mask != nil
        case .video, .speech, .music, .sound: false
        }
    }

    /// What its inputs are wanted for.
    var inputKind: ReferenceCheck.Kind {
        switch content {
        case .transcription: .sound
        case .video, .image, .speech, .music, .sound: .picture
        }
    }
}
