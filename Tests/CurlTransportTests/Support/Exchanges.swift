import CurlTransport
import Foundation
import HTTPTransport
import Testing

/// Seconds on the machine's own clock.
@Sendable func bootSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Makes a transport, hands it over, and shuts it down.
func withTransport<Result>(
    _ settings: CurlTransport.Settings = .init(),
    _ body: (CurlTransport) async throws -> Result
) async throws -> Result {
    let transport = CurlTransport(settings, bootSeconds: bootSeconds)
    do {
        let result = try await body(transport)
        await transport.shutdown()
        return result
    } catch {
        await transport.shutdown()
        throw error
    }
}

/// An answer with its whole body.
struct WholeAnswer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

extension CurlTransport {
    func whole(
        _ request: HTTPRequest,
        _ options: ExchangeOptions = ExchangeOptions(totalTimeoutSeconds: 60)
    ) async throws -> WholeAnswer {
        let response = try await exchange(request, options: options)
        return WholeAnswer(
            status: response.status,
            headers: response.headers,
            body: try await response.body.collect(bytesMax: 1 << 30)
        )
    }

    /// What an exchange fails of, its body included.
    func failure(
        _ request: HTTPRequest,
        _ options: ExchangeOptions = ExchangeOptions(totalTimeoutSeconds: 60),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async -> TransportFailure? {
        do {
            let answer = try await whole(request, options)
            Issue.record("answered \(answer.status) with \(answer.body.count) bytes", sourceLocation: sourceLocation)
            return nil
        } catch {
            return error as? TransportFailure
        }
    }
}

/// Waits until something holds, for at most 20 s.
func eventually(_ condition: () -> Bool) async -> Bool {
    let start = bootSeconds()
    while !condition() {
        guard bootSeconds() - start < 20 else { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return true
}

/// Options of one kind or another.
func options(_ change: (inout ExchangeOptions) -> Void) -> ExchangeOptions {
    var options = ExchangeOptions(totalTimeoutSeconds: 60)
    change(&options)
    return options
}

func ok(_ body: String, _ headers: String...) -> String {
    "HTTP/1.1 200 OK\r\n\(headers.map { $0 + "\r\n" }.joined())Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
