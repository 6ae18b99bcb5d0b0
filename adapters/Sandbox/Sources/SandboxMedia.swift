/// What the sandbox hands out: tiny files, each whole and true to what its container says.
///
/// The picture's size is fixed and small whatever was asked for; length, frame rate, count, sound and format are as
/// asked, and speech lasts a minute at most. Equal requests give equal bytes.
enum SandboxMedia {
    /// The size of the sandbox's videos, in pixels.
    static let videoSide = 64
    /// The size of the sandbox's images, in pixels.
    static let imageSide = 32

    /// The longest speech, in milliseconds: a file is made in memory, so a long text is not spoken to its end.
    static let speechMillisecondsMax = 60_000

    static func mediaType(of ticket: Wire.Ticket) -> String {
        switch ticket.kind {
        case .video: "video/mp4"
        case .image: "image/png"
        case .speech, .music, .sound: SandboxAudio.mediaType(of: ticket.format)
        case .transcription: "application/json"
        }
    }

    /// An output as the script lets it arrive: whole, silently cut, or something else under its media type.
    static func served(_ ticket: Wire.Ticket, index: Int) -> [UInt8] {
        guard !ticket.script.wrongType else {
            return Array("<!doctype html><title>Not your media</title>".utf8)
        }
        let whole = bytes(of: ticket, index: index)
        return ticket.script.truncation == .silent ? Array(whole.prefix(whole.count * 6 / 10)) : whole
    }

    static func bytes(of ticket: Wire.Ticket, index: Int) -> [UInt8] {
        switch ticket.kind {
        case .video:
            return SandboxMovie.mp4(
                seconds: ticket.seconds,
                framesPerSecond: ticket.framesPerSecond,
                hasSound: ticket.hasAudio
            )
        case .image:
            // A second image of the same request has another colour.
            return png(side: imageSide, color: color(of: ticket, shift: index * 64))
        case .transcription: return SandboxTranscript.bytes(of: ticket)
        case .music, .sound:
            return SandboxAudio.bytes(ticket.format, milliseconds: ticket.milliseconds ?? 0)
        case .speech:
            // 16 characters a second at the usual tempo, from a quarter of a second to a minute.
            let spoken = Double(ticket.characters) * 62.5 / max(0.01, ticket.speed)
            let milliseconds = Int(min(Double(speechMillisecondsMax), max(250, spoken)))
            return SandboxAudio.bytes(ticket.format, milliseconds: milliseconds)
        }
    }

    /// What a stream of images shows on the way: of another colour each time, as it comes nearer.
    static func preview(of ticket: Wire.Ticket, index: Int) -> [UInt8] {
        png(side: imageSide, color: color(of: ticket, shift: (index + 1) * 16 + 128))
    }

    private static func color(of ticket: Wire.Ticket, shift: Int) -> [UInt8] {
        (0..<3).map {
            $0 < ticket.color.count ? ticket.color[$0] &+ UInt8(truncatingIfNeeded: shift) : 0
        }
    }

    /// One colour, 8 bits per channel, in stored (uncompressed) deflate blocks.
    static func png(side: Int, color: [UInt8]) -> [UInt8] {
        let row = [0] + Array(repeatElement(color, count: side).joined())
        let pixels = Array(repeatElement(row, count: side).joined())
        var zlib: [UInt8] = [0x78, 0x01]
        var rest = pixels[...]
        while !rest.isEmpty {
            let block = rest.prefix(0xffff)
            rest = rest.dropFirst(block.count)
            let length = UInt16(block.count)
            zlib.append(rest.isEmpty ? 1 : 0)
            zlib += little(length) + little(~length) + block
        }
        zlib += big(adler32(pixels))
        let header = big(UInt32(side)) + big(UInt32(side)) + [8, 2, 0, 0, 0]
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
            + chunk("IHDR", header) + chunk("IDAT", zlib) + chunk("IEND", [])
    }

    /// A quiet tone of 200 Hz: 8,000 samples a second, 8 bits, one channel.
    static func wav(milliseconds: Int) -> [UInt8] {
        let count = milliseconds * 8
        let samples = (0..<count).map { index -> UInt8 in index / 20 % 2 == 0 ? 124 : 132 }
        let padding: [UInt8] = count % 2 == 0 ? [] : [0]
        let rate: UInt32 = 8_000
        let format =
            little(UInt16(1)) + little(UInt16(1)) + little(rate) + little(rate) + little(UInt16(1))
            + little(UInt16(8))
        let data = Array("data".utf8) + little(UInt32(count)) + samples + padding
        let body = Array("WAVEfmt ".utf8) + little(UInt32(format.count)) + format + data
        return Array("RIFF".utf8) + little(UInt32(body.count)) + body
    }

    /// Silence: MPEG-2 layer III frames of 24 ms at 32 kbit/s, whose empty side information plays nothing.
    ///
    /// A first frame counts the others (the `Info` form that encoders write), so that a cut can be noticed.
    static func mp3(milliseconds: Int) -> [UInt8] {
        let header: [UInt8] = [0xff, 0xf3, 0x44, 0xc0]
        let silence = header + Array(repeating: 0, count: 92)
        let count = (milliseconds + 23) / 24
        let totals = big(UInt32(3)) + big(UInt32(count)) + big(UInt32(silence.count * (count + 1)))
        let info = header + Array(repeating: 0, count: 9) + Array("Info".utf8) + totals
        return info + Array(repeating: 0, count: silence.count - info.count)
            + Array(repeatElement(silence, count: count).joined())
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return big(UInt32(data.count)) + body + big(crc32(body))
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
        }
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        let sums = bytes.reduce((a: UInt32(1), b: UInt32(0))) { sums, byte in
            let a = (sums.a + UInt32(byte)) % 65_521
            return (a, (sums.b + a) % 65_521)
        }
        return sums.b << 16 | sums.a
    }

    static func big(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
