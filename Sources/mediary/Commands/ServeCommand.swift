import ArgumentParser
import Foundation
import JobCore
import JobEngine
import Logging

/// `mediary serve`: the service, until it is stopped.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service until it is stopped."
    )

    /// What a process of the service does.
    enum Role: String, ExpressibleByArgument, CaseIterable {
        case all, api, worker
    }

    @Option(help: "What this process does: all, api or worker. The embedded database takes all.")
    var role = Role.all

    @Option(help: "The address to listen on, instead of MEDIARY_HOST.")
    var host: String?

    @Option(help: "The port to listen on, instead of MEDIARY_PORT; 0 for any free one.")
    var port: Int?

    func run() async throws {
        guard role == .all else {
            throw ValidationError(
                "--role \(role.rawValue) needs a database that several processes can share; the embedded one takes --role all."
            )
        }
        var configuration = try Configuration()
        configuration.host = host ?? configuration.host
        if let port {
            guard (0...65_535).contains(port) else {
                throw ValidationError("--port is \(port); allowed: 0 to 65535.")
            }
            configuration.port = port
        }
        let logger = configuration.logger()
        let gateway = try Gateway(configuration, logger: logger)
        let models = Set(gateway.catalog.endpoints(at: gateway.stores.environment.now()).map(\.id.model)).sorted()
        let (address, folder) = (configuration.host, configuration.dataFolder)
        try await gateway.run(gracefulShutdownSignals: true) { port in
            logger.info(
                "listening",
                metadata: [
                    "url": "http://\(address):\(port)", "data": "\(folder)",
                    "models": "\(models.joined(separator: ","))",
                ]
            )
        }
    }
}
