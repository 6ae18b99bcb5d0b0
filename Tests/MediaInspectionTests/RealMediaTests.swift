import Foundation
import MediaInspection
import Testing

@Suite struct RealMediaTests {
    @Test func everyRecipeWorks() {
        #expect(
            RealMedia.all.count == RealMedia.recipeCount,
            "ffmpeg and espeak-ng must be installed (scripts/install)"
        )
    }

    @Test(arguments: RealMedia.all)
    func figuresAreThoseOfFfprobe(_ media: RealMedia) throws {
        let facts = try MediaInspector.inspect(bytes: media.bytes, expecting: media.type)
        #expect(facts.mediaType == media.type)
        if media.type.kind == .image {
            #expect(facts.width == 61 && facts.height == 35)
            #expect(facts.frameCount == (media.name.hasPrefix("moving") ? 5 : nil))
            #expect(facts.durationMilliseconds == (media.name.hasPrefix("moving") ? 500 : nil))
        } else if media.type.kind == .video {
            #expect(facts.width == media.probe("video", "width").flatMap { Int($0) })
            #expect(facts.height == media.probe("video", "height").flatMap { Int($0) })
        }
        guard media.type.kind != .image else { return }
        #expect(facts.hasVideo == (media.probe("video", "width") != nil) || media.type == .ogg)
        #expect(facts.hasAudio == (media.probe("audio", "codec_type") != nil))
        if media.type.kind == .video {
            #expect(facts.frameCount == media.probe("video", "nb_read_frames").flatMap { Int($0) })
        }
        guard facts.endIsProven || media.name.contains("mp4") else { return }
        let kind = media.type.kind == .video ? "video" : "audio"
        var seconds =
            media.probe(kind, "duration").flatMap { Double($0) }
            ?? media.probe["format.duration"].flatMap { Double($0) }
        if media.name.hasPrefix("opus") {
            // ffprobe 5.1 counts the samples that decoders throw away at the start.
            seconds = seconds.map { $0 - 0.006_5 }
        }
        let expected = try #require(seconds)
        let found = try #require(facts.duration)
        #expect(abs(Double(found.value) / Double(found.timescale) - expected) < 0.000_6, "ffprobe: \(expected)")
        #expect(facts.durationMilliseconds == Int64((expected * 1_000).rounded()))
    }

    @Test(arguments: RealMedia.all.filter { [.mp4, .quickTime].contains($0.type) })
    func frameRatesAreThoseOfFfprobe(_ media: RealMedia) throws {
        let rate = try #require(try MediaInspector.inspect(bytes: media.bytes).frameRate)
        let expected = try #require(media.probe("video", "avg_frame_rate"))
        #expect("\(rate.frames)/\(rate.seconds)" == expected)
    }

    @Test(arguments: RealMedia.all)
    func aHeadTellsPicturesFromAllElse(_ media: RealMedia) {
        let head = Array(media.bytes.prefix(MediaInspector.sniffLength))
        #expect((MediaInspector.sniff(head)?.kind == .image) == (media.type.kind == .image))
    }

    @Test(arguments: RealMedia.all)
    func aCutAnywhereIsNoticed(_ media: RealMedia) throws {
        let whole = try MediaInspector.inspect(bytes: media.bytes)
        let count = media.bytes.count
        // All cuts near both ends, and a sample of those between.
        let step = max(1, count / 400)
        let cuts = Set([count * 3 / 10, count * 6 / 10, count - 1])
            .union(stride(from: 0, to: count, by: step)).union(0..<min(64, count)).union(max(0, count - 64)..<count)
        for cut in cuts.sorted() {
            do {
                let facts = try MediaInspector.inspect(bytes: Array(media.bytes.prefix(cut)))
                // Formats that cannot prove their end say so, and then measure what is there.
                #expect(!facts.endIsProven && !whole.endIsProven, "cut at \(cut) of \(count) went unnoticed")
                #expect((facts.duration?.milliseconds ?? 0) <= (whole.duration?.milliseconds ?? 0))
            } catch {
                switch error {
                case .truncated, .malformed: break
                case .notRecognized: #expect(cut < 64, "cut at \(cut)")
                case .unreadable, .typeMismatch, .tooLarge: Issue.record("cut at \(cut): \(error)")
                }
            }
        }
    }

    @Test(arguments: RealMedia.all.filter { $0.name.contains(".mp4") || $0.name.contains(".png") })
    func theUsualCutsAreCalledTruncated(_ media: RealMedia) {
        let whole = media.bytes.count
        for cut in [whole * 3 / 10, whole * 6 / 10, whole - 1] {
            #expect {
                try MediaInspector.inspect(bytes: Array(media.bytes.prefix(cut)))
            } throws: { error in
                if case .truncated? = error as? MediaProblem { true } else { false }
            }
        }
    }

    @Test(arguments: ["bare.mp3", "tone.aac", "piped.wav", "piped-speech.wav", "piped.flac", "live.webm", "dash.mp4"])
    func formatsWithoutAnEndSaySo(name: String) throws {
        let media = try #require(RealMedia.named(name))
        #expect(try !MediaInspector.inspect(bytes: media.bytes).endIsProven)
    }

    @Test func aPipedHeaderMeasuresAsTheOneInAFile() throws {
        for (piped, filed) in [("piped.wav", "tone.wav"), ("piped-speech.wav", "speech.wav")] {
            let piped = try MediaInspector.inspect(bytes: #require(RealMedia.named(piped)).bytes)
            let filed = try MediaInspector.inspect(bytes: #require(RealMedia.named(filed)).bytes)
            #expect(piped.duration == filed.duration)
            #expect(filed.endIsProven)
        }
    }

    @Test func filesAndMemoryReadTheSame() throws {
        for media in RealMedia.all {
            let facts = try withTemporaryFile(media.bytes) { path in
                try MediaInspector.inspect(path: path)
            }
            #expect(facts == (try MediaInspector.inspect(bytes: media.bytes)))
        }
    }

    @Test(arguments: RealMedia.all.filter { $0.type.kind == .image })
    func aHeaderIsEnoughForDimensions(_ media: RealMedia) throws {
        let size = try MediaInspector.imageDimensions(Array(media.bytes.prefix(700)), pixelLimit: 61 * 35)
        #expect(size == ImageDimensions(mediaType: media.type, width: 61, height: 35))
        #expect(throws: MediaProblem.tooLarge(width: 61, height: 35, pixelLimit: 61 * 35 - 1)) {
            try MediaInspector.imageDimensions(media.bytes, pixelLimit: 61 * 35 - 1)
        }
        #expect(throws: MediaProblem.tooLarge(width: 61, height: 35, pixelLimit: 1)) {
            try MediaInspector.inspect(bytes: media.bytes, pixelLimit: 1)
        }
    }

    @Test func anotherFormatThanExpectedIsRefused() throws {
        let media = try #require(RealMedia.named("picture.png"))
        #expect(throws: MediaProblem.typeMismatch(expected: .mp4, found: .png)) {
            try MediaInspector.inspect(bytes: media.bytes, expecting: .mp4)
        }
    }
}

/// Gives bytes a file for as long as the closure runs.
func withTemporaryFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("mediary-\(UUID().uuidString)").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}
