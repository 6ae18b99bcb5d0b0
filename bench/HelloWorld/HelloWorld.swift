import Glibc
import Hummingbird
import Logging

/// The ceiling that the service is measured against: the same server, with one route that says hello.
@main
struct HelloWorld {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8_081
        let router = Router()
        router.get("hello") { _, _ in "Hello, world!" }
        var logger = Logger(label: "hello")
        logger.logLevel = .error
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            logger: logger
        )
        try await application.runService()
    }
}
