import Testing

/// The rules over the whole tree.
@Suite struct TidyTests {
    @Test func theTreeIsFound() {
        #expect(Repository.files.contains { $0.path == "Package.swift" })
        #expect(Repository.files.contains { $0.path == "Makefile" })
        #expect(Repository.files.contains { $0.path == "Tests/TidyTests/Rules.swift" })
        #expect(Repository.files.count { $0.isProductSource } > 20)
        #expect(Repository.adapters.contains("Sandbox"))
    }

    @Test func bannedCallsDoNotOccur() {
        expectNone(Repository.files.flatMap { Rules.bannedCalls($0) })
    }

    @Test func exceptionsToBansExist() {
        // An exception for a file that is gone would excuse the next one of that name.
        let paths = Set(Repository.files.map(\.path))
        for ban in Rules.bans {
            #expect(ban.allowedIn.allSatisfy(paths.contains), "\(ban.call)")
        }
    }

    @Test func uncheckedTypesSayWhyTheyAreSafe() {
        expectNone(Repository.files.flatMap(Rules.unexplainedUnchecked))
    }

    @Test func providersStayInTheirFolders() {
        let (providers, hosts) = (Repository.adapters, Repository.hosts)
        expectNone(
            Repository.files.flatMap { Rules.providerOutsideItsFolder($0, providers: providers, hosts: hosts) }
        )
    }

    @Test func everySettingIsInTheReadme() {
        let readme = Repository.files.first { $0.path == "README.md" }?.text ?? ""
        expectNone(Repository.files.flatMap { Rules.settingMissingInReadme($0, readme: readme) })
    }

    @Test func nothingIsPromisedInsteadOfDone() {
        expectNone(Repository.files.flatMap(Rules.promiseInsteadOfWork))
    }

    private func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
        for finding in findings {
            Issue.record("\(finding)", sourceLocation: sourceLocation)
        }
    }
}
