/// WAV: a RIFF (or 64-bit RF64) file with a format chunk and a data chunk.
///
/// Programs that write to a pipe cannot go back to fill in the sizes. They leave a mark instead: ffmpeg FFFFFFFF,
/// espeak-ng and sox 7FFFF000, Python's wave module zero. Only under such a mark does the data reach to the end of
/// the file; then nothing in the file proves that it is whole (`endIsProven` is false), except that a sample must not
/// be cut in two.
///
/// Source: Microsoft RIFF specification, EBU Tech 3306 (RF64).
enum WAVFormat {
    private struct Format {
        let channels: Int
        let sampleRate: Int
        let byteRate: Int
        let blockAlign: Int
        let isPCM: Bool
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        let riffSize = try reader.little(at: 4, bytes: 4)
        let isRF64 = try reader.u32(at: 0) == tag("RF64")
        var offset = 12
        var format: Format?
        var wideDataSize: Int?
        var samples: Int?
        while true {
            let type = try reader.u32(at: offset)
            let length = try reader.little(at: offset + 4, bytes: 4)
            let start = offset + 8
            if type == tag("data") {
                guard let format else { throw .malformed("WAV data before its format") }
                let declared = isRF64 && length == 0xffff_ffff ? wideDataSize ?? length : length
                let fits = declared > 0 && declared <= reader.size - start
                guard fits || isStreaming(dataSize: declared, riffSize: riffSize, dataStart: start) else {
                    throw .truncated(
                        "the WAV's data should reach to byte \(start + declared), the file ends at \(reader.size)"
                    )
                }
                if fits {
                    try checkRest(&reader, from: start + declared + declared & 1)
                }
                let dataSize = fits ? declared : reader.size - start
                return try facts(format, dataSize: dataSize, samples: samples, proven: fits)
            }
            guard length <= reader.size - start else {
                throw .truncated("WAV chunk \(fourCharacters(type)) reaches beyond the end of the file")
            }
            if type == tag("fmt ") {
                format = try readFormat(&reader, at: start, length: length)
            } else if type == tag("fact"), length >= 4 {
                samples = try reader.little(at: start, bytes: 4)
            } else if type == tag("ds64"), length >= 24 {
                // Seven of the eight bytes: no file is larger.
                wideDataSize = try reader.little(at: start + 8, bytes: 7)
            }
            offset = start + length + length & 1
        }
    }

    /// What follows the data must be whole chunks.
    ///
    /// The size in the RIFF header is not asked: several services count it wrongly, and no sample depends on it.
    private static func checkRest(_ reader: inout ByteReader, from start: Int) throws(MediaProblem) {
        var offset = start
        while offset < reader.size {
            let length = try reader.little(at: offset + 4, bytes: 4)
            guard length <= reader.size - offset - 8 else {
                throw .truncated("the WAV's last chunk reaches beyond the end of the file")
            }
            offset += 8 + length + length & 1
        }
    }

    private static func isStreaming(dataSize: Int, riffSize: Int, dataStart: Int) -> Bool {
        switch dataSize {
        case 0xffff_ffff, 0x7fff_f000...0x7fff_ffff: true
        case 0: riffSize == 0 || 8 + riffSize == dataStart
        default: false
        }
    }

    private static func readFormat(
        _ reader: inout ByteReader,
        at start: Int,
        length: Int
    ) throws(MediaProblem) -> Format {
        guard length >= 16 else { throw .malformed("a WAV format of \(length) bytes") }
        var code = try reader.little(at: start, bytes: 2)
        if code == 0xfffe, length >= 40 {
            // Extensible: the true code opens the sub-format's GUID.
            code = try reader.little(at: start + 24, bytes: 2)
        }
        let format = Format(
            channels: try reader.little(at: start + 2, bytes: 2),
            sampleRate: try reader.little(at: start + 4, bytes: 4),
            byteRate: try reader.little(at: start + 8, bytes: 4),
            blockAlign: try reader.little(at: start + 12, bytes: 2),
            isPCM: code == 1 || code == 3
        )
        guard format.channels > 0, format.sampleRate > 0, format.byteRate > 0, format.blockAlign > 0 else {
            throw .malformed("a WAV format with a zero in it")
        }
        guard !format.isPCM || format.byteRate == format.sampleRate * format.blockAlign else {
            throw .malformed("the WAV's byte rate does not follow from its sample rate")
        }
        return format
    }

    private static func facts(
        _ format: Format,
        dataSize: Int,
        samples: Int?,
        proven: Bool
    ) throws(MediaProblem) -> MediaFacts {
        guard dataSize > 0 else { throw .malformed("a WAV without a sample") }
        let duration: MediaDuration?
        if format.isPCM {
            guard dataSize % format.blockAlign == 0 else {
                throw proven
                    ? .malformed("the WAV's data does not hold whole samples")
                    : .truncated("the WAV's last sample is incomplete")
            }
            duration = MediaDuration(value: Int64(dataSize / format.blockAlign), timescale: Int64(format.sampleRate))
        } else if let samples, samples > 0, samples < 0xffff_ffff, proven {
            // Compressed: encoders often put a nominal byte rate, but count the samples in the fact chunk.
            duration = MediaDuration(value: Int64(samples), timescale: Int64(format.sampleRate))
        } else {
            duration = MediaDuration(value: Int64(dataSize), timescale: Int64(format.byteRate))
        }
        return MediaFacts(
            mediaType: .wav,
            duration: duration,
            sampleRate: format.sampleRate,
            hasAudio: true,
            hasVideo: false,
            endIsProven: proven
        )
    }
}
