import HTTPTypes
import Hummingbird

/// Adds routes to the router, each with its description, and keeps account of them.
///
/// This is the only door to the router, so `/openapi.json` has every route and nothing else. A path asked with a method
/// it does not take is answered 405 with the methods it does.
struct RouteTable {
    typealias Handler = @Sendable (Request, APIRequestContext) async throws -> Response

    /// One route as the document shows it.
    struct Operation: Sendable {
        /// The method, in lower case.
        let method: String
        /// The path with its parameters in braces: `/api/v1/jobs/{id}`.
        let path: String
        let description: RouteDescription
    }

    private let router: Router<APIRequestContext>
    private var methods: [String: [HTTPRequest.Method]] = [:]
    /// The routes in the order in which they were added.
    private(set) var operations: [Operation] = []

    init(router: Router<APIRequestContext>) { self.router = router }

    /// Adds a route for reading: GET, and HEAD, whose answer loses its body on the way out.
    mutating func get(_ path: String, _ description: RouteDescription, _ handler: @escaping Handler) {
        add(.get, path, handler)
        add(.head, path, handler)
        describe(.get, path, description)
    }

    /// Adds a route for making something, or for making something happen.
    mutating func post(_ path: String, _ description: RouteDescription, _ handler: @escaping Handler) {
        add(.post, path, handler)
        describe(.post, path, description)
    }

    /// Adds a route for taking something away.
    mutating func delete(_ path: String, _ description: RouteDescription, _ handler: @escaping Handler) {
        add(.delete, path, handler)
        describe(.delete, path, description)
    }

    /// Adds a route for changing something.
    mutating func patch(_ path: String, _ description: RouteDescription, _ handler: @escaping Handler) {
        add(.patch, path, handler)
        describe(.patch, path, description)
    }

    /// Adds a route for setting something, there or not.
    mutating func put(_ path: String, _ description: RouteDescription, _ handler: @escaping Handler) {
        add(.put, path, handler)
        describe(.put, path, description)
    }

    private mutating func add(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        router.on(RouterPath(path), method: method, use: handler)
        methods[path, default: []].append(method)
    }

    private mutating func describe(_ method: HTTPRequest.Method, _ path: String, _ description: RouteDescription) {
        let parts = path.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
        operations.append(
            Operation(
                method: method.rawValue.lowercased(),
                path: "/" + parts.joined(separator: "/"),
                description: description
            )
        )
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
