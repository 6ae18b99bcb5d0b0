import HTTPTransport
import ProviderKit

/// Where providers may call back to: an address is given out only to whom it can be of use.
///
/// Made from the address that the operator gave the service, and from nothing else: never from a request's `Host`. It
/// holds the attempt's token, so it is sent in the clear only to a provider that is in the operator's own network.
struct CallbackAddress {
    /// Names that are nobody's on the public internet.
    private static let privateSuffixes = [
        ".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".private", ".home.arpa", ".test",
        ".invalid", ".example",
    ]

    /// The service's own address; nil while it is not known.
    let publicURL: String?

    /// Where a provider may call back to about an attempt; nil when that cannot work or must not be told.
    func url(for adapter: any ProviderAdapter, token: String) -> String? {
        guard let publicURL, adapter is any CallbackAdapter, let own = try? RemoteURL(publicURL) else { return nil }
        let ownPlace = Place(own)
        let providers = adapter.trustedOrigins.compactMap(Place.init(origin:))
        let isNear = !providers.isEmpty && providers.allSatisfy { $0 != .everywhere }
        let mayTell: Bool =
            switch ownPlace {
            case .everywhere: own.scheme == .https || isNear
            case .network: isNear
            // Only who is on this machine too finds it there.
            case .machine: isNear && providers.allSatisfy { $0 == .machine }
            case .nowhere: false
            }
        return mayTell ? "\(publicURL)/provider-callbacks/\(token)" : nil
    }

    /// From where an address can be reached, as far as can be seen without asking anybody.
    private enum Place {
        case everywhere, network, machine, nowhere

        init(_ url: RemoteURL) {
            switch url.host {
            case .address(let address): self.init(address)
            case .name(let name): self.init(name: name)
            }
        }

        /// Reads what `RemoteURL.origin` writes; nil for anything else.
        init?(origin: String) {
            let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3, let colon = parts[2].lastIndex(of: ":") else { return nil }
            let host = parts[2][..<colon]
            if host.hasPrefix("["), let address = IPAddress(String(host.dropFirst().dropLast())) {
                self.init(address)
            } else {
                self.init(name: String(host))
            }
        }

        private init(_ address: IPAddress) {
            if address.isPublic {
                self = .everywhere
            } else if NetworkRange("127.0.0.0/8")?.contains(address) == true || address == IPAddress("::1") {
                self = .machine
            } else if address == IPAddress("0.0.0.0") || address == IPAddress("::") {
                self = .nowhere
            } else {
                self = .network
            }
        }

        private init(name: String) {
            if name == "localhost" || name.hasSuffix(".localhost") {
                self = .machine
            } else if !name.contains(".") || CallbackAddress.privateSuffixes.contains(where: name.hasSuffix) {
                self = .network
            } else {
                self = .everywhere
            }
        }
    }
}
