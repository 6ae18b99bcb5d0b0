import Testing

/// Every rule finds what is planted, and leaves alone what only looks like it.
@Suite struct RulesBiteTests {
    private func product(_ text: String) -> TextFile {
        TextFile(path: "Sources/JobEngine/Planted.swift", text: text)
    }

    // MARK: Banned calls

    @Test(arguments: Rules.bans.map(\.call))
    func aBannedCallIsFound(call: String) {
        for path in ["Sources/JobEngine/A.swift", "adapters/Acme/Sources/A.swift", "storage/Acme/Sources/A.swift"] {
            let file = TextFile(path: path, text: "import X\n\nlet a = b(\(call) 0..<3) }\n")
            #expect(Rules.bannedCalls(file).map(\.line) == [3], "\(call) in \(path)")
        }
    }

    @Test(arguments: [
        "Task<Void, Never> { }", "let a = Task<[String: Int], any Error>(priority: .low) { }",
        "Task<A<B>, Never>.init {",
    ])
    func aTaskWithItsTypesSpelledOutIsFound(text: String) {
        #expect(Rules.bannedCalls(product(text)).count == 1)
    }

    @Test func aBannedCallInsideAnInterpolationIsFound() {
        #expect(Rules.bannedCalls(product(#"let a = "now \(Date()) and \(f("\(UUID())"))""#)).count == 2)
    }

    @Test func aBannedCallBehindAnAddressIsFound() {
        #expect(Rules.bannedCalls(product(#"let a = ("https://example.org", Date())"#)).count == 1)
    }

    @Test(arguments: [
        "// Date() is banned",
        "/* try! and /* fatalError( */ UUID() */ let a = 1",
        #"let a = "Date()""#,
        "let a = #\"a \" Task { \"#",
        "let a = \"\"\"\n  \" UUID() \"\n  \"\"\"",
        "let a = wasUpdate() + MyUUID() + MyTask { 1 }",
        "let a = Int.random(in: 0..<3, using: &generator)",
        "group.addTask { work() }",
        "let task: Task<Void, Never>",
        "func f(_ task: MyTask<Int, Never>) { }",
    ])
    func whatOnlyLooksBannedIsLeftAlone(text: String) {
        #expect(Rules.bannedCalls(product(text)) == [])
    }

    @Test func testsMayCallWhatTheProductMayNot() {
        #expect(Rules.bannedCalls(TextFile(path: "Tests/JobEngineTests/A.swift", text: "Date()")) == [])
        #expect(Rules.bannedCalls(TextFile(path: "adapters/Acme/Tests/A.swift", text: "Date()")) == [])
    }

    @Test func anExceptionHoldsForItsFileAlone() {
        let bans = [Rules.Ban(call: "Date()", instead: "", allowedIn: ["Sources/JobEngine/Planted.swift"])]
        #expect(Rules.bannedCalls(product("Date()"), bans: bans) == [])
        #expect(Rules.bannedCalls(TextFile(path: "Sources/JobAPI/A.swift", text: "Date()"), bans: bans).count == 1)
    }

    @Test func anUncheckedTypeWithoutAReasonIsFound() {
        #expect(Rules.unexplainedUnchecked(product("\nfinal class A: @unchecked Sendable {}")).map(\.line) == [2])
        #expect(Rules.unexplainedUnchecked(product("// Safe: locked.\nfinal class A: @unchecked Sendable {}")) == [])
    }

    // MARK: Providers

    @Test(arguments: [
        "let adapter = AcmeAdapter()", "if useAcme { }", #"let id = "acme""#, "// As Acme does.",
        #"let key = "ACME_API_KEY""#,
    ])
    func aProviderOutsideItsFolderIsFound(text: String) {
        let providers = ["Sandbox", "Acme"]
        for path in [
            "Sources/JobEngine/A.swift", "storage/S/Sources/A.swift", "adapters/Other/Sources/A.swift", "Tests/A.swift",
        ] {
            let file = TextFile(path: path, text: text)
            #expect(Rules.providerOutsideItsFolder(file, providers: providers).count == 1, "\(text) in \(path)")
        }
        for path in [
            "adapters/Acme/Sources/A.swift", "adapters/Acme/Tests/A.swift", "adapters/AdapterCatalog.swift",
            "Package.swift",
            "README.md", "Tests/ProviderSimulators/AcmeSimulator.swift",
        ] {
            let file = TextFile(path: path, text: text)
            #expect(Rules.providerOutsideItsFolder(file, providers: providers) == [], "\(text) in \(path)")
        }
        let host = TextFile(path: "adapters/Other/Sources/A.swift", text: text)
        #expect(Rules.providerOutsideItsFolder(host, providers: providers, hosts: ["Other"]) == [])
    }

    @Test(arguments: ["let acmes = 1", "let acme = 1", "struct Acmeist {}", #"let a = "acmeist""#, "Sandbox()"])
    func wordsThatContainAProviderAreLeftAlone(text: String) {
        #expect(Rules.providerOutsideItsFolder(product(text), providers: ["Sandbox", "Acme"]) == [])
    }

    // MARK: Documentation

    @Test func aSettingThatTheReadmeLacksIsFound() {
        let file = product("let a = environment[\"MEDIARY_PORT\"] ?? \"\"\nlet b = \"MEDIARY_HOST, MEDIARY_DATA\"")
        let readme = "| MEDIARY_HOST | the address |\n| MEDIARY_PORTS | another |"
        let findings = Rules.settingMissingInReadme(file, readme: readme)
        #expect(findings.map(\.line) == [1, 2])
        #expect(
            findings.map(\.message) == [
                "the README does not explain MEDIARY_PORT", "the README does not explain MEDIARY_DATA",
            ]
        )
        #expect(Rules.settings(in: "MEDIARY_ is the prefix of MEDIARY_A_1") == ["MEDIARY_A_1"])
        #expect(Rules.settings(in: "MEDIARY_URLMEDIARY_KEY") == ["MEDIARY_URL", "MEDIARY_KEY"])
    }

    @Test func aPromiseIsFound() {
        for word in ["TO" + "DO", "FIX" + "ME", "not " + "implemented"] {
            for path in ["README.md", "Sources/A/B.swift", "scripts/bench"] {
                let file = TextFile(path: path, text: "a\n# \(word): later\n")
                #expect(Rules.promiseInsteadOfWork(file).map(\.line) == [2])
            }
        }
        #expect(Rules.promiseInsteadOfWork(TextFile(path: "README.md", text: "the TO" + "DOS of MASTO" + "DON")) == [])
    }

    // MARK: The scanner

    @Test func sourceIsTakenApart() {
        let lines = SwiftText(
            """
            let a = "x\\(b + c(1))y" // why
            let d = #"raw \\(not code) "quoted" \\#(code)"# /* one
            two */ + e
            """
        ).lines
        #expect(lines[0] == SwiftText.Line(code: #"let a = "b + c(1)" "#, strings: "xy", comment: " why"))
        #expect(lines[1].code == #"let d = "code" "#)
        #expect(lines[1].strings == #"raw \(not code) "quoted" "#)
        #expect(lines[2] == SwiftText.Line(code: " + e", strings: "", comment: "two "))
    }
}
