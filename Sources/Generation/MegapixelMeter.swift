/// How a vendor counts megapixels, where it does not count every pixel.
///
/// Of each picture by itself, and what has begun counts whole.
public struct MegapixelMeter: Sendable, Hashable {
    /// The pixels of one megapixel.
    public var pixels: Int
    /// The most that a picture handed in counts, in megapixels: the vendor scales a larger one down.
    public var inputMax: Int

    /// Makes a meter.
    public init(pixels: Int, inputMax: Int) {
        self.pixels = pixels
        self.inputMax = inputMax
    }
}
