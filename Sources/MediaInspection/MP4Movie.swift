/// What the `moov` box of an MP4 tells: its tracks, and defaults for fragments.
struct MP4Movie {
    /// Ticks per second of the durations in edit lists.
    private(set) var timescale = 0
    private(set) var tracks: [MP4Track] = []
    /// By track: what a fragment's sample has unless the fragment says otherwise.
    private(set) var fragmentDefaults: [Int: MP4SampleDefaults] = [:]

    /// More tracks than any player handles; the bound keeps hostile files from filling memory.
    private static let trackLimit = 256

    init(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        var boxes = MP4BoxCursor(inside: box)
        while let child = try boxes.next(&reader) {
            switch child.type {
            case tag("mvhd"):
                let fields = try MP4FullBox(&reader, child)
                timescale = try reader.u32(at: fields.offset(fields.version == 1 ? 16 : 8, bytes: 4))
            case tag("trak"):
                guard tracks.count < Self.trackLimit else { throw .malformed("an MP4 with too many tracks") }
                tracks.append(try MP4Track(&reader, child))
            case tag("mvex"):
                try readDefaults(&reader, child)
            default:
                break
            }
        }
    }

    private mutating func readDefaults(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        var boxes = MP4BoxCursor(inside: box)
        while let child = try boxes.next(&reader) {
            guard child.type == tag("trex"), fragmentDefaults.count < Self.trackLimit else { continue }
            let fields = try MP4FullBox(&reader, child)
            fragmentDefaults[try reader.u32(at: fields.offset(0, bytes: 4))] = MP4SampleDefaults(
                duration: try reader.u32(at: fields.offset(8, bytes: 4)),
                size: try reader.u32(at: fields.offset(12, bytes: 4))
            )
        }
    }
}

/// What a sample of a fragment measures where nothing is said about it.
struct MP4SampleDefaults {
    var duration = 0
    var size = 0
}

/// A box that starts with a version and flags.
struct MP4FullBox {
    let version: Int
    let flags: Int
    private let box: MP4Box

    init(_ reader: inout ByteReader, _ box: MP4Box) throws(MediaProblem) {
        guard box.end - box.payload >= 4 else { throw .malformed("MP4 box \(box.name) is too short") }
        let head = try reader.u32(at: box.payload)
        version = head >> 24
        flags = head & 0xff_ffff
        self.box = box
    }

    /// Where a field is, counted from behind the flags, checked to lie inside the box.
    func offset(_ field: Int, bytes count: Int) throws(MediaProblem) -> Int {
        guard field + count <= box.end - box.payload - 4 else {
            throw .malformed("MP4 box \(box.name) at byte \(box.start) is too short")
        }
        return box.payload + 4 + field
    }

    /// The start of a table of entries of a fixed size, checked to lie inside the box.
    func table(at field: Int, count: Int, entryBytes: Int) throws(MediaProblem) -> Int {
        let start = try offset(field, bytes: 0)
        guard count <= (box.end - start) / entryBytes else {
            throw .malformed("the table of MP4 box \(box.name) at byte \(box.start) is longer than its box")
        }
        return start
    }
}
