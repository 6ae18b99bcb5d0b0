import Generation
import Ledger

/// Price lists, in the form in which `/api/v1/catalog` shows them.
extension OperatorFile {
    /// The conditions that a line may have, and their values; nil: any.
    private static let conditions: [String: [String]?] = [
        "resolution": nil, "quality": nil, "audio": ["true", "false"],
        "input": ["text", "image", "reference", "video"],
    ]

    /// The whole list; nil when the entry has none.
    static func prices(_ reader: inout FieldReader) throws(RequestProblem) -> [ListPrice]? {
        guard let elements = try reader.array("prices", countMax: 200) else { return nil }
        guard !elements.isEmpty else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: "prices"),
                "`\(reader.path(of: "prices"))` is empty; a free model has a line with the price \"0\"."
            )
        }
        var prices: [ListPrice] = []
        for (element, path) in elements {
            var line = try FieldReader(element, path: path)
            let price = try price(&line)
            guard !prices.contains(where: { $0.collides(with: price) }) else {
                throw RequestProblem(
                    .contradiction,
                    field: path,
                    "`\(path)` has the unit, the conditions and the tier of an earlier line, at the same time."
                )
            }
            prices.append(price)
            try line.finish()
        }
        for (price, (_, path)) in zip(prices, elements) where price.above != nil {
            guard prices.contains(where: { $0.isFirstTier(of: price) }) else {
                throw RequestProblem(
                    .missingField,
                    field: path,
                    "`\(path)` is a higher tier; a line without `above`, of the same unit, conditions and days, must say what the first units cost."
                )
            }
        }
        let extras = [PriceUnit.minimum.rawValue, PriceUnit.referenceImage.rawValue]
        guard prices.contains(where: { !extras.contains($0.unit) }) else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: "prices"),
                "`\(reader.path(of: "prices"))` has nothing but a minimum or references; name what the price is per."
            )
        }
        return prices
    }

    private static func price(_ line: inout FieldReader) throws(RequestProblem) -> ListPrice {
        guard let unit = try line.word("unit", as: PriceUnit.self) else {
            throw RequestProblem(
                .missingField,
                field: line.path(of: "unit"),
                "`\(line.path(of: "unit"))` is required; allowed: \(RequestProblem.list(PriceUnit.allCases.map(\.rawValue)))."
            )
        }
        let place = line.path(of: "price")
        guard let value = line.value("price") else {
            throw RequestProblem(.missingField, field: place, "`\(place)` is required: US dollars as a decimal string.")
        }
        guard case .string(let usd) = value, let amount = ExactDecimal(usd), amount.mantissa >= 0 else {
            // A binary fraction is not what its author wrote.
            throw RequestProblem(
                .invalidValue,
                field: place,
                "`\(place)` is \(RequestProblem.shown(value)); it must be US dollars as a decimal string in quotes, from 0 on, with at most 15 places: \"0.0125\"."
            )
        }
        if let currency = try line.string("currency", charactersMax: 10), currency != "USD" {
            throw RequestProblem(
                .invalidValue,
                field: line.path(of: "currency"),
                "`\(line.path(of: "currency"))` is \(RequestProblem.shown(.string(currency))); allowed: USD."
            )
        }
        let (from, until) = (try day("from", &line), try day("until", &line))
        if let from, let until, until <= from {
            throw RequestProblem(
                .contradiction,
                field: line.path(of: "until"),
                "`\(line.path(of: "until"))` is \(until), which is not after `from`, \(from)."
            )
        }
        return ListPrice(
            unit: unit.rawValue,
            usd: usd,
            conditions: try conditions(&line),
            above: try above(of: unit, &line),
            from: from,
            until: until
        )
    }

    /// Above which quantity a line counts: a whole number or a decimal string.
    private static func above(of unit: PriceUnit, _ line: inout FieldReader) throws(RequestProblem) -> String? {
        guard let value = line.value("above") else { return nil }
        let text: String
        switch value {
        case .string(let words): text = words
        case .integer(let number): text = String(number)
        case .null, .bool, .number, .array, .object: text = ""
        }
        guard let quantity = ExactDecimal(text), quantity.exceeds(.zero), unit != .minimum else {
            throw RequestProblem(
                .invalidValue,
                field: line.path(of: "above"),
                "`\(line.path(of: "above"))` is \(RequestProblem.shown(value)); it must be a quantity above 0, as a whole number or a decimal string, and a minimum has none."
            )
        }
        return text
    }

    private static func day(_ name: String, _ line: inout FieldReader) throws(RequestProblem) -> CalendarDate? {
        guard let text = try line.string(name, charactersMax: 20) else { return nil }
        guard let day = CalendarDate(text) else {
            throw RequestProblem(
                .invalidValue,
                field: line.path(of: name),
                "`\(line.path(of: name))` is \(RequestProblem.shown(.string(text))); the form is 2026-09-24, a day that begins at 00:00 UTC."
            )
        }
        return day
    }

    private static func conditions(_ line: inout FieldReader) throws(RequestProblem) -> [String: String] {
        guard var reader = try line.object("conditions") else { return [:] }
        var found: [String: String] = [:]
        for (name, allowed) in conditions.sorted(by: { $0.key < $1.key }) {
            guard let value = reader.value(name) else { continue }
            let text: String
            switch value {
            case .string(let word): text = word
            case .bool(let flag): text = flag.description
            case .null, .integer, .number, .array, .object: text = ""
            }
            guard !text.isEmpty, allowed?.contains(text) ?? true else {
                throw RequestProblem(
                    .invalidValue,
                    field: reader.path(of: name),
                    "`\(reader.path(of: name))` is \(RequestProblem.shown(value)); allowed: \(allowed.map(RequestProblem.list) ?? "a string, such as 720p")."
                )
            }
            found[name] = text
        }
        try reader.finish()
        return found
    }
}

extension ListPrice {
    /// Whether it is what the first units cost, where the other one is what later ones do.
    fileprivate func isFirstTier(of other: ListPrice) -> Bool {
        above == nil && unit == other.unit && conditions == other.conditions && from == other.from
            && until == other.until
    }

    /// Whether both would count for the same thing at the same time.
    fileprivate func collides(with other: ListPrice) -> Bool {
        unit == other.unit && conditions == other.conditions && above == other.above
            && (from.map { from in other.until.map { from < $0 } ?? true } ?? true)
            && (other.from.map { from in until.map { from < $0 } ?? true } ?? true)
    }
}
