/// WebP: a RIFF file with a lossy (VP8), lossless (VP8L) or extended (VP8X) picture.
///
/// Source: RFC 9649, sections 2.3 to 2.7, and RFC 6386, section 9.1.
enum WebPFormat {
    static func dimensions(_ reader: inout ByteReader) throws(MediaProblem) -> (width: Int, height: Int) {
        let length = try reader.little(at: 16, bytes: 4)
        switch try reader.u32(at: 12) {
        case tag("VP8X"):
            guard length >= 10 else { throw .malformed("a WebP header of \(length) bytes") }
            return (try reader.little(at: 24, bytes: 3) + 1, try reader.little(at: 27, bytes: 3) + 1)
        case tag("VP8 "), tag("VP8L"):
            return try pictureSize(&reader, at: 12)
        case let other:
            throw .malformed("a WebP cannot begin with chunk \(fourCharacters(other))")
        }
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        let (width, height) = try dimensions(&reader)
        let end = 8 + (try reader.little(at: 4, bytes: 4))
        guard end <= reader.size else {
            throw .truncated("the WebP's header says \(end) bytes, the file ends at \(reader.size)")
        }
        var offset = 12
        var pictures = 0
        var frames = 0
        var milliseconds = 0
        while offset < end {
            let type = try reader.u32(at: offset)
            let length = try reader.little(at: offset + 4, bytes: 4)
            guard length <= end - offset - 8 else {
                throw .malformed("WebP chunk \(fourCharacters(type)) reaches beyond its file")
            }
            switch type {
            case tag("VP8 "), tag("VP8L"):
                // A larger picture inside a small canvas would slip past a check of the header alone.
                let size = try pictureSize(&reader, at: offset)
                guard size == (width, height) else { throw .malformed("the WebP's picture differs from its header") }
                pictures += 1
            case tag("ANMF"):
                guard length >= 24 else { throw .malformed("a WebP frame of \(length) bytes") }
                frames += 1
                milliseconds += try reader.little(at: offset + 20, bytes: 3)
            default:
                break
            }
            offset += 8 + length + length & 1
        }
        guard pictures > 0 || frames > 0 else { throw .malformed("a WebP without a picture") }
        return MediaFacts(
            mediaType: .webp,
            width: width,
            height: height,
            duration: frames > 1 ? MediaDuration(value: Int64(milliseconds), timescale: 1_000) : nil,
            frameCount: frames > 1 ? frames : nil,
            hasAudio: false,
            hasVideo: false
        )
    }

    /// The size in the bitstream of a VP8 or VP8L chunk.
    private static func pictureSize(
        _ reader: inout ByteReader,
        at offset: Int
    ) throws(MediaProblem) -> (width: Int, height: Int) {
        let data = offset + 8
        let size: (width: Int, height: Int)
        if try reader.u32(at: offset) == tag("VP8L") {
            guard try reader.byte(at: data) == 0x2f else { throw .malformed("a WebP without its VP8L signature") }
            let bits = try reader.little(at: data + 1, bytes: 4)
            size = (bits & 0x3fff + 1, bits >> 14 & 0x3fff + 1)
        } else {
            guard try reader.byte(at: data) & 1 == 0, try reader.little(at: data + 3, bytes: 3) == 0x2a019d else {
                throw .malformed("a WebP without its VP8 start code")
            }
            size = (
                try reader.little(at: data + 6, bytes: 2) & 0x3fff, try reader.little(at: data + 8, bytes: 2) & 0x3fff
            )
        }
        guard size.width > 0, size.height > 0 else {
            throw .malformed("a WebP cannot measure \(size.width) x \(size.height)")
        }
        return size
    }
}
