/// What a whole media file is: measured from its own structure, without decoding a frame.
///
/// Bills are made from these figures, so they come from the container's tables and never from a guess.
package struct MediaFacts: Sendable, Equatable {
    /// The format, as the structure shows it (an MP4 without a video track is `audio/mp4`).
    package var mediaType: MediaType
    /// Coded width in pixels; nil for audio.
    package var width: Int?
    /// Coded height in pixels; nil for audio.
    package var height: Int?
    /// Presentation length of the video track if there is one, else of the longest audio track.
    ///
    /// WebM has one length for all its tracks. Nil for still images, and where the file does not tell.
    package var duration: MediaDuration?
    /// Pictures in the video track or the animation; nil for audio, still images and where the file does not tell.
    package var frameCount: Int?
    /// Average pictures per second of the video track.
    package var frameRate: MediaFrameRate?
    /// Samples of its sound in a second; nil where that is not looked for.
    package var sampleRate: Int?
    /// Nil where the file does not tell.
    package var hasAudio: Bool?
    /// Nil where the file does not tell; false for images.
    package var hasVideo: Bool?
    /// Whether the file itself says where it ends, so that a cut at any byte would have been noticed.
    ///
    /// False for a WAV with a streaming header, bare MP3 and AAC frames, fragments, and live WebM: cut between two of
    /// their parts, those look whole. Only the transfer's own length proves such a file.
    package var endIsProven: Bool

    package init(
        mediaType: MediaType,
        width: Int? = nil,
        height: Int? = nil,
        duration: MediaDuration? = nil,
        frameCount: Int? = nil,
        frameRate: MediaFrameRate? = nil,
        sampleRate: Int? = nil,
        hasAudio: Bool? = nil,
        hasVideo: Bool? = nil,
        endIsProven: Bool = true
    ) {
        self.mediaType = mediaType
        self.width = width
        self.height = height
        self.duration = duration
        self.frameCount = frameCount
        self.frameRate = frameRate
        self.sampleRate = sampleRate
        self.hasAudio = hasAudio
        self.hasVideo = hasVideo
        self.endIsProven = endIsProven
    }

    /// The duration rounded to the nearest millisecond, half up.
    package var durationMilliseconds: Int64? { duration?.milliseconds }
}

/// An exact length of time: `value / timescale` seconds.
package struct MediaDuration: Sendable, Equatable {
    package let value: Int64
    package let timescale: Int64
    /// Rounded to the nearest, half up.
    package let milliseconds: Int64

    /// Nil for a negative value, a timescale below one, and a length whose milliseconds do not fit in 64 bits.
    package init?(value: Int64, timescale: Int64) {
        guard value >= 0, timescale >= 1 else { return nil }
        let whole = value / timescale
        let (wholeMilliseconds, overflow) = whole.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { return nil }
        // The remainder is below the timescale, so the quotient is at most 1,000; the product needs 128 bits.
        let product = UInt64(value % timescale).multipliedFullWidth(by: 1_000)
        let (low, carry) = product.low.addingReportingOverflow(UInt64(timescale / 2))
        let (quotient, _) = UInt64(timescale).dividingFullWidth((product.high + (carry ? 1 : 0), low))
        let (milliseconds, tooLong) = wholeMilliseconds.addingReportingOverflow(Int64(quotient))
        guard !tooLong else { return nil }
        self.value = value
        self.timescale = timescale
        self.milliseconds = milliseconds
    }
}

/// An exact rate in lowest terms: `frames / seconds` pictures per second, such as 24000/1001.
package struct MediaFrameRate: Sendable, Equatable {
    package let frames: Int64
    package let seconds: Int64

    /// The rate of so many frames in a duration; nil when either is zero or the figures are beyond 64 bits.
    package init?(frameCount: Int, in duration: MediaDuration) {
        guard frameCount > 0, duration.value > 0 else { return nil }
        let (frames, overflow) = Int64(frameCount).multipliedReportingOverflow(by: duration.timescale)
        guard !overflow else { return nil }
        var (divisor, rest) = (frames, duration.value)
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest)
        }
        self.frames = frames / divisor
        self.seconds = duration.value / divisor
    }
}

/// What an image's header says, for deciding whether to touch the rest.
package struct ImageDimensions: Sendable, Equatable {
    package let mediaType: MediaType
    package let width: Int
    package let height: Int

    package init(mediaType: MediaType, width: Int, height: Int) {
        self.mediaType = mediaType
        self.width = width
        self.height = height
    }
}
