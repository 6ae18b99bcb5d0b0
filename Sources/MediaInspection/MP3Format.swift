/// MP3: MPEG 1, 2 or 2.5 Layer III frames, with ID3 tags around them.
///
/// The first frame often holds a Xing or Info header instead of sound. It says how many frames follow, which is the
/// only proof against a cut between two frames; it is not counted. VBRI, its rarer cousin, likewise.
///
/// Source: ISO/IEC 11172-3 and 13818-3, section 2.4; ID3v2.4 section 3.1.
enum MP3Format {
    /// The four bytes that open a frame.
    struct Header {
        let sampleRate: Int
        let samples: Int
        let length: Int
        /// Where a Xing header would stand: after the side information.
        let xingOffset: Int

        private static let rates = [44_100, 48_000, 32_000]
        private static let kilobitsV1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
        private static let kilobitsV2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

        /// Nil unless the bytes open a Layer III frame.
        ///
        /// Free-format frames (no bit rate) have no length to walk by and are not taken.
        init?(_ bytes: [UInt8]) {
            guard bytes.count >= 4, bytes[0] == 0xff, bytes[1] & 0xe6 == 0xe2 else { return nil }
            let version = bytes[1] >> 3 & 3
            let bitrate = Int(bytes[2] >> 4)
            let rate = Int(bytes[2] >> 2 & 3)
            guard version != 1, (1...14).contains(bitrate), rate != 3 else { return nil }
            let isVersion1 = version == 3
            let isMono = bytes[3] >> 6 == 3
            sampleRate = Self.rates[rate] / (isVersion1 ? 1 : version == 2 ? 2 : 4)
            samples = isVersion1 ? 1_152 : 576
            let bitsPerSecond = (isVersion1 ? Self.kilobitsV1 : Self.kilobitsV2)[bitrate] * 1_000
            length = samples / 8 * bitsPerSecond / sampleRate + Int(bytes[2] >> 1 & 1)
            xingOffset = 4 + (isVersion1 ? (isMono ? 17 : 32) : (isMono ? 9 : 17))
        }
    }

    /// A frame that holds figures instead of sound.
    private struct Info {
        /// How many frames follow; nil when the encoder did not say.
        let frames: Int?
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        var offset = 0
        var frames = 0
        var promised: Int?
        var first: Header?
        // Services that join pieces leave tags and Info frames in the middle, so both are looked for all along.
        var mayBeInfo = true
        while offset < reader.size {
            if let end = try endOfTag(&reader, at: offset) {
                offset = end
                mayBeInfo = true
                continue
            }
            guard let header = Header(try reader.head(at: offset, atMost: 4)) else {
                if try isZero(&reader, from: offset) { break }
                throw reader.size - offset < 4
                    ? .truncated("the last MP3 frame is incomplete")
                    : .malformed("no MP3 frame starts at byte \(offset)")
            }
            guard header.length <= reader.size - offset else {
                throw .truncated("the last MP3 frame reaches to byte \(offset + header.length), beyond the end")
            }
            if let first, first.sampleRate != header.sampleRate {
                throw .malformed("the MP3 changes its sample rate at byte \(offset)")
            }
            first = first ?? header
            if mayBeInfo, let info = try readInfo(&reader, at: offset, header) {
                promised = info.frames.map { $0 + (promised ?? 0) } ?? promised
            } else {
                frames += 1
            }
            mayBeInfo = false
            offset += header.length
        }
        guard let first, frames > 0 else {
            throw promised == nil ? .malformed("an MP3 without a frame") : .truncated("an MP3 without its frames")
        }
        if let promised, frames < promised {
            throw .truncated("the MP3's header says \(promised) frames, \(frames) are there")
        }
        return MediaFacts(
            mediaType: .mp3,
            duration: MediaDuration(value: Int64(frames * first.samples), timescale: Int64(first.sampleRate)),
            sampleRate: first.sampleRate,
            hasAudio: true,
            hasVideo: false,
            endIsProven: promised != nil
        )
    }

    /// The Xing, Info or VBRI header in a frame, if it holds one.
    private static func readInfo(
        _ reader: inout ByteReader,
        at offset: Int,
        _ header: Header
    ) throws(MediaProblem) -> Info? {
        if header.length >= header.xingOffset + 12 {
            let name = try reader.u32(at: offset + header.xingOffset)
            if name == tag("Xing") || name == tag("Info") {
                let flags = try reader.u32(at: offset + header.xingOffset + 4)
                let frames = try reader.u32(at: offset + header.xingOffset + 8)
                return Info(frames: flags & 1 != 0 && frames > 0 ? frames : nil)
            }
        }
        if header.length >= 36 + 18, try reader.u32(at: offset + 36) == tag("VBRI") {
            let frames = try reader.u32(at: offset + 36 + 14)
            return Info(frames: frames > 0 ? frames : nil)
        }
        return nil
    }

    /// The end of the ID3 or APE tag that stands at an offset; nil if none does.
    private static func endOfTag(_ reader: inout ByteReader, at offset: Int) throws(MediaProblem) -> Int? {
        let head = try reader.head(at: offset, atMost: 32)
        let end: Int
        if head.starts(with: Array("ID3".utf8)), head.count >= 10 {
            guard head[6...9].allSatisfy({ $0 < 0x80 }) else { throw .malformed("an ID3 tag with a wrong length") }
            let length = head[6...9].reduce(0) { $0 << 7 | Int($1) }
            end = offset + 10 + length + (head[5] & 0x10 != 0 ? 10 : 0)
        } else if head.starts(with: Array("TAG".utf8)) {
            end = offset + 128
        } else if head.starts(with: Array("APETAGEX".utf8)), head.count == 32 {
            // The length counts the footer; a header comes on top of it.
            let length = head[12...15].reversed().reduce(0) { $0 << 8 | Int($1) }
            end = offset + length + 32
        } else {
            return nil
        }
        guard end <= reader.size else { throw .truncated("an MP3 tag reaches to byte \(end), beyond the end") }
        return end
    }

    /// Some encoders pad the end with zeros.
    private static func isZero(_ reader: inout ByteReader, from start: Int) throws(MediaProblem) -> Bool {
        for offset in start..<reader.size where try reader.byte(at: offset) != 0 {
            return false
        }
        return true
    }
}
