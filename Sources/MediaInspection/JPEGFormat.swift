/// JPEG: segments between markers, from SOI to EOI.
///
/// Source: ITU-T T.81, annex B.
enum JPEGFormat {
    private enum Marker {
        static let startOfScan: UInt8 = 0xda
        static let endOfImage: UInt8 = 0xd9
        static let startOfImage: UInt8 = 0xd8

        /// SOF0 to SOF15, without the three numbers in between that mean other things.
        static func isFrameHeader(_ marker: UInt8) -> Bool {
            (0xc0...0xcf).contains(marker) && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
        }

        /// TEM and RST0 to RST7 stand alone; every other segment carries its length.
        static func standsAlone(_ marker: UInt8) -> Bool {
            marker == 0x01 || (0xd0...0xd7).contains(marker)
        }
    }

    /// The size in the frame header, found without looking at image data.
    static func dimensions(_ reader: inout ByteReader) throws(MediaProblem) -> (width: Int, height: Int) {
        var walk = Walk(reader)
        while try !walk.step() {
            if let size = walk.dimensions { return size }
        }
        throw .malformed("a JPEG without a frame header")
    }

    static func inspect(_ reader: inout ByteReader) throws(MediaProblem) -> MediaFacts {
        var walk = Walk(reader)
        while try !walk.step() {}
        guard let (width, height) = walk.dimensions else { throw .malformed("a JPEG without a frame header") }
        guard walk.scanSeen else { throw .malformed("a JPEG without image data") }
        return MediaFacts(mediaType: .jpeg, width: width, height: height, hasAudio: false, hasVideo: false)
    }

    /// Goes from marker to marker.
    ///
    /// What follows EOI is left alone: cameras put previews and clips there.
    private struct Walk {
        private var reader: ByteReader
        private var offset = 2
        private(set) var dimensions: (width: Int, height: Int)?
        private(set) var scanSeen = false

        init(_ reader: ByteReader) {
            self.reader = reader
        }

        /// Takes one marker with its segment; true at the end of the image.
        mutating func step() throws(MediaProblem) -> Bool {
            guard try reader.byte(at: offset) == 0xff else {
                throw .malformed("a JPEG marker is missing at byte \(offset)")
            }
            while try reader.byte(at: offset + 1) == 0xff {
                offset += 1
            }
            let marker = try reader.byte(at: offset + 1)
            offset += 2
            if marker == Marker.endOfImage { return true }
            if Marker.standsAlone(marker) { return false }
            guard marker >= 0xc0, marker != Marker.startOfImage else {
                throw .malformed("a JPEG marker of type \(marker) at byte \(offset - 2)")
            }
            let length = try reader.u16(at: offset)
            guard length >= 2 else { throw .malformed("a JPEG segment of \(length) bytes at byte \(offset)") }
            guard offset + length <= reader.size else {
                throw .truncated("a JPEG segment reaches to byte \(offset + length), the file ends at \(reader.size)")
            }
            if Marker.isFrameHeader(marker) {
                try readFrameHeader(length: length)
            }
            offset += length
            if marker == Marker.startOfScan {
                guard dimensions != nil else { throw .malformed("JPEG image data before the frame header") }
                scanSeen = true
                try skipImageData()
            }
            return false
        }

        private mutating func readFrameHeader(length: Int) throws(MediaProblem) {
            // A second header could announce another size than the one that was checked.
            guard dimensions == nil else { throw .malformed("a JPEG with two frame headers") }
            guard length >= 8 else { throw .malformed("a JPEG frame header of \(length) bytes") }
            let (height, width) = (try reader.u16(at: offset + 3), try reader.u16(at: offset + 5))
            guard width > 0, height > 0 else { throw .malformed("a JPEG cannot measure \(width) x \(height)") }
            dimensions = (width, height)
        }

        /// In image data, FF is followed by zero (a stuffed byte) or a restart; anything else ends the scan.
        private mutating func skipImageData() throws(MediaProblem) {
            while let found = try reader.find(0xff, from: offset), found + 1 < reader.size {
                let next = try reader.byte(at: found + 1)
                if next == 0xff {
                    offset = found + 1
                } else if next == 0 || Marker.standsAlone(next) {
                    offset = found + 2
                } else {
                    offset = found
                    return
                }
            }
            throw .truncated("the JPEG's image data runs to the end of the file without an end marker")
        }
    }
}
