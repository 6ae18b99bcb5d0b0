import ArgumentParser
import Foundation
import Generation
import HTTPTransport
import Logging

/// `mediary openapi`: the description of the API, as the service itself answers it.
struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Print the description of the HTTP API, in OpenAPI 3.1.",
        discussion: "What GET /openapi.json answers; needs neither a running service nor its data."
    )

    func run() async throws {
        var configuration = try Configuration()
        configuration.publicURL = configuration.publicURL ?? "http://\(configuration.host):\(configuration.port)"
        configuration.host = "127.0.0.1"
        configuration.logLevel = .error
        // Asked of a real service, for there is no other list of the routes than the one that it serves by.
        let service = try TemporaryService("openapi", configuration)
        defer { service.remove() }
        let document = try await service.run { port in
            let environment = service.gateway.stores.environment
            return try await APIClient(baseURL: "http://127.0.0.1:\(port)", key: "", environment: environment)
                .json(.get, "/openapi.json")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(document), as: UTF8.self))
    }
}
