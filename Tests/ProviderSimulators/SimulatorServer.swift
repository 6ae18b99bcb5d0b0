import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Starts a provider, runs a test against it, and stops it.
///
/// - Throws: What the test throws, or that the server cannot start.
package func withSimulator<Result: Sendable>(
    _ wire: any SimulatedProvider.Type,
    _ settings: SimulatorSettings = SimulatorSettings(),
    _ test: (ProviderSimulator) async throws -> Result
) async throws -> Result {
    let simulator = ProviderSimulator(wire, settings)
    let (starts, started) = AsyncStream.makeStream(of: Void.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { started.finish() }
            try await simulator.run { started.yield() }
        }
        var iterator = starts.makeAsyncIterator()
        guard await iterator.next() != nil else {
            try await group.waitForAll()
            throw SimulatorFailure(text: "the simulator has stopped before it listened")
        }
        do {
            let result = try await test(simulator)
            await simulator.drain()
            group.cancelAll()
            return result
        } catch {
            await simulator.drain()
            group.cancelAll()
            throw error
        }
    }
}

/// A simulator that cannot work.
package struct SimulatorFailure: Error, CustomStringConvertible {
    let text: String
    package var description: String { text }
}

/// What goes along with one request: the connection, to be cut.
struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

extension ProviderSimulator {
    /// Serves until it is cancelled.
    ///
    /// - Parameter onListening: Called once both origins accept connections.
    /// - Throws: What keeps a server from starting or running.
    package func run(onListening: @escaping @Sendable () async -> Void = {}) async throws {
        let world = world
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (ports, portsFound) = AsyncStream.makeStream(of: Void.self)
            group.addTask {
                try await self.application(port: world.settings.port, isAtOutputs: false) { port in
                    world.listen(baseURL: "http://127.0.0.1:\(port)")
                    portsFound.yield()
                }.run()
            }
            group.addTask {
                try await self.application(port: 0, isAtOutputs: true) { port in
                    world.listen(outputsURL: "http://127.0.0.1:\(port)")
                    portsFound.yield()
                }.run()
            }
            group.addTask {
                var iterator = ports.makeAsyncIterator()
                for _ in 0..<2 { _ = await iterator.next() }
                guard !Task.isCancelled else { return }
                await onListening()
                await self.postCallbacks()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func application(
        port: Int,
        isAtOutputs: Bool,
        _ onListening: @escaping @Sendable (Int) -> Void
    ) -> Application<CallbackResponder<SimulatorContext>> {
        Application(
            responder: CallbackResponder { request, context in
                try await self.respond(to: request, context, isAtOutputs: isAtOutputs)
            },
            server: .http1(),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), backlog: 2_048),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { onListening(port) }
            },
            logger: Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func respond(to request: Request, _ context: SimulatorContext, isAtOutputs: Bool) async throws -> Response {
        let received = try await read(request)
        if !isAtOutputs, let answer = administration(received) { return Self.response(answer) }
        switch await reply(to: received, isAtOutputs: isAtOutputs) {
        case .answer(let answer) where answer.isChunked:
            return Self.response(answer) { writer in
                for start in stride(from: 0, to: answer.body.count, by: 4_096) {
                    let end = min(answer.body.count, start + 4_096)
                    try await writer.write(ByteBuffer(bytes: answer.body[start..<end]))
                }
                try await writer.finish(nil)
            }
        case .answer(let answer):
            var response = Self.response(answer)
            if request.method == .head { response = response.createHeadResponse() }
            return response
        case .drip(let answer, let bytesPerSecond):
            return Self.response(answer) { writer in
                // Up to ten times a second, and never more than a byte where that is slower.
                let count = max(1, bytesPerSecond / 10)
                var rest = answer.body[...]
                while !rest.isEmpty {
                    try await writer.write(ByteBuffer(bytes: rest.prefix(count)))
                    rest = rest.dropFirst(count)
                    try await Task.sleep(for: .seconds(Double(count) / Double(max(1, bytesPerSecond))))
                }
                try await writer.finish(nil)
            }
        case .cut(let answer):
            let half = Array(answer.body.prefix(answer.body.count / 2))
            let channel = context.channel
            return Self.response(answer) { writer in
                try await writer.write(ByteBuffer(bytes: half))
                // What was written leaves before the connection does.
                try await Task.sleep(for: .milliseconds(100))
                try? await channel.close().get()
                throw SimulatorFailure(text: "cut")
            }
        case .close:
            try? await context.channel.close().get()
            throw SimulatorFailure(text: "closed")
        case .hang:
            while context.channel.isActive { try await Task.sleep(for: .milliseconds(100)) }
            throw SimulatorFailure(text: "hung")
        }
    }

    private func read(_ request: Request) async throws -> SimulatedRequest {
        let target = request.head.path ?? "/"
        let path = target.prefix { $0 != "?" }
        let query = target.dropFirst(path.count + 1)
        let items = query.split(separator: "&").map { item -> (name: String, value: String) in
            let name = item.prefix { $0 != "=" }
            return (Self.decoded(name), Self.decoded(item.dropFirst(name.count + 1)))
        }
        var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        if let host = request.head.authority { headers.insert((name: "Host", value: host), at: 0) }
        var body = try await request.body.collect(upTo: 1 << 30)
        return SimulatedRequest(
            method: request.method.rawValue,
            path: String(path),
            query: items,
            headers: headers,
            body: body.readBytes(length: body.readableBytes) ?? [],
            receivedAt: world.now()
        )
    }

    private static func decoded(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? String(text)
    }

    private static func response(_ answer: SimulatedAnswer) -> Response {
        var response = Response(status: .init(code: answer.status), headers: fields(answer))
        response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        if answer.status == 204 { response.body = ResponseBody() }
        return response
    }

    private static func response(
        _ answer: SimulatedAnswer,
        write: @escaping @Sendable @concurrent (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .init(code: answer.status),
            headers: fields(answer),
            body: ResponseBody(contentLength: answer.isChunked ? nil : answer.body.count, write)
        )
    }

    private static func fields(_ answer: SimulatedAnswer) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return fields
    }
}
