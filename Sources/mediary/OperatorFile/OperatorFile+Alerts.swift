import Generation
import HTTPTransport

/// What the operator's file says about alerts: whom to tell, and at what shares of a limit.
struct AlertSettings: Sendable, Equatable {
    /// Whom to tell.
    enum Receiver: Sendable, Equatable {
        /// A URL that takes a POST of JSON.
        case url(String)
        /// A program with its arguments, which gets the JSON on its standard input.
        case command([String])
    }

    /// At what shares of a limit, in percent, unless the file says otherwise.
    static let defaultThresholds = [50, 80, 100]
    private static let thresholdsMax = 20
    private static let argumentsMax = 64

    let receiver: Receiver
    let thresholds: [Int]

    /// Reads the section `alerts`; nil when there is none.
    ///
    /// - Throws: The first problem.
    static func read(_ file: inout FieldReader) throws(RequestProblem) -> AlertSettings? {
        guard var reader = try file.object("alerts") else { return nil }
        let url = try reader.string("url", charactersMax: 2_000)
        let command = try command(&reader)
        let thresholds = try thresholds(&reader)
        try reader.finish()
        switch (url, command) {
        case (let url?, nil):
            guard (try? RemoteURL(url)) != nil else {
                throw RequestProblem(
                    .invalidValue,
                    field: "alerts.url",
                    "`alerts.url` must be an absolute URL of http or https, such as https://ops.example/alerts."
                )
            }
            return AlertSettings(receiver: .url(url), thresholds: thresholds)
        case (nil, let command?): return AlertSettings(receiver: .command(command), thresholds: thresholds)
        case (nil, nil), (_?, _?):
            throw RequestProblem(
                .contradiction,
                field: "alerts",
                "`alerts` must have either `url` or `command`: whom to tell."
            )
        }
    }

    private static func command(_ reader: inout FieldReader) throws(RequestProblem) -> [String]? {
        guard let elements = try reader.array("command", countMax: argumentsMax) else { return nil }
        var command: [String] = []
        for (value, path) in elements {
            guard case .string(let text) = value, !text.utf8.contains(0) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be a string."
                )
            }
            command.append(text)
        }
        guard let program = command.first, program.hasPrefix("/") else {
            throw RequestProblem(
                .invalidValue,
                field: "alerts.command",
                "`alerts.command` must be a list that begins with the absolute path of a program."
            )
        }
        return command
    }

    private static func thresholds(_ reader: inout FieldReader) throws(RequestProblem) -> [Int] {
        guard let elements = try reader.array("thresholds", countMax: thresholdsMax) else { return defaultThresholds }
        var thresholds: Set<Int> = []
        for (value, path) in elements {
            guard let percent = value.wholeNumber, (1...100).contains(percent), thresholds.insert(Int(percent)).inserted
            else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be a whole number of percent from 1 to 100 that is not there yet."
                )
            }
        }
        guard !thresholds.isEmpty else {
            throw RequestProblem(
                .invalidValue,
                field: "alerts.thresholds",
                "`alerts.thresholds` is empty; leave it out for 50, 80 and 100 percent, or leave `alerts` out for no alerts."
            )
        }
        return thresholds.sorted()
    }
}
