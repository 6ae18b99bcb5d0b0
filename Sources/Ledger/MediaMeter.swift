/// How much a job of images or sound takes at most, by what its request says: what is held.
public struct MediaMeter: Sendable, Hashable, Codable {
    /// The longest sound, in seconds: of what is listened to when nobody has measured it, of what comes out when the model
    /// decides or the length follows a text.
    public var audioSecondsMax: Int64
    /// The most pixels of an image that comes out: what is held when its size follows a picture.
    public var pixelsMax: Int64
    /// The most pixels of a picture that goes in: what is held when nobody has measured it.
    public var inputPixelsMax: Int64
    /// The pixels of a megapixel, of which each that has begun counts whole; nil: a million, to the pixel.
    public var megapixelPixels: Int64?
    /// The most megapixels that a picture counts that goes in; nil: as many as it has.
    public var inputMegapixelsMax: Int64?
    /// Tokens of text that go in besides one for each byte.
    public var promptOverhead: Int64
    /// Tokens of a picture that goes in.
    public var perReference: Int64
    /// Tokens of an image that comes out, by quality and size: `high/1024x1024`, `high`, `1024x1024`, or `""` for all.
    public var perImage: [String: Int64]
    /// Tokens of a preview.
    public var perPartialImage: Int64
    /// Tokens of a second of sound that goes in.
    public var inputAudioPerSecond: Int64
    /// Tokens of sound that come out for a thousand characters.
    public var outputAudioPerThousandCharacters: Int64
    /// Tokens of sound that come out at least: what is held for a short text.
    public var outputAudioMin: Int64
    /// Tokens of text that come out.
    public var outputTextMax: Int64

    /// Makes a meter that counts sound alone.
    public init(audioSecondsMax: Int64 = 0) {
        self.audioSecondsMax = audioSecondsMax
        pixelsMax = 0
        inputPixelsMax = 4_000_000
        promptOverhead = 0
        perReference = 0
        perImage = [:]
        perPartialImage = 0
        inputAudioPerSecond = 0
        outputAudioPerThousandCharacters = 0
        outputAudioMin = 0
        outputTextMax = 0
    }

    /// The megapixels of pictures, as they are billed.
    ///
    /// - Parameters:
    ///   - pixels: The pixels of each.
    ///   - most: The most megapixels that each counts, where they are counted whole; nil without a limit.
    /// - Returns: Their sum.
    public func megapixels(ofPixels pixels: [Int64], most: Int64? = nil) -> ExactDecimal {
        guard let unit = megapixelPixels, unit > 0 else {
            return ExactDecimal(mantissa: pixels.reduce(0, Self.clampedSum), scale: 6) ?? ExactDecimal(0)
        }
        let whole = pixels.map { min(most ?? Int64.max, $0 / unit + ($0 % unit > 0 ? 1 : 0)) }
        return ExactDecimal(whole.reduce(0, Self.clampedSum))
    }

    private static func clampedSum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? Int64.max : sum
    }

    /// Tokens of an image that comes out.
    ///
    /// - Parameters:
    ///   - quality: Its quality tier.
    ///   - size: Its size, `1024x1024`.
    ///   - resolution: Its resolution tier.
    /// - Returns: Those of the closest entry: quality and size, quality and resolution, quality, size, resolution, all.
    public func imageTokens(quality: String?, size: String?, resolution: String?) -> Int64 {
        let names = [
            quality.flatMap { quality in size.map { "\(quality)/\($0)" } },
            quality.flatMap { quality in resolution.map { "\(quality)/\($0)" } },
            quality, size, resolution, "",
        ]
        return names.lazy.compactMap(\.self).compactMap { perImage[$0] }.first ?? 0
    }
}
