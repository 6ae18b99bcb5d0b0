import ConformanceKit
import CurlTransport
import Foundation
import HTTPTransport
import Testing

@Suite("A certificate is checked before a byte is sent", .enabled(if: Tool.areThere("openssl")))
struct TLSTests {
    /// A server of OpenSSL's own, with a certificate that is made for it.
    private static func withServer(
        name: String = "IP:127.0.0.1",
        _ body: (_ port: Int, _ certificate: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let (key, certificate) = ("\(folder)/key.pem", "\(folder)/certificate.pem")
            let made = try await Tool.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                    key,
                    "-out", certificate, "-days", "2", "-subj", "/CN=mediary test", "-addext", "subjectAltName=\(name)",
                ]
            )
            #expect(made.status == 0, "\(made.errors)")
            try "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret".write(
                toFile: "\(folder)/page",
                atomically: true,
                encoding: .utf8
            )
            try "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n".write(
                toFile: "\(folder)/away",
                atomically: true,
                encoding: .utf8
            )
            let server = Process()
            let output = Pipe()
            server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            server.arguments = [
                "openssl", "s_server", "-accept", "127.0.0.1:0", "-key", key, "-cert", certificate, "-HTTP",
            ]
            server.currentDirectoryURL = URL(fileURLWithPath: folder)
            server.standardInput = FileHandle.nullDevice
            server.standardOutput = output
            server.standardError = FileHandle.nullDevice
            try server.run()
            defer { server.terminate() }
            try await body(try #require(port(in: output.fileHandleForReading)), certificate)
        }
    }

    /// Reads on until the server tells where it listens.
    private static func port(in output: FileHandle) -> Int? {
        var text = ""
        while true {
            let data = output.availableData
            guard !data.isEmpty else { return nil }
            text += String(decoding: data, as: UTF8.self)
            let lines = text.components(separatedBy: "\n").dropLast()
            if let line = lines.first(where: { $0.hasPrefix("ACCEPT ") }) {
                return line.split(separator: ":").last.flatMap { Int($0) }
            }
        }
    }

    @Test func oneThatIsTrustedIsSpokenTo() async throws {
        try await Self.withServer { port, certificate in
            var settings = CurlTransport.Settings()
            settings.certificateFile = certificate
            try await withTransport(settings) { transport async throws in
                let url = "https://127.0.0.1:\(port)"
                #expect(try await transport.whole(HTTPRequest(.get, "\(url)/page")).text == "secret")
                // TLS is not given up on the way, where the way is guarded.
                let options = options {
                    $0.redirectsMax = 3
                    $0.reach = .publicInternet(and: [NetworkRange("127.0.0.0/8")].compactMap { $0 })
                }
                let failure = await transport.failure(HTTPRequest(.get, "\(url)/away"), options)
                #expect(failure?.kind == .forbidden)
                #expect(failure?.detail.contains("gives up TLS") == true)
            }
        }
    }

    @Test("one that is not is not", arguments: ["unknown", "of another name"])
    func untrusted(_ manner: String) async throws {
        try await Self.withServer(name: manner == "unknown" ? "IP:127.0.0.1" : "DNS:other.test") { port, certificate in
            var settings = CurlTransport.Settings()
            if manner != "unknown" { settings.certificateFile = certificate }
            try await withTransport(settings) { transport async throws in
                let failure = await transport.failure(
                    HTTPRequest(.post, "https://127.0.0.1:\(port)/page", body: [1]),
                    ExchangeOptions(isSubmit: true)
                )
                #expect(failure?.kind == .noConnection)
                #expect(failure?.requestReachedPeer == Reached.no)
            }
        }
    }

    @Test func aPeerThatSpeaksNoTLSGetsNoRequest() async throws {
        let peer = try Peer { connection in connection.send("HTTP/1.1 200 OK\r\n\r\n") }
        let failure = try await withTransport {
            await $0.failure(HTTPRequest(.post, "https://127.0.0.1:\(peer.port)/", body: [1]))
        }
        #expect(failure?.kind == .noConnection)
        #expect(failure?.requestReachedPeer == Reached.no)
    }
}
