import Generation

/// What a part of a form says about itself before its content.
package struct MultipartPart: Sendable, Equatable {
    /// The longest name of a part, in bytes.
    package static let nameBytesMax = 256
    /// The longest name of a file, in bytes; longer ones are shortened, since nobody relies on them.
    private static let fileNameBytesMax = 1_024
    private static let linesMax = 16

    /// The field's name, such as `image[]`.
    package let name: String
    /// The file's own name, where it was sent; a part with one is a file, and one without is text.
    package let fileName: String?
    /// The media type that was sent, in lower case and without parameters.
    package let mediaType: String?
    /// Whether it is a file.
    package let isFile: Bool

    /// Describes a part.
    package init(name: String, fileName: String? = nil, mediaType: String? = nil, isFile: Bool = false) {
        self.name = name
        self.fileName = fileName
        self.mediaType = mediaType
        self.isFile = isFile
    }

    /// Reads the headers of a part.
    ///
    /// - Parameter bytes: The lines, without the empty one that ends them.
    /// - Throws: What is wrong with them.
    init(headers bytes: ArraySlice<UInt8>) throws(RequestProblem) {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw MultipartParser.problem("the headers of a part are not UTF-8.")
        }
        var disposition: HeaderValue?
        var type: HeaderValue?
        let lines = text.unicodeScalars.split(separator: "\r\n".unicodeScalars)
        guard lines.count <= Self.linesMax else {
            throw MultipartParser.problem("a part has more than \(Self.linesMax) headers.")
        }
        for line in lines {
            guard let (name, value) = Self.header(line) else {
                throw MultipartParser.problem("a part has a line among its headers that is none.")
            }
            switch name {
            case "content-disposition" where disposition == nil: disposition = HeaderValue(value)
            case "content-type" where type == nil: type = HeaderValue(value)
            case "content-disposition", "content-type":
                throw MultipartParser.problem("a part has the header \(name) twice.")
            case "content-transfer-encoding":
                guard ["7bit", "8bit", "binary"].contains(value.lowercased()) else {
                    throw MultipartParser.problem("a part is encoded; send its bytes as they are.")
                }
            case _: continue
            }
        }
        guard let disposition, disposition.word == "form-data", let name = disposition["name"] else {
            throw MultipartParser.problem(
                "a part has no header of the form `Content-Disposition: form-data; name=\"...\"`."
            )
        }
        guard name.utf8.count <= Self.nameBytesMax else {
            throw MultipartParser.problem(
                "the name of a part has \(name.utf8.count) bytes; at most \(Self.nameBytesMax) are allowed."
            )
        }
        guard type?["charset"].map({ ["utf-8", "utf8", "us-ascii"].contains($0.lowercased()) }) ?? true else {
            throw MultipartParser.problem("`\(RequestProblem.shortened(name))` is not UTF-8.")
        }
        let fileName = disposition["filename"]
        self.init(
            name: name,
            fileName: fileName.map { $0.utf8.count <= Self.fileNameBytesMax ? $0 : RequestProblem.shortened($0) },
            mediaType: type.flatMap { $0.word.isEmpty ? nil : $0.word },
            isFile: fileName != nil || disposition["filename*"] != nil
        )
    }

    private static func header(_ line: Substring.UnicodeScalarView) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { return nil }
        let name = line[..<colon]
        guard name.allSatisfy({ (0x21...0x7E).contains($0.value) }) else { return nil }
        let value = line[line.index(after: colon)...]
        guard value.allSatisfy({ $0.value >= 0x20 || $0 == "\t" }) else { return nil }
        return (String(name).lowercased(), String(value.trimmingSpace))
    }
}

/// A header's value with its parameters: `form-data; name="image"; filename="a.png"`.
struct HeaderValue {
    /// What stands before the parameters, in lower case.
    let word: String
    private var parameters: [String: String] = [:]

    /// Reads a value; nil for one that is not of the form, or that has a parameter twice.
    init?(_ text: String) {
        var rest = text.unicodeScalars[...]
        let head = rest.prefix { $0 != ";" }
        rest = rest[head.endIndex...]
        word = String(head.trimmingSpace).lowercased()
        while rest.popFirst() != nil {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            // A semicolon at the end is no parameter.
            guard !rest.isEmpty else { return }
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest[name.endIndex...]
            guard rest.popFirst() == "=" else { return nil }
            guard let value = Self.value(&rest) else { return nil }
            let key = String(name.trimmingSpace).lowercased()
            guard !key.isEmpty, parameters.updateValue(value, forKey: key) == nil else { return nil }
        }
    }

    /// A parameter, by its name in lower case.
    subscript(_ name: String) -> String? { parameters[name] }

    /// Reads a token, or a text in quotes; what follows it up to the next semicolon must be white space.
    private static func value(_ rest: inout Substring.UnicodeScalarView) -> String? {
        rest = rest.drop { $0 == " " || $0 == "\t" }
        guard rest.first == "\"" else {
            let token = rest.prefix { $0 != ";" }
            rest = rest[token.endIndex...]
            return String(token.trimmingSpace)
        }
        rest = rest.dropFirst()
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == "\"" {
                rest = rest.drop { $0 == " " || $0 == "\t" }
                return rest.isEmpty || rest.first == ";" ? String(text) : nil
            }
            // Only what would end the text is escaped: a backslash in the name of a file stands for itself.
            if scalar == "\\", let next = rest.first, next == "\"" || next == "\\" {
                text.append(next)
                rest = rest.dropFirst()
            } else {
                text.append(scalar)
            }
        }
        return nil
    }
}

extension Substring.UnicodeScalarView {
    fileprivate var trimmingSpace: Substring {
        var part = self
        while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
        while let last = part.last, last == " " || last == "\t" { part.removeLast() }
        return Substring(part)
    }
}
