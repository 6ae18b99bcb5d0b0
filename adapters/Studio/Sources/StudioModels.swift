import Generation
import ProviderKit

/// What Studio offers, given what is installed.
///
/// Figures measured on two cores with ffmpeg 5.1 and espeak-ng 1.51, 2026-11-21: 5 s of 720p in 2.5 s, a picture in
/// 0.5 s, speech in 0.1 s. The prices are made up: they cover electricity, and let a bill be seen without a vendor.
enum StudioModels {
    static func all(_ tools: StudioTools, processorCount: Int) -> [ModelCapabilities] {
        // One child per core, whatever it makes: all models share the slots.
        let limits = EndpointLimits(slots: max(1, processorCount), sharedBy: "studio")
        let pictures = tools.ffmpeg == nil ? [] : [motion(limits), still(limits)]
        let formats = tools.ffmpeg == nil ? ["wav"] : StudioVoice.formats.map(\.name)
        let speech = tools.espeak == nil ? [] : [voice(limits, formats: formats)]
        let narration = tools.speech?.speaks == true ? [narrator(limits, formats: formats)] : []
        let listener =
            tools.ffmpeg.flatMap { _ in tools.speech?.recognizer }.map { [transcribe(limits, $0)] } ?? []
        return pictures + speech + narration + listener
    }

    private static let source = "ffmpeg and espeak-ng on this machine, measured 2026-11-21; prices made up."

    private static func timing(typicalSeconds: Double) -> EndpointTiming {
        EndpointTiming(
            typicalSeconds: typicalSeconds,
            deadlineSeconds: 600,
            sendTimeoutSeconds: 10,
            pollIntervalSeconds: 0.1
        )
    }

    private static func motion(_ limits: EndpointLimits) -> ModelCapabilities {
        var parameters = VideoParameters(durations: Array(1...10), defaultDuration: 5, sizes: motionSizes)
        parameters.framesPerSecond = [24, 25, 30]
        parameters.frameRoles = [.first, .last]
        parameters.lastFrameAlone = true
        parameters.referencesMax = 2
        parameters.audio = .choice(default: true)
        parameters.seeds = Int64.min...Int64.max
        return ModelCapabilities(
            slug: "studio/motion",
            name: "Studio Motion",
            summary:
                "Colours in motion with a soft tone and a text spoken on request; or your pictures brought to move.",
            parameters: .video(parameters),
            promptCharactersMax: 4_000,
            prices: [ListPrice(unit: "second", usd: "0.01")],
            limits: limits,
            timing: timing(typicalSeconds: 3),
            source: source
        )
    }

    private static func still(_ limits: EndpointLimits) -> ModelCapabilities {
        var parameters = ImageParameters(sizes: stillSizes, formats: ["png", "jpeg", "webp"])
        parameters.countMax = 4
        parameters.referencesMax = 1
        parameters.seed = true
        return ModelCapabilities(
            slug: "studio/still",
            name: "Studio Still",
            summary: "Gradients captioned with the prompt; a reference picture is blended in.",
            parameters: .image(parameters),
            promptCharactersMax: 4_000,
            prices: [ListPrice(unit: "image", usd: "0.002")],
            limits: limits,
            timing: timing(typicalSeconds: 0.8),
            source: source
        )
    }

    private static func voice(_ limits: EndpointLimits, formats: [String]) -> ModelCapabilities {
        var parameters = SpeechParameters(voices: StudioVoice.voices.map(\.name), formats: formats)
        parameters.languages = StudioVoice.languages.map(\.name)
        parameters.speed = 0.5...2
        return ModelCapabilities(
            slug: "studio/voice",
            name: "Studio Voice",
            summary: "Clear, robotic speech in twenty languages.",
            parameters: .speech(parameters),
            promptCharactersMax: 10_000,
            prices: [ListPrice(unit: "character", usd: "0.000002")],
            limits: limits,
            timing: timing(typicalSeconds: 0.3),
            source: source
        )
    }

    private static func narrator(_ limits: EndpointLimits, formats: [String]) -> ModelCapabilities {
        var parameters = SpeechParameters(voices: [StudioVoice.narrator], formats: formats)
        parameters.languages = ["en"]
        parameters.speed = 0.5...2
        return ModelCapabilities(
            slug: "studio/voice-natural",
            name: "Studio Voice Natural",
            summary: "Natural speech in American English, by a small neural voice.",
            parameters: .speech(parameters),
            promptCharactersMax: 10_000,
            prices: [ListPrice(unit: "character", usd: "0.000002")],
            limits: limits,
            timing: timing(typicalSeconds: 2),
            source: "hibari 0.2.1 on this machine, measured 2026-11-21; prices made up."
        )
    }

    private static func transcribe(
        _ limits: EndpointLimits,
        _ recognizer: StudioSpeech.Recognizer
    ) -> ModelCapabilities {
        var parameters = TranscriptionParameters(
            formats: ["json", "verbose_json", "text", "srt", "vtt"],
            mediaTypes: StudioListener.demuxers.map(\.mediaType),
            bytesMax: AttemptContext.inputBytesMax,
            secondsMax: StudioListener.secondsMax
        )
        parameters.languages = ["en"]
        parameters.granularities = [.segment, .word]
        if recognizer == .whisper {
            parameters.keytermsMax = 20
            parameters.temperatures = 0...1
            parameters.prompt = true
        }
        // A long sound takes its time: it is read before it is sent, and listened to for minutes.
        let timing = EndpointTiming(
            typicalSeconds: 4,
            deadlineSeconds: 1_800,
            sendTimeoutSeconds: 30,
            pollIntervalSeconds: 0.1
        )
        return ModelCapabilities(
            slug: "studio/transcribe",
            name: "Studio Transcribe",
            summary: "English speech to text with the times of every word, offline.",
            parameters: .transcription(parameters),
            promptCharactersMax: 1_000,
            prices: [ListPrice(unit: "audio_minute", usd: "0.001")],
            limits: limits,
            timing: timing,
            source:
                "faster-whisper 1.2.1 or pocketsphinx 5.1.1 on this machine, measured 2026-11-21; prices made up."
        )
    }

    private static let motionSizes = [
        size("720p", "16:9", 1_280, 720), size("720p", "9:16", 720, 1_280),
        size("720p", "1:1", 720, 720), size("720p", "4:3", 960, 720),
        size("360p", "16:9", 640, 360), size("360p", "9:16", 360, 640),
        size("360p", "1:1", 360, 360), size("360p", "4:3", 480, 360),
        size("480p", "16:9", 854, 480), size("480p", "9:16", 480, 854),
        size("480p", "1:1", 480, 480), size("480p", "4:3", 640, 480),
        size("1080p", "16:9", 1_920, 1_080), size("1080p", "9:16", 1_080, 1_920),
        size("1080p", "1:1", 1_080, 1_080), size("1080p", "4:3", 1_440, 1_080),
    ]

    private static let stillSizes = [
        size("1K", "1:1", 1_024, 1_024), size("1K", "16:9", 1_280, 720), size("1K", "9:16", 720, 1_280),
        size("1K", "4:3", 1_152, 864), size("1K", "3:4", 864, 1_152),
        size("1K", "3:2", 1_536, 1_024), size("1K", "2:3", 1_024, 1_536),
        size("512", "1:1", 512, 512), size("512", "16:9", 640, 360), size("512", "9:16", 360, 640),
        size("512", "4:3", 576, 432), size("512", "3:4", 432, 576),
        size("512", "3:2", 624, 416), size("512", "2:3", 416, 624),
    ]

    private static func size(_ resolution: String, _ ratio: String, _ width: Int, _ height: Int) -> SizeOption {
        SizeOption(resolution: resolution, aspectRatio: ratio, size: PixelSize(width: width, height: height))
    }
}

extension StudioAdapter: ProviderFolder {
    package static var folder: String { "Studio" }
}
