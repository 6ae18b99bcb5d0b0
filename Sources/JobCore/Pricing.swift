public import Generation
public import Ledger

/// From requests and artifacts to what is metered: the one place where both vocabularies meet.
extension MeteredUsage {
    /// What a resolved request will use at most.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - meter: How its videos are counted; of the sheet that prices it.
    ///   - media: How everything else is counted, likewise.
    /// - Returns: The quantities of all units that its type is metered by.
    public static func worstCase(
        of request: GenerationRequest,
        by meter: VideoMeter? = nil,
        _ media: MediaMeter? = nil
    ) -> MeteredUsage {
        switch request.content {
        case .video(let video):
            return worstCase(of: video, by: meter)
        case .image(let image): return worstCase(of: image, by: media ?? MediaMeter())
        case .speech, .transcription, .music, .sound: return worstCase(ofSound: request, by: media ?? MediaMeter())
        }
    }

    private static func worstCase(of image: ImageRequest, by meter: MediaMeter) -> MeteredUsage {
        let count = Int64(image.n ?? 1)
        let pictures = image.inputReferences + (image.mask.map { [$0] } ?? [])
        let pixels = image.size.map { clampedProduct($0.width, $0.height) } ?? meter.pixelsMax
        let tokens = meter.imageTokens(
            quality: image.quality,
            size: image.size?.description,
            resolution: image.resolution
        )
        let previews = Int64(image.partialImages ?? 0) * meter.perPartialImage
        let text = image.prompt.utf8.count + (image.negativePrompt?.utf8.count ?? 0)
        var attributes = attributes(
            resolution: image.resolution,
            quality: image.quality,
            input: pictures.isEmpty ? "text" : "image"
        )
        attributes["size"] = image.size?.description
        attributes["background"] = image.background
        return MeteredUsage(
            quantities: [
                .image: ExactDecimal(count), .request: ExactDecimal(1),
                .megapixel: meter.megapixels(ofPixels: Array(repeating: pixels, count: max(0, Int(count)))),
                .inputMegapixel: meter.megapixels(
                    ofPixels: pictures.map { $0.pixels ?? meter.inputPixelsMax },
                    most: meter.inputMegapixelsMax
                ),
                .referenceImage: ExactDecimal(Int64(image.inputReferences.count)),
                .inputTextToken: ExactDecimal(Int64(text) + meter.promptOverhead),
                .inputImageToken: ExactDecimal(Int64(pictures.count) * meter.perReference),
                .outputImageToken: ExactDecimal((tokens + previews) * count),
                .outputTextToken: ExactDecimal(meter.outputTextMax),
            ],
            attributes: attributes
        )
    }

    private static func worstCase(ofSound request: GenerationRequest, by meter: MediaMeter) -> MeteredUsage {
        var text = Int64(request.prompt.utf8.count)
        var milliseconds = clampedSum(0, meter.audioSecondsMax.multipliedClamped(by: 1_000))
        var attributes: [String: String] = [:]
        var usage = MeteredUsage(quantities: [.request: ExactDecimal(1)])
        switch request.content {
        case .speech(let speech):
            let characters = Int64(speech.input.unicodeScalars.count)
            text += Int64(speech.instructions?.utf8.count ?? 0)
            usage.quantities[.character] = ExactDecimal(characters)
            // Even one word has silence before and after it.
            let spoken = (characters.multipliedClamped(by: meter.outputAudioPerThousandCharacters) + 999) / 1_000
            usage.quantities[.outputAudioToken] = ExactDecimal(max(spoken, meter.outputAudioMin))
        case .transcription(let transcription):
            if case .stored(let sound) = transcription.inputAudio, let known = sound.milliseconds {
                milliseconds = known
            }
            text += transcription.keyterms.reduce(0) { $0 + Int64($1.utf8.count) }
            attributes["diarize"] = (transcription.diarize ?? false).description
            attributes["keyterms"] = (!transcription.keyterms.isEmpty).description
            usage.quantities[.inputAudioToken] = ExactDecimal(
                (milliseconds.multipliedClamped(by: meter.inputAudioPerSecond) + 999) / 1_000
            )
        case .music(let music):
            text += Int64(music.lyrics?.utf8.count ?? 0)
            milliseconds = music.duration.map(Self.milliseconds) ?? milliseconds
            usage.quantities[.character] = ExactDecimal(Int64(music.prompt.unicodeScalars.count))
        case .sound(let sound):
            milliseconds = sound.duration.map(Self.milliseconds) ?? milliseconds
            usage.quantities[.character] = ExactDecimal(Int64(sound.prompt.unicodeScalars.count))
        case .video, .image: break
        }
        usage.attributes = attributes
        usage.quantities[.inputTextToken] = ExactDecimal(text + meter.promptOverhead)
        usage.quantities[.outputTextToken] = ExactDecimal(meter.outputTextMax)
        usage.setSound(milliseconds: milliseconds)
        return usage
    }

    /// The length of a sound, in both units that it may be priced by.
    fileprivate mutating func setSound(milliseconds: Int64) {
        quantities[.audioSecond] = .thousandths(milliseconds)
        quantities[.audioMinute] = .minutes(ofMilliseconds: milliseconds)
    }

    /// A length of a request, which was held against a range of some hours at most.
    private static func milliseconds(_ seconds: Double) -> Int64 {
        Int64(exactly: (min(max(0, seconds), 86_400) * 1_000).rounded(.up)) ?? 0
    }

    private static func worstCase(of video: VideoRequest, by meter: VideoMeter?) -> MeteredUsage {
        let inputSeconds = meter.map { video.inputSeconds(by: $0) } ?? 0
        let seconds = length(of: video, by: meter)
        var usage = MeteredUsage(
            quantities: [
                .second: ExactDecimal(clampedSum(seconds, inputSeconds)), .request: ExactDecimal(1),
                .referenceImage: ExactDecimal(Int64(video.inputReferences.count)),
            ],
            attributes: attributes(resolution: video.resolution, audio: video.generateAudio, input: video.inputWord)
        )
        if let count = meter?.tokens {
            let counted = video.hasClips ? count.seconds(output: seconds, inputs: inputSeconds) : seconds
            let pixels = video.size.map { Int64($0.width) * Int64($0.height) } ?? count.pixelsMax(video.resolution)
            usage.quantities[.token] = pixels.map { ExactDecimal(count.tokens(pixels: $0, seconds: counted)) }
        }
        return usage
    }

    /// The length that was asked for; the longest there is when the model decides.
    private static func length(of video: VideoRequest, by meter: VideoMeter?) -> Int64 {
        guard let duration = video.duration, duration >= 0 else { return meter?.secondsMax ?? 0 }
        return Int64(duration)
    }

    /// What a request has used: as the provider reports it, and what it does not report as measured on what came out.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - artifacts: What came out of it.
    ///   - reported: What the provider says to have used.
    ///   - meter: How its videos are counted.
    ///   - media: How everything else is counted.
    /// - Returns: The quantities of all units that its type is metered by.
    public static func measured(
        _ request: GenerationRequest,
        artifacts: [Artifact],
        reported: [PriceUnit: ExactDecimal] = [:],
        by meter: VideoMeter? = nil,
        _ media: MediaMeter? = nil
    ) -> MeteredUsage {
        var usage = worstCase(of: request, by: meter, media)
        switch request.content {
        case .video(let video):
            let lengths = artifacts.compactMap(\.durationMilliseconds)
            // Some containers do not tell their length: such a video counts as long as it was asked to be. How long the
            // reference videos are is not known from here: where they count, they count as they were held.
            let inputsCount = meter.map { video.inputSeconds(by: $0) > 0 || video.hasMinimum(by: $0) } ?? false
            if lengths.count == artifacts.count, !inputsCount {
                usage.quantities[.second] = .thousandths(lengths.reduce(0, clampedSum))
                if let count = meter?.tokens, let tokens = tokens(of: artifacts, count) {
                    usage.quantities[.token] = ExactDecimal(tokens)
                }
            }
        case .image:
            usage.quantities[.image] = ExactDecimal(Int64(artifacts.count))
            usage.quantities[.megapixel] = (media ?? MediaMeter()).megapixels(
                ofPixels: artifacts.map { clampedProduct($0.width ?? 0, $0.height ?? 0) }
            )
        case .speech, .music, .sound:
            let lengths = artifacts.compactMap(\.durationMilliseconds)
            if lengths.count == artifacts.count { usage.setSound(milliseconds: lengths.reduce(0, clampedSum)) }
        case .transcription(let transcription):
            // Measured at the door or when it was fetched; else as the transcript tells.
            if case .stored(let sound) = transcription.inputAudio, sound.milliseconds != nil { break }
            if let length = artifacts.first?.durationMilliseconds { usage.setSound(milliseconds: length) }
        }
        // A report of nothing, for something that was made, is no report; of what went in, and of text, there may well be
        // none.
        for (unit, quantity) in reported where quantity.mantissa > 0 || quantity.mantissa == 0 && unit.mayBeNone {
            usage.quantities[unit] = quantity
        }
        return usage
    }

    /// The tokens of videos by their measures; nil when one has none.
    private static func tokens(of artifacts: [Artifact], _ count: VideoMeter.TokenCount) -> Int64? {
        var sum: Int64 = 0
        for artifact in artifacts {
            guard let width = artifact.width, let height = artifact.height, width > 0, height > 0,
                let milliseconds = artifact.durationMilliseconds
            else { return nil }
            let pixels = clampedProduct(width, height)
            sum = clampedSum(sum, count.tokens(pixels: pixels, milliseconds: milliseconds))
        }
        return sum
    }

    // Figures read from a file of a provider can be anything; a sum beyond all bounds must not end the process.
    private static func clampedSum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? Int64.max : sum
    }

    private static func clampedProduct(_ one: Int, _ other: Int) -> Int64 {
        let (product, overflow) = Int64(one).multipliedReportingOverflow(by: Int64(other))
        return overflow ? Int64.max : product
    }

    private static func attributes(
        resolution: String?,
        audio: Bool? = nil,
        quality: String? = nil,
        input: String? = nil
    ) -> [String: String] {
        var attributes: [String: String] = [:]
        attributes["resolution"] = resolution
        attributes["audio"] = audio.map(\.description)
        attributes["quality"] = quality
        attributes["input"] = input
        return attributes
    }
}

extension VideoMeter.TokenCount {
    /// The most pixels of a frame at a resolution; of all of them when none is named.
    fileprivate func pixelsMax(_ resolution: String?) -> Int64? {
        resolution.flatMap { pixelsMax[$0] } ?? pixelsMax.values.max()
    }
}

extension VideoRequest {
    /// What the video is made from besides words, as price conditions name it.
    fileprivate var inputWord: String {
        if hasClips { return "video" }
        if !inputReferences.isEmpty || !mediaReferences.isEmpty { return "reference" }
        return frameImages.isEmpty ? "text" : "image"
    }

    /// Whether there are reference videos.
    fileprivate var hasClips: Bool { mediaReferences.contains { $0.kind == .video } }

    /// The seconds of reference videos that are held.
    fileprivate func inputSeconds(by meter: VideoMeter) -> Int64 { hasClips ? meter.inputSecondsMax : 0 }

    /// Whether a minimum counts because of reference videos.
    fileprivate func hasMinimum(by meter: VideoMeter) -> Bool { hasClips && (meter.tokens?.inputThirdsMin ?? 0) > 0 }
}

/// A job's bill, found from what it used and what was held for it.
public struct Settlement: Sendable, Hashable {
    /// The bill: at most the hold.
    public let bill: Bill
    /// The units of which the provider reported more than was held for; their surplus is not billed.
    public let cut: [PriceUnit]
}

extension PriceSheet {
    /// The prices of a model, with how its videos are counted; nil when a unit or an amount of its list cannot be read.
    public init?(_ model: ModelCapabilities) {
        var lines: [PriceLine] = []
        for entry in model.prices {
            guard let unit = PriceUnit(rawValue: entry.unit), let price = ExactDecimal(entry.usd), price.mantissa >= 0
            else { return nil }
            let above = entry.above.map { ExactDecimal($0) }
            if let above, !(above?.exceeds(.zero) ?? false) { return nil }
            lines.append(
                PriceLine(
                    unit: unit,
                    price: price,
                    conditions: entry.conditions,
                    above: above ?? nil,
                    period: PricePeriod(from: entry.from?.startMilliseconds, until: entry.until?.startMilliseconds)
                )
            )
        }
        self.init(lines: lines, videoMeter: VideoMeter(model), mediaMeter: MediaMeter(model))
    }

    /// What a resolved request will use at most.
    public func worstCase(of request: GenerationRequest) -> MeteredUsage {
        .worstCase(of: request, by: videoMeter, mediaMeter)
    }

    /// The bill of a request that is done.
    ///
    /// What the provider reports is preferred to what is measured, and no quantity counts beyond what was held for it:
    /// what is beyond is the operator's, never the customer's.
    ///
    /// - Parameters:
    ///   - request: The request as it was admitted: by it the hold was counted.
    ///   - sent: The same with what its references gave when they were fetched; nil: as it was admitted.
    ///   - artifacts: What came out of it.
    ///   - reported: What the provider says to have used.
    /// - Returns: The bill, and what of the report is not in it.
    /// - Throws: `LedgerRefusal` for a request that has no price here: it was not admitted by this sheet.
    public func settlement(
        of request: GenerationRequest,
        sent: GenerationRequest? = nil,
        artifacts: [Artifact],
        reported: [PriceUnit: ExactDecimal]
    ) throws(LedgerRefusal) -> Settlement {
        let held = worstCase(of: request)
        let used = MeteredUsage.measured(
            sent ?? request,
            artifacts: artifacts,
            reported: reported,
            by: videoMeter,
            mediaMeter
        )
        let (usage, above) = used.bounded(by: held)
        let priced = Set(lines.map(\.unit))
        let cut = above.filter { priced.contains($0) && reported[$0] == used.quantities[$0] }
        var notes: [PriceUnit: String] = [:]
        for unit in cut {
            notes[unit] = "the provider reported \(reported[unit]?.description ?? "more"), above the hold"
        }
        return Settlement(
            bill: try bill(usage, rounding: .halfToEven, notes: notes),
            cut: cut.sorted { $0.rawValue < $1.rawValue }
        )
    }
}

extension VideoMeter {
    /// How a model's videos are counted; nil for models of other types.
    fileprivate init?(_ model: ModelCapabilities) {
        guard case .video(let video) = model.parameters else { return nil }
        let longest = Int64(video.durations.max() ?? 0)
        guard let meter = model.videoTokens else {
            self.init(secondsMax: longest)
            return
        }
        self.init(
            secondsMax: max(longest, Int64(meter.secondsMax)),
            inputSecondsMax: Int64(meter.inputSecondsMax),
            tokens: TokenCount(
                framesPerSecond: Int64(meter.framesPerSecond),
                extraFrames: Int64(meter.extraFrames),
                pixelsPerToken: Int64(meter.pixelsPerToken),
                pixelsMax: meter.pixelsMax.mapValues(Int64.init),
                inputThirdsMin: Int64(meter.inputThirdsMin)
            )
        )
    }
}

extension MediaMeter {
    /// How a model's images or sounds are counted; nil for a model of videos.
    fileprivate init?(_ model: ModelCapabilities) {
        switch model.parameters {
        case .video: return nil
        case .image(let image):
            self.init()
            let sizes = image.sizes.map { Int64($0.size.width) * Int64($0.size.height) }
            pixelsMax = max(sizes.max() ?? 0, Int64(image.freeSizes?.pixels.upperBound ?? 0))
            megapixelPixels = model.megapixels.map { Int64($0.pixels) }
            inputMegapixelsMax = model.megapixels.map { Int64($0.inputMax) }
        case .speech(let speech): self.init(audioSecondsMax: Int64(speech.secondsMax))
        case .transcription(let transcription): self.init(audioSecondsMax: Int64(transcription.secondsMax))
        case .music(let music): self.init(audioSecondsMax: Int64(music.secondsMax))
        case .sound(let sound): self.init(audioSecondsMax: Int64(sound.secondsMax))
        }
        guard let tokens = model.tokens else { return }
        promptOverhead = tokens.promptOverhead
        perReference = tokens.perReference
        perImage = tokens.perImage
        perPartialImage = tokens.perPartialImage
        inputAudioPerSecond = tokens.inputAudioPerSecond
        outputAudioPerThousandCharacters = tokens.outputAudioPerThousandCharacters
        outputAudioMin = tokens.outputAudioMin
        outputTextMax = tokens.outputTextMax
    }
}

extension MediaInput {
    /// How many pixels it has, if somebody has measured it.
    fileprivate var pixels: Int64? {
        guard case .stored(let stored) = self, let width = stored.width, let height = stored.height else { return nil }
        return Int64(width).multipliedClamped(by: Int64(height))
    }
}

extension Int64 {
    /// The product; the largest number there is where that is too small.
    fileprivate func multipliedClamped(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? Int64.max : product
    }
}
