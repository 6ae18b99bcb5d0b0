import Generation
import HTTPTransport
import ProviderKit

/// A provider that only lends its models: these tests move jobs by hand, so nothing is ever submitted to it.
struct TestAdapter: CancellableAdapter {
    let id = ProviderID("testing")
    let account = "main"
    /// Whether there is a model that hardly costs anything.
    var hasWhisper = false
    /// Whether there are models that show previews, speak raw sound, and listen.
    var hasMore = false
    /// Whether there is a model that costs nothing.
    var hasGift = false
    /// Whether the video model continues earlier videos.
    var continuesVideos = false
    let transport: any HTTPTransport = UnavailableTransport()

    var models: [ModelCapabilities] {
        var video = VideoParameters(
            durations: [4, 6, 8],
            defaultDuration: 4,
            sizes: [
                SizeOption(resolution: "720p", aspectRatio: "16:9", size: PixelSize(width: 1_280, height: 720)),
                SizeOption(resolution: "720p", aspectRatio: "9:16", size: PixelSize(width: 720, height: 1_280)),
                SizeOption(resolution: "480p", aspectRatio: "16:9", size: PixelSize(width: 854, height: 480)),
            ]
        )
        video.frameRoles = [.first, .last]
        video.seeds = 0...1_000_000
        video.previousJob = continuesVideos
        var image = ImageParameters(
            sizes: [SizeOption(resolution: "1K", aspectRatio: "1:1", size: PixelSize(width: 1_024, height: 1_024))],
            formats: ["png"]
        )
        image.countMax = 4
        image.referencesMax = 2
        return [
            model("test/video", .video(video), [ListPrice(unit: "second", usd: "0.1")]),
            model("test/image", .image(image), [ListPrice(unit: "image", usd: "0.04")]),
            model(
                "test/voice",
                .speech(SpeechParameters(voices: ["anna", "bert"], formats: ["wav"])),
                [ListPrice(unit: "character", usd: "0.00001")]
            ),
        ] + (hasWhisper ? [whisper] : []) + (hasGift ? [gift] : []) + (hasMore ? [painter, reader, ear, deaf] : [])
    }

    private var gift: ModelCapabilities {
        model(
            "test/gift",
            .speech(SpeechParameters(voices: ["anna"], formats: ["wav"])),
            [ListPrice(unit: "character", usd: "0")]
        )
    }

    /// Everything that can be said of an image.
    private var painter: ModelCapabilities {
        var image = ImageParameters(
            sizes: [
                SizeOption(resolution: "1K", aspectRatio: "1:1", size: PixelSize(width: 1_024, height: 1_024)),
                SizeOption(resolution: "1K", aspectRatio: "16:9", size: PixelSize(width: 1_344, height: 768)),
            ],
            formats: ["png", "webp", "jpeg"]
        )
        image.countMax = 4
        image.qualities = ["low", "high"]
        image.backgrounds = ["opaque", "transparent"]
        image.compression = true
        image.referencesMax = 2
        image.partialImagesMax = 3
        image.seed = true
        return model(
            "test/painter",
            .image(image),
            [
                ListPrice(unit: "image", usd: "0.04", conditions: ["quality": "low"]),
                ListPrice(unit: "image", usd: "0.2", conditions: ["quality": "high"]),
                ListPrice(unit: "reference_image", usd: "0.001"),
            ]
        )
    }

    private var reader: ModelCapabilities {
        var speech = SpeechParameters(voices: ["anna", "bert"], formats: ["mp3", "pcm", "wav"])
        speech.speakersMax = 2
        return model("test/reader", .speech(speech), [ListPrice(unit: "character", usd: "0.00001")])
    }

    private var ear: ModelCapabilities {
        var listening = Self.listening(formats: ["json", "verbose_json", "text", "srt", "vtt"])
        listening.granularities = [.segment, .word]
        listening.diarize = true
        listening.keytermsMax = 10
        return model("test/ear", .transcription(listening), [ListPrice(unit: "audio_second", usd: "0.001")])
    }

    /// Listens, and can do nothing else.
    private var deaf: ModelCapabilities {
        model(
            "test/deaf",
            .transcription(Self.listening(formats: ["json"])),
            [ListPrice(unit: "audio_second", usd: "0.001")]
        )
    }

    private static func listening(formats: [String]) -> TranscriptionParameters {
        TranscriptionParameters(formats: formats, mediaTypes: ["audio/wav"], bytesMax: 1_000_000, secondsMax: 600)
    }

    /// So cheap that a character costs less than the smallest amount that is booked.
    private var whisper: ModelCapabilities {
        model(
            "test/whisper",
            .speech(SpeechParameters(voices: ["anna"], formats: ["wav"])),
            [ListPrice(unit: "character", usd: "0.0000000003")]
        )
    }

    private func model(_ slug: String, _ parameters: ModelParameters, _ prices: [ListPrice]) -> ModelCapabilities {
        ModelCapabilities(
            slug: slug,
            name: slug,
            summary: "Made for tests.",
            parameters: parameters,
            promptCharactersMax: 1_000,
            prices: prices,
            limits: EndpointLimits(slots: 10),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 900,
                sendTimeoutSeconds: 30,
                pollIntervalSeconds: 1
            ),
            source: "made up, 2026-11-21",
            options: ["grain", "camera"]
        )
    }

    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        .completed([], ReportedUsage())
    }

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        .pending(progress: nil)
    }

    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {}
}
