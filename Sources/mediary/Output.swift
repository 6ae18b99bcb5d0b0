import Foundation

/// What commands print: words for people, or JSON with `--json`.
enum Output {
    /// Prints a value as JSON on one line, keys sorted.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Prints rows in columns as wide as their widest cell.
    static func table(_ rows: [[String]]) { show(lines(rows)) }

    /// Prints lines.
    static func show(_ lines: [String]) {
        for line in lines { print(line) }
    }

    /// Rows in columns as wide as their widest cell.
    static func lines(_ rows: [[String]]) -> [String] {
        let rows = rows.map { $0.map(plain) }
        let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Text from elsewhere, as one line that steers no terminal.
    static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isHarmless($0) ? $0 : " " }))
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        case _: true
        }
    }

    /// An amount for people: two places at least, more only if they say something.
    static func money(_ amount: String) -> String {
        guard let point = amount.firstIndex(of: ".") else { return amount }
        var places = amount[amount.index(after: point)...]
        while places.count > 2, places.last == "0" { places = places.dropLast() }
        return String(amount[...point] + places)
    }

    /// A count of bytes for people: `1.2 MB`.
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "kB", "MB", "GB"]
        var value = Double(count)
        var unit = 0
        while value >= 1_000, unit < units.count - 1 {
            value /= 1_000
            unit += 1
        }
        return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
    }
}
