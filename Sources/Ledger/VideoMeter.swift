/// How much of a video counts before its maker has said so: part of a job's price snapshot.
///
/// Everything is counted in whole numbers; what lies between two tokens is rounded up, so that a hold covers whatever
/// whole number the provider reports.
public struct VideoMeter: Sendable, Hashable, Codable {
    /// The longest video, in seconds: what is held when the model decides.
    public var secondsMax: Int64
    /// The most seconds of video inputs that are counted besides.
    ///
    /// Defaults to 0: inputs are not counted.
    public var inputSecondsMax: Int64
    /// How tokens are counted; nil where none are.
    public var tokens: TokenCount?

    /// Makes a meter.
    public init(secondsMax: Int64, inputSecondsMax: Int64 = 0, tokens: TokenCount? = nil) {
        self.secondsMax = secondsMax
        self.inputSecondsMax = inputSecondsMax
        self.tokens = tokens
    }

    /// How the tokens of a video are counted: its pixels, times its frames, in blocks.
    public struct TokenCount: Sendable, Hashable, Codable {
        /// Frames per second of the count, whatever the file has.
        public var framesPerSecond: Int64
        /// Frames that are counted besides.
        public var extraFrames: Int64
        /// Pixels for one token.
        public var pixelsPerToken: Int64
        /// The most pixels of a frame, by resolution: what is held when the size follows a picture.
        public var pixelsMax: [String: Int64]
        /// With video inputs at least this many thirds of the video's own seconds count.
        ///
        /// Defaults to 0: there is no such minimum.
        public var inputThirdsMin: Int64

        /// Makes a count.
        public init(
            framesPerSecond: Int64,
            extraFrames: Int64,
            pixelsPerToken: Int64,
            pixelsMax: [String: Int64],
            inputThirdsMin: Int64 = 0
        ) {
            self.framesPerSecond = framesPerSecond
            self.extraFrames = extraFrames
            self.pixelsPerToken = pixelsPerToken
            self.pixelsMax = pixelsMax
            self.inputThirdsMin = inputThirdsMin
        }

        /// The tokens of a video of whole seconds; Int64's largest when there are more.
        ///
        /// - Parameters:
        ///   - pixels: Of one frame.
        ///   - seconds: Its length, with the inputs that count.
        /// - Returns: How many there are.
        public func tokens(pixels: Int64, seconds: Int64) -> Int64 {
            tokens(pixels: pixels, frames: Int128(seconds) * Int128(framesPerSecond) + Int128(extraFrames))
        }

        /// The tokens of a video as it was measured; Int64's largest when there are more.
        ///
        /// A file of `24 × s + 1` frames is a little longer than `s` seconds: the frame that is counted besides is in it
        /// already, and is not added once more.
        public func tokens(pixels: Int64, milliseconds: Int64) -> Int64 {
            let rate = Int128(max(1, framesPerSecond))
            let frames = (Int128(milliseconds) * rate + 500) / 1_000
            let hasExtra = frames % rate == Int128(extraFrames) % rate
            return tokens(pixels: pixels, frames: hasExtra ? frames : frames + Int128(extraFrames))
        }

        /// The seconds that count when there are video inputs: output and inputs, and no less than the minimum.
        public func seconds(output: Int64, inputs: Int64) -> Int64 {
            let (sum, overflow) = output.addingReportingOverflow(inputs)
            let least = (Int128(output) * Int128(inputThirdsMin) + 2) / 3
            return max(overflow ? Int64.max : sum, Int64(exactly: least) ?? Int64.max)
        }

        private func tokens(pixels: Int64, frames: Int128) -> Int64 {
            let block = Int128(max(1, pixelsPerToken))
            // Figures read from a file of a provider can be anything.
            let (product, overflow) = Int128(pixels).multipliedReportingOverflow(by: frames)
            guard !overflow, product >= 0 else { return Int64.max }
            return Int64(exactly: (product + block - 1) / block) ?? Int64.max
        }
    }
}
