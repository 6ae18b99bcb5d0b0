/// Writes MP4 files of any length and frame rate out of two tiny H.264 key frames and one frame of AAC silence.
///
/// Source: ISO/IEC 14496-12 (boxes), 14496-15 (`avcC`), 14496-14 (`esds`). The two pictures show the same yellow
/// square on blue; they differ in `idr_pic_id` only, as neighbouring key frames must.
enum SandboxMovie {
    /// A fast-start file: `moov` before `mdat`, every frame a key frame, all of a track's samples in one chunk.
    static func mp4(seconds: Int, framesPerSecond: Int, hasSound: Bool) -> [UInt8] {
        let pictures = Track.pictures(seconds: seconds, framesPerSecond: framesPerSecond)
        let tracks = hasSound ? [pictures, Track.silence(seconds: seconds)] : [pictures]
        let head = box("ftyp", ascii("isom") + u32(0x200) + ascii("isomavc1mp41"))
        // The offsets in `moov` do not change its length, so a first draft tells where `mdat` will start.
        let draft = moov(tracks, seconds: seconds, firstByte: 0)
        let moov = moov(tracks, seconds: seconds, firstByte: head.count + draft.count + 8)
        return head + moov + box("mdat", tracks.flatMap(\.data))
    }

    private struct Track {
        var id: UInt32
        var handler: String
        var timescale: Int
        var sampleDuration: Int
        var sampleCount: Int
        var sampleBytes: Int
        var description: [UInt8]
        var mediaHeader: [UInt8]
        var side: Int
        var data: [UInt8]

        static func pictures(seconds: Int, framesPerSecond: Int) -> Track {
            let frames = keyFrames.map { SandboxMovie.u32(UInt32($0.count)) + $0 }
            let count = seconds * framesPerSecond
            return Track(
                id: 1,
                handler: "vide",
                timescale: framesPerSecond * 512,
                sampleDuration: 512,
                sampleCount: count,
                sampleBytes: frames[0].count,
                description: avc1,
                mediaHeader: SandboxMovie.fullBox("vmhd", flags: 1, Array(repeating: 0, count: 8)),
                side: SandboxMedia.videoSide,
                data: (0..<count).flatMap { frames[$0 % frames.count] }
            )
        }

        static func silence(seconds: Int) -> Track {
            let count = seconds * 48_000 / 1_024
            return Track(
                id: 2,
                handler: "soun",
                timescale: 48_000,
                sampleDuration: 1_024,
                sampleCount: count,
                sampleBytes: silentFrame.count,
                description: mp4a,
                mediaHeader: SandboxMovie.fullBox("smhd", [0, 0, 0, 0]),
                side: 0,
                data: Array(repeatElement(silentFrame, count: count).joined())
            )
        }
    }

    // MARK: - Samples

    // Made by x264 from a drawn square, baseline profile, 64x64; the parameter set has no frame rate in it.
    private static let sequenceParameters: [UInt8] = [0x67, 0x42, 0xc0, 0x0a, 0xdc, 0x42, 0x64]
    private static let pictureParameters: [UInt8] = [0x68, 0xce, 0x04, 0x4b, 0x20]
    private static let keyFrames: [[UInt8]] = [
        [
            0x65, 0x88, 0x84, 0x17, 0xc4, 0x62, 0x80, 0x00, 0x85, 0x3c, 0x70, 0x00, 0x3d, 0x1c, 0x00, 0x0b,
            0xdf, 0x7d, 0xf5, 0xcd, 0x8a, 0x00, 0x02, 0x29, 0x91, 0xc0, 0x00, 0x41, 0x3e, 0x38, 0x00, 0x08,
            0x0f, 0x5a, 0xd3, 0xd7, 0x4f, 0x5d, 0x3d, 0x76, 0xb6, 0xb5, 0xe0,
        ],
        [
            0x65, 0x88, 0x82, 0x05, 0xf1, 0x18, 0xa0, 0x00, 0x21, 0x4f, 0x1c, 0x00, 0x0f, 0x47, 0x00, 0x02,
            0xf7, 0xdf, 0x7d, 0x73, 0x62, 0x80, 0x00, 0x8a, 0x64, 0x70, 0x00, 0x10, 0x4f, 0x8e, 0x00, 0x02,
            0x03, 0xd6, 0xb4, 0xf5, 0xd3, 0xd7, 0x4f, 0x5d, 0xad, 0xad, 0x78,
        ],
    ]
    /// 1,024 samples of nothing: AAC-LC, 48 kHz, one channel.
    static let silentFrame: [UInt8] = [0x01, 0x18, 0x20, 0x07]

    // MARK: - Boxes

    private static func moov(_ tracks: [Track], seconds: Int, firstByte: Int) -> [UInt8] {
        let milliseconds = UInt32(seconds * 1_000)
        let times = u32(0) + u32(0) + u32(1_000) + u32(milliseconds)
        let rateAndVolume = u32(0x0001_0000) + u16(0x0100) + zeros(10)
        let header = fullBox("mvhd", times + rateAndVolume + matrix + zeros(24) + u32(UInt32(tracks.count + 1)))
        var offset = firstByte
        var boxes = header
        for track in tracks {
            boxes += trak(track, milliseconds: milliseconds, offset: offset)
            offset += track.data.count
        }
        return box("moov", boxes)
    }

    private static func trak(_ track: Track, milliseconds: UInt32, offset: Int) -> [UInt8] {
        let ticks = track.sampleCount * track.sampleDuration
        let length = UInt32(ticks * 1_000 / track.timescale)
        let isSound = track.handler == "soun"
        let side = u32(UInt32(track.side) << 16)
        let header = fullBox(
            "tkhd",
            flags: 3,
            u32(0) + u32(0) + u32(track.id) + u32(0) + u32(isSound ? length : milliseconds) + zeros(8) + u16(0)
                + u16(isSound ? 1 : 0) + u16(isSound ? 0x0100 : 0) + u16(0) + matrix + side + side
        )
        let mediaHeader = fullBox(
            "mdhd",
            u32(0) + u32(0) + u32(UInt32(track.timescale)) + u32(UInt32(ticks)) + u16(0x55c4) + u16(0)
        )
        let handler = fullBox("hdlr", u32(0) + ascii(track.handler) + zeros(12) + ascii("Sandbox\0"))
        let dataInformation = box("dinf", fullBox("dref", u32(1) + fullBox("url ", flags: 1, [])))
        let samples = box(
            "stbl",
            fullBox("stsd", u32(1) + track.description)
                + fullBox("stts", u32(1) + u32(UInt32(track.sampleCount)) + u32(UInt32(track.sampleDuration)))
                + fullBox("stsc", u32(1) + u32(1) + u32(UInt32(track.sampleCount)) + u32(1))
                + fullBox("stsz", u32(UInt32(track.sampleBytes)) + u32(UInt32(track.sampleCount)))
                + fullBox("stco", u32(1) + u32(UInt32(offset)))
        )
        let information = box("minf", track.mediaHeader + dataInformation + samples)
        return box("trak", header + box("mdia", mediaHeader + handler + information))
    }

    private static var avc1: [UInt8] {
        let side = u16(UInt16(SandboxMedia.videoSide))
        let resolution = u32(0x0048_0000)
        let configuration: [UInt8] =
            [1] + sequenceParameters[1...3] + [0xff, 0xe1] + u16(UInt16(sequenceParameters.count))
            + sequenceParameters + [1] + u16(UInt16(pictureParameters.count)) + pictureParameters
        let picture = zeros(16) + side + side + resolution + resolution + u32(0) + u16(1) + zeros(32)
        return box("avc1", zeros(6) + u16(1) + picture + u16(0x18) + u16(0xffff) + box("avcC", configuration))
    }

    private static var mp4a: [UInt8] {
        let configuration: [UInt8] = [0x05, 2, 0x11, 0x88]
        let decoder: [UInt8] = [0x40, 0x15, 0, 0, 0] + u32(1_500) + u32(1_500) + configuration
        let stream: [UInt8] = u16(2) + [0, 0x04, UInt8(decoder.count)] + decoder + [0x06, 1, 2]
        let descriptor: [UInt8] = [0x03, UInt8(stream.count)] + stream
        let sound = zeros(8) + u16(1) + u16(16) + zeros(4) + u32(48_000 << 16)
        return box("mp4a", zeros(6) + u16(1) + sound + fullBox("esds", descriptor))
    }

    private static var matrix: [UInt8] {
        u32(0x0001_0000) + zeros(12) + u32(0x0001_0000) + zeros(12) + u32(0x4000_0000)
    }

    private static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
        u32(UInt32(content.count + 8)) + ascii(type) + content
    }

    private static func fullBox(_ type: String, flags: UInt32 = 0, _ content: [UInt8]) -> [UInt8] {
        box(type, u32(flags) + content)
    }

    private static func u16(_ value: UInt16) -> [UInt8] { SandboxMedia.big(value) }
    private static func u32(_ value: UInt32) -> [UInt8] { SandboxMedia.big(value) }
    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
    private static func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }
}
