#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The address of a machine: IPv4, or IPv6 that does not stand for an IPv4 one.
package struct IPAddress: Sendable, Hashable {
    fileprivate let value: UInt128
    fileprivate let bits: Int

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else, short and octal spellings included.
    package init?(_ text: String) {
        // What follows a NUL would not be looked at.
        guard !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(value: UInt128(UInt32(bigEndian: four.s_addr)), bits: 32)
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            let value = withUnsafeBytes(of: &six) { $0.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }
            let isMapped = value >> 32 == 0xFFFF
            self.init(value: isMapped ? value & 0xFFFF_FFFF : value, bits: isMapped ? 32 : 128)
        } else {
            return nil
        }
    }

    private init(value: UInt128, bits: Int) {
        self.value = value
        self.bits = bits
    }

    /// Whether everybody can reach it: not private, local, documentation, translated or reserved.
    package var isPublic: Bool { !Self.special.contains { $0.contains(self) } }

    /// The ranges that IANA's registries of special-purpose addresses take out of the public space.
    private static let special: [NetworkRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap(NetworkRange.init)
}

/// A range of addresses: `10.0.0.0/8`.
package struct NetworkRange: Sendable, Hashable, CustomStringConvertible {
    private let start: IPAddress
    private let prefixLength: Int
    /// As it was written.
    package let description: String

    /// Reads an address and the length of the prefix; without a length the address alone.
    ///
    /// Nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let start = IPAddress(String(parts[0])) else { return nil }
        var length = start.bits
        if parts.count == 2 {
            guard let given = QueryReader.wholeNumber(String(parts[1])), given <= Int64(start.bits) else { return nil }
            length = Int(given)
        }
        self.start = start
        self.prefixLength = length
        self.description = text
    }

    /// Whether an address lies within.
    package func contains(_ address: IPAddress) -> Bool {
        address.bits == start.bits
            && (address.value ^ start.value) >> UInt128(start.bits - prefixLength) == 0
    }
}
