/// Swift source taken apart into what runs, what is quoted and what is remarked, line by line.
///
/// Rules about calls must not trip over a comment that names the call, nor miss one inside an interpolation. This is no
/// parser: it knows comments, strings of all three forms and interpolations, which is all that the rules ask.
struct SwiftText {
    struct Line: Equatable, Sendable {
        var code = ""
        var strings = ""
        var comment = ""
    }

    let lines: [Line]

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        lines = scanner.run()
    }
}

private struct Scanner {
    /// What the scanner is inside of.
    ///
    /// A string remembers how it was opened; the code of an interpolation counts its open parentheses.
    enum Place {
        case code(depth: Int)
        case string(hashes: Int, isLong: Bool)
        case lineComment
        case blockComment(depth: Int)
    }

    let bytes: [UInt8]
    var index = 0
    var places: [Place] = [.code(depth: 0)]
    var lines: [SwiftText.Line] = []
    var (code, strings, comment): ([UInt8], [UInt8], [UInt8]) = ([], [], [])

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func run() -> [SwiftText.Line] {
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") {
                if case .lineComment? = places.last {
                    places.removeLast()
                }
                endLine()
                index += 1
            } else {
                step()
            }
        }
        endLine()
        return lines
    }

    private mutating func endLine() {
        lines.append(
            SwiftText.Line(
                code: String(decoding: code, as: UTF8.self),
                strings: String(decoding: strings, as: UTF8.self),
                comment: String(decoding: comment, as: UTF8.self)
            )
        )
        (code, strings, comment) = ([], [], [])
    }

    private mutating func step() {
        switch places[places.count - 1] {
        case .lineComment:
            comment.append(bytes[index])
            index += 1
        case .blockComment(let depth):
            stepInComment(depth)
        case .string(let hashes, let isLong):
            stepInString(hashes, isLong)
        case .code(let depth):
            stepInCode(depth)
        }
    }

    private mutating func stepInComment(_ depth: Int) {
        if follows("*/") {
            places.removeLast()
            if depth > 1 {
                places.append(.blockComment(depth: depth - 1))
            }
            index += 2
        } else if follows("/*") {
            places[places.count - 1] = .blockComment(depth: depth + 1)
            index += 2
        } else {
            comment.append(bytes[index])
            index += 1
        }
    }

    private mutating func stepInString(_ hashes: Int, _ isLong: Bool) {
        let quotes = isLong ? 3 : 1
        if follows(isLong ? "\"\"\"" : "\""), hasHashes(hashes, from: index + quotes) {
            places.removeLast()
            code.append(UInt8(ascii: "\""))
            index += quotes + hashes
        } else if follows("\\"), hasHashes(hashes, from: index + 1) {
            index += 1 + hashes
            if follows("(") {
                places.append(.code(depth: 1))
            }
            index += 1
        } else {
            strings.append(bytes[index])
            index += 1
        }
    }

    private mutating func stepInCode(_ depth: Int) {
        if follows("//") {
            places.append(.lineComment)
            index += 2
        } else if follows("/*") {
            places.append(.blockComment(depth: 1))
            index += 2
        } else if let (hashes, isLong) = opening() {
            places.append(.string(hashes: hashes, isLong: isLong))
            code.append(UInt8(ascii: "\""))
            index += hashes + (isLong ? 3 : 1)
        } else {
            // The parenthesis that closes an interpolation leads back into its string.
            let change = follows("(") ? 1 : follows(")") ? -1 : 0
            if depth > 0, depth + change == 0 {
                places.removeLast()
            } else {
                if depth > 0 {
                    places[places.count - 1] = .code(depth: depth + change)
                }
                code.append(bytes[index])
            }
            index += 1
        }
    }

    private func follows(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { text in
            index + text.count <= bytes.count && (0..<text.count).allSatisfy { bytes[index + $0] == text[$0] }
        }
    }

    private func hasHashes(_ count: Int, from start: Int) -> Bool {
        start + count <= bytes.count && bytes[start..<start + count].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    /// The hashes and the form of the string that opens here; nil if none does.
    private func opening() -> (hashes: Int, isLong: Bool)? {
        let quote = UInt8(ascii: "\"")
        guard bytes[index] == quote || bytes[index] == UInt8(ascii: "#") else { return nil }
        let start = bytes[index...].firstIndex { $0 != UInt8(ascii: "#") } ?? bytes.count
        guard start < bytes.count, bytes[start] == quote else { return nil }
        let isLong = start + 2 < bytes.count && bytes[start + 1] == quote && bytes[start + 2] == quote
        return (start - index, isLong)
    }
}
