/// FLAC: metadata blocks, then frames with two checksums each.
///
/// A frame does not say how long it is, so its end is where the next one starts: at a header whose own checksum and
/// position are right. Every frame's CRC-16 is checked that way, and the samples are counted against STREAMINFO.
///
/// Source: RFC 9639, sections 8 and 9.
enum FLACFormat {
    private struct StreamInfo {
        let sampleRate: Int
        /// Zero when the encoder did not know it.
        let samples: Int
    }

    private struct FrameHeader {
        let length: Int
        let samples: Int
        /// Number of the frame, or of its first sample where block sizes vary.
        let position: Int
        let variableBlocks: Bool
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        var offset = 4
        var info: StreamInfo?
        var isLast = false
        while !isLast {
            let head = try reader.byte(at: offset)
            let length = Int(try reader.big(at: offset + 1, bytes: 3))
            guard length <= reader.size - offset - 4 else {
                throw .truncated("a FLAC metadata block reaches beyond the end of the file")
            }
            if head & 0x7f == 0 {
                guard length >= 34 else { throw .malformed("a FLAC STREAMINFO of \(length) bytes") }
                let packed = try reader.big(at: offset + 4 + 10, bytes: 8)
                info = StreamInfo(sampleRate: Int(packed >> 44), samples: Int(packed & 0xf_ffff_ffff))
            }
            isLast = head & 0x80 != 0
            offset += 4 + length
        }
        guard let info, info.sampleRate > 0 else { throw .malformed("a FLAC without a sample rate") }
        let samples = try countSamples(&reader, from: offset)
        guard samples > 0 else { throw .truncated("a FLAC without a frame") }
        guard samples >= info.samples else {
            throw .truncated("the FLAC's header says \(info.samples) samples, \(samples) are there")
        }
        return MediaFacts(
            mediaType: .flac,
            duration: MediaDuration(value: Int64(samples), timescale: Int64(info.sampleRate)),
            sampleRate: info.sampleRate,
            hasAudio: true,
            hasVideo: false,
            endIsProven: info.samples > 0
        )
    }

    /// Walks the frames to the end of the file.
    private static func countSamples(_ reader: inout ByteReader, from start: Int) throws(MediaProblem) -> Int {
        guard start < reader.size else { return 0 }
        guard var frame = try header(&reader, at: start) else {
            throw .malformed("no FLAC frame starts at byte \(start)")
        }
        var offset = start
        var samples = 0
        while true {
            samples += frame.samples
            let nextPosition = frame.variableBlocks ? samples : frame.position + 1
            var crc = Checksum.FLACCRC16()
            var checked = offset
            var search = offset + frame.length
            var next: FrameHeader?
            while next == nil, let found = try reader.find(0xff, from: search) {
                search = found + 1
                guard let candidate = try header(&reader, at: found),
                    candidate.variableBlocks == frame.variableBlocks, candidate.position == nextPosition
                else { continue }
                try reader.checksum(of: checked..<found) { crc.update($0) }
                checked = found
                // Over data and its own checksum the CRC comes out as zero.
                if crc.result == 0 {
                    next = candidate
                }
            }
            guard let following = next else {
                try reader.checksum(of: checked..<reader.size) { crc.update($0) }
                guard crc.result == 0 else {
                    throw .truncated("the last FLAC frame, at byte \(offset), is incomplete or damaged")
                }
                return samples
            }
            offset = checked
            frame = following
        }
    }

    /// The frame header at an offset; nil if there is none or its checksum is wrong.
    private static func header(_ reader: inout ByteReader, at offset: Int) throws(MediaProblem) -> FrameHeader? {
        let bytes = try reader.head(at: offset, atMost: 16)
        guard bytes.count >= 6, bytes[0] == 0xff, bytes[1] & 0xfe == 0xf8, bytes[3] & 1 == 0 else { return nil }
        guard let (position, positionLength) = codedNumber(bytes.dropFirst(4)) else { return nil }
        var length = 4 + positionLength
        let samples: Int
        switch bytes[2] >> 4 {
        case 0: return nil
        case 1: samples = 192
        case let code where code <= 5: samples = 576 << (Int(code) - 2)
        case 6:
            guard bytes.count > length else { return nil }
            samples = Int(bytes[length]) + 1
            length += 1
        case 7:
            guard bytes.count > length + 1 else { return nil }
            samples = Int(bytes[length]) << 8 + Int(bytes[length + 1]) + 1
            length += 2
        case let code: samples = 256 << (Int(code) - 8)
        }
        switch bytes[2] & 0x0f {
        case 12: length += 1
        case 13, 14: length += 2
        case 15: return nil
        default: break
        }
        guard bytes.count > length, Checksum.flacCRC8(bytes[..<length]) == bytes[length] else { return nil }
        return FrameHeader(
            length: length + 1,
            samples: samples,
            position: position,
            variableBlocks: bytes[1] & 1 == 1
        )
    }

    /// A number in the manner of UTF-8, of up to seven bytes.
    private static func codedNumber(_ bytes: ArraySlice<UInt8>) -> (value: Int, length: Int)? {
        guard let first = bytes.first else { return nil }
        let ones = (~first).leadingZeroBitCount
        if ones == 0 { return (Int(first), 1) }
        guard (2...7).contains(ones), bytes.count >= ones else { return nil }
        var value = ones == 7 ? 0 : Int(first & (0x7f >> UInt8(ones)))
        for byte in bytes.dropFirst().prefix(ones - 1) {
            guard byte & 0xc0 == 0x80 else { return nil }
            value = value << 6 | Int(byte & 0x3f)
        }
        return (value, ones)
    }
}
