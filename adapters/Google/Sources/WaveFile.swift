import Foundation
import HTTPTransport
import ProviderKit

/// A WAV file of one channel and 16 bits that is written piece by piece; its header is filled in at the end.
///
/// Until then nobody reads it: after a crash it is a file without a header, which goes with the attempt's folder.
struct WaveFile {
    private static let headerBytes = 44

    private let path: String
    private let file: FileHandle
    private let rate: Int
    private var bytes = 0

    /// Begins a file.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    init(in folder: String, rate: Int) throws(ProviderFailure) {
        let access: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: access)
        var template = Array("\(folder)/speech-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Self.failure }
        // No program that is started meanwhile may hold it open.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        self.rate = rate
        do {
            try file.write(contentsOf: Data(count: Self.headerBytes))
        } catch {
            throw Self.failure
        }
    }

    /// Adds samples.
    mutating func append(_ data: Data) throws(ProviderFailure) {
        do {
            try file.write(contentsOf: data)
        } catch {
            throw Self.failure
        }
        bytes += data.count
    }

    /// Writes the header, and closes.
    ///
    /// - Returns: Where the file is.
    func finish() throws(ProviderFailure) -> String {
        do {
            try file.seek(toOffset: 0)
            try file.write(contentsOf: Data(header))
            try file.close()
        } catch {
            throw Self.failure
        }
        return path
    }

    /// Removes the file.
    func discard() {
        try? file.close()
        unlink(path)
    }

    private var header: [UInt8] {
        func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        let format = little(UInt16(1)) + little(UInt16(1)) + little(UInt32(rate)) + little(UInt32(rate * 2))
        return Array("RIFF".utf8) + little(UInt32(Self.headerBytes - 8 + bytes)) + Array("WAVEfmt ".utf8)
            + little(UInt32(16)) + format + little(UInt16(2)) + little(UInt16(16)) + Array("data".utf8)
            + little(UInt32(bytes))
    }

    private static var failure: ProviderFailure {
        ProviderFailure(
            .unavailable,
            retry: .never,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: "The provider's media could not be written on this machine.",
            details: "errno \(errno)"
        )
    }
}
