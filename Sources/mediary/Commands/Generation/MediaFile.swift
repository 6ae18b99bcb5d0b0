import Foundation
import Generation
import Glibc
import MediaInspection

/// A picture that an option names: a URL as it is, or a file as a data URL.
enum MediaFile {
    /// The longest file that is read: what the service takes.
    private static let bytesMax = 20 << 20

    /// The picture as a request names it.
    ///
    /// - Throws: `ClientFailure` for a file that cannot be read, is too long, or is no picture by its first bytes.
    static func part(_ text: String, option: String) throws -> JSONValue {
        ["type": "image_url", "image_url": ["url": .string(try url(text, option: option))]]
    }

    private static func url(_ text: String, option: String) throws -> String {
        guard !["http://", "https://", "data:"].contains(where: text.lowercased().hasPrefix) else { return text }
        let bytes = try read(text, option: option)
        guard let type = MediaInspector.sniff(Array(bytes.prefix(MediaInspector.sniffLength))), type.kind == .image
        else {
            throw ClientFailure("\(option): \(text) is no picture that is taken: PNG, JPEG, WebP, GIF.")
        }
        return "data:\(type.rawValue);base64,\(bytes.base64EncodedString())"
    }

    private static func read(_ path: String, option: String) throws -> Data {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw ClientFailure("\(option): \(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        defer { try? file.close() }
        do {
            let bytes = try file.read(upToCount: bytesMax + 1) ?? Data()
            guard bytes.count <= bytesMax else {
                throw ClientFailure("\(option): \(path) is longer than \(bytesMax) bytes, the most that is taken.")
            }
            return bytes
        } catch let failure as ClientFailure {
            throw failure
        } catch {
            throw ClientFailure("\(option): \(path) cannot be read.")
        }
    }
}
