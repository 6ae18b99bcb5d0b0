/// The parts of a `multipart/form-data` body (RFC 7578), as a server reads them.
package struct MultipartParts: Sendable {
    /// One part.
    package struct Part: Sendable {
        package let name: String
        /// Nil for a part that is no file.
        package let fileName: String?
        package let mediaType: String?
        package let bytes: [UInt8]
    }

    /// In order.
    package let all: [Part]

    /// The first part of a name.
    package func first(_ name: String) -> Part? { all.first { $0.name == name } }

    /// Takes a body apart; nil when it is malformed.
    ///
    /// - Parameters:
    ///   - contentType: The header, with the boundary.
    ///   - body: The body.
    package init?(_ contentType: String, _ body: [UInt8]) {
        guard let boundary = Self.parameter("boundary", of: contentType), !boundary.isEmpty else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        guard body.starts(with: delimiter) else { return nil }
        var parts: [Part] = []
        var index = delimiter.count
        while true {
            if body[index...].starts(with: Array("--".utf8)) { break }
            guard body[index...].starts(with: Array("\r\n".utf8)),
                let headEnd = Self.find(Array("\r\n\r\n".utf8), in: body, from: index + 2),
                let end = Self.find(Array("\r\n".utf8) + delimiter, in: body, from: headEnd + 4),
                let part = Self.part(
                    String(decoding: body[(index + 2)..<headEnd], as: UTF8.self),
                    body[(headEnd + 4)..<end]
                )
            else { return nil }
            parts.append(part)
            index = end + 2 + delimiter.count
        }
        all = parts
    }

    private static func part(_ head: String, _ bytes: ArraySlice<UInt8>) -> Part? {
        var disposition: String?
        var mediaType: String?
        for line in head.split(separator: "\r\n") {
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2 else { return nil }
            let value = String(field[1].drop { $0 == " " })
            switch field[0].lowercased() {
            case "content-disposition": disposition = value
            case "content-type": mediaType = value
            case _: break
            }
        }
        guard let disposition, disposition.lowercased().hasPrefix("form-data"),
            let name = parameter("name", of: disposition)
        else { return nil }
        return Part(
            name: name,
            fileName: parameter("filename", of: disposition),
            mediaType: mediaType,
            bytes: Array(bytes)
        )
    }

    /// A parameter of a header's value, with or without quotes.
    private static func parameter(_ name: String, of value: String) -> String? {
        for piece in value.split(separator: ";").dropFirst() {
            let pair = piece.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard pair.count == 2, pair[0].lowercased() == name else { continue }
            let text = pair[1]
            guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
            return String(text.dropFirst().dropLast())
        }
        return nil
    }

    /// Where bytes are next found.
    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard start <= bytes.count - wanted.count else { return nil }
        var index = start
        while index <= bytes.count - wanted.count {
            guard bytes[index] == wanted[0] else {
                index += 1
                continue
            }
            if bytes[index..<(index + wanted.count)].elementsEqual(wanted) { return index }
            index += 1
        }
        return nil
    }
}
