import CurlTransport
import HTTPTransport

extension ProviderSimulator {
    /// Waits until every connection that was opened so far has been taken: connections are taken in order, so one that is
    /// opened now comes last.
    ///
    /// A server that stops while it takes a connection brings the process down (swift-nio 2.101: an asynchronous channel
    /// whose writer was never finished). Tests whose clients open connections and give them up ran into that.
    func drain() async {
        for origin in [world.baseURL, world.outputsURL] {
            let request = HTTPRequest(.get, "\(origin)/_simulator/faults")
            // A submit has a connection of its own.
            let options = ExchangeOptions(isSubmit: true, totalTimeoutSeconds: 10)
            _ = try? await transport.exchange(request, options: options).body.collect(bytesMax: 65_536)
        }
    }
}
