import Cryptography
import Foundation
import Testing

/// Against the openssl program: an implementation of the same standard with another front end.
@Suite struct RSASignerTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "rsa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func openssl(_ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    private func makeKey(bits: Int = 2_048) throws {
        try #require(
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)", "-out", "private.pem") == 0
        )
        try #require(openssl("pkey", "-in", "private.pem", "-pubout", "-out", "public.pem") == 0)
    }

    @Test func whatIsSignedIsValidToOpenSSLAndNothingElseIs() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try makeKey()
        let message = Array("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhQGIuYyJ9".utf8)
        let signature = try RSASigner(pemRepresentation: text("private.pem")).signature(for: message)
        #expect(signature.count == 256)
        try Data(message).write(to: folder.appending(path: "message"))
        try Data(signature).write(to: folder.appending(path: "signature"))
        let verify = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "message"]
        #expect(try openssl(verify[0], verify[1], verify[2], verify[3], verify[4], verify[5], verify[6]) == 0)
        try Data(message + [0]).write(to: folder.appending(path: "message"))
        #expect(try openssl(verify[0], verify[1], verify[2], verify[3], verify[4], verify[5], verify[6]) != 0)
    }

    @Test func whatOpenSSLSignedIsValidAndNothingElseIs() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try makeKey()
        let message = Array("a message".utf8)
        try Data(message).write(to: folder.appending(path: "message"))
        try #require(openssl("dgst", "-sha256", "-sign", "private.pem", "-out", "signature", "message") == 0)
        let signature = Array(try Data(contentsOf: folder.appending(path: "signature")))
        let verifier = try RSAVerifier(pemRepresentation: text("public.pem"))
        #expect(verifier.isValidSignature(signature, for: message))
        #expect(!verifier.isValidSignature(signature, for: Array("b message".utf8)))
        #expect(!verifier.isValidSignature([UInt8](repeating: 7, count: 256), for: message))
        #expect(!verifier.isValidSignature([], for: message))
        // The same message signs to the same bytes: the padding has no randomness.
        #expect(try RSASigner(pemRepresentation: text("private.pem")).signature(for: message) == signature)
    }

    @Test func bothFormsOfPrivateKeysAreRead() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try makeKey()
        try #require(openssl("rsa", "-in", "private.pem", "-traditional", "-out", "old.pem") == 0)
        let old = try text("old.pem")
        #expect(old.contains("BEGIN RSA PRIVATE KEY"))
        #expect(
            try RSASigner(pemRepresentation: old).signature(for: [1])
                == RSASigner(pemRepresentation: text("private.pem")).signature(for: [1])
        )
    }

    @Test func whatIsNoSafeRSAKeyIsRefusedWithoutRepeatingIt() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for wrong in ["", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "secret"] {
            let problem = #expect(throws: RSAKeyProblem.self) { try RSASigner(pemRepresentation: wrong) }
            #expect(problem?.text.contains("c2VjcmV0") == false && problem?.text.contains("secret") == false)
            #expect(throws: RSAKeyProblem.self) { try RSAVerifier(pemRepresentation: wrong) }
        }
        try makeKey(bits: 1_024)
        #expect(throws: RSAKeyProblem(text: "is an RSA key of less than 2048 bits.")) {
            try RSASigner(pemRepresentation: text("private.pem"))
        }
        try #require(
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.pem") == 0
        )
        #expect(throws: RSAKeyProblem(text: "is not an RSA key.")) {
            try RSASigner(pemRepresentation: text("ec.pem"))
        }
        try makeKey()
        let locked = try openssl("pkey", "-in", "private.pem", "-aes256", "-passout", "pass:word", "-out", "locked.pem")
        try #require(locked == 0)
        // Must not ask at the terminal.
        #expect(throws: RSAKeyProblem.self) { try RSASigner(pemRepresentation: text("locked.pem")) }
    }
}
