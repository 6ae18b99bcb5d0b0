import HTTPTypes
import Hummingbird
import JobEngine

/// Where providers call back to: the address is a secret of one attempt, and nothing else opens it.
struct ProviderCallbackRoutes: Sendable {
    /// The longest body that is read, in bytes: a provider's news of one generation is short.
    private static let bytesMax = 1 << 20
    private static let tokenCharacters = 1...100

    let service: JobService
    let bodies: BodyReader

    init(service: JobService, seconds: @escaping @Sendable () -> Double) {
        self.service = service
        bodies = BodyReader(bytesMax: Self.bytesMax, seconds: seconds)
    }

    func add(to routes: inout RouteTable) {
        routes.post(
            "provider-callbacks/:token",
            .init(
                id: "takeProviderCallback",
                tag: .service,
                summary: "Take a provider's callback",
                details: """
                    For providers, at an address that they were given with a request. The body is the provider's own; taken \
                    from it is only which generation it is about. The service then asks how that stands.
                    """,
                isOpen: true,
                body: .json(.object([:], isOpen: true)),
                answers: [204: .empty("The generation will be asked for.")],
                errors: [400, 404]
            )
        ) { request, context in
            let token = context.parameters.get("token") ?? ""
            guard Self.tokenCharacters.contains(token.utf8.count) else { throw Self.unknown }
            let isTaken = try await service.calledBack(
                token: token,
                headers: request.headers.map { ($0.name.rawName, $0.value) }
            ) {
                try await bodies.bytes(of: request)
            }
            guard isTaken else { throw Self.unknown }
            return Response(status: .noContent)
        }
    }

    private static let unknown = APIError(
        .notFound,
        reason: "unknown_callback",
        "Nothing is waited for at this address."
    )
}
