/// WebM and Matroska: nested elements, each with its length.
///
/// Live recordings leave the lengths of the segment and its clusters open; such a file is checked element by element,
/// and only a cut inside one is seen (`endIsProven` is false).
///
/// Source: RFC 8794 (EBML), RFC 9559 (Matroska), WebM container guidelines.
enum EBMLFormat {
    private enum ID {
        static let header = 0x1a45_dfa3
        static let documentType: [UInt8] = [0x42, 0x82]
        static let segment = 0x1853_8067
        static let info = 0x1549_a966
        static let timestampScale = 0x2a_d7b1
        static let duration = 0x4489
        static let tracks = 0x1654_ae6b
        static let trackEntry = 0xae
        static let trackNumber = 0xd7
        static let trackType = 0x83
        static let video = 0xe0
        static let pixelWidth = 0xb0
        static let pixelHeight = 0xba
        static let cluster = 0x1f43_b675
        static let blockGroup = 0xa0
        static let block = 0xa1
        static let simpleBlock = 0xa3
    }

    private struct Element {
        let id: Int
        let payload: Int
        /// Nil when the length is open.
        let end: Int?
    }

    private struct Movie {
        var nanosecondsPerTick = 1_000_000
        var ticks: Double?
        var width: Int?
        var height: Int?
        var videoTrack: UInt64?
        var hasAudio = false
        var frames = 0
        var blocks = 0
    }

    /// `webm` or `matroska` according to the header; nil if that cannot be seen.
    static func documentType(in head: [UInt8]) -> MediaType? {
        func names(_ name: StaticString, at start: Int) -> Bool {
            let name = name.withUTF8Buffer { Array($0) }
            return head[start...].starts(with: ID.documentType + [0x80 | UInt8(name.count)] + name)
        }
        for start in head.indices {
            if names("webm", at: start) { return .webm }
            if names("matroska", at: start) { return .matroska }
        }
        return nil
    }

    static func inspect(_ reader: inout ByteReader, as type: MediaType) throws(MediaProblem) -> MediaFacts {
        let header = try element(&reader, at: 0, within: reader.size)
        guard let start = header.end else { throw .malformed("a WebM header of unknown length") }
        var offset = start
        var segment: Element?
        while segment == nil {
            let next = try element(&reader, at: offset, within: reader.size)
            if next.id == ID.segment {
                segment = next
            } else if let end = next.end {
                offset = end
            } else {
                throw .malformed("a WebM without its segment")
            }
        }
        guard let segment else { throw .malformed("a WebM without its segment") }
        var movie = Movie()
        let proven = try readSegment(&reader, segment, into: &movie)
        guard movie.blocks > 0 else { throw .truncated("a WebM without a frame") }
        return facts(movie, as: type, proven: proven)
    }

    /// Reads what the segment holds; false if an open length was met.
    ///
    /// Clusters and block groups are entered rather than skipped, so one flat loop serves known and open lengths.
    private static func readSegment(
        _ reader: inout ByteReader,
        _ segment: Element,
        into movie: inout Movie
    ) throws(MediaProblem) -> Bool {
        let end = segment.end ?? reader.size
        var proven = segment.end != nil
        var offset = segment.payload
        while offset < end {
            let next = try element(&reader, at: offset, within: end)
            switch next.id {
            case ID.cluster, ID.blockGroup:
                proven = proven && next.end != nil
                offset = next.payload
                continue
            case ID.header where segment.end == nil:
                throw .malformed("a second WebM follows the first")
            case ID.info:
                try readInfo(&reader, next, into: &movie)
            case ID.tracks:
                try readTracks(&reader, next, into: &movie)
            case ID.block, ID.simpleBlock:
                movie.blocks += 1
                if try variableNumber(&reader, at: next.payload).value == movie.videoTrack {
                    movie.frames += 1
                }
            default:
                break
            }
            guard let following = next.end else {
                throw .malformed("a WebM element at byte \(offset) has no length")
            }
            offset = following
        }
        return proven
    }

    private static func readInfo(
        _ reader: inout ByteReader,
        _ info: Element,
        into movie: inout Movie
    ) throws(MediaProblem) {
        let end = info.end ?? info.payload
        var offset = info.payload
        while offset < end {
            let child = try element(&reader, at: offset, within: end)
            guard let childEnd = child.end else { throw .malformed("a WebM element at byte \(offset) has no length") }
            if child.id == ID.timestampScale {
                movie.nanosecondsPerTick = try number(&reader, child)
            } else if child.id == ID.duration {
                switch childEnd - child.payload {
                case 4: movie.ticks = Double(Float(bitPattern: UInt32(try reader.u32(at: child.payload))))
                case 8: movie.ticks = Double(bitPattern: try reader.big(at: child.payload, bytes: 8))
                default: throw .malformed("a WebM duration of \(childEnd - child.payload) bytes")
                }
            }
            offset = childEnd
        }
    }

    private static func readTracks(
        _ reader: inout ByteReader,
        _ tracks: Element,
        into movie: inout Movie
    ) throws(MediaProblem) {
        let end = tracks.end ?? tracks.payload
        var offset = tracks.payload
        var trackNumber: UInt64 = 0
        // Track entries and their video settings are entered, so their fields come by one after the other.
        var isVideo = false
        while offset < end {
            let child = try element(&reader, at: offset, within: end)
            guard let childEnd = child.end else { throw .malformed("a WebM element at byte \(offset) has no length") }
            offset = childEnd
            switch child.id {
            case ID.trackEntry:
                isVideo = false
                offset = child.payload
            case ID.video:
                offset = child.payload
            case ID.trackNumber:
                trackNumber = UInt64(try number(&reader, child))
            case ID.trackType:
                let kind = try number(&reader, child)
                movie.hasAudio = movie.hasAudio || kind == 2
                isVideo = kind == 1 && movie.videoTrack == nil
                if isVideo {
                    movie.videoTrack = trackNumber
                }
            case ID.pixelWidth where isVideo:
                movie.width = try number(&reader, child)
            case ID.pixelHeight where isVideo:
                movie.height = try number(&reader, child)
            default:
                break
            }
        }
    }

    private static func facts(_ movie: Movie, as type: MediaType, proven: Bool) -> MediaFacts {
        let hasVideo = movie.videoTrack != nil
        var duration: MediaDuration?
        if let ticks = movie.ticks, let whole = Int64(exactly: (ticks * Double(movie.nanosecondsPerTick)).rounded()) {
            duration = MediaDuration(value: whole, timescale: 1_000_000_000)
        }
        return MediaFacts(
            mediaType: type == .webm && !hasVideo ? .webmAudio : type,
            width: movie.width,
            height: movie.height,
            duration: duration,
            frameCount: hasVideo ? movie.frames : nil,
            hasAudio: movie.hasAudio,
            hasVideo: hasVideo,
            endIsProven: proven
        )
    }

    /// The element at an offset, checked to end inside its parent and the file.
    private static func element(
        _ reader: inout ByteReader,
        at offset: Int,
        within end: Int
    ) throws(MediaProblem) -> Element {
        let first = try reader.byte(at: offset)
        let idLength = first.leadingZeroBitCount + 1
        guard idLength <= 4 else { throw .malformed("no WebM element starts at byte \(offset)") }
        let id = Int(try reader.big(at: offset, bytes: idLength))
        let length = try variableNumber(&reader, at: offset + idLength)
        let payload = offset + idLength + length.bytes
        guard !length.isOpen else { return Element(id: id, payload: payload, end: nil) }
        guard let count = Int(exactly: length.value), count <= reader.size - payload else {
            throw .truncated("a WebM element at byte \(offset) reaches beyond the end of the file")
        }
        guard payload + count <= end else {
            throw .malformed("a WebM element at byte \(offset) reaches beyond its parent")
        }
        return Element(id: id, payload: payload, end: payload + count)
    }

    /// A number with its length in the leading bits; open when all its bits are ones.
    private static func variableNumber(
        _ reader: inout ByteReader,
        at offset: Int
    ) throws(MediaProblem) -> (value: UInt64, bytes: Int, isOpen: Bool) {
        let count = try reader.byte(at: offset).leadingZeroBitCount + 1
        guard count <= 8 else { throw .malformed("a WebM length at byte \(offset) is longer than eight bytes") }
        let mask = UInt64(1) << UInt64(7 * count) - 1
        let value = try reader.big(at: offset, bytes: count) & mask
        return (value, count, value == mask)
    }

    /// The unsigned number that an element holds.
    private static func number(_ reader: inout ByteReader, _ element: Element) throws(MediaProblem) -> Int {
        let count = (element.end ?? element.payload) - element.payload
        guard count <= 8, let value = Int(exactly: try reader.big(at: element.payload, bytes: count)) else {
            throw .malformed("a WebM number of \(count) bytes at byte \(element.payload)")
        }
        return value
    }
}
