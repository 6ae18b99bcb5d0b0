/// Ogg: pages with a checksum each; the last page of every stream carries the end flag.
///
/// Source: RFC 3533 (pages), RFC 7845 (Opus), Vorbis I specification, section 4.2.2.
enum OggFormat {
    /// One of the streams that may be interleaved in the file.
    private struct Stream {
        var sampleRate: Int?
        /// Samples at the start that decoders throw away (Opus).
        var preSkip = 0
        var nextPage: Int
        var samples = 0
        var ended = false
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        var streams: [Int: Stream] = [:]
        var offset = 0
        while offset < reader.size {
            offset = try readPage(&reader, at: offset, into: &streams)
        }
        guard !streams.isEmpty, streams.values.allSatisfy(\.ended) else {
            throw .truncated("an Ogg stream without its last page")
        }
        // A chain of streams plays one after the other; nothing that generates media writes several at once.
        var duration: MediaDuration?
        for stream in streams.values {
            guard let rate = stream.sampleRate else { continue }
            let length = MediaDuration(value: Int64(max(0, stream.samples - stream.preSkip)), timescale: Int64(rate))
            if (length?.milliseconds ?? 0) >= (duration?.milliseconds ?? 0) {
                duration = length
            }
        }
        return MediaFacts(
            mediaType: .ogg,
            duration: streams.count == 1 ? duration : nil,
            hasAudio: streams.values.contains { $0.sampleRate != nil } ? true : nil,
            hasVideo: nil
        )
    }

    /// Checks one page and returns where the next one starts.
    private static func readPage(
        _ reader: inout ByteReader,
        at offset: Int,
        into streams: inout [Int: Stream]
    ) throws(MediaProblem) -> Int {
        guard try reader.u32(at: offset) == tag("OggS"), try reader.byte(at: offset + 4) == 0 else {
            throw .malformed("no Ogg page starts at byte \(offset)")
        }
        let flags = try reader.byte(at: offset + 5)
        let segmentCount = Int(try reader.byte(at: offset + 26))
        let segments = try reader.bytes(at: offset + 27, count: segmentCount)
        let data = offset + 27 + segmentCount
        let end = data + segments.reduce(0) { $0 + Int($1) }
        guard end <= reader.size else {
            throw .truncated("an Ogg page reaches to byte \(end), the file ends at \(reader.size)")
        }
        var crc = Checksum.OggCRC32()
        try reader.checksum(of: offset..<offset + 22) { crc.update($0) }
        [0, 0, 0, 0].withUnsafeBytes { crc.update(UnsafeRawBufferPointer(rebasing: $0.prefix(4))) }
        try reader.checksum(of: offset + 26..<end) { crc.update($0) }
        guard try reader.little(at: offset + 22, bytes: 4) == Int(crc.result) else {
            throw .malformed("the checksum of the Ogg page at byte \(offset) is wrong")
        }

        let serial = try reader.little(at: offset + 14, bytes: 4)
        let number = try reader.little(at: offset + 18, bytes: 4)
        if flags & 2 != 0 {
            guard streams[serial] == nil, streams.count < 64 else { throw .malformed("Ogg streams without end") }
            streams[serial] = try openStream(&reader, at: data, count: end - data, page: number)
        }
        guard var stream = streams[serial], !stream.ended, stream.nextPage == number else {
            throw .malformed("an Ogg page is missing before byte \(offset)")
        }
        stream.nextPage = (number + 1) & 0xffff_ffff
        stream.ended = flags & 4 != 0
        // The position counts samples; all ones mean that no packet ends on this page.
        let position = Int64(bitPattern: try reader.big(at: offset + 6, bytes: 8).byteSwapped)
        if position > 0 {
            stream.samples = Int(position)
        }
        streams[serial] = stream
        return end
    }

    /// Reads the rate from the first packet; codecs without one here are checked but not measured.
    private static func openStream(
        _ reader: inout ByteReader,
        at data: Int,
        count: Int,
        page: Int
    ) throws(MediaProblem) -> Stream {
        let packet = try reader.bytes(at: data, count: min(count, 32))
        var stream = Stream(nextPage: page)
        if packet.starts(with: Array("OpusHead".utf8)), packet.count >= 12 {
            stream.sampleRate = 48_000
            stream.preSkip = Int(packet[10]) | Int(packet[11]) << 8
        } else if packet.starts(with: [1] + Array("vorbis".utf8)), packet.count >= 16 {
            let rate = packet[12...15].reversed().reduce(0) { $0 << 8 | Int($1) }
            stream.sampleRate = rate > 0 ? rate : nil
        }
        return stream
    }
}
