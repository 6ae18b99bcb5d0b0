import ArgumentParser
import Cryptography
import Foundation
import Glibc

/// The secret that all keys of an installation are derived from: MEDIARY_SECRET, or made once and kept in the data
/// folder.
enum MasterKey {
    /// The fewest characters that MEDIARY_SECRET may have.
    static let charactersMin = 32

    /// The key's bytes: those of the text, so that what the file holds can be moved to MEDIARY_SECRET.
    ///
    /// The file comes into being whole, under a name that must be free: of two processes that start at once one makes it,
    /// and both read the same; a crash leaves none, or a whole one.
    ///
    /// - Parameters:
    ///   - configuration: Says the secret, or where the file is.
    ///   - mayMake: Whether the file is made when there is none. Only the service may: a command that runs without the
    ///     service's MEDIARY_SECRET must not print what nothing is signed with.
    /// - Returns: The key.
    /// - Throws: `ValidationError` when the file can neither be read nor made, or holds something else.
    static func load(_ configuration: Configuration, mayMake: Bool) throws -> [UInt8] {
        if let secret = configuration.secret { return Array(secret.utf8) }
        let path = "\(configuration.dataFolder)/secret"
        if access(path, F_OK) != 0 {
            guard mayMake else {
                throw ValidationError(
                    "\(path) is not there: set MEDIARY_SECRET as the service has it, or start the service once."
                )
            }
            do {
                try make(path)
            } catch {
                throw ValidationError("\(path) cannot be made: \(error.localizedDescription)")
            }
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read; it holds the secret that signatures are derived from.")
        }
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard Hex.decode(text)?.count == 32 else {
            throw ValidationError(
                "\(path) does not hold 64 hexadecimal digits; restore it, or set MEDIARY_SECRET, or remove it for a new secret: signatures change then."
            )
        }
        return Array(text.utf8)
    }

    private static func make(_ path: String) throws {
        let temporary = "\(path).\(Hex.encode(SystemRandom.bytes(8)))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        defer { unlink(temporary) }
        try file.write(contentsOf: Array("\(Hex.encode(SystemRandom.bytes(32)))\n".utf8))
        try file.synchronize()
        // A link takes no name that is there: whoever comes second uses the first one's.
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        let folder = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
