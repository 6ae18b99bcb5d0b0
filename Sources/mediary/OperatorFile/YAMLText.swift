import Generation
import Yams

/// Reads YAML into the values that all other JSON of this program is read into.
///
/// Plain words mean what JSON has: `true`, `false`, `null` and numbers; everything else is a string, so that `16:9`,
/// `2026-09-24` and `no` stay what they are.
enum YAMLText {
    private static let depthMax = 20
    /// Aliases of YAML can make much out of little.
    private static let valuesMax = 200_000

    /// The value of a text; null when there is none in it.
    ///
    /// - Throws: `YAMLProblem` for what is not one document of plain YAML.
    static func value(of text: String) throws(YAMLProblem) -> JSONValue {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw YAMLProblem(description: "\(error)")
        }
        guard let root else { return .null }
        var count = 0
        return try value(of: root, depth: 0, &count)
    }

    private static func value(of node: Node, depth: Int, _ count: inout Int) throws(YAMLProblem) -> JSONValue {
        count += 1
        guard depth < depthMax, count < valuesMax else {
            throw YAMLProblem(description: "It is nested too deeply, or has too many values.")
        }
        switch node {
        case .scalar(let scalar): return value(of: scalar)
        case .sequence(let sequence):
            var values: [JSONValue] = []
            for element in sequence { values.append(try value(of: element, depth: depth + 1, &count)) }
            return .array(values)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, member) in mapping {
                guard case .scalar(let name) = key else {
                    throw YAMLProblem(description: "A name must be a string\(place(of: key)).")
                }
                guard members.updateValue(try value(of: member, depth: depth + 1, &count), forKey: name.string) == nil
                else { throw YAMLProblem(description: "`\(name.string)` is there twice\(place(of: key)).") }
            }
            return .object(members)
        case .alias(let alias):
            throw YAMLProblem(description: "The alias `\(alias.anchor)` is not known.")
        }
    }

    private static func value(of scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case let text:
            let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
                digits.utf8.count(where: { $0 == 46 }) <= 1, digits.utf8.first != 46, digits.utf8.last != 46
            else { return .string(text) }
            if let whole = Int64(text) { return .integer(whole) }
            return Double(text).map(JSONValue.number) ?? .string(text)
        }
    }

    private static func place(of node: Node) -> String {
        node.mark.map { " (line \($0.line), column \($0.column))" } ?? ""
    }
}

/// Why a text is not taken as YAML.
struct YAMLProblem: Error, CustomStringConvertible {
    let description: String
}
