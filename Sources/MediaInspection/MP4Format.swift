/// MP4 and QuickTime: boxes in boxes.
///
/// A file is whole when every box at the top ends inside it and every chunk that the sample tables name lies inside
/// it. The second half matters: a fast-start file carries its tables in front, so its head alone looks perfect.
///
/// Source: ISO/IEC 14496-12 (2022), sections 4.2 and 8; QuickTime File Format.
enum MP4Format {
    static func inspect(_ reader: inout ByteReader, as type: MediaType) throws(MediaProblem) -> MediaFacts {
        var movie: MP4Movie?
        var fragments = MP4Fragments()
        var boxes = MP4BoxCursor(0..<reader.size, isTopLevel: true)
        while let box = try boxes.next(&reader) {
            switch box.type {
            case tag("moov"):
                guard movie == nil else { throw .malformed("an MP4 with two moov boxes") }
                movie = try MP4Movie(&reader, box)
            case tag("moof"):
                guard let movie else { throw .malformed("an MP4 fragment before its moov box") }
                try fragments.add(&reader, box, movie.fragmentDefaults)
            default:
                break
            }
        }
        guard let movie else {
            throw .truncated("the MP4's index (moov) is missing; it was never finished or is cut off")
        }
        guard !movie.tracks.isEmpty else { throw .malformed("an MP4 without a track") }
        for track in movie.tracks {
            try track.checkChunks(reader)
        }
        return try facts(movie, fragments, as: type)
    }

    private static func facts(
        _ movie: MP4Movie,
        _ fragments: MP4Fragments,
        as type: MediaType
    ) throws(MediaProblem) -> MediaFacts {
        func samples(_ track: MP4Track) throws(MediaProblem) -> Int {
            try sum(track.sampleCount, fragments.samples(track.id), "an MP4 track")
        }
        func ticks(_ track: MP4Track) throws(MediaProblem) -> Int {
            try sum(track.tableTicks, fragments.ticks(track.id), "an MP4 track")
        }
        func duration(_ track: MP4Track) throws(MediaProblem) -> MediaDuration? {
            let fragmentTicks = fragments.isEmpty ? nil : try ticks(track)
            return try track.presentation(movieTimescale: movie.timescale, fragmentTicks: fragmentTicks)
        }

        let audio = movie.tracks.filter { $0.handler == tag("soun") }
        guard let video = movie.tracks.first(where: { $0.handler == tag("vide") }) else {
            var longest: MediaDuration?
            for track in audio where try samples(track) > 0 {
                let length = try duration(track)
                if (length?.milliseconds ?? -1) > (longest?.milliseconds ?? -1) {
                    longest = length
                }
            }
            guard let longest else { throw .malformed("an MP4 without sound or picture") }
            return MediaFacts(
                mediaType: type == .quickTime ? .quickTime : .m4a,
                duration: longest,
                hasAudio: true,
                hasVideo: false,
                endIsProven: fragments.isEmpty
            )
        }
        let frames = try samples(video)
        guard frames > 0 else { throw .malformed("an MP4 whose video track holds no frame") }
        guard let width = video.width, let height = video.height, width > 0, height > 0 else {
            throw .malformed("an MP4 whose video track has no size")
        }
        let media = MediaDuration(value: Int64(try ticks(video)), timescale: Int64(video.timescale))
        return MediaFacts(
            mediaType: type == .m4a ? .mp4 : type,
            width: width,
            height: height,
            duration: try duration(video),
            frameCount: frames,
            frameRate: media.flatMap { MediaFrameRate(frameCount: frames, in: $0) },
            hasAudio: !audio.isEmpty,
            hasVideo: true,
            endIsProven: fragments.isEmpty
        )
    }
}

/// A box: four letters and a range.
struct MP4Box {
    let type: Int
    let start: Int
    let payload: Int
    let end: Int

    var name: String { fourCharacters(type) }
}

/// Goes through the boxes of one parent, one at a time: their number is the file's choice, so they are never
/// collected.
struct MP4BoxCursor {
    private var offset: Int
    private let end: Int
    private let isTopLevel: Bool

    init(_ range: Range<Int>, isTopLevel: Bool = false) {
        offset = range.lowerBound
        end = range.upperBound
        self.isTopLevel = isTopLevel
    }

    init(inside box: MP4Box, skipping count: Int = 0) {
        self.init(min(box.payload + count, box.end)..<box.end)
    }

    mutating func next(_ reader: inout ByteReader) throws(MediaProblem) -> MP4Box? {
        guard offset < end else { return nil }
        guard end - offset >= 8 else {
            if isTopLevel { throw .truncated("it ends inside the header of an MP4 box, at byte \(offset)") }
            // QuickTime ends some lists with four zero bytes.
            offset = end
            return nil
        }
        let type = try reader.u32(at: offset + 4)
        var length = try reader.u32(at: offset)
        var header = 8
        if length == 1 {
            length = try reader.u64(at: offset + 8)
            header = 16
        } else if length == 0 {
            // To the end of the file, which only the last box at the top may say.
            guard isTopLevel else {
                offset = end
                return nil
            }
            length = end - offset
        }
        guard length >= header else {
            throw .malformed("MP4 box \(fourCharacters(type)) at byte \(offset) is \(length) bytes long")
        }
        guard length <= end - offset else {
            if isTopLevel {
                throw .truncated(
                    "MP4 box \(fourCharacters(type)) at byte \(offset) is \(length) bytes long, the file ends at \(end)"
                )
            }
            throw .malformed("MP4 box \(fourCharacters(type)) at byte \(offset) reaches beyond its parent")
        }
        let box = MP4Box(type: type, start: offset, payload: offset + header, end: offset + length)
        offset = box.end
        return box
    }
}
