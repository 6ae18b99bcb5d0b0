import JobCore
import Ledger

/// Usage as a table for spreadsheets: comma-separated, one line for each group, amounts exact in US dollars.
struct UsageTable: Sendable {
    /// What the groups are told apart by: the dimensions in their order, and the day anywhere between.
    let columns: [UsageRoutes.TableColumn]

    /// The names of the figures.
    static let figures = [
        "requests", "completed", "failed", "cancelled", "expired", "charged_usd", "provider_cost_usd", "fee_usd",
        "byok_list_price_usd", "seconds", "images", "outputs", "input_tokens", "output_tokens", "characters",
        "average_latency_ms",
    ]

    /// The whole table.
    func text(of groups: [UsageGroup]) -> String {
        var lines = CSVLines()
        lines.add(columns.map(\.rawValue) + Self.figures)
        for group in groups {
            var values = group.values[...]
            let own = columns.map { column in
                column == .day
                    ? group.start.map { String($0.description.prefix(10)) } ?? "" : (values.popFirst() ?? nil) ?? ""
            }
            lines.add(own + Self.figures(of: group.sums))
        }
        return lines.text
    }

    private static func figures(of sums: UsageSums) -> [String] {
        let quantities = sums.quantities
        return [
            "\(sums.requests)", "\(sums.completed)", "\(sums.failed)", "\(sums.cancelled)", "\(sums.expired)",
            sums.charged.description, sums.providerCost.description, sums.fee.description, sums.listPrice.description,
            (ExactDecimal(mantissa: quantities.milliseconds, scale: 3) ?? ExactDecimal(0)).description,
            "\(quantities.images)", "\(quantities.outputs)", "\(quantities.inputTokens)", "\(quantities.outputTokens)",
            "\(quantities.characters)", "\(Int64(sums.latency.rounded()))",
        ]
    }
}

/// Lines of comma-separated values, as RFC 4180 has them.
///
/// A value that a spreadsheet would take for a formula gets an apostrophe before it: names of users and sessions come
/// from outside.
package struct CSVLines: Sendable {
    /// The lines so far, each with its end.
    package private(set) var text = ""

    /// Starts without any line.
    package init() {}

    /// Adds a line.
    package mutating func add(_ values: [String]) {
        text += values.map(Self.cell).joined(separator: ",") + "\r\n"
    }

    private static func cell(_ value: String) -> String {
        let first = value.utf8.first
        let isNumber = !value.isEmpty && value.utf8.allSatisfy { (48...57).contains($0) || $0 == 45 || $0 == 46 }
        let isFormula = first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let value = isFormula && !isNumber ? "'" + value : value
        guard value.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return value }
        return "\"" + value.replacing("\"", with: "\"\"") + "\""
    }
}
