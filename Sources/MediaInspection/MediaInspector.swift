/// Recognises media by content, checks it whole to the last byte, and measures it.
///
/// Nothing is decoded. The structure of the container is walked from start to end, so a file that was cut anywhere is
/// found out even where players and `ffprobe` are satisfied with its head (a truncated fast-start MP4 is the common
/// case). Memory stays flat whatever the file's size, and hostile input ends in a `MediaProblem`, never in a trap.
package enum MediaInspector {
    /// How many bytes `sniff(_:)` wants to see; it makes do with fewer.
    package static let sniffLength = 64

    /// Checks a file whole and measures it.
    ///
    /// - Parameters:
    ///   - path: A regular file.
    ///   - expected: The format it should have, if that is known.
    ///   - pixelLimit: The most pixels an image or video frame may have, if something will decode it.
    /// - Returns: What the file is.
    /// - Throws: `unreadable`, `notRecognized`, `truncated`, `malformed`, `typeMismatch`, `tooLarge`.
    package static func inspect(
        path: String,
        expecting expected: MediaType? = nil,
        pixelLimit: Int? = nil
    ) throws(MediaProblem) -> MediaFacts {
        try inspect(ByteSource(path: path), expecting: expected, pixelLimit: pixelLimit)
    }

    /// Checks media that is in memory whole and measures it.
    ///
    /// - Parameters:
    ///   - bytes: The file's content.
    ///   - expected: The format it should have, if that is known.
    ///   - pixelLimit: The most pixels an image or video frame may have, if something will decode it.
    /// - Returns: What the file is.
    /// - Throws: `notRecognized`, `truncated`, `malformed`, `typeMismatch`, `tooLarge`.
    package static func inspect(
        bytes: [UInt8],
        expecting expected: MediaType? = nil,
        pixelLimit: Int? = nil
    ) throws(MediaProblem) -> MediaFacts {
        try inspect(ByteSource(bytes: bytes), expecting: expected, pixelLimit: pixelLimit)
    }

    /// The size of an image by its header alone, before anything else looks at it.
    ///
    /// The quick refusal of pixel bombs in client input. It says nothing about the rest of the file: `inspect` does.
    ///
    /// - Parameters:
    ///   - bytes: The image, or as much of its start as holds the header.
    ///   - pixelLimit: The most pixels (width × height) that are allowed.
    /// - Returns: Format, width and height.
    /// - Throws: `notRecognized` (also for anything but an image), `truncated`, `malformed`, `tooLarge`.
    package static func imageDimensions(
        _ bytes: [UInt8],
        pixelLimit: Int
    ) throws(MediaProblem) -> ImageDimensions {
        guard let type = sniff(Array(bytes.prefix(sniffLength))) else { throw .notRecognized }
        var reader = ByteReader(ByteSource(bytes: bytes))
        let size: (width: Int, height: Int)
        switch type {
        case .png: size = try PNGFormat.dimensions(&reader)
        case .jpeg: size = try JPEGFormat.dimensions(&reader)
        case .webp: size = try WebPFormat.dimensions(&reader)
        case .gif: size = try GIFFormat.dimensions(&reader)
        case .mp4, .quickTime, .webm, .matroska, .wav, .mp3, .ogg, .flac, .aac, .m4a, .webmAudio:
            throw .notRecognized
        }
        try check(width: size.width, height: size.height, against: pixelLimit)
        return ImageDimensions(mediaType: type, width: size.width, height: size.height)
    }

    /// The format that a file's first bytes announce; nil if they announce none that is known here.
    package static func sniff(_ head: [UInt8]) -> MediaType? {
        func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            head.count >= offset + signature.count && head[offset..<offset + signature.count].elementsEqual(signature)
        }
        func says(_ text: StaticString, at offset: Int = 0) -> Bool {
            has(text.withUTF8Buffer { Array($0) }, at: offset)
        }

        if has(PNGFormat.signature) { return .png }
        if has([0xff, 0xd8, 0xff]) { return .jpeg }
        if says("GIF87a") || says("GIF89a") { return .gif }
        if says("RIFF") || says("RF64") {
            if says("WEBP", at: 8) { return .webp }
            return says("WAVE", at: 8) ? .wav : nil
        }
        if says("ftyp", at: 4) {
            if says("qt  ", at: 8) { return .quickTime }
            if says("M4A ", at: 8) || says("M4B ", at: 8) { return .m4a }
            let stillImages: [StaticString] = ["avif", "avis", "heic", "heix", "hevc", "mif1", "msf1"]
            return stillImages.contains { says($0, at: 8) } ? nil : .mp4
        }
        // QuickTime files older than the ftyp box start with one of these.
        if ["moov", "mdat", "wide"].contains(where: { (name: StaticString) in says(name, at: 4) }) {
            return .quickTime
        }
        if has([0x1a, 0x45, 0xdf, 0xa3]) { return EBMLFormat.documentType(in: head) }
        if says("OggS") { return .ogg }
        if says("fLaC") { return .flac }
        if says("ID3") { return .mp3 }
        if MP3Format.Header(head) != nil { return .mp3 }
        if ADTSFormat.Header(head) != nil { return .aac }
        return nil
    }

    private static func inspect(
        _ source: ByteSource,
        expecting expected: MediaType?,
        pixelLimit: Int?
    ) throws(MediaProblem) -> MediaFacts {
        var reader = ByteReader(source)
        guard let type = sniff(try reader.head(at: 0, atMost: sniffLength)) else {
            throw source.size == 0 ? .truncated("it is empty") : .notRecognized
        }
        let facts: MediaFacts
        switch type {
        case .png: facts = try PNGFormat.inspect(&reader)
        case .jpeg: facts = try JPEGFormat.inspect(&reader)
        case .webp: facts = try WebPFormat.inspect(&reader)
        case .gif: facts = try GIFFormat.inspect(&reader)
        case .mp4, .quickTime, .m4a: facts = try MP4Format.inspect(&reader, as: type)
        case .webm, .matroska, .webmAudio: facts = try EBMLFormat.inspect(&reader, as: type)
        case .wav: facts = try WAVFormat.inspect(&reader)
        case .mp3: facts = try MP3Format.inspect(&reader)
        case .ogg: facts = try OggFormat.inspect(&reader)
        case .flac: facts = try FLACFormat.inspect(&reader)
        case .aac: facts = try ADTSFormat.inspect(&reader)
        }
        if let expected, expected != facts.mediaType {
            throw .typeMismatch(expected: expected, found: facts.mediaType)
        }
        if let width = facts.width, let height = facts.height, let pixelLimit {
            try check(width: width, height: height, against: pixelLimit)
        }
        return facts
    }

    private static func check(width: Int, height: Int, against pixelLimit: Int) throws(MediaProblem) {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels <= pixelLimit else {
            throw .tooLarge(width: width, height: height, pixelLimit: pixelLimit)
        }
    }
}
