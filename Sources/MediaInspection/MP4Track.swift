/// One track of an MP4: what it is, how long it plays, and where its samples lie.
struct MP4Track {
    private(set) var id = 0
    private(set) var handler = 0
    private(set) var width: Int?
    private(set) var height: Int?
    /// Ticks per second of the track's own times.
    private(set) var timescale = 0
    /// Sum of all sample durations in the table.
    private(set) var tableTicks = 0

    private var headerTicks: Int?
    /// What the edit list shows, in ticks of the movie.
    private var editTicks: Int?
    private var sizes: SampleSizes?
    private var chunkOffsets: Table?
    private var chunkRuns: Table?

    /// Samples that the tables name; fragments come on top.
    var sampleCount: Int { sizes?.count ?? 0 }

    /// Equal entries inside one box, already checked to lie in it.
    private struct Table {
        let start: Int
        let count: Int
        let entryBytes: Int
    }

    /// Sizes of samples: all the same, or a table whose entries have so many bits.
    private struct SampleSizes {
        let count: Int
        let constant: Int
        let tableStart: Int
        let bits: Int
    }

    init(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        var boxes = MP4BoxCursor(inside: box)
        while let child = try boxes.next(&reader) {
            switch child.type {
            case tag("tkhd"): try readTrackHeader(&reader, child)
            case tag("edts"): try readEdits(&reader, child)
            case tag("mdia"): try readMedia(&reader, child)
            default: break
            }
        }
    }

    /// How long the track plays.
    ///
    /// The track's own header is exact and is taken, unless an edit list shows something else by more than its coarse
    /// tick: then the edit list decides, as it does in players.
    ///
    /// - Parameters:
    ///   - movieTimescale: Ticks per second of the edit list.
    ///   - fragmentTicks: The sum of sample durations, where the file has fragments and its headers know nothing.
    /// - Returns: The length; nil for a track without one.
    /// - Throws: `malformed` for lengths beyond what 64 bits hold.
    func presentation(movieTimescale: Int, fragmentTicks: Int?) throws(MediaProblem) -> MediaDuration? {
        let ticks = fragmentTicks ?? headerTicks ?? tableTicks
        guard let media = MediaDuration(value: Int64(ticks), timescale: Int64(timescale)) else {
            throw .malformed("an MP4 track of impossible length")
        }
        guard fragmentTicks == nil, let editTicks, editTicks > 0, movieTimescale > 0 else { return media }
        guard let edited = MediaDuration(value: Int64(editTicks), timescale: Int64(movieTimescale)) else {
            throw .malformed("an MP4 edit list of impossible length")
        }
        let tickMilliseconds = Int64(1_000 / movieTimescale) + 1
        return abs(edited.milliseconds - media.milliseconds) <= tickMilliseconds ? media : edited
    }

    // MARK: Headers

    private mutating func readTrackHeader(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        let fields = try MP4FullBox(&reader, box)
        id = try reader.u32(at: fields.offset(fields.version == 1 ? 16 : 8, bytes: 4))
        // Shown size, in 16.16; the sample description has the coded one and overrides it.
        let size = try fields.offset(fields.version == 1 ? 84 : 72, bytes: 8)
        let shown = (try reader.u32(at: size), try reader.u32(at: size + 4))
        width = width ?? shown.0 >> 16
        height = height ?? shown.1 >> 16
    }

    private mutating func readEdits(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        var boxes = MP4BoxCursor(inside: box)
        while let child = try boxes.next(&reader) {
            guard child.type == tag("elst") else { continue }
            let fields = try MP4FullBox(&reader, child)
            let count = try reader.u32(at: fields.offset(0, bytes: 4))
            let isWide = fields.version == 1
            let start = try fields.table(at: 4, count: count, entryBytes: isWide ? 20 : 12)
            var total = 0
            for index in 0..<count {
                let entry = start + index * (isWide ? 20 : 12)
                let duration = isWide ? try reader.u64(at: entry) : try reader.u32(at: entry)
                let time = try isWide ? reader.big(at: entry + 8, bytes: 8) : reader.big(at: entry + 4, bytes: 4)
                // Media time -1 is a pause before the media, not media.
                if time != (isWide ? UInt64.max : 0xffff_ffff) {
                    total = try sum(total, duration, "an MP4 edit list")
                }
            }
            editTicks = total
        }
    }

    private mutating func readMedia(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        var boxes = MP4BoxCursor(inside: box)
        while let child = try boxes.next(&reader) {
            switch child.type {
            case tag("mdhd"):
                let fields = try MP4FullBox(&reader, child)
                let isWide = fields.version == 1
                timescale = try reader.u32(at: fields.offset(isWide ? 16 : 8, bytes: 4))
                let ticks = try reader.big(
                    at: fields.offset(isWide ? 20 : 12, bytes: isWide ? 8 : 4),
                    bytes: isWide ? 8 : 4
                )
                // Zero and all ones mean "not known".
                headerTicks = ticks == 0 || ticks == (isWide ? UInt64.max : 0xffff_ffff) ? nil : Int(exactly: ticks)
            case tag("hdlr"):
                let fields = try MP4FullBox(&reader, child)
                handler = try reader.u32(at: fields.offset(4, bytes: 4))
            case tag("minf"):
                var tables = MP4BoxCursor(inside: child)
                while let table = try tables.next(&reader) {
                    guard table.type == tag("stbl") else { continue }
                    try readTables(&reader, table)
                }
            default:
                break
            }
        }
    }

    // MARK: Sample tables

    private mutating func readTables(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        var timedSamples: Int?
        var boxes = MP4BoxCursor(inside: box)
        while let child = try boxes.next(&reader) {
            switch child.type {
            case tag("stsd"):
                try readDescription(&reader, child)
            case tag("stts"):
                timedSamples = try readTimes(&reader, child)
            case tag("stsz"), tag("stz2"):
                sizes = try readSizes(&reader, child)
            case tag("stsc"):
                chunkRuns = try readTable(&reader, child, entryBytes: 12)
            case tag("stco"):
                chunkOffsets = try readTable(&reader, child, entryBytes: 4)
            case tag("co64"):
                chunkOffsets = try readTable(&reader, child, entryBytes: 8)
            default:
                break
            }
        }
        guard let timedSamples, let sizes, chunkRuns != nil, chunkOffsets != nil else {
            throw .malformed("an MP4 track without its sample tables")
        }
        guard timedSamples == sizes.count else {
            throw .malformed("an MP4 track with times for \(timedSamples) samples and sizes for \(sizes.count)")
        }
    }

    private func readTable(
        _ reader: inout ByteReader,
        _ box: MP4Box,
        entryBytes: Int
    ) throws(MediaProblem) -> Table {
        let fields = try MP4FullBox(&reader, box)
        let count = try reader.u32(at: fields.offset(0, bytes: 4))
        let start = try fields.table(at: 4, count: count, entryBytes: entryBytes)
        return Table(start: start, count: count, entryBytes: entryBytes)
    }

    /// The coded size of the picture stands in the first sample description.
    private mutating func readDescription(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        guard handler == tag("vide") else { return }
        var entries = MP4BoxCursor(inside: box, skipping: 8)
        guard let entry = try entries.next(&reader) else {
            throw .malformed("an MP4 video track without a sample description")
        }
        guard entry.end - entry.payload >= 28 else { throw .malformed("an MP4 sample description is too short") }
        width = try reader.u16(at: entry.payload + 24)
        height = try reader.u16(at: entry.payload + 26)
    }

    private mutating func readTimes(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) -> Int {
        let table = try readTable(&reader, box, entryBytes: 8)
        var samples = 0
        tableTicks = 0
        for index in 0..<table.count {
            let entry = table.start + index * 8
            let (count, duration) = (try reader.u32(at: entry), try reader.u32(at: entry + 4))
            samples = try sum(samples, count, "an MP4 time table")
            tableTicks = try sum(tableTicks, product(count, duration, "an MP4 time table"), "an MP4 time table")
        }
        return samples
    }

    private func readSizes(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) -> SampleSizes {
        let fields = try MP4FullBox(&reader, box)
        let count = try reader.u32(at: fields.offset(4, bytes: 4))
        let first = try reader.u32(at: fields.offset(0, bytes: 4))
        if box.type == tag("stsz"), first != 0 {
            return SampleSizes(count: count, constant: first, tableStart: 0, bits: 0)
        }
        let bits = box.type == tag("stsz") ? 32 : first & 0xff
        guard [4, 8, 16, 32].contains(bits) else { throw .malformed("MP4 sample sizes of \(bits) bits") }
        let bytes = (count * bits + 7) / 8
        return SampleSizes(
            count: count,
            constant: 0,
            tableStart: try fields.table(at: 8, count: bytes, entryBytes: 1),
            bits: bits
        )
    }

    // MARK: Chunks

    /// Follows the tables from sample to byte, and checks that every chunk lies inside the file.
    ///
    /// - Parameter reader: The file; each table is read through a window of its own.
    /// - Throws: `truncated` when a chunk is not all there, `malformed` when the tables contradict each other.
    func checkChunks(_ reader: ByteReader) throws(MediaProblem) {
        guard let sizes, let offsets = chunkOffsets, let runs = chunkRuns, sizes.count > 0 else { return }
        var (sizeReader, offsetReader, runReader) = (reader, reader, reader)
        var run = 0
        var runEnd = 1
        var perChunk = 0
        var sample = 0
        for chunk in 1...max(1, offsets.count) where chunk <= offsets.count && sample < sizes.count {
            if chunk == runEnd {
                (perChunk, runEnd) = try readRun(&runReader, runs, run, chunk: chunk)
                run += 1
            }
            let count = min(perChunk, sizes.count - sample)
            let bytes = try byteCount(&sizeReader, sizes, sample..<sample + count)
            let entry = offsets.start + (chunk - 1) * offsets.entryBytes
            let start = offsets.entryBytes == 8 ? try offsetReader.u64(at: entry) : try offsetReader.u32(at: entry)
            let end = try sum(start, bytes, "an MP4 chunk")
            guard end <= reader.size else {
                throw .truncated("MP4 track \(id) has media up to byte \(end), the file ends at \(reader.size)")
            }
            sample += count
        }
        guard sample == sizes.count else {
            throw .malformed("MP4 track \(id) has \(sizes.count) samples, but chunks for \(sample)")
        }
    }

    /// Samples in each chunk of a run, and the chunk at which the next run takes over.
    private func readRun(
        _ reader: inout ByteReader,
        _ runs: Table,
        _ run: Int,
        chunk: Int
    ) throws(MediaProblem) -> (perChunk: Int, end: Int) {
        guard run < runs.count else { throw .malformed("MP4 track \(id) has no samples for chunk \(chunk)") }
        let entry = runs.start + run * 12
        let (first, perChunk) = (try reader.u32(at: entry), try reader.u32(at: entry + 4))
        let end = run + 1 < runs.count ? try reader.u32(at: entry + 12) : Int.max
        guard first == chunk, perChunk > 0, end > first else {
            throw .malformed("MP4 track \(id) has a broken chunk table")
        }
        return (perChunk, end)
    }

    private func byteCount(
        _ reader: inout ByteReader,
        _ sizes: SampleSizes,
        _ samples: Range<Int>
    ) throws(MediaProblem) -> Int {
        if sizes.constant > 0 { return try product(samples.count, sizes.constant, "an MP4 chunk") }
        var total = 0
        for sample in samples {
            let bit = sample * sizes.bits
            let offset = sizes.tableStart + bit / 8
            if sizes.bits == 4 {
                let pair = Int(try reader.byte(at: offset))
                total += bit % 8 == 0 ? pair >> 4 : pair & 0x0f
            } else {
                let size = Int(try reader.big(at: offset, bytes: sizes.bits / 8))
                total = try sum(total, size, "an MP4 chunk")
            }
        }
        return total
    }
}
