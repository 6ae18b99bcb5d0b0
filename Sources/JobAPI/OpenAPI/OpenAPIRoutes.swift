import Hummingbird

/// Serves the description of the API, to anybody: it tells nothing that a key protects.
struct OpenAPIRoutes: Sendable {
    let document: OpenAPIDocument
    let address: PublicAddress

    func add(to routes: inout RouteTable) {
        routes.get(
            "openapi.json",
            .init(
                id: "getOpenAPI",
                tag: .service,
                summary: "Describe this API",
                isOpen: true,
                answers: [200: .json(.object([:], isOpen: true), "The description, in OpenAPI 3.1.")]
            )
        ) { _, _ in
            var json = JSONWriter(capacity: 65_536)
            json.value(document.json(publicURL: address.url))
            return Response(json: json.bytes)
        }
    }
}
