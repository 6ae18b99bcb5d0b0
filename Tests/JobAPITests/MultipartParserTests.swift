import Generation
import JobAPI
import Testing

/// Goal: a form is taken apart the same way however its bytes arrive, and what is none is refused.
@Suite struct MultipartParserTests {
    private static let boundary = "e8564d6f"

    /// A part that was read whole.
    private struct Part: Equatable {
        let head: MultipartPart
        var bytes: [UInt8] = []

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// Reads a body that arrives in chunks of a length.
    private static func parts(_ body: [UInt8], chunk: Int = 1 << 20) throws -> (parts: [Part], isComplete: Bool) {
        var parser = MultipartParser(boundary: boundary)
        var parts: [Part] = []
        var isOpen = false
        for start in stride(from: 0, to: body.count, by: chunk) {
            parser.add(body[start..<min(start + chunk, body.count)])
            while let event = try parser.next() {
                switch event {
                case .part(let head):
                    #expect(!isOpen)
                    isOpen = true
                    parts.append(Part(head: head))
                case .bytes(let bytes):
                    #expect(isOpen && !bytes.isEmpty)
                    parts[parts.count - 1].bytes += bytes
                case .endOfPart:
                    #expect(isOpen)
                    isOpen = false
                }
            }
        }
        return (parts, parser.isComplete)
    }

    private static func part(_ headers: String, _ content: String) -> String {
        "--\(boundary)\r\n\(headers)\r\n\r\n\(content)\r\n"
    }

    private static func body(_ parts: String...) -> [UInt8] { Array((parts.joined() + "--\(boundary)--\r\n").utf8) }

    private static let field = "Content-Disposition: form-data; name=\"prompt\""

    @Test(arguments: [1, 2, 3, 7, 16, 4_096]) func partsAreTheSameHoweverTheyArrive(chunk: Int) throws {
        // What looks like the start of a boundary, over and over.
        let tricky = "a\r\n--e8564d6\r\n--e8564d6e\r\n-\r\n\r\n--" + String(repeating: "\r", count: 40)
        let body = Self.body(
            Self.part(Self.field, "a lighthouse"),
            Self.part("Content-Disposition: form-data; name=\"empty\"", ""),
            Self.part(
                "content-disposition: FORM-DATA; filename=\"a \\\"b\\\".png\"; name=image[]\r\nContent-Type: Image/PNG; x=y",
                tricky
            )
        )
        let (parts, isComplete) = try Self.parts(body, chunk: chunk)
        #expect(isComplete)
        #expect(parts.map(\.text) == ["a lighthouse", "", tricky])
        #expect(
            parts.map(\.head) == [
                MultipartPart(name: "prompt"), MultipartPart(name: "empty"),
                MultipartPart(name: "image[]", fileName: "a \"b\".png", mediaType: "image/png", isFile: true),
            ]
        )
    }

    @Test func bytesOfAFileAreLeftAsTheyAre() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 3)) }
        let head = Self.part("Content-Disposition: form-data; name=\"file\"; filename=\"x\"", "").dropLast(2)
        let body = Array(head.utf8) + bytes + Array("\r\n--\(Self.boundary)--".utf8)
        let (parts, isComplete) = try Self.parts(body, chunk: 1_000)
        #expect(isComplete)
        #expect(parts.first?.bytes == bytes)
    }

    @Test func whatStandsAroundThePartsIsPassedOver() throws {
        let body = Array("hello\r\n".utf8) + Self.body(Self.part(Self.field, "x")) + Array("good bye".utf8)
        let (parts, isComplete) = try Self.parts(body, chunk: 5)
        #expect(isComplete)
        #expect(parts.map(\.text) == ["x"])
    }

    @Test func aBodyWithoutItsEndIsNotComplete() throws {
        let whole = Self.body(Self.part(Self.field, "x"))
        for length in 0..<whole.count - 4 {
            #expect(try !Self.parts(Array(whole.prefix(length))).isComplete, "\(length)")
        }
    }

    @Test(arguments: [
        ("no boundary", Array(repeating: UInt8(ascii: "x"), count: 5_000)),
        ("no line break", Array("--e8564d6f x\r\n".utf8)),
        ("no headers", Array("--e8564d6f\r\n\r\nx\r\n--e8564d6f--".utf8)),
        ("no disposition", Self.body(Self.part("Content-Type: text/plain", "x"))),
        ("no name", Self.body(Self.part("Content-Disposition: form-data", "x"))),
        ("another disposition", Self.body(Self.part("Content-Disposition: attachment; name=\"a\"", "x"))),
        ("an open quote", Self.body(Self.part("Content-Disposition: form-data; name=\"a", "x"))),
        ("a name twice", Self.body(Self.part("Content-Disposition: form-data; name=a; name=b", "x"))),
        ("a header twice", Self.body(Self.part(Self.field + "\r\n" + Self.field, "x"))),
        ("no header", Self.body(Self.part(Self.field + "\r\nhello", "x"))),
        ("a folded header", Self.body(Self.part("Content-Disposition: form-data;\r\n name=\"a\"", "x"))),
        ("a bare line feed", Self.body(Self.part("Content-Type: a\n" + Self.field, "x"))),
        ("another encoding", Self.body(Self.part(Self.field + "\r\nContent-Transfer-Encoding: base64", "eA=="))),
        ("another charset", Self.body(Self.part(Self.field + "\r\nContent-Type: text/plain; charset=utf-16", "x"))),
        ("bytes that are no UTF-8", Array("--e8564d6f\r\nA: ".utf8) + [0xFF, 0xFE] + Array("\r\n\r\n".utf8)),
        ("long headers", Self.body(Self.part(Self.field + "\r\nX: " + String(repeating: "x", count: 9_000), "x"))),
        (
            "a long name",
            Self.body(Self.part("Content-Disposition: form-data; name=" + String(repeating: "x", count: 300), "x"))
        ),
        ("many headers", Self.body(Self.part(Self.field + String(repeating: "\r\nX: y", count: 20), "x"))),
    ])
    func whatIsNoFormIsRefused(_ what: String, _ body: [UInt8]) throws {
        for chunk in [1, 1 << 20] {
            #expect(throws: RequestProblem.self, "\(what)") { try Self.parts(body, chunk: chunk) }
        }
    }
}
