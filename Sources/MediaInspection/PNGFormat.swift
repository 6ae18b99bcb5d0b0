/// PNG: a signature, then chunks with a checksum each, the last one IEND.
///
/// Source: W3C PNG Specification (Third Edition), sections 5 and 11.2.
enum PNGFormat {
    static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    /// The size in IHDR, which is always the first chunk.
    static func dimensions(_ reader: inout ByteReader) throws(MediaProblem) -> (width: Int, height: Int) {
        let length = try reader.u32(at: 8)
        guard length == 13, try reader.u32(at: 12) == tag("IHDR") else {
            throw .malformed("a PNG must begin with its IHDR chunk")
        }
        let (width, height) = (try reader.u32(at: 16), try reader.u32(at: 20))
        guard (1...0x7fff_ffff).contains(width), (1...0x7fff_ffff).contains(height) else {
            throw .malformed("a PNG cannot measure \(width) x \(height)")
        }
        let (depth, color) = (try reader.byte(at: 24), try reader.byte(at: 25))
        let depths: [UInt8] =
            switch color {
            case 0: [1, 2, 4, 8, 16]
            case 3: [1, 2, 4, 8]
            case 2, 4, 6: [8, 16]
            default: []
            }
        guard depths.contains(depth) else {
            throw .malformed("PNG colour type \(color) with \(depth) bits does not exist")
        }
        return (width, height)
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        let (width, height) = try dimensions(&reader)
        var offset = signature.count
        var dataSeen = false
        while true {
            let length = try reader.u32(at: offset)
            let type = try reader.u32(at: offset + 4)
            guard length <= 0x7fff_ffff else { throw .malformed("PNG chunk \(fourCharacters(type)) is too long") }
            let end = offset + 12 + length
            guard end <= reader.size else {
                throw .truncated(
                    "PNG chunk \(fourCharacters(type)) reaches to byte \(end), the file ends at \(reader.size)"
                )
            }
            var crc = Checksum.CRC32()
            try reader.checksum(of: offset + 4..<end - 4) { crc.update($0) }
            guard try reader.u32(at: end - 4) == Int(crc.result) else {
                throw .malformed("the checksum of PNG chunk \(fourCharacters(type)) at byte \(offset) is wrong")
            }
            if type == tag("IDAT") {
                dataSeen = true
            } else if type == tag("IEND") {
                guard dataSeen else { throw .malformed("a PNG without image data") }
                return MediaFacts(mediaType: .png, width: width, height: height, hasAudio: false, hasVideo: false)
            }
            offset = end
        }
    }
}
