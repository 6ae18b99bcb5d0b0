import Foundation
import MediaInspection
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Files made byte by byte, for what encoders do not produce on demand.
@Suite struct HandMadeMediaTests {
    // MARK: Sniffing

    @Test func unknownBytesAreNotRecognized() {
        #expect(MediaInspector.sniff(Array("<html><body>502</body></html>".utf8)) == nil)
        #expect(MediaInspector.sniff(Array("{\"error\":\"no\"}".utf8)) == nil)
        #expect(MediaInspector.sniff([]) == nil)
        #expect(throws: MediaProblem.notRecognized) { try MediaInspector.inspect(bytes: Array("plain text".utf8)) }
        #expect(throws: MediaProblem.truncated("it is empty")) { try MediaInspector.inspect(bytes: []) }
    }

    @Test func stillImagesInMP4BoxesAreNotTakenForVideo() {
        #expect(MediaInspector.sniff([0, 0, 0, 28] + Array("ftypavif".utf8)) == nil)
        #expect(MediaInspector.sniff([0, 0, 0, 28] + Array("ftypisom".utf8)) == .mp4)
    }

    @Test func aMissingFileIsUnreadable() {
        #expect {
            try MediaInspector.inspect(path: "/nonexistent/file.mp4")
        } throws: { error in
            if case .unreadable? = error as? MediaProblem { true } else { false }
        }
        #expect(throws: MediaProblem.unreadable("not a regular file")) { try MediaInspector.inspect(path: "/") }
    }

    @Test func typesReadBackFromTheirNames() {
        for type in MediaType.allCases {
            #expect(MediaType(mime: type.rawValue) == type)
            #expect(type.rawValue.hasPrefix("\(type.kind.rawValue)/"))
        }
        #expect(MediaType(mime: "image/jpg") == .jpeg)
        #expect(MediaType(mime: "Audio/X-WAV; codecs=1") == .wav)
        #expect(MediaType(mime: "text/html") == nil)
        #expect(Set(MediaType.allCases.map(\.fileExtension)).count == MediaType.allCases.count)
    }

    // MARK: Durations

    @Test func durationsRoundToTheNearestMillisecond() {
        #expect(MediaDuration(value: 1, timescale: 2_000)?.milliseconds == 1)
        #expect(MediaDuration(value: 1, timescale: 2_001)?.milliseconds == 0)
        #expect(MediaDuration(value: 120 * 1_001, timescale: 24_000)?.milliseconds == 5_005)
        #expect(MediaDuration(value: .max, timescale: .max)?.milliseconds == 1_000)
        #expect(MediaDuration(value: .max - 1, timescale: .max)?.milliseconds == 1_000)
        #expect(MediaDuration(value: 0, timescale: 1)?.milliseconds == 0)
        #expect(MediaDuration(value: .max, timescale: 1) == nil)
        #expect(MediaDuration(value: -1, timescale: 1) == nil)
        #expect(MediaDuration(value: 1, timescale: 0) == nil)
    }

    @Test func ratesAreInLowestTerms() throws {
        let duration = try #require(MediaDuration(value: 120 * 1_001, timescale: 24_000))
        let rate = try #require(MediaFrameRate(frameCount: 120, in: duration))
        #expect(rate.frames == 24_000 && rate.seconds == 1_001)
        #expect(MediaFrameRate(frameCount: 0, in: duration) == nil)
    }

    // MARK: Images

    @Test func aPixelBombIsRefusedByItsHeader() throws {
        let huge: [UInt8] = [0xff, 0xff]
        let gif = Array("GIF89a".utf8) + huge + huge + [0, 0, 0, 0x3b]
        #expect(throws: MediaProblem.tooLarge(width: 65_535, height: 65_535, pixelLimit: 50_000_000)) {
            try MediaInspector.imageDimensions(gif, pixelLimit: 50_000_000)
        }
        let whole = try #require(RealMedia.named("picture.png")).bytes
        let png = Array(whole[..<16]) + [0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff] + Array(whole[24...])
        #expect(throws: MediaProblem.tooLarge(width: 0x7fff_ffff, height: 0x7fff_ffff, pixelLimit: .max / 4)) {
            try MediaInspector.imageDimensions(png, pixelLimit: .max / 4)
        }
    }

    @Test func aWrongChecksumIsDamage() throws {
        var bytes = try #require(RealMedia.named("picture.png")).bytes
        bytes[bytes.count / 2] ^= 1
        #expect {
            try MediaInspector.inspect(bytes: bytes)
        } throws: { error in
            (error as? MediaProblem)?.description.contains("checksum") == true
        }
    }

    @Test func aSecondFrameHeaderCannotSmuggleALargerPicture() throws {
        let bytes = try #require(RealMedia.named("picture.jpg")).bytes
        let second: [UInt8] = [0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0]
        let smuggled = Array(bytes.dropLast(2)) + second + [0xff, 0xd9]
        #expect(throws: MediaProblem.malformed("a JPEG with two frame headers")) {
            try MediaInspector.inspect(bytes: smuggled, pixelLimit: 1_000_000)
        }
    }

    @Test func aSmallCanvasCannotHideALargePicture() throws {
        let picture = try #require(RealMedia.named("lossless.webp")).bytes.dropFirst(12)
        let canvas: [UInt8] = Array("VP8X".utf8) + [10, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0] + [0, 0, 0]
        let body = Array("WEBP".utf8) + canvas + picture
        let size = withUnsafeBytes(of: UInt32(body.count).littleEndian) { Array($0) }
        #expect(throws: MediaProblem.malformed("the WebP's picture differs from its header")) {
            try MediaInspector.inspect(bytes: Array("RIFF".utf8) + size + body)
        }
    }

    @Test func bytesAfterTheEndOfAPictureDoNoHarm() throws {
        for name in ["picture.png", "picture.jpg", "moving.gif", "lossy.webp"] {
            let media = try #require(RealMedia.named(name))
            #expect(
                try MediaInspector.inspect(bytes: media.bytes + [0, 1, 2]) == MediaInspector.inspect(bytes: media.bytes)
            )
        }
    }

    // MARK: Sound

    @Test func tagsAroundAndBetweenFramesAreNotSound() throws {
        let media = try #require(RealMedia.named("constant.mp3")).bytes
        let bare = try #require(RealMedia.named("bare.mp3")).bytes
        let tag: [UInt8] = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 5] + [1, 2, 3, 4, 5]
        let frames = try #require(try MediaInspector.inspect(bytes: bare).duration?.value)
        // Services that speak long texts join the pieces as they are.
        let joined = try MediaInspector.inspect(bytes: tag + bare + tag + bare + [0, 0, 0, 0, 0, 0])
        #expect(joined.duration?.value == frames * 2)
        let withInfo = try MediaInspector.inspect(bytes: media + tag + media)
        let once = try #require(try MediaInspector.inspect(bytes: media).duration?.value)
        #expect(withInfo.duration?.value == once * 2)
        #expect(withInfo.endIsProven)
    }

    @Test func anMP3CutBetweenFramesIsNoticedByItsHeader() throws {
        let bytes = try #require(RealMedia.named("constant.mp3")).bytes
        // 64 kbit/s at 44.1 kHz: the last frame is 208 or 209 bytes long.
        let cuts = [bytes.count - 208, bytes.count - 209]
        let messages = cuts.compactMap { cut -> String? in
            do {
                _ = try MediaInspector.inspect(bytes: Array(bytes.prefix(cut)))
                return nil
            } catch {
                return String(describing: error)
            }
        }
        #expect(messages.count == 2)
        #expect(messages.contains { $0.contains("frames, ") }, "\(messages)")
    }

    @Test func aWAVWhoseRIFFSizeIsWrongIsStillWhole() throws {
        var bytes = try #require(RealMedia.named("tone.wav")).bytes
        let whole = try MediaInspector.inspect(bytes: bytes)
        bytes.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0x00])
        #expect(try MediaInspector.inspect(bytes: bytes) == whole)
    }

    // MARK: Movies

    @Test func aFastStartHeadWithoutItsMediaIsTruncated() throws {
        let movie = HandMadeMovie(frameSizes: [500, 400, 300])
        let facts = try MediaInspector.inspect(bytes: movie.fastStart)
        #expect(facts.frameCount == 3)
        #expect(facts.width == 64 && facts.height == 48)
        #expect(facts.duration == MediaDuration(value: 3, timescale: 24))
        for missing in [1, 600, 1_200] {
            #expect(throws: MediaProblem.self) {
                try MediaInspector.inspect(bytes: Array(movie.fastStart.dropLast(missing)))
            }
        }
        // With the media box patched to what is left, only the sample tables tell.
        let patched = HandMadeMovie(frameSizes: [500, 400, 300], mediaBytes: 1_100).fastStart
        #expect {
            try MediaInspector.inspect(bytes: patched)
        } throws: { error in
            if case .truncated(let detail)? = error as? MediaProblem { detail.contains("track 1") } else { false }
        }
    }

    @Test func aMovieWithoutItsIndexIsTruncated() {
        let movie = HandMadeMovie(frameSizes: [500])
        #expect {
            try MediaInspector.inspect(bytes: movie.withoutIndex)
        } throws: { error in
            if case .truncated? = error as? MediaProblem { true } else { false }
        }
    }

    @Test func anEditListThatShowsLessDecidesTheDuration() throws {
        let movie = HandMadeMovie(frameSizes: [UInt32](repeating: 10, count: 48), editMilliseconds: 1_500)
        let facts = try MediaInspector.inspect(bytes: movie.fastStart)
        #expect(facts.duration == MediaDuration(value: 1_500, timescale: 1_000))
        #expect(facts.frameCount == 48)
        let same = HandMadeMovie(frameSizes: [UInt32](repeating: 10, count: 48), editMilliseconds: 2_000)
        #expect(try MediaInspector.inspect(bytes: same.fastStart).duration == MediaDuration(value: 48, timescale: 24))
    }

    @Test func tablesThatPromiseMoreThanTheirBoxAreDamage() {
        for count: UInt32 in [4, 1_000_000, .max] {
            let movie = HandMadeMovie(frameSizes: [500, 400, 300], claimedSamples: count)
            #expect {
                try MediaInspector.inspect(bytes: movie.fastStart)
            } throws: { error in
                if case .malformed? = error as? MediaProblem { true } else { false }
            }
        }
    }

    @Test func aMovieOfManyGigabytesIsReadAtItsTables() throws {
        // A sparse file: 5 GiB of media that take no space, an index behind it, 64-bit sizes and offsets.
        let mediaBytes = 5 << 30
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("mediary-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let movie = HandMadeMovie(frameSizes: [500, 400, 300])
        let head = movie.fileType + HandMadeMovie.wideHeader("mdat", payload: mediaBytes)
        let lastFrame = head.count + mediaBytes - 1_200
        let file = try #require(fopen(path, "w"))
        fwrite(head, 1, head.count, file)
        fseek(file, mediaBytes, SEEK_CUR)
        let index = movie.index(firstFrameAt: lastFrame)
        fwrite(index, 1, index.count, file)
        fclose(file)
        let facts = try MediaInspector.inspect(path: path, expecting: .mp4)
        #expect(facts.frameCount == 3)
        #expect(truncate(path, head.count + mediaBytes + index.count - 1) == 0)
        #expect(throws: MediaProblem.self) { try MediaInspector.inspect(path: path) }
    }
}

/// A silent MP4 of one video track at 24 frames a second, 64 x 48, one chunk.
struct HandMadeMovie {
    let frameSizes: [UInt32]
    /// How much media really follows; all of it unless said otherwise.
    var mediaBytes: Int?
    var editMilliseconds: UInt32?
    /// What the size table says it holds, if not the truth.
    var claimedSamples: UInt32?

    var fileType: [UInt8] { Self.box("ftyp", Array("isom".utf8) + Self.word(0x200) + Array("isomiso2".utf8)) }

    private var media: [UInt8] {
        Self.box("mdat", [UInt8](repeating: 7, count: mediaBytes ?? Int(frameSizes.reduce(0, +))))
    }

    var fastStart: [UInt8] {
        let length = index(firstFrameAt: 0).count
        return fileType + index(firstFrameAt: fileType.count + length + 8) + media
    }

    var withoutIndex: [UInt8] { fileType + media }

    func index(firstFrameAt offset: Int) -> [UInt8] {
        let count = UInt32(frameSizes.count)
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        let size = Self.word(64 << 16) + Self.word(48 << 16)
        let entry = Self.box("avc1", zeros(24) + [0, 64, 0, 48] + zeros(50))
        let tables =
            Self.box("stsd", zeros(4) + Self.word(1) + entry)
            + Self.box("stts", zeros(4) + Self.word(1) + Self.word(count) + Self.word(1))
            + Self.box("stsc", zeros(4) + Self.word(1) + Self.word(1) + Self.word(count) + Self.word(1))
            + Self.box("stsz", zeros(8) + Self.word(claimedSamples ?? count) + frameSizes.flatMap(Self.word))
            + Self.box("co64", zeros(4) + Self.word(1) + Self.wide(offset))
        let handler = Self.box("hdlr", zeros(8) + Array("vide".utf8) + zeros(13))
        let header = Self.box("mdhd", zeros(12) + Self.word(24) + Self.word(count) + zeros(4))
        let media = Self.box("mdia", header + handler + Self.box("minf", Self.box("stbl", tables)))
        let trackHeader = Self.box("tkhd", zeros(12) + Self.word(1) + zeros(4) + Self.word(0) + zeros(52) + size)
        let edits = editMilliseconds.map { duration in
            Self.box("edts", Self.box("elst", zeros(4) + Self.word(1) + Self.word(duration) + zeros(4) + [0, 1, 0, 0]))
        }
        let movieHeader = Self.box("mvhd", zeros(12) + Self.word(1_000) + Self.word(0) + zeros(80))
        return Self.box("moov", movieHeader + Self.box("trak", trackHeader + (edits ?? []) + media))
    }

    static func box(_ name: String, _ payload: [UInt8]) -> [UInt8] {
        word(UInt32(payload.count + 8)) + Array(name.utf8) + payload
    }

    static func wideHeader(_ name: String, payload: Int) -> [UInt8] {
        word(1) + Array(name.utf8) + wide(payload + 16)
    }

    static func word(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    static func wide(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(value).bigEndian) { Array($0) }
    }
}
