import HTTPTypes
import Hummingbird

/// Adds routes to the router, and keeps account of them: a path asked with a method it does not take is answered 405
/// with the methods it does.
struct RouteTable {
    typealias Handler = @Sendable (Request, APIRequestContext) async throws -> Response

    private let router: Router<APIRequestContext>
    private var methods: [String: [HTTPRequest.Method]] = [:]

    init(router: Router<APIRequestContext>) { self.router = router }

    /// Adds a route for reading: GET, and HEAD, whose answer loses its body on the way out.
    mutating func get(_ path: String, _ handler: @escaping Handler) {
        add(.get, path, handler)
        add(.head, path, handler)
    }

    /// Adds a route for writing.
    mutating func post(_ path: String, _ handler: @escaping Handler) { add(.post, path, handler) }

    private mutating func add(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        router.on(RouterPath(path), method: method, use: handler)
        methods[path, default: []].append(method)
    }

    /// Answers 405 for the methods that no route of a known path was added for; to be called after the last one.
    func refuseOtherMethods() {
        for (path, taken) in methods {
            let allowed = taken.map(\.rawValue)
            for method in AnswerMiddleware.methods where !taken.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    throw APIError.methodNotAllowed(allowed)
                }
            }
        }
    }
}
