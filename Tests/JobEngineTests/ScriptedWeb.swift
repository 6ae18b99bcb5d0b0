import ConformanceKit
import Foundation
import HTTPTransport
import JobEngine
import Synchronization

/// The web that references come from: it outlives every node of the test, and counts what is asked for.
final class ScriptedWeb: Sendable {
    /// What comes when a URL is asked for.
    indirect enum Reply: Sendable {
        /// These bytes, with an honest length.
        case bytes([UInt8], type: String = "image/png")
        /// These bytes, with this length.
        case declared([UInt8], Int64?)
        /// The connection ends after so many bytes.
        case cutAfter(Int)
        case status(Int, headers: [(name: String, value: String)] = [])
        case failure(TransportFailure.Kind)
        /// The same after a while.
        case after(seconds: Double, Reply)
    }

    private struct State {
        var reply: @Sendable (_ url: String, _ number: Int) -> Reply = { _, _ in .bytes(TestMedia.image) }
        var asked: [String] = []
        var options: [ExchangeOptions] = []
        var headers: [String] = []
        var open = 0
        var openMax = 0
    }

    /// Requests wait here.
    let door = Door()
    private let clock: TestClock
    private let state = Mutex(State())

    init(clock: TestClock) { self.clock = clock }

    /// What comes, by the URL and how often it was asked for, from 1.
    var reply: @Sendable (_ url: String, _ number: Int) -> Reply {
        get { state.withLock { $0.reply } }
        set { state.withLock { $0.reply = newValue } }
    }

    /// The URLs that were asked for, in order.
    var asked: [String] { state.withLock { $0.asked } }
    /// What each exchange was held to.
    var options: [ExchangeOptions] { state.withLock { $0.options } }
    /// The names of all header fields that were sent.
    var headers: [String] { state.withLock { $0.headers } }
    /// How many requests there are now.
    var openNow: Int { state.withLock { $0.open } }
    /// The most requests that there were at once.
    var openMax: Int { state.withLock { $0.openMax } }

    func exchange(
        _ request: HTTPRequest,
        _ options: ExchangeOptions,
        _ life: NodeLife
    ) async throws(TransportFailure) -> HTTPResponse {
        let reply = state.withLock { state in
            state.asked.append(request.url)
            state.options.append(options)
            state.headers += request.headers.map(\.name)
            state.open += 1
            state.openMax = max(state.openMax, state.open)
            return state.reply(request.url, state.asked.count { $0 == request.url })
        }
        defer { state.withLock { $0.open -= 1 } }
        do {
            await door.pass()
            try await life.pass()
            let response = try await follow(reply)
            try await life.pass()
            return response
        } catch let failure as TransportFailure {
            throw failure
        } catch {
            throw TransportFailure(.cancelled, requestReachedPeer: .unknown, "\(error)")
        }
    }

    private func follow(_ reply: Reply) async throws -> HTTPResponse {
        switch reply {
        case .bytes(let bytes, let type):
            return Self.answer(200, [("Content-Type", type)], bytes, declared: Int64(bytes.count))
        case .declared(let bytes, let length): return Self.answer(200, [], bytes, declared: length)
        case .cutAfter(let count):
            let whole = Int64(TestMedia.image.count)
            return Self.answer(200, [], Array(TestMedia.image.prefix(count)), declared: whole, isCut: true)
        case .status(let status, let headers): return Self.answer(status, headers, [], declared: 0)
        case .failure(let kind): throw TransportFailure(kind, requestReachedPeer: .unknown, "scripted")
        case .after(let seconds, let then):
            try await clock.sleep(seconds)
            return try await follow(then)
        }
    }

    private static func answer(
        _ status: Int,
        _ headers: [(name: String, value: String)],
        _ bytes: [UInt8],
        declared: Int64?,
        isCut: Bool = false
    ) -> HTTPResponse {
        let chunks = Once(bytes)
        return HTTPResponse(
            status: status,
            headers: headers,
            contentLength: declared,
            body: HTTPBody { () async throws(TransportFailure) -> [UInt8]? in
                if let chunk = chunks.next() { return chunk }
                guard !isCut else {
                    throw TransportFailure(.connectionLost, requestReachedPeer: .yes, "closed before the end")
                }
                return nil
            }
        )
    }
}

extension ScriptedWeb {
    /// Gives bytes once, then ends.
    final class Once: Sendable {
        private let bytes: Mutex<[UInt8]?>

        init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes.isEmpty ? nil : bytes) }

        func next() -> [UInt8]? {
            bytes.withLock { bytes in
                defer { bytes = nil }
                return bytes
            }
        }
    }
}

/// The way of one node to the web.
struct NodeWeb: HTTPTransport {
    let web: ScriptedWeb
    let life: NodeLife

    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        try await web.exchange(request, options, life)
    }
}
