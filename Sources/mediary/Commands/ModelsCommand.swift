import ArgumentParser
import Generation
import HTTPTransport

/// `mediary models`: what a running service offers.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the models of a running service, with what they take and cost."
    )

    @Option(help: "Only models that make this: video, image or speech.")
    var type: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let client = try APIClient(Configuration(), environment: SystemEnvironment.make(crashPoint: nil))
        let path = "/api/v1/catalog" + URLQuery.text([("type", type)])
        let models = try await client.json(.get, path)["data"]?.elements ?? []
        if json {
            print(JSONValue.array(models).canonicalText)
        } else {
            Output.table(
                [["MODEL", "TYPE", "PRICE", "TAKES", "PROVIDERS"]] + models.map(ModelText.row)
                    + models.flatMap(ModelText.aliasRows)
            )
        }
    }
}

/// A model of the catalog for people.
enum ModelText {
    /// Slug, type, prices, and the values that matter most when choosing.
    static func row(_ model: JSONValue) -> [String] {
        [
            model["slug"]?.stringValue ?? "?", model["type"]?.stringValue ?? "?",
            (model["prices"]?.elements ?? []).map(price).joined(separator: ", "),
            takes(model["parameters"] ?? .null).joined(separator: "; "),
            (model["endpoints"]?.elements ?? []).map(server).joined(separator: ", "),
        ]
    }

    /// One row for each other name of a model.
    static func aliasRows(_ model: JSONValue) -> [[String]] {
        (model["aliases"]?.elements ?? []).map { name in
            [name.stringValue ?? "?", "alias", "", "as \(model["slug"]?.stringValue ?? "?")", ""]
        }
    }

    /// The provider, with the day on which it ends the model.
    private static func server(_ endpoint: JSONValue) -> String {
        let provider = endpoint["provider"]?.stringValue ?? "?"
        guard let day = endpoint["available_until"]?.stringValue else { return provider }
        return "\(provider) (until \(day))"
    }

    private static func price(_ line: JSONValue) -> String {
        let unit = (line["unit"]?.stringValue ?? "?").replacing("_", with: " ")
        var conditions = ""
        if case .object(let members)? = line["conditions"], !members.isEmpty {
            let pairs = members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.stringValue ?? "")" }
            conditions = " (\(pairs.joined(separator: " ")))"
        }
        return "\(line["price"]?.stringValue ?? "?") USD/\(unit)\(conditions)"
    }

    private static func takes(_ parameters: JSONValue) -> [String] {
        func values(_ name: String) -> [String] {
            (parameters[name]?["values"]?.elements ?? []).map { $0.stringValue ?? $0.canonicalText }
        }
        var parts: [String] = []
        let durations = (parameters["duration"]?["values"]?.elements ?? []).compactMap(\.integerValue)
        if !durations.isEmpty { parts.append(ranges(durations) + " s") }
        for name in ["resolution", "aspect_ratio"] where !values(name).isEmpty {
            parts.append(values(name).joined(separator: " "))
        }
        if values("resolution").isEmpty, !values("size").isEmpty { parts.append(values("size").joined(separator: " ")) }
        if let most = parameters["n"]?["maximum"]?.integerValue, most > 1 { parts.append("n up to \(most)") }
        if !values("voice").isEmpty {
            parts.append(values("voice").count == 1 ? "1 voice" : "\(values("voice").count) voices")
        }
        for name in ["output_format", "response_format"] where !values(name).isEmpty {
            parts.append(values(name).joined(separator: " "))
        }
        return parts
    }

    /// Neighbours as a range: `1-10`, `4 6 8`.
    static func ranges(_ numbers: [Int64]) -> String {
        var runs: [ClosedRange<Int64>] = []
        for number in numbers.sorted() {
            if let last = runs.last, number <= last.upperBound + 1 {
                runs[runs.count - 1] = last.lowerBound...max(number, last.upperBound)
            } else {
                runs.append(number...number)
            }
        }
        return runs.flatMap { run in
            run.count > 2 ? ["\(run.lowerBound)-\(run.upperBound)"] : run.map(String.init)
        }.joined(separator: " ")
    }
}

/// The part of a URL after the question mark.
enum URLQuery {
    /// The pairs that have a value; nothing when none has.
    static func text(_ pairs: [(name: String, value: String?)]) -> String {
        let parts = pairs.compactMap { pair in pair.value.map { "\(pair.name)=\(escaped($0))" } }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95, 126].contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain
                ? String(UnicodeScalar(byte)) : "%" + String(repeating: "0", count: 2 - digits.count) + digits
        }.joined()
    }
}
