#if canImport(Glibc)
public import Glibc
#elseif canImport(Musl)
public import Musl
#else
public import Darwin
#endif

/// The address of a machine: IPv4, or IPv6 that does not stand for an IPv4 one.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    fileprivate let value: UInt128
    fileprivate let bits: Int

    /// Reads the address of a socket; nil for a family that is not the internet's.
    ///
    /// - Parameter socketAddress: A whole `sockaddr_in` or `sockaddr_in6`.
    public init?(_ socketAddress: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(socketAddress)
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET:
            let four = raw.loadUnaligned(as: sockaddr_in.self)
            self.init(value: UInt128(UInt32(bigEndian: four.sin_addr.s_addr)), bits: 32)
        case AF_INET6:
            self.init(raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        case _: return nil
        }
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else, short and octal spellings included.
    public init?(_ text: String) {
        // What follows a NUL would not be looked at.
        guard !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(value: UInt128(UInt32(bigEndian: four.s_addr)), bits: 32)
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(six)
        } else {
            return nil
        }
    }

    private init(_ six: in6_addr) {
        let value = withUnsafeBytes(of: six) { $0.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }
        let isMapped = value >> 32 == 0xFFFF
        self.init(value: isMapped ? value & 0xFFFF_FFFF : value, bits: isMapped ? 32 : 128)
    }

    private init(value: UInt128, bits: Int) {
        self.value = value
        self.bits = bits
    }

    /// In the one way that it is read: IPv4 as four numbers, IPv6 as eight groups of hexadecimal digits.
    public var description: String {
        let step = bits == 32 ? 8 : 16
        return stride(from: bits - step, through: 0, by: -step)
            .map { String((value >> UInt128($0)) & (1 << UInt128(step) - 1), radix: bits == 32 ? 10 : 16) }
            .joined(separator: bits == 32 ? "." : ":")
    }

    /// Whether everybody can reach it: not private, local, documentation, translated or reserved.
    ///
    /// Of IPv6 only the part that is given out (2000::/3), so that no form that stands for another address gets by.
    public var isPublic: Bool {
        (bits == 32 || value >> 125 == 1) && !Self.special.contains { $0.contains(self) }
    }

    /// The ranges that IANA's registries of special-purpose addresses take out of the public space, and one address
    /// that looks public but is a cloud's own inside (168.63.129.16).
    private static let special: [NetworkRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap(NetworkRange.init)
}

/// A range of addresses: `10.0.0.0/8`.
public struct NetworkRange: Sendable, Hashable, CustomStringConvertible {
    private let start: IPAddress
    private let prefixLength: Int
    /// As it was written.
    public let description: String

    /// Reads an address and the length of the prefix; without a length the address alone.
    ///
    /// Nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let start = IPAddress(String(parts[0])) else { return nil }
        var length = start.bits
        if parts.count == 2 {
            guard let given = Int(decimal: parts[1]), given <= start.bits else { return nil }
            length = given
        }
        self.start = start
        self.prefixLength = length
        self.description = text
    }

    /// Whether an address lies within.
    public func contains(_ address: IPAddress) -> Bool {
        address.bits == start.bits
            && (address.value ^ start.value) >> UInt128(start.bits - prefixLength) == 0
    }
}

extension Int {
    /// Reads decimal digits, and nothing but digits.
    init?(decimal text: Substring) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        self.init(text)
    }
}

/// Where an exchange may lead.
public struct NetworkReach: Sendable, Hashable {
    /// Whether the whole public internet may be reached, and no other address but those in `networks`.
    private let isGuarded: Bool
    /// The networks besides the public one.
    public let networks: [NetworkRange]

    /// Anywhere: for addresses that the operator wrote down.
    public static let anywhere = NetworkReach(isGuarded: false, networks: [])

    /// Public addresses and these networks: for everything that a client or a provider named.
    public static func publicInternet(and networks: [NetworkRange] = []) -> NetworkReach {
        NetworkReach(isGuarded: true, networks: networks)
    }

    /// Whether an address may be connected to.
    public func allows(_ address: IPAddress) -> Bool {
        !isGuarded || address.isPublic || names(address)
    }

    /// Whether an address lies in one of the networks that the operator named.
    public func names(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }
}
