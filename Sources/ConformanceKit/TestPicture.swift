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
        // Every row is the first one again, behind the byte that says that nothing was filtered.
        let row = [0] + (0..<(width + 7) / 8).map { UInt8(truncatingIfNeeded: $0 * (seed + 3) + seed * 37) }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("IDAT", packed(row, times: height)) + chunk("IEND", [])
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + data
        return big(UInt32(data.count)) + named + big(crc32(named))
    }

    /// A zlib stream of one block with fixed codes: the row, then references to it, 258 bytes each.
    ///
    /// Pictures of megabytes would go through every check's encoder, server and journal hundreds of times.
    private static func packed(_ row: [UInt8], times: Int) -> [UInt8] {
        var bits = Bits(bytes: [0x78, 0x01])
        // The last block, with fixed codes.
        bits.append(0b011, count: 3)
        for byte in row { bits.appendLiteral(byte) }
        var rest = row.count * (times - 1)
        while rest >= 258 {
            bits.appendReference(distance: row.count)
            rest -= 258
        }
        for index in row.count * times - rest..<row.count * times { bits.appendLiteral(row[index % row.count]) }
        bits.appendCode(0, count: 7)
        var (low, high): (UInt32, UInt32) = (1, 0)
        for _ in 0..<times {
            for byte in row {
                low = (low + UInt32(byte)) % 65_521
                high = (high + low) % 65_521
            }
        }
        return bits.bytes + big(high << 16 | low)
    }

    /// Bits as deflate has them: from the lowest of a byte on.
    private struct Bits {
        var bytes: [UInt8]
        private var used = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        /// A number, its lowest bit first.
        mutating func append(_ value: Int, count: Int) {
            for index in 0..<count {
                if used % 8 == 0 { bytes.append(0) }
                bytes[bytes.count - 1] |= UInt8(value >> index & 1) << UInt8(used % 8)
                used += 1
            }
        }

        /// A code, its highest bit first.
        mutating func appendCode(_ code: Int, count: Int) {
            for index in (0..<count).reversed() { append(code >> index & 1, count: 1) }
        }

        mutating func appendLiteral(_ byte: UInt8) {
            byte < 144 ? appendCode(0x30 + Int(byte), count: 8) : appendCode(0x190 + Int(byte) - 144, count: 9)
        }

        /// 258 bytes of what stood a distance before.
        mutating func appendReference(distance: Int) {
            appendCode(0xC5, count: 8)
            let number = distance - 1
            guard number >= 4 else { return appendCode(number, count: 5) }
            let top = Int.bitWidth - 1 - number.leadingZeroBitCount
            appendCode(2 * top + (number >> (top - 1) & 1), count: 5)
            append(number & ((1 << (top - 1)) - 1), count: top - 1)
        }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
    }

    private static func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}
