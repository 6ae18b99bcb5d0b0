import Synchronization

/// Real PNG files without any library: black and white, and small.
public enum TestPicture {
    private struct Key: Hashable {
        let width: Int
        let height: Int
        let seed: Int
    }

    /// What was made already: the suites ask for the same few pictures hundreds of times.
    private static let made = Mutex<[Key: [UInt8]]>([:])

    /// A picture of a size; another seed gives other bytes.
    public static func png(width: Int, height: Int, seed: Int = 0) -> [UInt8] {
        let key = Key(width: width, height: height, seed: seed)
        if let bytes = made.withLock({ $0[key] }) { return bytes }
        let bytes = draw(width: width, height: height, seed: seed)
        made.withLock { $0[key] = bytes }
        return bytes
    }

    private static func draw(width: Int, height: Int, seed: Int) -> [UInt8] {
        // One bit for each pixel: 0 is black.
        let header = big(UInt32(width)) + big(UInt32(height)) + [1, 0, 0, 0, 0]
        let rowBytes = (width + 7) / 8
        var rows: [UInt8] = []
        rows.reserveCapacity((rowBytes + 1) * height)
        for row in 0..<height {
            rows.append(0)
            for column in 0..<rowBytes {
                rows.append(UInt8(truncatingIfNeeded: (row / 8 + 1) * (column + 3) + seed * 37))
            }
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + data
        return big(UInt32(data.count)) + named + big(crc32(named))
    }

    /// A zlib stream that packs nothing.
    private static func stored(_ data: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var rest = data[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            let length = UInt16(block.count)
            stream += [rest.isEmpty ? 1 : 0, UInt8(length & 0xFF), UInt8(length >> 8)]
            stream += [UInt8(~length & 0xFF), UInt8(~length >> 8)] + block
        } while !rest.isEmpty
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in data {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return stream + big(high << 16 | low)
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
    }

    private static func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}
