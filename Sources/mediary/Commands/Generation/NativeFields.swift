import ArgumentParser
import Foundation
import Generation

/// The fields of a native request, gathered from options; each may be given once.
struct NativeFields {
    private(set) var all: [String: JSONValue] = [:]

    mutating func set(_ name: String, _ value: JSONValue?) throws {
        guard let value else { return }
        guard all.updateValue(value, forKey: name) == nil else {
            throw ClientFailure("`\(name)` is given twice, by an option of its own and by --field.")
        }
    }

    mutating func set(_ name: String, _ value: String?) throws { try set(name, value.map(JSONValue.string)) }

    mutating func set(_ name: String, _ value: Int?) throws { try set(name, value.map { .integer(Int64($0)) }) }

    mutating func set(_ name: String, _ value: [JSONValue]) throws {
        if !value.isEmpty { try set(name, .array(value)) }
    }
}

/// An option of the form `name=value`.
struct NamedValue: ExpressibleByArgument, Equatable {
    let name: String
    let value: String

    init?(argument: String) {
        let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, !sides[0].isEmpty else { return nil }
        (name, value) = (String(sides[0]), String(sides[1]))
    }

    /// The value as JSON; nil when it is none.
    var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(value.utf8)) }
}
