import ConformanceKit
import Foundation
import Generation
import MediaInspection
import ProviderKit
import Testing

@testable import StudioAdapter

@Suite(.enabled(if: StudioStage.isPossible, "ffmpeg or espeak-ng is not installed"))
struct StudioAdapterTests {
    @Test(arguments: AdapterConformance.checks)
    func conforms(_ check: AdapterConformance.Check) async throws {
        try await withStage { stage in
            var image = StudioStage.still(format: "jpeg")
            image.n = 2
            let settings = StudioStage.settings(stage.work)
            var requests = [
                GenerationRequest(model: "studio/motion", content: .video(StudioStage.motion())),
                GenerationRequest(model: "studio/still", content: .image(image)),
                GenerationRequest(model: "studio/voice", content: .speech(StudioStage.voice("Good morning."))),
            ]
            if StudioStage.narrates {
                let speech = StudioStage.narration("Good morning.", format: "opus")
                requests.append(GenerationRequest(model: "studio/voice-natural", content: .speech(speech)))
            }
            var inputs: [String: [UInt8]] = [:]
            if StudioStage.listens {
                let spoken = try await stage.output(.speech(StudioStage.voice("Good morning.")), id: "input")
                let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: spoken)))
                let sound = StoredInput(sha256: "sound", mediaType: "audio/wav", bytes: Int64(bytes.count))
                inputs["sound"] = bytes
                requests.append(
                    GenerationRequest(
                        model: "studio/transcribe",
                        content: .transcription(TranscriptionRequest(inputAudio: .stored(sound)))
                    )
                )
            }
            let subject = AdapterConformance.Subject(
                requests: requests,
                inputs: inputs,
                pause: { try await Task.sleep(for: .milliseconds(20)) },
                make: { try #require(StudioAdapter(settings)) }
            )
            try await check.run(subject)
        }
    }

    // MARK: - Media

    @Test(arguments: [("16:9", 24, true), ("9:16", 30, false), ("1:1", 25, true)])
    func aVideoIsWhatWasAskedFor(_ ratio: String, _ rate: Int, _ hasSound: Bool) async throws {
        try await withStage { stage in
            var video = StudioStage.motion(ratio: ratio)
            video.fps = rate
            video.generateAudio = hasSound
            let path = try await stage.output(.video(video))
            let size = ["16:9": "640,360", "9:16": "360,640", "1:1": "360,360"][ratio] ?? ""
            let fields = "stream=codec_name,profile,width,height,pix_fmt,r_frame_rate,duration,nb_frames,nb_read_frames"
            let options = ["-v", "error", "-count_frames", "-of", "csv=p=0", path]
            let video1 = try await Tool.run("ffprobe", ["-select_streams", "v", "-show_entries", fields] + options)
            #expect(video1.output == "h264,High,\(size),yuv420p,\(rate)/1,1.000000,\(rate),\(rate)\n")
            let sound = try await Tool.run(
                "ffprobe",
                ["-select_streams", "a", "-show_entries", "stream=codec_name"] + options
            )
            #expect(sound.output == (hasSound ? "aac\n" : ""))
            let length = try await Tool.run("ffprobe", ["-show_entries", "format=duration"] + options)
            #expect(length.output == "1.000000\n")
            let facts = try MediaInspector.inspect(path: path, expecting: .mp4)
            #expect(facts.durationMilliseconds == 1_000)
            #expect(facts.frameCount == rate)
            #expect(try isFastStart(path))
        }
    }

    @Test(arguments: [[FrameRole.first], [.last], [.first, .last]])
    func givenFramesAreTheFirstAndTheLast(_ roles: [FrameRole]) async throws {
        try await withStage { stage in
            var stage = stage
            let pictures = try await Self.pictures()
            var video = StudioStage.motion(seconds: 2)
            for role in roles {
                let picture = stage.keep(role == .first ? pictures.first : pictures.last, role.rawValue)
                video.frameImages.append(FrameImage(role: role, image: picture))
            }
            let path = try await stage.output(.video(video))
            for role in roles {
                let (own, other) = role == .first ? (pictures.first, pictures.last) : (pictures.last, pictures.first)
                let frame = role == .first ? 0 : 47
                let likeness = try await Self.likeness(of: path, frame: frame, to: own)
                #expect(likeness > 0.95, "\(role)")
                #expect(try await Self.likeness(of: path, frame: frame, to: other) < likeness - 0.03)
            }
            if roles.count == 1 {
                let far = roles == [.first] ? 47 : 0
                let own = roles == [.first] ? pictures.first : pictures.last
                #expect(try await Self.likeness(of: path, frame: far, to: own) < 0.95, "the camera did not move")
            }
        }
    }

    @Test func equalSeedAndPromptGiveEqualBytes() async throws {
        try await withStage { stage in
            let contents: [GenerationRequest.Content] = [
                .video(StudioStage.motion()), .image(StudioStage.still()), .speech(StudioStage.voice("Hello.")),
                .speech(StudioStage.voice("Hello.", format: "mp3")),
            ]
            for (index, content) in contents.enumerated() {
                let one = try await stage.output(content, id: "one_\(index)")
                let two = try await stage.output(content, id: "two_\(index)")
                let (first, second) = (URL(fileURLWithPath: one), URL(fileURLWithPath: two))
                #expect(try Data(contentsOf: first) == Data(contentsOf: second), "\(one)")
            }
        }
    }

    @Test func anotherSeedPromptOrAttemptGivesAnotherPicture() async throws {
        try await withStage { stage in
            var pictures: Set<Data> = []
            for (index, image) in [
                StudioStage.still(), StudioStage.still(seed: 8), StudioStage.still("a cat"),
                StudioStage.still(seed: nil),
                StudioStage.still(seed: nil),
            ].enumerated() {
                let path = try await stage.output(.image(image), id: "att_\(index)")
                pictures.insert(try Data(contentsOf: URL(fileURLWithPath: path)))
            }
            #expect(pictures.count == 5)
        }
    }

    @Test(arguments: ["png", "jpeg", "webp"])
    func picturesComeInEveryFormatAndNumber(_ format: String) async throws {
        try await withStage { stage in
            var image = StudioStage.still(format: format)
            image.n = 3
            let paths = try await stage.outputs(.image(image))
            #expect(paths.count == 3)
            for path in paths {
                let facts = try MediaInspector.inspect(path: path, expecting: MediaType(mime: "image/\(format)"))
                #expect(facts.width == 576)
                #expect(facts.height == 432)
            }
        }
    }

    @Test func aReferenceShowsThrough() async throws {
        try await withStage { stage in
            var stage = stage
            let picture = try await Self.pictures().first
            var image = StudioStage.still()
            let without = try await stage.output(.image(image), id: "without")
            image.inputReferences = [stage.keep(picture, "reference")]
            let with = try await stage.output(.image(image), id: "with")
            #expect(
                try await Self.likeness(of: with, frame: 0, to: picture)
                    > Self.likeness(of: without, frame: 0, to: picture) + 0.05
            )
        }
    }

    @Test(arguments: [
        ("wav", "pcm_s16le", MediaType.wav), ("mp3", "mp3", .mp3), ("opus", "opus", .ogg), ("aac", "aac", .aac),
        ("flac", "flac", .flac),
    ])
    func speechComesInEveryFormat(_ format: String, _ codec: String, _ mediaType: MediaType) async throws {
        try await withStage { stage in
            let path = try await stage.output(.speech(StudioStage.voice("Good morning.", format: format)))
            let facts = try MediaInspector.inspect(path: path, expecting: mediaType)
            #expect((500...3_000).contains(facts.durationMilliseconds ?? 0), "\(facts)")
            let fields = ["-show_entries", "stream=codec_name,channels", "-of", "csv=p=0"]
            let stream = try await Tool.run("ffprobe", ["-v", "error"] + fields + [path])
            #expect(stream.output == "\(codec),1\n")
            let decoded = try await Tool.run("ffmpeg", ["-v", "error", "-xerror", "-i", path, "-f", "null", "-"])
            #expect(decoded.status == 0 && decoded.errors.isEmpty, "\(decoded.errors)")
        }
    }

    @Test func speechComesAsPlainSamples() async throws {
        try await withStage { stage in
            let text = "Good morning."
            let path = try await stage.output(.speech(StudioStage.voice(text, format: "pcm")))
            let wav = try await stage.output(.speech(StudioStage.voice(text)), id: "wav")
            let length = try #require(try MediaInspector.inspect(path: wav).durationMilliseconds)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(bytes.count % 2 == 0)
            #expect(abs(Int64(bytes.count / 48) - length) < 50)
            #expect(bytes.contains { $0 != 0 }, "there is only silence")
        }
    }

    @Test func aVideoSpeaksWhatItIsGiven() async throws {
        try await withStage { stage in
            var wish: [String: JSONValue] = ["studio": ["narration": "Good morning. $(touch pwned)"]]
            let video = StudioStage.motion(seconds: 3)
            let silent = try await stage.output(.video(video), id: "silent")
            let operation = try await stage.submit(.video(video), id: "spoken", options: wish)
            let status = try await stage.end(of: operation)
            guard case .completed(let outputs, _) = status, case .file(let spoken)? = outputs.first?.location else {
                Issue.record("\(status)")
                return
            }
            #expect(try !stage.folder(of: operation).has("pwned"))
            let fields = ["-show_entries", "stream=codec_name,duration", "-of", "csv=p=0"]
            let tracks = try await Tool.run("ffprobe", ["-v", "error"] + fields + [spoken])
            #expect(tracks.output == "h264,3.000000\naac,3.000000\n")
            // A voice has far more above the tone's few hundred hertz.
            #expect(try await Self.treble(of: spoken) > Self.treble(of: silent) + 10)

            var request = GenerationRequest(model: "studio/motion", content: .video(video), providerOptions: wish)
            try stage.adapter.validate(request)
            for (name, value) in [("voice", "nobody"), ("language", "xx"), ("tempo", "2")] {
                wish["studio"] = ["narration": "Good morning.", name: .string(value)]
                request.providerOptions = wish
                let problem = #expect(throws: RequestProblem.self) { try stage.adapter.validate(request) }
                #expect(problem?.field == "provider.options.studio.\(name)")
            }
            var mute = video
            mute.generateAudio = false
            request = GenerationRequest(
                model: "studio/motion",
                content: .video(mute),
                providerOptions: ["studio": ["narration": "Good morning."]]
            )
            let problem = #expect(throws: RequestProblem.self) { try stage.adapter.validate(request) }
            #expect(problem?.field == "provider.options.studio.narration")
        }
    }

    @Test func referencesShowThroughAVideo() async throws {
        try await withStage { stage in
            var stage = stage
            let pictures = try await Self.pictures()
            var video = StudioStage.motion()
            let without = try await stage.output(.video(video), id: "without")
            video.inputReferences = [stage.keep(pictures.first, "one"), stage.keep(pictures.last, "two")]
            let with = try await stage.output(.video(video), id: "with")
            for (frame, picture) in [(0, pictures.first), (23, pictures.last)] {
                #expect(
                    try await Self.likeness(of: with, frame: frame, to: picture)
                        > Self.likeness(of: without, frame: frame, to: picture) + 0.03
                )
            }
        }
    }

    @Test func speechIsSpoken() async throws {
        try await withStage { stage in
            let text = "The quick brown fox jumps over the lazy dog."
            let wav = try MediaInspector.inspect(path: try await stage.output(.speech(StudioStage.voice(text))))
            #expect(wav.mediaType == .wav)
            let usual = try #require(wav.durationMilliseconds)
            #expect((1_500...5_000).contains(usual))
            let mp3 = try MediaInspector.inspect(
                path: try await stage.output(.speech(StudioStage.voice(text, format: "mp3")), id: "att_2")
            )
            #expect(mp3.mediaType == .mp3)
            #expect(abs((mp3.durationMilliseconds ?? 0) - usual) < 150)
            var fast = StudioStage.voice(text)
            fast.speed = 2
            let quick = try MediaInspector.inspect(path: try await stage.output(.speech(fast), id: "att_3"))
            #expect((quick.durationMilliseconds ?? usual) < usual * 7 / 10)
        }
    }

    @Test func everyVoiceAndLanguageIsInstalled() async throws {
        for language in StudioVoice.languages {
            for voice in StudioVoice.voices where language.name == "en" || voice.name == "female-1" {
                let name = "\(language.voice)+\(voice.variant)"
                let result = try await Tool.run("espeak-ng", ["-q", "-v", name, "one"])
                #expect(result.status == 0 && result.errors.isEmpty, "\(name): \(result.errors)")
            }
        }
    }

    @Test func optionsOfOtherModelsAreRefused() async throws {
        try await withStage { stage in
            var request = GenerationRequest(model: "studio/voice", content: .speech(StudioStage.voice("Hello.")))
            request.providerOptions = ["another": ["tempo": 2], "studio": [:]]
            try stage.adapter.validate(request)
            request.providerOptions["studio"] = ["tempo": 2]
            let problem = #expect(throws: RequestProblem.self) { try stage.adapter.validate(request) }
            #expect(problem?.field == "provider.options.studio.tempo")
        }
    }

    // MARK: - Client text

    static let nastyPrompts = [
        "%{eif\\:1\\:d} %{pts} %{metadata:x}", "it's 'quoted' \"twice\" `touch pwned` $(touch pwned)",
        "a:b:c=d,e;f[g]\\h\\", "-f /etc/passwd", "--help", "line one\nline two\r\n\ttabbed\u{202e}turned\u{0}",
        "';touch pwned;'", "[[pwned]] <speak>x</speak> &amp;", "   \n ", "日本語のテキスト 🚢 مرحبا",
        String(repeating: "wide ", count: 400), String(repeating: "x", count: 3_000),
    ]

    @Test(arguments: nastyPrompts)
    func clientTextStaysText(_ prompt: String) async throws {
        try await withStage { stage in
            let picture = try await stage.submit(.image(StudioStage.still(prompt)), id: "picture")
            let folder = try stage.folder(of: picture)
            let script = try String(contentsOfFile: "\(folder.path)/run.sh", encoding: .utf8)
            #expect(!script.contains("pwned") && !script.contains("eif") && !script.contains("passwd"))
            guard case .completed = try await stage.end(of: picture) else {
                Issue.record("no picture: \(try await stage.end(of: picture))")
                return
            }
            #expect(!folder.has("pwned"))
            let speech = try await stage.submit(.speech(StudioStage.voice("Well. \(prompt)")), id: "speech")
            guard case .completed(let outputs, _) = try await stage.end(of: speech),
                case .file(let path)? = outputs.first?.location
            else {
                Issue.record("no speech: \(try await stage.end(of: speech))")
                return
            }
            #expect(try !stage.folder(of: speech).has("pwned"))
            #expect(throws: Never.self) { try MediaInspector.inspect(path: path, expecting: .wav) }
        }
    }

    @Test func aTextWithNothingToSayIsRefused() async throws {
        try await withStage { stage in
            let status = try await stage.end(of: stage.submit(.speech(StudioStage.voice(" \n "))))
            guard case .failed(let failure) = status else {
                Issue.record("\(status)")
                return
            }
            #expect(failure.code == .invalidRequest)
            #expect(failure.billing == .notCharged)
        }
    }

    @Test(
        arguments: [
            Array("not a picture".utf8), Array("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".utf8),
            Array("ffconcat version 1.0\nfile /etc/passwd\n".utf8),
            [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1],
            [],
        ] as [[UInt8]]
    )
    func aPictureThatIsNoneIsTheRequestsFault(_ bytes: [UInt8]) async throws {
        try await withStage { stage in
            var stage = stage
            var image = StudioStage.still("a secret prompt")
            image.inputReferences = [stage.keep(bytes, "reference")]
            let status = try await stage.end(of: stage.submit(.image(image)))
            guard case .failed(let failure) = status else {
                Issue.record("\(status)")
                return
            }
            #expect(failure.code == .invalidRequest)
            #expect(failure.retry == .never)
            #expect(failure.providerCode?.hasPrefix("inputs ") == true)
            #expect(!failure.message.contains("secret") && !failure.details.contains("secret"))
        }
    }

    @Test func complaintsDoNotRepeatTheClientsText() async throws {
        try await withStage { stage in
            let operation = try await stage.submit(.speech(StudioStage.voice("my secret wish\nand another")))
            _ = try await stage.end(of: operation)
            let folder = try stage.folder(of: operation)
            try folder.write(Array("error near 'my secret wish' and and another\n".utf8), to: "errors")
            #expect(!folder.complaints.contains("secret"))
            #expect(folder.complaints.hasPrefix("error near"))
        }
    }

    // MARK: - Parts

    /// Two pictures that nobody takes for each other, larger than the videos and of another shape.
    private static func pictures() async throws -> (first: [UInt8], last: [UInt8]) {
        (try await picture("testsrc2=s=900x600:r=1"), try await picture("mandelbrot=s=900x600:r=1:maxiter=400"))
    }

    private static func picture(_ source: String) async throws -> [UInt8] {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/picture.png"
            let result = try await Tool.run(
                "ffmpeg",
                ["-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1", path]
            )
            #expect(result.status == 0, "\(result.errors)")
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        }
    }

    /// How loud a video is above 2 kHz, in decibels.
    private static func treble(of path: String) async throws -> Double {
        let arguments = ["-hide_banner", "-i", path, "-vn", "-af", "highpass=f=2000,volumedetect", "-f", "null", "-"]
        let result = try await Tool.run("ffmpeg", arguments)
        let figure = result.errors.split(separator: "mean_volume: ").last?.prefix { $0 != " " }
        return try #require(figure.flatMap { Double($0) }, "\(result.errors)")
    }

    /// How alike a frame and a picture are, by SSIM: 1 for equal ones.
    private static func likeness(of path: String, frame: Int, to picture: [UInt8]) async throws -> Double {
        try await withTemporaryFolder { folder in
            try Data(picture).write(to: URL(fileURLWithPath: "\(folder)/picture.png"))
            let frames = try await Tool.run(
                "ffprobe",
                ["-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0", path]
            )
            let size = frames.output.trimmingCharacters(in: .whitespacesAndNewlines).replacing(",", with: ":")
            let fit = "scale=\(size):force_original_aspect_ratio=increase"
            let graph =
                "[0:v]select=eq(n\\,\(frame)),format=yuv420p[is];[1:v]\(fit)"
                + ":out_color_matrix=bt709:out_range=tv,crop=\(size),format=yuv420p[should];[is][should]ssim"
            let arguments = [
                "-i", path, "-i", "\(folder)/picture.png", "-lavfi", graph, "-frames:v", "1", "-f", "null", "-",
            ]
            let result = try await Tool.run("ffmpeg", ["-hide_banner"] + arguments)
            let figure = result.errors.split(separator: "All:").last?.prefix { $0.isNumber || $0 == "." }
            return try #require(figure.flatMap { Double($0) }, "\(result.errors)")
        }
    }

    private func isFastStart(_ path: String) throws -> Bool {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let (head, data) = (bytes.firstRange(of: Data("moov".utf8)), bytes.firstRange(of: Data("mdat".utf8)))
        guard let head, let data else { return false }
        return head.lowerBound < data.lowerBound
    }

    @Test(arguments: ["data:image/gif;base64,AAAA", "data:IMAGE/GIF ;base64,AAAA", "stored"])
    func aGIFIsRefusedAtAdmission(_ url: String) async throws {
        try await withStage { stage in
            let gif = StoredInput(sha256: "x", mediaType: "image/gif", bytes: 1)
            var video = StudioStage.motion()
            video.frameImages = [FrameImage(role: .first, image: url == "stored" ? .stored(gif) : .url(url))]
            var request = GenerationRequest(model: "studio/motion", content: .video(video))
            let problem = #expect(throws: RequestProblem.self) { try stage.adapter.validate(request) }
            #expect(problem?.field == "frame_images[0].image_url.url")
            #expect(problem?.message.contains("allowed: image/png, image/jpeg, image/webp") == true)
            for other in ["data:image/png;base64,AAAA", "data:image/gifs;base64,AAAA", "data:", ""] {
                video.frameImages[0].image = .url(other)
                request.content = .video(video)
                try stage.adapter.validate(request)
            }
        }
    }

    @Test func noCommandReachesTheVoice() {
        #expect(StudioVoice.spoken("[[[a]] [[") == "[ [ [a]] [ [\n")
        #expect(StudioVoice.spoken("a\u{0}b\u{1}c\rd\te\nf\u{1b}é") == "a b c d\te\nf é\n")
    }

    @Test func foldersAreSweptOnceAMinute() throws {
        try withTemporaryFolder { root in
            let now = StudioStage.realNow() + 7_200_000
            let sweeps = StudioSweeps()
            func finish(_ name: String) throws -> String {
                let folder = try StudioFolder(externalID: name, send: 1, in: root)
                try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
                try Data("0".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/exit"))
                return folder.path
            }
            func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
            let first = try finish("one")
            sweeps.removeFinished(in: root, now: now)
            #expect(!isThere(first))
            let second = try finish("two")
            sweeps.removeFinished(in: root, now: now + 59_999)
            #expect(isThere(second))
            sweeps.removeFinished(in: root, now: now + 60_000)
            #expect(!isThere(second))
            let third = try finish("three")
            // The clock was set back by half an hour.
            sweeps.removeFinished(in: root, now: now - 1_800_000)
            #expect(!isThere(third))
        }
    }
}
