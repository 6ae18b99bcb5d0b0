/// GIF: a logical screen, then blocks up to the trailer 3B.
///
/// Source: GIF89a specification, sections 17 to 27.
enum GIFFormat {
    static func dimensions(_ reader: inout ByteReader) throws(MediaProblem) -> (width: Int, height: Int) {
        let (width, height) = (try reader.little(at: 6, bytes: 2), try reader.little(at: 8, bytes: 2))
        guard width > 0, height > 0 else { throw .malformed("a GIF cannot measure \(width) x \(height)") }
        return (width, height)
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        let (width, height) = try dimensions(&reader)
        var offset = 13 + colorTableSize(try reader.byte(at: 10))
        var frames = 0
        var hundredths = 0
        while true {
            let block = try reader.byte(at: offset)
            switch block {
            case 0x2c:
                frames += 1
                offset += 10 + colorTableSize(try reader.byte(at: offset + 9))
                // One byte of code size, then the compressed picture in sub-blocks.
                offset = try endOfSubBlocks(&reader, from: offset + 1)
            case 0x21:
                if try reader.byte(at: offset + 1) == 0xf9 {
                    hundredths += try reader.little(at: offset + 4, bytes: 2)
                }
                offset = try endOfSubBlocks(&reader, from: offset + 2)
            case 0x3b:
                guard frames > 0 else { throw .malformed("a GIF without a picture") }
                return MediaFacts(
                    mediaType: .gif,
                    width: width,
                    height: height,
                    duration: frames > 1 ? MediaDuration(value: Int64(hundredths), timescale: 100) : nil,
                    frameCount: frames > 1 ? frames : nil,
                    hasAudio: false,
                    hasVideo: false
                )
            default:
                throw .malformed("a GIF block of type \(block) at byte \(offset)")
            }
        }
    }

    private static func colorTableSize(_ flags: UInt8) -> Int {
        flags & 0x80 == 0 ? 0 : 3 << (Int(flags & 0x07) + 1)
    }

    private static func endOfSubBlocks(_ reader: inout ByteReader, from start: Int) throws(MediaProblem) -> Int {
        var offset = start
        while true {
            let length = Int(try reader.byte(at: offset))
            offset += 1 + length
            if length == 0 { return offset }
        }
    }
}
