import CLibUUID

/// The 16 bytes of a version 7 UUID (RFC 9562): 48 bits of time, then 74 random bits.
///
/// Keys that start with their time keep database indexes dense. Within one millisecond the order is random.
///
/// - Parameters:
///   - millisecondsSince1970: The time; kept to 48 bits, which last until the year 10889.
///   - random: Where the random bits come from; a seeded generator makes the identifier repeatable.
/// - Returns: 16 bytes in network order.
package func uuidV7Bytes(millisecondsSince1970: Int64, random: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    for _ in 0..<2 {
        withUnsafeBytes(of: random.next()) { bytes += $0 }
    }
    return stampedAsV7(bytes, millisecondsSince1970: millisecondsSince1970)
}

/// The 16 bytes of a version 7 UUID whose random bits come from libuuid.
///
/// For the running service, where nothing needs to be repeatable.
///
/// - Parameter millisecondsSince1970: The time; kept to 48 bits.
/// - Returns: 16 bytes in network order.
package func uuidV7Bytes(millisecondsSince1970: Int64) -> [UInt8] {
    // A random (version 4) UUID has the variant and the random bits where version 7 wants them.
    let bytes = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
        uuid_generate_random(buffer.baseAddress)
        count = 16
    }
    return stampedAsV7(bytes, millisecondsSince1970: millisecondsSince1970)
}

private func stampedAsV7(_ random: [UInt8], millisecondsSince1970: Int64) -> [UInt8] {
    var bytes = random
    for index in 0..<6 {
        bytes[index] = UInt8(truncatingIfNeeded: millisecondsSince1970 >> (40 - 8 * Int64(index)))
    }
    bytes[6] = bytes[6] & 0x0f | 0x70
    bytes[8] = bytes[8] & 0x3f | 0x80
    return bytes
}
