import Foundation
import Generation
import Testing

@Suite struct JSONValueTests {
    private func decode(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    @Test(arguments: [
        ("null", JSONValue.null),
        ("true", true),
        ("5", 5),
        ("-9223372036854775808", .integer(.min)),
        ("5.5", .number(5.5)),
        ("1e300", .number(1e300)),
        ("18446744073709551616", .number(18_446_744_073_709_551_616)),
        (#""5""#, "5"),
        ("[]", .array([])),
        (#"{"a":[1,"x",{"b":null}]}"#, .object(["a": [1, "x", .object(["b": .null])]])),
    ])
    func readsEachKindAsItself(_ text: String, _ value: JSONValue) throws {
        #expect(try decode(text) == value)
    }

    @Test(arguments: ["", "{", "nul", "[1", "[1 2]", "01", "+1", #"{"a" 1}"#, "\"\u{1}\""])
    func readsNothingElse(_ text: String) {
        #expect(throws: (any Error).self) { try decode(text) }
    }

    @Test(arguments: [
        (JSONValue.null, "null"),
        (false, "false"),
        (-7, "-7"),
        (.number(0.5), "0.5"),
        (.number(.nan), "null"),
        (.number(-.infinity), "null"),
        ("a/b", #""a/b""#),
        ("\"\\\n\r\t\u{1}\u{1f}\u{7f}é🎬", "\"\\\"\\\\\\n\\r\\t\\u0001\\u001f\u{7f}é🎬\""),
        (.array([1, .array([]), .object([:])]), "[1,[],{}]"),
        (.object(["b": 1, "a": .object(["d": .null, "c": "x"])]), #"{"a":{"c":"x","d":null},"b":1}"#),
    ])
    func writesCompactWithSortedKeys(_ value: JSONValue, _ text: String) {
        #expect(value.canonicalText == text)
    }

    @Test func canonicalTextReadsBack() throws {
        let value: JSONValue = [
            "text": "\"\\\n\u{1}é🎬 /", "numbers": [0, -1, .integer(.max), .number(1e-7), .number(1e300)],
            "": ["nested": [nil, true, .object([:])]],
        ]
        #expect(try decode(value.canonicalText) == value)
        let encoded = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: encoded) == value)
    }

    @Test func equalValuesGiveEqualText() {
        let keys = (0..<50).map { "key \($0)" }
        let forward = JSONValue.object(Dictionary(uniqueKeysWithValues: keys.map { ($0, 1) }))
        let backward = JSONValue.object(Dictionary(uniqueKeysWithValues: keys.reversed().map { ($0, 1) }))
        #expect(forward.canonicalText == backward.canonicalText)
    }

    @Test func accessorsAnswerOnlyForTheirKind() {
        let object: JSONValue = ["s": "x", "i": 5, "b": true]
        #expect(object["s"]?.stringValue == "x")
        #expect(object["i"]?.integerValue == 5)
        #expect(object["b"]?.boolValue == true)
        #expect(object["i"]?.stringValue == nil)
        #expect(object["s"]?.integerValue == nil)
        #expect(object["i"]?.boolValue == nil)
        #expect(object["absent"] == nil)
        #expect(JSONValue("x")["s"] == nil)
    }
}
