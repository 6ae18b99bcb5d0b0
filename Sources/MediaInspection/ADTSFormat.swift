/// AAC in ADTS frames, as it comes out of streaming encoders.
///
/// Nothing in the file says how many frames there should be, so a cut between two frames cannot be seen.
///
/// Source: ISO/IEC 13818-7, section 6.2.
enum ADTSFormat {
    struct Header {
        let sampleRate: Int
        let samples: Int
        let length: Int

        private static let rates = [
            96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
        ]

        /// Nil unless the bytes open an ADTS frame.
        init?(_ bytes: [UInt8]) {
            guard bytes.count >= 7, bytes[0] == 0xff, bytes[1] & 0xf6 == 0xf0 else { return nil }
            let rate = Int(bytes[2] >> 2 & 0x0f)
            guard rate < Self.rates.count else { return nil }
            let length = Int(bytes[3] & 3) << 11 | Int(bytes[4]) << 3 | Int(bytes[5] >> 5)
            guard length >= (bytes[1] & 1 == 1 ? 7 : 9) else { return nil }
            sampleRate = Self.rates[rate]
            samples = 1_024 * (Int(bytes[6] & 3) + 1)
            self.length = length
        }
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        var offset = 0
        var samples = 0
        var sampleRate: Int?
        while offset < reader.size {
            guard let header = Header(try reader.head(at: offset, atMost: 7)) else {
                throw reader.size - offset < 7
                    ? .truncated("the last AAC frame is incomplete")
                    : .malformed("no AAC frame starts at byte \(offset)")
            }
            guard header.length <= reader.size - offset else {
                throw .truncated("the last AAC frame reaches to byte \(offset + header.length), beyond the end")
            }
            guard header.sampleRate == sampleRate ?? header.sampleRate else {
                throw .malformed("the AAC changes its sample rate at byte \(offset)")
            }
            sampleRate = header.sampleRate
            samples += header.samples
            offset += header.length
        }
        return MediaFacts(
            mediaType: .aac,
            duration: sampleRate.flatMap { MediaDuration(value: Int64(samples), timescale: Int64($0)) },
            sampleRate: sampleRate,
            hasAudio: true,
            hasVideo: false,
            endIsProven: false
        )
    }
}
