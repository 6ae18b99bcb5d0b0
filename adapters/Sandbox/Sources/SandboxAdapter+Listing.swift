package import Generation
import HTTPTransport
package import ProviderKit

/// What the provider of tests was asked for: in its journal, so only where it was given one.
extension SandboxAdapter: ListingAdapter {
    private static let listBytesMax = 64 * 1_048_576

    package func operations(
        since milliseconds: Int64,
        page: String?
    ) async throws(ProviderFailure) -> OperationPage {
        let url = "\(SandboxProvider.origin)/v1/generations?since=\(milliseconds)"
        let response = try await exchange(HTTPRequest(.get, url))
        guard response.status != 404 else { return OperationPage([]) }
        guard response.status == 200 else { throw await ProviderFailure(refusal: response) }
        let body: [UInt8]
        do {
            body = try await response.body.collect(bytesMax: Self.listBytesMax)
        } catch {
            throw ProviderFailure(error)
        }
        guard let list = try? Wire.decode(Wire.List.self, body) else {
            throw ProviderFailure(unreadable: "\(body.count) bytes that are no list")
        }
        return OperationPage(
            list.generations.map { line in
                ListedOperation(
                    remoteID: line.id,
                    startedAtMilliseconds: line.timeMs,
                    token: line.token,
                    payload: line.ticket ?? ""
                )
            }
        )
    }

    package func operation(of listed: ListedOperation, for request: GenerationRequest) -> ProviderOperation? {
        ProviderOperation(remoteID: listed.remoteID, payload: listed.payload)
    }
}
