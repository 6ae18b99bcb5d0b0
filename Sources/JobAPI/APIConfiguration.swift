import Cryptography
package import HTTPTransport
package import JobEngine

/// The settings of the API's server.
package struct APIConfiguration: Sendable {
    /// The address that it listens at.
    ///
    /// Defaults to 127.0.0.1.
    package var host = "127.0.0.1"
    /// The port that it listens at; 0 for any free one.
    ///
    /// Defaults to 8080.
    package var port = 8_080
    /// What URLs that are handed out start with; nil for the address that it listens at.
    package var publicURL: String?
    /// The longest body that is read.
    ///
    /// Defaults to 64 MiB.
    package var bodyBytesMax = 64 * 1_048_576
    /// Networks besides the public one that callbacks may lead to.
    ///
    /// Defaults to none.
    package var allowNetworks: [NetworkRange] = []
    /// A connection that brings no request, or no further part of one, is closed after this time.
    ///
    /// Defaults to 60 s.
    package var idleSeconds: Int64 = 60
    /// A download whose reader takes nothing for this time is cut off.
    ///
    /// Defaults to 60 s.
    package var downloadStallSeconds = 60.0
    /// A stream of events that has no news shows its life in this interval.
    ///
    /// Defaults to 15 s.
    package var heartbeatSeconds = 15.0
    /// How clients that wait for their jobs are kept from giving up.
    ///
    /// Defaults to `102 Processing`.
    package var keepAlive = KeepAlive.processing
    /// In which interval that is done.
    ///
    /// Defaults to 2 s: official clients of OpenRouter give up after 5.
    package var keepAliveSeconds = 2.0
    /// How long answers under way may take when the process is told to stop.
    ///
    /// Defaults to 25 s.
    package var drainSeconds = 25.0

    /// How many connections are taken at once; nil for no bound.
    ///
    /// A process that runs out of file descriptors while it accepts would stop serving: the bound must leave enough for
    /// the database and the files. Defaults to nil.
    package var connectionsMax: Int?

    /// What links to artifacts are signed with; empty for a key of this process alone, which ends with it.
    package var linkKey: [UInt8] = []

    /// How credits are sold.
    package var creditTerms = CreditTerms()
    /// What Stripe's events are signed with; empty while there are none.
    package var stripeSecret: [UInt8] = []

    /// The version that the API's description tells.
    package var version = "0"

    package init() {}

    /// The same with links that are signed with a key of the installation, and so outlive the process.
    package func signingLinks(withMasterKey masterKey: [UInt8]) -> APIConfiguration {
        var copy = self
        copy.linkKey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: masterKey,
            info: Array("links to artifacts".utf8),
            count: 32
        )
        return copy
    }
}
