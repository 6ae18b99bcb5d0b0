import Generation
import HTTPTransport
import JobAPI
import Testing

/// Goal: the small readers and writers that everything else rests on do what their tables say.
@Suite struct ValueTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("[]", []), ("{}", [:]), ("-0", 0), ("12", 12),
            ("-12.5", .number(-12.5)),
            ("1E2", .number(100)), ("9223372036854775807", 9_223_372_036_854_775_807),
            ("9223372036854775808", .number(9.223372036854775808e18)),
            (#""a\"\\\/\b\f\n\r\té😀z""#, "a\"\\/\u{8}\u{c}\n\r\té😀z"), ("[1,[2,{\"a\":[]}]]", [1, [2, ["a": []]]]),
            (#"{"":1,"b":{"c":null}}"#, ["": 1, "b": ["c": nil]]),
        ] as [(String, JSONValue)]
    )
    func jsonIsRead(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONReader.read(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "[", "]", "{", "}", "[1", "[1,", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{1:1}", "'a'", "\"a",
        "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\\udc00\"", "\"\\ud83d\\u0041\"", "\"\\ud83dx\"", "+1", "1.", ".5", "1e", "1e+",
        "-",
        "0x1", "01", "Infinity", "tru", "truex", "nulll", "\"\n\"", "\u{a0}1", "//", "1 /* */",
        "1" + String(repeating: "0", count: 500),
    ])
    func whatIsNoJSONIsRefused(_ text: String) {
        #expect(throws: RequestProblem.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func everyPrefixOfABodyIsRefusedAndNoneTraps() throws {
        let body = Array(#"{"a":[1,-2.5e3,"xéy",true,null,{"b":"\ud83d\ude00"}]}"#.utf8)
        _ = try JSONReader.read(body)
        for count in 0..<body.count {
            #expect(throws: RequestProblem.self) { try JSONReader.read(Array(body.prefix(count))) }
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var damaged = body
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
                    in: 0...255,
                    using: &generator
                )
            }
            _ = try? JSONReader.read(damaged)
        }
    }

    @Test func whatIsWrittenReadsBack() throws {
        let value: JSONValue = [
            "text": "a\"\\\u{1}\u{1f}\u{7f}\n\r\té😀/", "list": [1, -1, .number(2.5), true, false, nil, [], [:]],
            "": ["x": .number(1e300)],
        ]
        var writer = JSONWriter()
        writer.value(value)
        #expect(try JSONReader.read(writer.bytes) == value)
        #expect(writer.text == value.canonicalText)
    }

    @Test(
        arguments: [(0, "0"), (5_000, "5"), (5_042, "5.042"), (5_040, "5.04"), (500, "0.5"), (7, "0.007")]
            as [(Int64, String)]
    )
    func thousandthsAreExact(_ value: Int64, _ text: String) {
        var writer = JSONWriter()
        writer.thousandths(value)
        #expect(writer.text == text)
    }

    @Test func numbersWithoutAFormBecomeNull() {
        var writer = JSONWriter()
        writer.beginArray()
        writer.number(Double.nan)
        writer.number(Double.infinity)
        writer.number(nil)
        writer.endArray()
        #expect(writer.text == "[null,null,null]")
    }

    @Test(arguments: [
        "https://example.com", "https://example.com:8443/a?b=c", "HTTPS://Example.COM/", "https://a-b.example_x.com./",
        "https://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]:443/", "http://127.0.0.1:9000/x",
        "http://localhost:9000/", "https://10.1.2.3/", "http://[fd00::1]/", "https://example.com?x=/@",
    ])
    func aCallbackIsTaken(_ url: String) throws {
        let networks = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].compactMap(NetworkRange.init)
        try CallbackURL.check(url, field: "callback_url", allowing: networks)
    }

    @Test(arguments: [
        "", "example.com", "/hook", "ftp://example.com", "https:example.com", "https://", "https:///x",
        "http://example.com",
        "https://user@example.com", "https://user:pw@example.com/", "https://a@b@example.com/", "https://exa mple.com",
        "https://example.com/#f", "https://example.com\\@evil.com/", "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:/", "https://example.com:8o/", "https://127.0.0.1/", "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/", "https://0177.0.0.1/", "https://0/", "https://①②⑦.0.0.1/", "https://localhost/",
        "https://a.localhost/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
        "https://[::]/",
        "https://[::1%25lo]/", "https://[127.0.0.1]/", "https://[::1/", "https://[64:ff9b::7f00:1]/",
        "https://[fe80::1]/",
        "https://169.254.169.254/", "https://100.64.0.1/", "https://10.0.0.1/", "https://192.168.1.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/", "https://%31%32%37.0.0.1/", "https://..example.com/", "https://example..com/",
        "http://127.0.0.1/", "http://localhost/", "https://\(String(repeating: "a", count: 64)).com/",
    ])
    func aCallbackThatLeadsInsideOrNowhereIsRefused(_ url: String) {
        #expect(throws: RequestProblem.self) { try CallbackURL.check(url, field: "callback_url", allowing: []) }
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/", "::/129", "localhost", "10.0.0.0/8/8", "010.0.0.0/8",
    ])
    func whatIsNoNetworkIsRefused(_ text: String) { #expect(NetworkRange(text) == nil) }

    @Test func networksHoldTheirAddresses() throws {
        func holds(_ network: String, _ address: String) throws -> Bool {
            try #require(NetworkRange(network)).contains(try #require(IPAddress(address)))
        }
        #expect(try holds("127.0.0.0/8", "127.255.255.255"))
        #expect(try !holds("127.0.0.0/8", "128.0.0.0"))
        #expect(try holds("10.1.2.3", "10.1.2.3"))
        #expect(try !holds("10.1.2.3", "10.1.2.4"))
        #expect(try holds("0.0.0.0/0", "255.0.0.1"))
        #expect(try !holds("0.0.0.0/0", "::1"))
        #expect(try holds("::/0", "2001:db8::1"))
        #expect(try holds("127.0.0.0/8", "::ffff:127.0.0.1"))
        #expect(try holds("fd00::/8", "fdff::1"))
    }

    @Test func rangesAreReadAgainstAnEmptyFile() {
        #expect(ByteRange("bytes=0-", length: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-1", length: 0) == .unsatisfiable)
        #expect(ByteRange(nil, length: 0) == .whole)
    }

    @Test(.timeLimit(.minutes(1))) func aLongNameIsRefusedBeforeItIsAKey() throws {
        let most = String(repeating: "n", count: JSONReader.nameBytesMax)
        #expect(try JSONReader.read(Array("{\"\(most)\":1}".utf8)) == [most: 1])
        #expect(throws: RequestProblem.self) { try JSONReader.read(Array("{\"\(most)n\":1}".utf8)) }
        // Marks in this order are sorted when the name is hashed: a million of them would take hours.
        let huge = "e" + String(repeating: "\u{301}\u{323}", count: 500_000)
        let problem = #expect(throws: RequestProblem.self) { try JSONReader.read(Array("{\"\(huge)\":1}".utf8)) }
        #expect((problem?.message.unicodeScalars.count ?? 0) < 250)
        #expect(problem?.message.contains("at most 256 are allowed") == true)
    }

    @Test(arguments: [
        (#""\u0000""#, ""), (#"["a",["\u0000"]]"#, "[1][0]"), (#"{"a":{"[b":[{"c":"\u0000"}]}}"#, "a.[b[0].c"),
        (#"{"a":{"b\u0000":1}}"#, ""),
    ])
    func aNULIsFoundByItsPath(_ text: String, _ path: String) {
        let problem = #expect(throws: RequestProblem.self) { try JSONReader.read(Array(text.utf8)) }
        #expect(problem?.field == path)
        #expect(problem?.message.contains("NUL") == true)
    }
}
