package import Generation

/// Checks the address that a client wants to be told at.
///
/// Only its form: where a name leads to is looked at when the message is delivered, on the very connection. What can
/// be seen to lead inside is refused here already.
package struct CallbackURL {
    /// The longest URL.
    package static let charactersMax = 2_000

    private let field: String
    private let allowed: [NetworkRange]

    /// Checks one URL.
    ///
    /// - Parameters:
    ///   - url: The URL.
    ///   - field: Its field, for messages.
    ///   - allowed: Networks besides the public one that may be reached, and by plain http.
    /// - Throws: `RequestProblem`; the URL's path and query, which may hold secrets, are not in it.
    package static func check(_ url: String, field: String, allowing allowed: [NetworkRange]) throws(RequestProblem) {
        try CallbackURL(field: field, allowed: allowed).check(url)
    }

    private func check(_ url: String) throws(RequestProblem) {
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw problem("must be plain ASCII without spaces; encode other characters.")
        }
        let parts = url.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts[0].lowercased()
        guard parts.count == 2, parts[1].hasPrefix("//"), scheme == "https" || scheme == "http" else {
            throw problem("must be a URL that starts with https://.")
        }
        guard !url.utf8.contains(UInt8(ascii: "#")) else { throw problem("must have no fragment.") }
        let authority = parts[1].dropFirst(2).prefix { $0 != "/" && $0 != "?" }
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw problem("must not carry a user name or password.")
        }
        let host = try host(of: authority)
        let isAllowed = isInAllowedNetwork(host)
        guard scheme == "https" || isAllowed else {
            throw problem("must start with https://; plain http is for networks that the operator allowed.")
        }
        let isPublic = host.address?.isPublic ?? !host.isLocalhost
        guard isPublic || isAllowed else {
            throw problem("leads to an address that is not public, and that the operator has not allowed.")
        }
    }

    private struct Host {
        let address: IPAddress?
        let isLocalhost: Bool
    }

    private func host(of authority: Substring) throws(RequestProblem) -> Host {
        var rest = authority
        let host: Host
        if rest.first == "[" {
            let literal = rest.dropFirst().prefix { $0 != "]" }
            rest = rest.dropFirst(literal.count + 2)
            guard let address = IPAddress(String(literal)), literal.contains(":"), literal.endIndex < authority.endIndex
            else { throw problem("has no valid host.") }
            host = Host(address: address, isLocalhost: false)
        } else {
            let name = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(name.count)
            host = try named(String(name))
        }
        guard !rest.isEmpty else { return host }
        guard rest.first == ":", let port = QueryReader.wholeNumber(String(rest.dropFirst())),
            (1...65_535).contains(port)
        else { throw problem("has no valid port.") }
        return host
    }

    private func named(_ name: String) throws(RequestProblem) -> Host {
        if let address = IPAddress(name) { return Host(address: address, isLocalhost: false) }
        let labels = (name.hasSuffix(".") ? name.dropLast() : name[...])
            .lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, let last = labels.last,
            labels.allSatisfy({ label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy {
                        (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-")
                            || $0 == UInt8(ascii: "_")
                    }
            })
        else { throw problem("has no valid host.") }
        // What ends in a number is read as an address by other programs: 127.1, 0x7f.1, 2130706433.
        guard !last.utf8.allSatisfy({ (48...57).contains($0) }), !last.hasPrefix("0x") else {
            throw problem("has no valid host; write an IPv4 address as four decimal numbers.")
        }
        return Host(address: nil, isLocalhost: last == "localhost")
    }

    private func isInAllowedNetwork(_ host: Host) -> Bool {
        if let address = host.address { return allowed.contains { $0.contains(address) } }
        guard host.isLocalhost, let loopback = IPAddress("127.0.0.1") else { return false }
        return allowed.contains { $0.contains(loopback) }
    }

    private func problem(_ text: String) -> RequestProblem {
        RequestProblem(.invalidValue, field: field, "`\(field)` \(text)")
    }
}
