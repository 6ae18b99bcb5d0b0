import ConformanceKit
import Foundation
import Generation
import MediaInspection
import Testing

@testable import SandboxAdapter

/// The sandbox's files are whole, and are what their containers say.
@Suite struct SandboxMediaTests {
    @Test(arguments: [(1, 24), (5, 24), (5, 30), (60, 60), (7, 25)])
    func videosHaveTheAskedLengthAndRate(_ seconds: Int, _ rate: Int) throws {
        for hasSound in [false, true] {
            let bytes = SandboxMovie.mp4(seconds: seconds, framesPerSecond: rate, hasSound: hasSound)
            let facts = try MediaInspector.inspect(bytes: bytes, expecting: .mp4)
            #expect(facts.durationMilliseconds == Int64(seconds * 1_000))
            #expect(facts.frameCount == seconds * rate)
            #expect(facts.width == 64)
            #expect(facts.height == 64)
            #expect(facts.hasAudio == hasSound)
            #expect(facts.endIsProven)
        }
    }

    @Test func imagesAndSpeechAreWhole() throws {
        let png = try MediaInspector.inspect(bytes: SandboxMedia.png(side: 32, color: [1, 2, 3]), expecting: .png)
        #expect(png.width == 32)
        let wav = try MediaInspector.inspect(bytes: SandboxMedia.wav(milliseconds: 333), expecting: .wav)
        #expect(wav.durationMilliseconds == 333)
        let mp3 = try MediaInspector.inspect(bytes: SandboxMedia.mp3(milliseconds: 480), expecting: .mp3)
        #expect(mp3.durationMilliseconds == 480)
    }

    @Test(
        .enabled(if: Tool.areThere("ffmpeg", "ffprobe"), "ffmpeg is not installed"),
        arguments: [
            ("wav", "pcm_u8", MediaType.wav), ("mp3", "mp3", .mp3), ("opus", "opus", .ogg), ("aac", "aac", .aac),
            ("flac", "flac", .flac),
        ]
    )
    func soundsAreWholeInEveryFormat(_ format: String, _ codec: String, _ mediaType: MediaType) async throws {
        for milliseconds in [250, 500, 2_345, 61_000] {
            let bytes = SandboxAudio.bytes(format, milliseconds: milliseconds)
            let facts = try MediaInspector.inspect(bytes: bytes, expecting: mediaType)
            // A whole number of frames, the longest of which have 24 ms.
            #expect(abs((facts.durationMilliseconds ?? 0) - Int64(milliseconds)) <= 24, "\(milliseconds)")
            try await expectDecodes(bytes, "sound.\(mediaType.fileExtension)")
        }
        try await withTemporaryFolder { folder in
            let path = "\(folder)/sound.\(mediaType.fileExtension)"
            try Data(SandboxAudio.bytes(format, milliseconds: 2_000)).write(to: URL(fileURLWithPath: path))
            let fields = ["-v", "error", "-show_entries", "stream=codec_name,channels", "-of", "csv=p=0", path]
            #expect(try await Tool.run("ffprobe", fields).output == "\(codec),1\n")
        }
    }

    @Test func plainSamplesAreATone() {
        let bytes = SandboxAudio.pcm(milliseconds: 500)
        #expect(bytes.count == 24_000)
        #expect(Set(stride(from: 1, to: bytes.count, by: 2).map { bytes[$0] }) == [0xfc, 0x04])
    }

    @Test func aTranscriptCoversTheSound() {
        var ticket = Wire.Ticket(id: "x", start: 0, kind: .transcription, script: SandboxScript())
        ticket.milliseconds = 10_000
        let usual = SandboxTranscript.transcript(of: ticket)
        #expect(usual.text == "This is what the sandbox heard in 10.0 seconds of sound.")
        #expect(usual.milliseconds == 10_000)
        #expect(usual.words.isEmpty)
        ticket.script.transcript = "One two.  Three! Four five six"
        ticket.words = true
        ticket.diarize = true
        ticket.language = "fr"
        let heard = SandboxTranscript.transcript(of: ticket)
        #expect(heard.text == "One two. Three! Four five six")
        #expect(heard.language == "fr")
        #expect(heard.segments.map(\.text) == ["One two.", "Three!", "Four five six"])
        #expect(heard.segments.map(\.speaker) == ["speaker_0", "speaker_1", "speaker_0"])
        #expect(heard.segments.map(\.start) == [0, 3_333, 5_000])
        #expect(heard.segments.last?.end == 10_000)
        #expect(heard.words.map(\.word) == ["One", "two.", "Three!", "Four", "five", "six"])
        ticket.script.transcript = ""
        #expect(SandboxTranscript.transcript(of: ticket).segments.isEmpty)
    }

    @Test(arguments: ["wav", "mp3"])
    func aLongTextIsSpokenForAMinuteAtMost(_ format: String) throws {
        var ticket = Wire.Ticket(id: "x", start: 0, kind: .speech, script: SandboxScript())
        ticket.characters = 20_000
        ticket.speed = 0.25
        ticket.format = format
        let bytes = SandboxMedia.bytes(of: ticket, index: 0)
        let facts = try MediaInspector.inspect(bytes: bytes)
        #expect(facts.durationMilliseconds == 60_000)
        #expect(bytes.count < 1_000_000)
    }

    @Test(.enabled(if: Tool.areThere("ffmpeg", "ffprobe"), "ffmpeg is not installed"))
    func ffmpegDecodesEveryFrame() async throws {
        let movie = SandboxMovie.mp4(seconds: 2, framesPerSecond: 30, hasSound: true)
        try await withTemporaryFolder { folder in
            let path = "\(folder)/movie.mp4"
            try Data(movie).write(to: URL(fileURLWithPath: path))
            let fields = "stream=codec_name,width,height,r_frame_rate,nb_frames,nb_read_frames,duration"
            let options = ["-v", "error", "-count_frames", "-of", "csv=p=0", path]
            let video = try await Tool.run("ffprobe", ["-select_streams", "v:0", "-show_entries", fields] + options)
            #expect(video.output == "h264,64,64,30/1,2.000000,60,60\n")
            let sound = try await Tool.run(
                "ffprobe",
                ["-select_streams", "a", "-show_entries", "stream=duration"] + options
            )
            #expect(sound.output == "1.984000\n")
        }
        try await expectDecodes(movie, "movie.mp4")
        try await expectDecodes(SandboxMedia.png(side: 32, color: [200, 100, 50]), "image.png")
        try await expectDecodes(SandboxMedia.wav(milliseconds: 500), "speech.wav")
        try await expectDecodes(SandboxMedia.mp3(milliseconds: 500), "speech.mp3")
    }
}

/// Decodes a file to the end; an error in a frame is one of the whole.
private func expectDecodes(_ bytes: [UInt8], _ name: String) async throws {
    try await withTemporaryFolder { folder in
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        let result = try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-xerror", "-i", "\(folder)/\(name)", "-f", "null", "-"]
        )
        #expect(result.status == 0)
        #expect(result.errors.isEmpty, "\(result.errors)")
    }
}
