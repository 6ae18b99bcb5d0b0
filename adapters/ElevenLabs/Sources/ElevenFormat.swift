import Generation

/// A file format, as a client names it and as the wire does: codec, sample rate, kilobits.
///
/// Source: the lists of `output_format` in the official SDK elevenlabs 2.78.0, read on 2026-11-21. MP3 with 192 kbit/s, and
/// PCM and WAV with 44.1 kHz, are for the larger plans alone, so that none of them is used.
enum ElevenFormat: String, CaseIterable {
    case mp3
    case opus
    case wav
    case pcm

    /// The wire's word.
    var wireName: String {
        switch self {
        case .mp3: "mp3_44100_128"
        case .opus: "opus_48000_96"
        case .wav: "wav_24000"
        case .pcm: "pcm_24000"
        }
    }

    /// The media type of what is kept.
    var mediaType: String {
        switch self {
        case .mp3: "audio/mpeg"
        case .opus: "audio/ogg"
        case .wav: "audio/wav"
        case .pcm: "audio/pcm;rate=24000;channels=1"
        }
    }

    /// How many bytes tell what a file is.
    static let headBytes = 12

    /// Whether a file of this format can begin so: a page or a document in its place cannot.
    ///
    /// Samples have no mark of their own; but a text of printable characters would be far too loud to be speech.
    func canBegin(with head: [UInt8]) -> Bool {
        switch self {
        case .mp3:
            head.starts(with: Array("ID3".utf8)) || (head.count > 1 && head[0] == 0xFF && head[1] & 0xE0 == 0xE0)
        case .opus: head.starts(with: Array("OggS".utf8))
        case .wav:
            head.starts(with: Array("RIFF".utf8)) && head.dropFirst(8).starts(with: Array("WAVE".utf8))
        case .pcm: !head.prefix(Self.headBytes).allSatisfy { (9...126).contains($0) }
        }
    }
}
