import Foundation
import Generation

/// Pictures and what pretends to be one.
enum Samples {
    /// One transparent pixel.
    static let png: [UInt8] = Array(
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        ) ?? Data()
    )

    /// A few bytes that claim 50,000 by 50,000 pixels.
    static var pixelBomb: [UInt8] {
        let header: [UInt8] = Array("IHDR".utf8) + bigEndian(50_000) + bigEndian(50_000) + [8, 6, 0, 0, 0]
        return Array(png.prefix(8)) + bigEndian(13) + header + bigEndian(crc(header)) + Array(png.dropFirst(33))
    }

    /// A first frame in the form of a request.
    static func frame(_ bytes: [UInt8], _ mediaType: String) -> JSONValue {
        frame("data:\(mediaType);base64,\(Data(bytes).base64EncodedString())")
    }

    /// A first frame that is named by URL.
    static func frame(_ url: String) -> JSONValue {
        ["type": "image_url", "frame_type": "first_frame", "image_url": ["url": .string(url)]]
    }

    /// Silence: 16 bits, mono, 16 kHz.
    static func wav(seconds: Int) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let bytes = seconds * 32_000
        let format = little(1, 2) + little(1, 2) + little(16_000, 4) + little(32_000, 4) + little(2, 2) + little(16, 2)
        return Array("RIFF".utf8) + little(36 + bytes, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + format
            + Array("data".utf8) + little(bytes, 4) + [UInt8](repeating: 0, count: bytes)
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
    }
}
