import Generation
import Glibc
import HTTPTransport
import JobEngine

/// The port of the service: free, or our service answers at it.
struct PortCheck {
    let configuration: Configuration
    let environment: EngineEnvironment

    func finding() async -> Finding {
        let address = "\(configuration.host):\(configuration.port)"
        guard configuration.port > 0 else { return .ok("port", "any free one") }
        if let answer = await answer(to: "/healthz") {
            guard answer["status"] == "ok" else {
                return .fail("port", "\(address) is taken by another program", hint: "set MEDIARY_PORT")
            }
            let isReady = await self.answer(to: "/readyz")?["status"] == "ready"
            return isReady
                ? .ok("port", "the service answers at \(address) and is ready")
                : .warn("port", "the service answers at \(address) and is not ready", hint: "see its log")
        }
        switch Self.bind(configuration.host, configuration.port) {
        case 0: return .ok("port", "\(address) is free")
        case EADDRINUSE:
            return .fail("port", "\(address) is taken by another program", hint: "set MEDIARY_PORT")
        case let error:
            return .fail(
                "port",
                "\(address) cannot be listened at: \(String(cString: strerror(error)))",
                hint: "see MEDIARY_HOST and MEDIARY_PORT"
            )
        }
    }

    /// What is answered at the port: null for what is no JSON, nil for nothing at all.
    private func answer(to path: String) async -> JSONValue? {
        let host = ["0.0.0.0", "::", "*"].contains(configuration.host) ? "127.0.0.1" : configuration.host
        let client = APIClient(
            baseURL: "http://\(host.contains(":") ? "[\(host)]" : host):\(configuration.port)",
            key: "",
            environment: environment
        )
        do {
            return try await client.json(.get, path)
        } catch let failure as ClientFailure {
            return failure.isAnswer ? .null : nil
        } catch {
            return nil
        }
    }

    /// Tries to listen, and gives the port back at once.
    ///
    /// - Returns: 0, or why not.
    private static func bind(_ host: String, _ port: Int) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else { return EADDRNOTAVAIL }
        defer { freeaddrinfo(list) }
        let descriptor = socket(first.pointee.ai_family, first.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Glibc.bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            listen(descriptor, 1) == 0
        else { return errno }
        return 0
    }
}
