/// The house rules that neither the compiler nor the formatter can hold.
///
/// Each one is a function from a file to what is wrong with it.
enum Rules {
    // MARK: Banned calls

    /// A call that the design bans from the product, and what takes its place.
    struct Ban: Sendable {
        let call: String
        let instead: String
        /// A word in the same line that makes the call harmless.
        var unless: String?
        /// Files that may, each with its reason beside it.
        var allowedIn: [String] = []
    }

    private static let readsTheClock = [
        // Makes the clock that is passed in.
        "Sources/mediary/SystemEnvironment.swift",
        // Drops a paused walk through its folders after some time: a cache, which no outcome depends on.
        "storage/ArtifactStoreFiles/Sources/FileArtifactStore.swift",
    ]

    static let bans: [Ban] = [
        Ban(call: "Date()", instead: "take the clock that is passed in"),
        Ban(call: "Date.now", instead: "take the clock that is passed in"),
        Ban(call: "UUID()", instead: "make identifiers from the time and the randomness that are passed in"),
        Ban(call: ".random(in:", instead: "pass the generator", unless: "using:"),
        Ban(call: ".randomElement()", instead: "pass the generator"),
        Ban(call: ".shuffled()", instead: "pass the generator"),
        Ban(call: "SystemRandomNumberGenerator(", instead: "use SystemRandom in the composition root alone"),
        Ban(call: "try!", instead: "throw, or handle the error"),
        Ban(call: "fatalError(", instead: "throw; where nothing can follow, preconditionFailure with the reason"),
        Ban(call: "Task {", instead: "structured concurrency: a task group or a service"),
        Ban(call: "Task.detached", instead: "structured concurrency: a task group or a service"),
        Ban(call: "Task(priority:", instead: "structured concurrency: a task group or a service"),
        Ban(call: "Task.init", instead: "structured concurrency: a task group or a service"),
        Ban(call: "ContinuousClock.now", instead: "take the clock that is passed in", allowedIn: readsTheClock),
        Ban(call: "SuspendingClock.now", instead: "take the clock that is passed in", allowedIn: readsTheClock),
        Ban(call: "clock_gettime", instead: "take the clock that is passed in", allowedIn: readsTheClock),
    ]

    static func bannedCalls(_ file: TextFile, bans: [Ban] = bans) -> [Finding] {
        guard file.isProductSource else { return [] }
        return findings(in: file) { line in
            bans.compactMap { ban in
                guard !ban.allowedIn.contains(file.path), line.code.contains(call: ban.call),
                    !(ban.unless.map { line.code.contains($0) } ?? false)
                else { return nil }
                return "\(ban.call) is banned: \(ban.instead)"
            } + (startsTypedTask(line.code) ? ["Task<...> { is banned: structured concurrency"] : [])
        }
    }

    /// Whether a task is started with its types spelled out: `Task<Void, Never> {` or `Task<Void, Never>(`.
    ///
    /// The type alone, as in `let task: Task<Void, Never>`, starts nothing.
    private static func startsTypedTask(_ code: String) -> Bool {
        code.ranges(of: "Task<").contains { range in
            if range.lowerBound > code.startIndex {
                let before = code[code.index(before: range.lowerBound)]
                guard !before.isLetter, !before.isNumber, before != "_" else { return false }
            }
            var depth = 1
            let rest = code[range.upperBound...].drop { character in
                if depth == 0 { return false }
                depth += character == "<" ? 1 : character == ">" ? -1 : 0
                return true
            }
            let next = rest.drop { $0 == " " }
            return next.first == "{" || next.first == "(" || next.hasPrefix(".init") || next.hasPrefix(".detached")
        }
    }

    /// A type that claims to be safe to share says why, in a comment right above it.
    static func unexplainedUnchecked(_ file: TextFile) -> [Finding] {
        guard file.isProductSource else { return [] }
        let lines = file.lines
        return lines.indices.compactMap { index in
            guard lines[index].code.contains("@unchecked Sendable") else { return nil }
            let explained = !lines[index].comment.isEmpty || (index > 0 && !lines[index - 1].comment.isEmpty)
            guard !explained else { return nil }
            return Finding(path: file.path, line: index + 1, message: "@unchecked Sendable without a line saying why")
        }
    }

    // MARK: Providers stay in their folders

    /// Adapters whose names are words of the house: the fake, the local engines, the dialect that everybody speaks; and one
    /// that is a word of everybody's.
    static let houseNames: Set<String> = ["Sandbox", "Studio", "OpenAI", "OpenAICompatible", "Together"]

    /// A provider's name stands in its folder, in Package.swift, in AdapterCatalog.swift and in documentation.
    ///
    /// The folder of a host, which serves models of other vendors, cannot but say whose they are.
    static func providerOutsideItsFolder(_ file: TextFile, providers: [String], hosts: [String] = []) -> [Finding] {
        // Simulators and the official SDKs play the provider, so they are about it by definition.
        let excused = ["Package.swift", "adapters/AdapterCatalog.swift"]
        let excusedFolders = ["Tests/ProviderSimulators/", "Tests/WireCompatibilityTests/"]
        guard file.isSwift, !excused.contains(file.path), !excusedFolders.contains(where: file.path.hasPrefix) else {
            return []
        }
        guard !hosts.contains(where: { file.path.hasPrefix("adapters/\($0)/") }) else { return [] }
        let names = providers.filter { !houseNames.contains($0) && !file.path.hasPrefix("adapters/\($0)/") }
        guard !names.isEmpty else { return [] }
        return findings(in: file) { line in
            names.compactMap { name in
                let anywhere = [line.code, line.strings, line.comment]
                let isNamed =
                    anywhere.contains { $0.contains(word: name, orCamelCase: true) || $0.contains(setting: name) }
                    || line.strings.contains(word: name.lowercased(), orCamelCase: false)
                return isNamed ? "the provider \(name) is named outside its folder" : nil
            }
        }
    }

    // MARK: Documentation

    /// Every setting that the product reads is in the README.
    static func settingMissingInReadme(_ file: TextFile, readme: String) -> [Finding] {
        guard file.isProductSource else { return [] }
        return findings(in: file) { line in
            settings(in: line.strings).filter { !readme.contains(word: $0, orCamelCase: false) }
                .map { "the README does not explain \($0)" }
        }
    }

    static func settings(in text: String) -> [String] {
        var rest = text[...]
        var names: [String] = []
        while let start = rest.firstRange(of: "MEDIARY_") {
            // The literals of a line come joined, so one name may follow another at once.
            let tail = rest[start.upperBound...]
            let end = tail.firstRange(of: "MEDIARY_")?.lowerBound ?? tail.endIndex
            let name = rest[start.lowerBound..<end].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
            // A bare prefix is not a setting.
            if name.count > "MEDIARY_".count {
                names.append(String(name))
            }
            rest = rest[name.endIndex...]
        }
        return names
    }

    /// Words that promise work instead of doing it; spelled in pieces, so that this file passes its own rule.
    private static let promises = [
        "TO" + "DO", "FIX" + "ME", "X" + "XX", "not " + "implemented", "not yet " + "implemented",
    ]

    static func promiseInsteadOfWork(_ file: TextFile) -> [Finding] {
        guard file.path != "CHANGELOG.md" else { return [] }
        return file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            promises.filter { String(line).contains(word: $0, orCamelCase: false) }
                .map {
                    Finding(path: file.path, line: index + 1, message: "\"\($0)\" promises work instead of doing it")
                }
        }
    }

    private static func findings(in file: TextFile, _ check: (SwiftText.Line) -> [String]) -> [Finding] {
        file.lines.enumerated().flatMap { index, line in
            check(line).map { Finding(path: file.path, line: index + 1, message: $0) }
        }
    }
}

extension String {
    /// Whether the call is made, and not one whose name merely ends the same way (`MyTask {`, `wasDate()`).
    fileprivate func contains(call: String) -> Bool {
        ranges(of: call).contains { range in
            guard call.first?.isLetter == true, range.lowerBound > startIndex else { return true }
            let before = self[index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_")
        }
    }

    /// Whether the word stands here on its own; in camel case also as a part of a longer name (`AcmeAdapter`, `useAcme`).
    fileprivate func contains(word: String, orCamelCase: Bool) -> Bool {
        ranges(of: word).contains { range in
            let after = range.upperBound < endIndex ? self[range.upperBound] : " "
            let before = range.lowerBound > startIndex ? self[index(before: range.lowerBound)] : " "
            if orCamelCase { return !after.isLowercase }
            let joins = { (character: Character) in character.isLetter || character.isNumber || character == "_" }
            return !joins(before) && !joins(after)
        }
    }

    /// Whether one of the provider's own settings is named (`ACME_API_KEY`).
    fileprivate func contains(setting provider: String) -> Bool {
        ranges(of: provider.uppercased() + "_").contains { range in
            range.lowerBound == startIndex || !self[index(before: range.lowerBound)].isLetter
        }
    }
}
