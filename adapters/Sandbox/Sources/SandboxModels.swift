package import Generation
import ProviderKit

/// What the sandbox offers: generous sets, so that a client can be tried with whatever it sends.
///
/// The figures are made up, on purpose round, and low enough that tests are quick. Source: this project, 2026-11-21.
package enum SandboxModels {
    package static let all: [ModelCapabilities] = [video, image, speech, transcription, music, sound]

    /// How long a generation takes when its script does not say, in milliseconds.
    static let usualDelayMilliseconds: Int64 = 200

    private static let source = "Made up for this project, 2026-11-21."
    private static let limits = EndpointLimits(slots: 256)
    private static let timing = EndpointTiming(
        typicalSeconds: Double(usualDelayMilliseconds) / 1_000,
        deadlineSeconds: 600,
        sendTimeoutSeconds: 10,
        pollIntervalSeconds: 0.05
    )

    private static let video = ModelCapabilities(
        slug: "sandbox/video",
        name: "Sandbox Video",
        summary: "Plays a video model: the length and frame rate are as asked, the picture is a small square.",
        parameters: .video(videoParameters),
        promptCharactersMax: 20_000,
        prices: [ListPrice(unit: "second", usd: "0.05")],
        limits: limits,
        timing: timing,
        source: source,
        options: SandboxScript.keys
    )

    private static let image = ModelCapabilities(
        slug: "sandbox/image",
        name: "Sandbox Image",
        summary: "Plays an image model: each image is a small square of one colour.",
        parameters: .image(imageParameters),
        promptCharactersMax: 20_000,
        prices: [ListPrice(unit: "image", usd: "0.01")],
        limits: limits,
        timing: timing,
        source: source,
        options: SandboxScript.keys
    )

    private static let speech = ModelCapabilities(
        slug: "sandbox/speech",
        name: "Sandbox Speech",
        summary: "Plays a speech model: a tone as long as the text takes to say, a minute at most.",
        parameters: .speech(speechParameters),
        promptCharactersMax: 20_000,
        prices: [ListPrice(unit: "character", usd: "0.000015")],
        limits: limits,
        timing: timing,
        source: source,
        options: SandboxScript.keys
    )

    private static let transcription = ModelCapabilities(
        slug: "sandbox/transcription",
        name: "Sandbox Transcription",
        summary:
            "Plays a transcription model: what it hears is in the script, or a sentence about the sound's length.",
        parameters: .transcription(transcriptionParameters),
        promptCharactersMax: 20_000,
        prices: [ListPrice(unit: "audio_minute", usd: "0.006")],
        limits: limits,
        timing: timing,
        source: source,
        options: SandboxScript.keys
    )

    private static let music = ModelCapabilities(
        slug: "sandbox/music",
        name: "Sandbox Music",
        summary:
            "Plays a music model: a quiet tone of the asked length, silence in compressed formats.",
        parameters: .music(musicParameters),
        promptCharactersMax: 20_000,
        prices: [ListPrice(unit: "audio_second", usd: "0.001")],
        limits: limits,
        timing: timing,
        source: source,
        options: SandboxScript.keys
    )

    private static let sound = ModelCapabilities(
        slug: "sandbox/sound",
        name: "Sandbox Sound",
        summary:
            "Plays a model of sound effects: a quiet tone of the asked length, silence in compressed formats.",
        parameters: .sound(soundParameters),
        promptCharactersMax: 20_000,
        prices: [ListPrice(unit: "audio_second", usd: "0.002")],
        limits: limits,
        timing: timing,
        source: source,
        options: SandboxScript.keys
    )

    private static let audioFormats = ["wav", "mp3", "opus", "aac", "flac", "pcm"]

    private static var transcriptionParameters: TranscriptionParameters {
        var parameters = TranscriptionParameters(
            formats: ["json", "verbose_json", "text", "srt", "vtt"],
            mediaTypes: [
                "audio/wav", "audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4", "audio/webm", "audio/aac",
                "video/mp4", "video/webm", "audio/pcm",
            ],
            bytesMax: 100_000_000,
            secondsMax: 7_200
        )
        parameters.granularities = [.segment, .word]
        parameters.diarize = true
        parameters.keytermsMax = 100
        parameters.temperatures = 0...1
        parameters.prompt = true
        return parameters
    }

    private static var musicParameters: MusicParameters {
        var parameters = MusicParameters(formats: audioFormats, secondsMax: 300)
        parameters.durations = 1...300
        parameters.defaultDuration = 10
        parameters.lyricsCharactersMax = 5_000
        parameters.instrumental = true
        parameters.seeds = Int64.min...Int64.max
        return parameters
    }

    private static var soundParameters: SoundParameters {
        var parameters = SoundParameters(formats: audioFormats, secondsMax: 30)
        parameters.durations = 0.5...30
        parameters.defaultDuration = 2
        parameters.loop = true
        parameters.seeds = Int64.min...Int64.max
        return parameters
    }

    private static var videoParameters: VideoParameters {
        var parameters = VideoParameters(durations: Array(1...60), defaultDuration: 5, sizes: videoSizes)
        parameters.framesPerSecond = [24, 25, 30, 50, 60]
        parameters.frameRoles = [.first, .last]
        parameters.referencesMax = 4
        parameters.lastFrameAlone = true
        parameters.referencesWithFrames = true
        parameters.audio = .choice(default: true)
        parameters.negativePromptCharactersMax = 20_000
        parameters.seeds = Int64.min...Int64.max
        return parameters
    }

    private static var imageParameters: ImageParameters {
        var parameters = ImageParameters(sizes: imageSizes, formats: ["png"])
        parameters.countMax = 4
        parameters.referencesMax = 4
        parameters.mask = true
        parameters.partialImagesMax = 3
        parameters.negativePrompt = true
        parameters.seed = true
        return parameters
    }

    private static var speechParameters: SpeechParameters {
        var parameters = SpeechParameters(
            voices: ["alloy", "echo", "nova", "onyx"],
            formats: audioFormats
        )
        parameters.speakersMax = 4
        parameters.languages = ["en", "de", "es", "fr", "it", "ja", "pt", "zh"]
        parameters.speed = 0.25...4
        parameters.instructions = true
        return parameters
    }

    private static let videoSizes = [
        size("720p", "16:9", 1_280, 720), size("720p", "9:16", 720, 1_280), size("720p", "1:1", 720, 720),
        size("480p", "16:9", 854, 480), size("480p", "9:16", 480, 854), size("480p", "1:1", 480, 480),
        size("1080p", "16:9", 1_920, 1_080), size("1080p", "9:16", 1_080, 1_920), size("1080p", "1:1", 1_080, 1_080),
    ]

    private static let imageSizes = [
        size("1K", "1:1", 1_024, 1_024), size("1K", "3:2", 1_536, 1_024), size("1K", "2:3", 1_024, 1_536),
        size("1K", "16:9", 1_280, 720), size("1K", "9:16", 720, 1_280),
        size("512", "1:1", 512, 512), size("256", "1:1", 256, 256), size("2K", "1:1", 2_048, 2_048),
    ]

    private static func size(_ resolution: String, _ ratio: String, _ width: Int, _ height: Int) -> SizeOption {
        SizeOption(resolution: resolution, aspectRatio: ratio, size: PixelSize(width: width, height: height))
    }
}

extension SandboxAdapter: ProviderFolder {
    package static var folder: String { "Sandbox" }
}
