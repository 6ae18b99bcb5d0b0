/// What the fragments (`moof`) of a streamed MP4 add to its tracks.
struct MP4Fragments {
    private var totals: [Int: (samples: Int, ticks: Int)] = [:]

    /// More tracks than any player handles; the bound keeps hostile files from filling memory.
    private static let trackLimit = 256

    private(set) var isEmpty = true

    func samples(_ track: Int) -> Int { totals[track]?.samples ?? 0 }
    func ticks(_ track: Int) -> Int { totals[track]?.ticks ?? 0 }

    /// Adds one fragment, and checks that the media it names is inside the file.
    mutating func add(
        _ reader: inout ByteReader,
        _ fragment: MP4Box,
        _ defaults: [Int: MP4SampleDefaults]
    ) throws(MediaProblem) {
        isEmpty = false
        var isFirst = true
        var boxes = MP4BoxCursor(inside: fragment)
        while let box = try boxes.next(&reader) {
            guard box.type == tag("traf") else { continue }
            try addTrack(&reader, box, fragment, isFirst: isFirst, defaults)
            isFirst = false
        }
    }

    private struct Header {
        var track = 0
        var defaults = MP4SampleDefaults()
        /// Where data offsets count from; nil where that is the end of another track's data.
        var base: Int?
    }

    private mutating func addTrack(
        _ reader: inout ByteReader,
        _ box: MP4Box,
        _ fragment: MP4Box,
        isFirst: Bool,
        _ defaults: [Int: MP4SampleDefaults]
    ) throws(MediaProblem) {
        var header: Header?
        var boxes = MP4BoxCursor(inside: box)
        while let child = try boxes.next(&reader) {
            if child.type == tag("tfhd") {
                header = try readHeader(&reader, child, fragment, isFirst: isFirst, defaults)
            } else if child.type == tag("trun") {
                guard let header else { throw .malformed("an MP4 fragment without its header") }
                try addRun(&reader, child, header)
            }
        }
    }

    private func readHeader(
        _ reader: inout ByteReader,
        _ box: MP4Box,
        _ fragment: MP4Box,
        isFirst: Bool,
        _ defaults: [Int: MP4SampleDefaults]
    ) throws(MediaProblem) -> Header {
        let fields = try MP4FullBox(&reader, box)
        var header = Header()
        header.track = try reader.u32(at: fields.offset(0, bytes: 4))
        header.defaults = defaults[header.track] ?? MP4SampleDefaults()
        var field = 4
        if fields.flags & 0x1 != 0 {
            header.base = try reader.u64(at: fields.offset(field, bytes: 8))
            field += 8
        } else if isFirst || fields.flags & 0x2_0000 != 0 {
            header.base = fragment.start
        }
        if fields.flags & 0x2 != 0 {
            field += 4
        }
        if fields.flags & 0x8 != 0 {
            header.defaults.duration = try reader.u32(at: fields.offset(field, bytes: 4))
            field += 4
        }
        if fields.flags & 0x10 != 0 {
            header.defaults.size = try reader.u32(at: fields.offset(field, bytes: 4))
        }
        return header
    }

    private mutating func addRun(
        _ reader: inout ByteReader,
        _ box: MP4Box,
        _ header: Header
    ) throws(MediaProblem) {
        let fields = try MP4FullBox(&reader, box)
        let count = try reader.u32(at: fields.offset(0, bytes: 4))
        var field = 4
        var dataOffset: Int?
        if fields.flags & 0x1 != 0 {
            dataOffset = Int(Int32(truncatingIfNeeded: try reader.u32(at: fields.offset(field, bytes: 4))))
            field += 4
        }
        if fields.flags & 0x4 != 0 {
            field += 4
        }
        let hasDuration = fields.flags & 0x100 != 0
        let hasSize = fields.flags & 0x200 != 0
        let entryBytes = [0x100, 0x200, 0x400, 0x800].reduce(0) { $0 + (fields.flags & $1 != 0 ? 4 : 0) }
        var ticks = hasDuration ? 0 : try product(count, header.defaults.duration, "an MP4 fragment")
        var bytes = hasSize ? 0 : try product(count, header.defaults.size, "an MP4 fragment")
        if hasDuration || hasSize {
            let start = try fields.table(at: field, count: count, entryBytes: entryBytes)
            for index in 0..<count {
                let entry = start + index * entryBytes
                if hasDuration {
                    ticks = try sum(ticks, reader.u32(at: entry), "an MP4 fragment")
                }
                if hasSize {
                    bytes = try sum(bytes, reader.u32(at: entry + (hasDuration ? 4 : 0)), "an MP4 fragment")
                }
            }
        }
        if let base = header.base, let dataOffset {
            let end = try sum(sum(base, dataOffset, "an MP4 fragment"), bytes, "an MP4 fragment")
            guard end <= reader.size else {
                throw .truncated("an MP4 fragment has media up to byte \(end), the file ends at \(reader.size)")
            }
        }
        let known = totals[header.track] ?? (samples: 0, ticks: 0)
        guard totals.count < Self.trackLimit || totals[header.track] != nil else {
            throw .malformed("an MP4 with too many tracks")
        }
        totals[header.track] = (
            try sum(known.samples, count, "an MP4 fragment"), try sum(known.ticks, ticks, "an MP4 fragment")
        )
    }
}
