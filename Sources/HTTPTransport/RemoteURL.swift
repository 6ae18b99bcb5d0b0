/// A URL that came from outside, taken apart as strictly as possible: what programs read in different ways is refused.
///
/// Only its form. Where a name leads to is seen when its connection is opened, and checked there.
public struct RemoteURL: Sendable, Hashable {
    /// The schemes that are spoken.
    public enum Scheme: String, Sendable, Hashable {
        /// Plain.
        case http
        /// Over TLS.
        case https
    }

    /// Who is asked.
    public enum Host: Sendable, Hashable {
        /// A literal address.
        case address(IPAddress)
        /// A name, in lower case, without a dot at its end.
        case name(String)
    }

    /// Why a URL is refused.
    public struct Problem: Error, Sendable, Hashable {
        /// The rest of a sentence that begins with the field's name; never a part of the URL, which may hold secrets.
        public let text: String

        init(_ text: String) { self.text = text }
    }

    /// As it was written.
    public let text: String
    /// How it is spoken.
    public let scheme: Scheme
    /// Who is asked.
    public let host: Host
    /// The port, the scheme's own if none was written.
    public let port: Int

    /// Reads an absolute `http` or `https` URL.
    public init(_ text: String) throws(Problem) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw Problem("must be plain ASCII without spaces; encode other characters.")
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].hasPrefix("//"), let scheme = Scheme(rawValue: parts[0].lowercased()) else {
            throw Problem("must be a URL that starts with https://.")
        }
        guard !text.utf8.contains(UInt8(ascii: "#")) else { throw Problem("must have no fragment.") }
        let authority = parts[1].dropFirst(2).prefix { $0 != "/" && $0 != "?" }
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw Problem("must not carry a user name or password.")
        }
        self.text = text
        self.scheme = scheme
        (host, port) = try Self.endpoint(authority, scheme)
    }

    /// The scheme, host and port, written in one way only: what credentials are bound to.
    public var origin: String {
        let name =
            switch host {
            case .address(let address): "[\(address)]"
            case .name(let name): name
            }
        return "\(scheme.rawValue)://\(name):\(port)"
    }

    /// Whether the name stands for this machine, without asking anybody.
    public var isLocalhost: Bool {
        guard case .name(let name) = host else { return false }
        return name == "localhost" || name.hasSuffix(".localhost")
    }

    /// Checks what can be seen without asking anybody: literal addresses, this machine's own name, and the scheme.
    ///
    /// - Parameters:
    ///   - reach: Where it may lead.
    ///   - plainHTTP: Whether http is fine everywhere; otherwise it is only in the networks that the operator named.
    /// - Throws: `Problem` for an address that may not be reached, or a scheme that may not be spoken.
    public func check(reach: NetworkReach, plainHTTP: Bool) throws(Problem) {
        let address: IPAddress? =
            switch host {
            case .address(let address): address
            case .name: isLocalhost ? IPAddress("127.0.0.1") : nil
            }
        let isNamed = address.map(reach.names) ?? false
        guard plainHTTP || scheme == .https || isNamed || reach == .anywhere else {
            throw Problem("must start with https://; plain http is for networks that the operator allowed.")
        }
        guard address.map(reach.allows) ?? true else {
            throw Problem("leads to an address that is not public, and that the operator has not allowed.")
        }
    }

    private static func endpoint(_ authority: Substring, _ scheme: Scheme) throws(Problem) -> (Host, Int) {
        var rest = authority
        let host: Host
        if rest.first == "[" {
            let literal = rest.dropFirst().prefix { $0 != "]" }
            guard let address = IPAddress(String(literal)), literal.contains(":"), literal.endIndex < authority.endIndex
            else { throw Problem("has no valid host.") }
            rest = rest.dropFirst(literal.count + 2)
            host = .address(address)
        } else {
            let name = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(name.count)
            host = try named(String(name))
        }
        guard !rest.isEmpty else { return (host, scheme == .http ? 80 : 443) }
        guard rest.first == ":", let port = Int(decimal: rest.dropFirst()), (1...65_535).contains(port) else {
            throw Problem("has no valid port.")
        }
        return (host, port)
    }

    private static func named(_ name: String) throws(Problem) -> Host {
        if let address = IPAddress(name) { return .address(address) }
        let plain = (name.hasSuffix(".") ? name.dropLast() : name[...]).lowercased()
        let labels = plain.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, let last = labels.last,
            labels.allSatisfy({ label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy {
                        (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-")
                            || $0 == UInt8(ascii: "_")
                    }
            })
        else { throw Problem("has no valid host.") }
        // What ends in a number is read as an address by other programs: 127.1, 0x7f.1, 2130706433.
        guard !last.utf8.allSatisfy({ (48...57).contains($0) }), !last.hasPrefix("0x") else {
            throw Problem("has no valid host; write an IPv4 address as four decimal numbers.")
        }
        return .name(plain)
    }
}
