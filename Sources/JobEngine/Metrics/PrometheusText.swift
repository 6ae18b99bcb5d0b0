/// Writes figures in the text format of Prometheus, version 0.0.4.
package struct PrometheusText {
    /// What it is sent as.
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// What was written.
    package private(set) var text = ""

    /// What kind of figure it is.
    package enum Kind: String, Sendable {
        /// Only grows.
        case counter
        /// Goes up and down.
        case gauge
        /// Durations by bounds.
        case histogram
    }

    package init() {}

    /// Starts a figure: its values follow.
    package mutating func begin(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Writes a value.
    package mutating func value(_ name: String, _ labels: [(String, String)] = [], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// Writes a figure that has one value.
    package mutating func single(_ name: StaticString, _ kind: Kind, _ help: StaticString, _ number: Int) {
        begin(name, kind, help)
        value(name.description, [], "\(number)")
    }

    /// Writes a figure that has one value, in seconds or another unit with fractions.
    package mutating func single(_ name: StaticString, _ kind: Kind, _ help: StaticString, _ number: Double) {
        begin(name, kind, help)
        value(name.description, [], "\(number)")
    }

    /// Writes all of a family.
    package mutating func family(_ name: StaticString, _ kind: Kind, _ help: StaticString, _ family: Family<Meter>) {
        begin(name, kind, help)
        for (values, member) in family.members {
            value(name.description, Array(zip(family.labels, values)), "\(member.count)")
        }
    }

    /// Writes all of a family.
    package mutating func family(_ name: StaticString, _ help: StaticString, _ family: Family<Histogram>) {
        histograms(name, help, labels: family.labels, family.members.map { ($0.values, $0.member) })
    }

    /// Writes histograms, each with the values of its labels.
    package mutating func histograms(
        _ name: StaticString,
        _ help: StaticString,
        labels names: [String],
        _ members: [(values: [String], histogram: Histogram)]
    ) {
        begin(name, .histogram, help)
        for (values, member) in members {
            let labels = Array(zip(names, values))
            let snapshot = member.snapshot
            var count = 0
            for (index, added) in snapshot.counts.enumerated() {
                count += added
                let bound = index < member.bounds.count ? "\(member.bounds[index])" : "+Inf"
                value("\(name)_bucket", labels + [("le", bound)], "\(count)")
            }
            value("\(name)_sum", labels, "\(snapshot.sum)")
            value("\(name)_count", labels, "\(count)")
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
