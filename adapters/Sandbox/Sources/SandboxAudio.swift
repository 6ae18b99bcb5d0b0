/// The sandbox's sounds, in every format that speech is asked for in.
///
/// What is plain samples is a quiet tone; of what needs an encoder only silence is written, whose frames are known
/// byte for byte. All are whole files, as long as was asked for.
enum SandboxAudio {
    /// The samples of headerless speech in a second.
    static let pcmRate = 24_000

    static func mediaType(of format: String?) -> String {
        switch format {
        case "mp3": "audio/mpeg"
        case "opus": "audio/ogg"
        case "aac": "audio/aac"
        case "flac": "audio/flac"
        case "pcm": "audio/pcm;rate=\(pcmRate);channels=1"
        default: "audio/wav"
        }
    }

    static func bytes(_ format: String?, milliseconds: Int) -> [UInt8] {
        switch format {
        case "mp3": SandboxMedia.mp3(milliseconds: milliseconds)
        case "opus": opus(milliseconds: milliseconds)
        case "aac": aac(milliseconds: milliseconds)
        case "flac": flac(milliseconds: milliseconds)
        case "pcm": pcm(milliseconds: milliseconds)
        default: SandboxMedia.wav(milliseconds: milliseconds)
        }
    }

    /// A quiet tone of 200 Hz: 24,000 samples a second, 16 bits, little-endian, one channel, no header.
    static func pcm(milliseconds: Int) -> [UInt8] {
        let (low, high) = (little(Int16(-1_024)), little(Int16(1_024)))
        return (0..<(milliseconds * pcmRate / 1_000)).flatMap {
            $0 / (pcmRate / 400) % 2 == 0 ? low : high
        }
    }

    /// Silence: AAC frames of 1,024 samples at 48 kHz, each behind an ADTS header.
    ///
    /// Source: ISO/IEC 13818-7, 6.2.
    static func aac(milliseconds: Int) -> [UInt8] {
        let payload = SandboxMovie.silentFrame
        let length = payload.count + 7
        // Low complexity, 48 kHz, one channel, and the buffer's fullness left open, as for a variable rate.
        let header: [UInt8] = [
            0xff, 0xf1, 0x4c, 0x40 | UInt8(length >> 11), UInt8(length >> 3 & 0xff),
            UInt8(length << 5 & 0xe0) | 0x1f,
            0xfc,
        ]
        let count = (milliseconds * 48 + 1_023) / 1_024
        return Array(repeatElement(header + payload, count: max(1, count)).joined())
    }

    /// Silence: Opus packets of 20 ms in Ogg pages of a second each.
    ///
    /// Source: RFC 7845 and RFC 3533.
    static func opus(milliseconds: Int) -> [UInt8] {
        let head =
            Array("OpusHead".utf8) + [1, 1] + little(UInt16(0)) + little(UInt32(48_000)) + [0, 0, 0]
        let tags =
            Array("OpusTags".utf8) + little(UInt32(7)) + Array("sandbox".utf8) + little(UInt32(0))
        let packet: [UInt8] = [0xf8, 0xff, 0xfe]
        var bytes =
            page([head], position: 0, number: 0, flags: 2)
            + page([tags], position: 0, number: 1, flags: 0)
        let total = max(1, (milliseconds + 19) / 20)
        var done = 0
        var number: UInt32 = 2
        while done < total {
            let count = min(50, total - done)
            done += count
            bytes += page(
                Array(repeating: packet, count: count),
                position: done == total ? Int64(milliseconds) * 48 : Int64(done) * 960,
                number: number,
                flags: done == total ? 4 : 0
            )
            number += 1
        }
        return bytes
    }

    /// One Ogg page of packets that are shorter than 255 bytes.
    private static func page(
        _ packets: [[UInt8]],
        position: Int64,
        number: UInt32,
        flags: UInt8
    )
        -> [UInt8]
    {
        let start =
            Array("OggS".utf8) + [0, flags] + little(position) + little(UInt32(1)) + little(number)
        let end = [UInt8(packets.count)] + packets.map { UInt8($0.count) } + packets.joined()
        let checksum = crc(start + [0, 0, 0, 0] + end, width: 32, polynomial: 0x04c1_1db7)
        return start + little(UInt32(checksum)) + end
    }

    /// Silence: frames of 4,096 samples at 48 kHz, each with one constant.
    ///
    /// Source: RFC 9639.
    static func flac(milliseconds: Int) -> [UInt8] {
        let total = max(1, milliseconds * 48)
        let block = 4_096
        // Blocks of one size, frames of unknown size, 48 kHz, one channel, 16 bits, and no checksum of the samples.
        var info = big(UInt16(block)) + big(UInt16(block)) + Array(repeating: 0, count: 6)
        info +=
            big(UInt64(48_000) << 44 | UInt64(15) << 36 | UInt64(total)) + Array(repeating: 0, count: 16)
        var bytes = Array("fLaC".utf8) + [0x80, 0, 0, UInt8(info.count)] + info
        var done = 0
        var number = 0
        while done < total {
            let count = min(block, total - done)
            // The size of the last block stands behind the number; 48 kHz, mono and 16 bits are codes.
            var head: [UInt8] = [0xff, 0xf8, count == block ? 0xca : 0x7a, 0x08] + coded(number)
            if count < block { head += big(UInt16(count - 1)) }
            head.append(UInt8(crc(head, width: 8, polynomial: 0x07)))
            let frame = head + [0, 0, 0]
            bytes += frame + big(UInt16(crc(frame, width: 16, polynomial: 0x8005)))
            done += count
            number += 1
        }
        return bytes
    }

    /// A frame's number, in the way of UTF-8.
    private static func coded(_ number: Int) -> [UInt8] {
        switch number {
        case ..<0x80: [UInt8(number)]
        case ..<0x800: [0xc0 | UInt8(number >> 6), 0x80 | UInt8(number & 0x3f)]
        default:
            [
                0xe0 | UInt8(number >> 12 & 0x0f), 0x80 | UInt8(number >> 6 & 0x3f),
                0x80 | UInt8(number & 0x3f),
            ]
        }
    }

    /// A checksum, most significant bit first, from zero.
    private static func crc(_ bytes: [UInt8], width: UInt32, polynomial: UInt32) -> UInt32 {
        let top = UInt32(1) << (width - 1)
        let mask = top | (top - 1)
        return bytes.reduce(UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte) << (width - 8)) { value, _ in
                (value & top != 0 ? value << 1 ^ polynomial : value << 1) & mask
            }
        }
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func big(_ value: some FixedWidthInteger) -> [UInt8] { SandboxMedia.big(value) }
}
