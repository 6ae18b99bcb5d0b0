/// What an image model takes.
public struct ImageParameters: Sendable, Hashable {
    /// The sizes on offer; the first is the default.
    public var sizes: [SizeOption]
    /// The sizes that can be asked for besides those; nil when there are none.
    public var freeSizes: FreeSizes?
    /// How many images one call makes at most.
    public var countMax = 1
    /// The file formats on offer; the first is the default.
    public var formats: [String]
    /// The quality tiers; empty when there are none.
    public var qualities: [String] = []
    /// The backgrounds; empty when they cannot be chosen.
    public var backgrounds: [String] = []
    /// The formats that can be transparent.
    public var formatsWithTransparency = ["png", "webp"]
    /// Whether lossy formats take a compression level.
    public var compression = false
    /// How many reference pictures are taken.
    public var referencesMax = 0
    /// How many reference pictures there must be: above 0 of a model that does nothing but edit.
    public var referencesMin = 0
    /// Whether a mask is taken.
    ///
    /// It goes with the first reference picture, and has its size.
    public var mask = false
    /// How many previews a stream can have.
    public var partialImagesMax = 0
    /// Whether a negative prompt is taken.
    public var negativePrompt = false
    /// Whether a seed is taken.
    public var seed = false

    /// Makes the list with what every image model has.
    public init(sizes: [SizeOption], formats: [String]) {
        self.sizes = sizes
        self.formats = formats
    }
}

/// Sizes that a model takes by a rule instead of from a list.
public struct FreeSizes: Sendable, Hashable, Codable {
    /// What both sides are multiples of.
    public var multipleOf: Int
    /// The shortest and the longest side, in pixels.
    public var edges: ClosedRange<Int>
    /// The fewest and the most pixels.
    public var pixels: ClosedRange<Int>
    /// How many times longer than the other a side may be.
    public var ratioMax: Double

    /// Makes a rule.
    public init(multipleOf: Int, edges: ClosedRange<Int>, pixels: ClosedRange<Int>, ratioMax: Double) {
        self.multipleOf = multipleOf
        self.edges = edges
        self.pixels = pixels
        self.ratioMax = ratioMax
    }

    /// Whether a size obeys the rule.
    public func allow(_ size: PixelSize) -> Bool {
        let (short, long) = (min(size.width, size.height), max(size.width, size.height))
        return size.width.isMultiple(of: multipleOf) && size.height.isMultiple(of: multipleOf)
            && edges.contains(short) && edges.contains(long) && pixels.contains(size.width * size.height)
            && Double(long) <= Double(short) * ratioMax
    }

    /// The rule as the end of a sentence.
    public var words: String {
        "any WIDTHxHEIGHT of multiples of \(multipleOf), \(edges.lowerBound) to \(edges.upperBound) on a side, \(pixels.lowerBound) to \(pixels.upperBound) pixels, at most \(ratioMax.formattedShort) to 1"
    }
}

extension Double {
    /// The number without a fraction of zero.
    var formattedShort: String { self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self) }
}
