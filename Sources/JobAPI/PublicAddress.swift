import JobEngine
import Synchronization

/// What URLs that are handed out start with: the configured address, or the one that the server listens at.
final class PublicAddress: Sendable {
    private let current: Mutex<JobWire>
    private let isKnown: Atomic<Bool>

    init(_ configuration: APIConfiguration) {
        var url = configuration.publicURL ?? Self.url(host: configuration.host, port: configuration.port)
        while url.hasSuffix("/") { url.removeLast() }
        current = Mutex(JobWire(publicURL: url))
        isKnown = Atomic(configuration.publicURL != nil || configuration.port != 0)
    }

    /// Whether it stays as it is.
    var isFinal: Bool { isKnown.load(ordering: .acquiring) }

    /// The address, without a slash at its end.
    var url: String { wire.publicURL }

    /// Writes jobs with this address.
    var wire: JobWire { current.withLock { $0 } }

    /// Takes note of the port that the server got, unless the address was configured.
    func listening(at port: Int, _ configuration: APIConfiguration) {
        guard configuration.publicURL == nil else { return }
        current.withLock { $0 = JobWire(publicURL: Self.url(host: configuration.host, port: port)) }
        isKnown.store(true, ordering: .releasing)
    }

    private static func url(host: String, port: Int) -> String {
        host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
    }
}
