/// The checksums that containers carry for their own parts, each by one table of 256 entries.
enum Checksum {
    /// PNG chunks: CRC-32 as in zlib.
    struct CRC32 {
        private var value: UInt32 = 0xffff_ffff

        var result: UInt32 { ~value }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            var value = value
            Checksum.crc32Table.withUnsafeBufferPointer { table in
                for byte in bytes {
                    value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8
                }
            }
            self.value = value
        }
    }

    /// Ogg pages: CRC-32 with the same polynomial, most significant bit first and nothing inverted.
    struct OggCRC32 {
        private(set) var result: UInt32 = 0

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            var value = result
            Checksum.oggTable.withUnsafeBufferPointer { table in
                for byte in bytes {
                    value = table[Int(UInt8(truncatingIfNeeded: value >> 24) ^ byte)] ^ value << 8
                }
            }
            result = value
        }
    }

    /// FLAC frames: CRC-16, polynomial 0x8005, most significant bit first.
    struct FLACCRC16 {
        private(set) var result: UInt16 = 0

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            var value = result
            Checksum.flacTable.withUnsafeBufferPointer { table in
                for byte in bytes {
                    value = table[Int(UInt8(truncatingIfNeeded: value >> 8) ^ byte)] ^ value << 8
                }
            }
            result = value
        }
    }

    /// FLAC frame headers: CRC-8, polynomial 0x07; headers are short, so bit by bit.
    static func flacCRC8(_ bytes: some Sequence<UInt8>) -> UInt8 {
        bytes.reduce(0) { value, byte in
            (0..<8).reduce(value ^ byte) { value, _ in value & 0x80 != 0 ? value << 1 ^ 0x07 : value << 1 }
        }
    }

    private static let crc32Table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 != 0 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }

    private static let oggTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { value, _ in
            value & 0x8000_0000 != 0 ? value << 1 ^ 0x04c1_1db7 : value << 1
        }
    }

    private static let flacTable: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index) << 8) { value, _ in value & 0x8000 != 0 ? value << 1 ^ 0x8005 : value << 1 }
    }
}
