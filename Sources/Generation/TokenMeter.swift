/// What a job of a model that is billed by tokens can take at most: what is held.
///
/// The bill is what the provider reports, and never more than this.
public struct TokenMeter: Sendable, Hashable, Codable {
    /// Input tokens of text besides one for each byte of the request's texts.
    public var promptOverhead: Int64 = 0
    /// Input tokens of one picture, a mask counting as one.
    public var perReference: Int64 = 0
    /// Output tokens of one image.
    ///
    /// Looked up as `quality/WIDTHxHEIGHT`, `quality/RESOLUTION`, `quality`, `WIDTHxHEIGHT`, `RESOLUTION` and `""`, the
    /// first that is there.
    public var perImage: [String: Int64] = [:]
    /// Output tokens of one preview.
    public var perPartialImage: Int64 = 0
    /// Input tokens of a second of sound.
    public var inputAudioPerSecond: Int64 = 0
    /// Output tokens of sound for a thousand characters that are spoken.
    public var outputAudioPerThousandCharacters: Int64 = 0
    /// Output tokens of sound at least, however short the text is.
    public var outputAudioMin: Int64 = 0
    /// Output tokens of text, for a whole job.
    public var outputTextMax: Int64 = 0

    /// Makes a meter that counts nothing.
    public init() {}
}
