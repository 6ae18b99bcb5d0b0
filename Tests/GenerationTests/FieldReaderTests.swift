import Generation
import Testing

@Suite struct FieldReaderTests {
    private enum Word: String, CaseIterable { case red, blue }

    private func problem(
        _ body: JSONValue,
        _ read: (inout FieldReader) throws(RequestProblem) -> Void
    ) -> RequestProblem? {
        do {
            var reader = try FieldReader(body, path: "here")
            try read(&reader)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [JSONValue.null, true, 1, "x", [1], .number(0.5)])
    func onlyAnObjectHasMembers(_ body: JSONValue) {
        let problem = problem(body) { _ in }
        #expect(problem?.kind == .invalidValue)
        #expect(problem?.field == "here")
        #expect(problem?.message == "`here` must be a JSON object, not \(body.typeName).")
    }

    @Test func theBodyItselfIsNamedTheBody() {
        #expect(throws: RequestProblem(.invalidValue, field: "", "The body must be a JSON object, not array.")) {
            _ = try FieldReader([])
        }
    }

    @Test(arguments: [JSONValue.object([:]), ["x": nil]])
    func absentAndNullAreTheSame(_ body: JSONValue) throws {
        var reader = try FieldReader(body)
        #expect(reader.value("x") == nil)
        #expect(try reader.string("x") == nil)
        #expect(try reader.word("x", as: Word.self) == nil)
        #expect(try reader.integer("x") == nil)
        #expect(try reader.number("x", in: 0...1) == nil)
        #expect(try reader.bool("x") == nil)
        #expect(try reader.array("x", countMax: 1) == nil)
        #expect(try reader.object("x") == nil)
        try reader.finish()
    }

    @Test func eachTypeRefusesAllOthers() {
        let values: [JSONValue] = [true, 1, .number(0.5), "x", [1], ["a": 1]]
        let readers: [(String, [String], (inout FieldReader) throws(RequestProblem) -> Void)] = [
            ("a string", ["string"], { reader throws(RequestProblem) in _ = try reader.string("x") }),
            ("a whole number", ["integer"], { reader throws(RequestProblem) in _ = try reader.integer("x") }),
            (
                "a number", ["integer", "number"],
                { reader throws(RequestProblem) in _ = try reader.number("x", in: 0...9) }
            ),
            ("true or false", ["boolean"], { reader throws(RequestProblem) in _ = try reader.bool("x") }),
            ("an array", ["array"], { reader throws(RequestProblem) in _ = try reader.array("x", countMax: 9) }),
            ("a JSON object", ["object"], { reader throws(RequestProblem) in _ = try reader.object("x") }),
        ]
        for (wanted, taken, read) in readers {
            for value in values {
                let problem = problem(["x": value], read)
                if taken.contains(value.typeName) {
                    #expect(problem == nil, "\(wanted) from \(value.typeName)")
                } else {
                    #expect(problem?.kind == .invalidValue)
                    #expect(problem?.field == "here.x")
                    #expect(problem?.message == "`here.x` must be \(wanted), not \(value.typeName).")
                }
            }
        }
    }

    @Test func aStringIsBoundedInScalarsAndHasNoNUL() throws {
        var reader = try FieldReader(["x": "e\u{301}e\u{301}", "y": "a\u{0}b"])
        #expect(try reader.string("x", charactersMax: 4) == "e\u{301}e\u{301}")
        #expect(
            throws: RequestProblem(.invalidValue, field: "x", "`x` has 4 characters; at most 3 are allowed.")
        ) { try reader.string("x", charactersMax: 3) }
        #expect(
            throws: RequestProblem(.invalidValue, field: "y", "`y` contains a NUL character; remove it.")
        ) { try reader.string("y") }
    }

    @Test func aRequiredStringIsThereAndNotEmpty() throws {
        var reader = try FieldReader(["empty": "", "null": nil, "there": "x"])
        #expect(try reader.requiredString("there") == "x")
        for name in ["absent", "null"] {
            #expect(throws: RequestProblem(.missingField, field: name, "`\(name)` is required: a string.")) {
                try reader.requiredString(name)
            }
        }
        #expect(throws: RequestProblem(.invalidValue, field: "empty", "`empty` must not be empty.")) {
            try reader.requiredString("empty")
        }
    }

    @Test func aWordIsOneOfItsList() throws {
        var reader = try FieldReader(["x": "red", "y": "green"])
        #expect(try reader.word("x", as: Word.self) == .red)
        #expect(throws: RequestProblem(.invalidValue, field: "y", "`y` is \"green\"; allowed: red, blue.")) {
            try reader.word("y", as: Word.self)
        }
    }

    @Test func numbersStayInTheirRange() throws {
        var reader = try FieldReader(["i": 5, "d": .number(1.5)])
        #expect(try reader.integer("i", in: 5...5) == 5)
        #expect(try reader.number("i", in: 0...5) == 5)
        #expect(throws: RequestProblem(.invalidValue, field: "i", "`i` is 5; allowed: 6 to 7.")) {
            try reader.integer("i", in: 6...7)
        }
        #expect(throws: RequestProblem(.invalidValue, field: "d", "`d` is 1.5; allowed: 0.0 to 1.0.")) {
            try reader.number("d", in: 0...1)
        }
        var odd = try FieldReader(["d": .number(.nan)])
        #expect(throws: RequestProblem.self) { try odd.number("d", in: 0...1) }
    }

    @Test func anArrayIsBoundedAndItsElementsKnowTheirPath() throws {
        var reader = try FieldReader(["list": ["a", "b"]], path: "here")
        #expect(try reader.array("list", countMax: 2)?.map(\.path) == ["here.list[0]", "here.list[1]"])
        #expect(
            throws: RequestProblem(
                .invalidValue,
                field: "here.list",
                "`here.list` has 2 elements; at most 1 are allowed."
            )
        ) { try reader.array("list", countMax: 1) }
    }

    @Test func whatNobodyReadIsUnknown() throws {
        var reader = try FieldReader(["b": 1, "a": 1, "known": "x", "object": ["inner": 1]])
        _ = try reader.string("known")
        _ = try reader.bool("absent")
        var object = try #require(try reader.object("object"))
        #expect(reader.unread == ["a", "b"])
        #expect(
            throws: RequestProblem(
                .unknownField,
                field: "a",
                "Unknown field `a`; known here: absent, known, object."
            )
        ) { try reader.finish() }
        #expect(
            throws: RequestProblem(.unknownField, field: "object.inner", "Unknown field `object.inner`; known here: .")
        ) { try object.finish() }
        #expect(try object.integer("inner") == 1)
        try object.finish()
    }

    @Test func aMessageNeverShowsALongValue() {
        let long = String(repeating: "x", count: 41)
        #expect(RequestProblem.shown(.string(long)) == "a string of 41 characters")
        #expect(RequestProblem.shown("short \"one\"") == #""short \"one\"""#)
        #expect(RequestProblem.shown([1, 2]) == "an array of 2")
        #expect(RequestProblem.shown(["a": 1]) == "an object")
        #expect(RequestProblem.shown(.number(0.5)) == "0.5")
        #expect(RequestProblem.shown(nil) == "null")
    }

    @Test(.timeLimit(.minutes(1))) func aHugeTextIsNoWordAndIsNotCompared() throws {
        // In this order the marks are not normalized: comparing the text would sort a million of them.
        let huge = "e" + String(repeating: "\u{301}\u{323}", count: 500_000)
        let problem = problem(["x": .string(huge)]) { reader throws(RequestProblem) in
            _ = try reader.word("x", as: Word.self)
        }
        #expect(problem?.message == "`here.x` is a string of 1000001 characters; allowed: red, blue.")
    }

    @Test func aMessageNeverShowsALongName() throws {
        let long = String(repeating: "é", count: 120)
        #expect(RequestProblem.shortened(long).unicodeScalars.count == 100)
        #expect(RequestProblem.shortened(String(long.prefix(100))) == String(long.prefix(100)))
        let unknown = problem([long: 1]) { reader throws(RequestProblem) in try reader.finish() }
        #expect(unknown?.field.hasPrefix("here.é") == true)
        #expect(unknown?.field.unicodeScalars.count == 100)
        #expect(unknown?.message.contains(long) == false)
        #expect(RequestProblem(.invalidValue, field: long, "").field.hasSuffix("é…"))
    }
}
