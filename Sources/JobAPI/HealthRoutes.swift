import HTTPTypes
import Hummingbird
import JobCore
import NIOCore

/// Tells whether the process lives, and whether it can do its work.
struct HealthRoutes: Sendable {
    let store: any JobStore
    let sleep: @Sendable (Double) async throws -> Void

    func add(to routes: inout RouteTable) {
        routes.get(
            "healthz",
            .init(
                id: "getHealth",
                tag: .service,
                summary: "Tell whether the process lives",
                isOpen: true,
                answers: [200: .json(.health, "It does.")]
            )
        ) { _, _ in Self.answer(.ok, "ok") }
        routes.get(
            "readyz",
            .init(
                id: "getReadiness",
                tag: .service,
                summary: "Tell whether the service can take requests",
                isOpen: true,
                answers: [
                    200: .json(.health, "It can."),
                    503: .json(.anyOf([.health, .error]), "The store does not answer, or the service is stopping."),
                ]
            )
        ) { _, _ in
            await isStoreThere()
                ? Self.answer(.ok, "ready") : Self.answer(.serviceUnavailable, "the store does not answer")
        }
    }

    private func isStoreThere() async -> Bool {
        await StoreQuestion.answer(sleep: sleep) { try await store.ping() } != nil
    }

    private static func answer(_ status: HTTPResponse.Status, _ word: String) -> Response {
        var json = JSONWriter(capacity: 64)
        json.beginObject()
        json.key("status")
        json.string(word)
        json.endObject()
        return Response(json: json.bytes, status: status)
    }
}

extension Response {
    /// An answer in JSON, which nobody may keep.
    init(json: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        self.init(json: ByteBuffer(bytes: json), status: status, headers: headers)
    }

    /// An answer in JSON, which nobody may keep.
    init(json: ByteBuffer, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: json))
    }
}
