/// What a price is per.
public enum PriceUnit: String, Sendable, Codable, CaseIterable {
    /// A second of video.
    case second
    /// An image.
    case image
    /// A million pixels.
    case megapixel
    /// A token.
    case token
    /// A character of text.
    case character
    /// A call.
    case request
    /// A minute of audio.
    case audioMinute = "audio_minute"
    /// A reference picture.
    case referenceImage = "reference_image"
    /// The whole: the price is the least that it costs.
    case minimum
}

/// One line of a price sheet.
public struct PriceLine: Sendable, Hashable, Codable {
    /// What the price is per.
    public let unit: PriceUnit
    /// US dollars per unit.
    public let price: ExactDecimal
    /// What must hold for the line to count, by name; empty: always.
    public let conditions: [String: String]

    /// Makes a line.
    public init(unit: PriceUnit, price: ExactDecimal, conditions: [String: String] = [:]) {
        self.unit = unit
        self.price = price
        self.conditions = conditions
    }
}

/// What was, or will be, used: quantities by unit, and the attributes that price conditions look at.
public struct MeteredUsage: Sendable, Hashable, Codable {
    /// How much of each unit.
    ///
    /// A unit that is absent was not metered.
    public var quantities: [PriceUnit: ExactDecimal]
    /// Attributes such as `resolution` and `audio`.
    public var attributes: [String: String]

    /// Makes usage.
    public init(quantities: [PriceUnit: ExactDecimal], attributes: [String: String] = [:]) {
        self.quantities = quantities
        self.attributes = attributes
    }
}

/// The arithmetic of one unit on a bill.
public struct BillLine: Sendable, Hashable, Codable {
    /// What the price is per.
    public let unit: PriceUnit
    /// How many units.
    public let quantity: ExactDecimal
    /// US dollars per unit.
    public let price: ExactDecimal
    /// Quantity times price, rounded once.
    public let amount: Credits
    /// The conditions that chose the line: `resolution=720p`; empty for an unconditional one.
    public let why: String
}

/// What something costs, line by line.
public struct Bill: Sendable, Hashable, Codable {
    /// The lines, in the order of the sheet.
    public let lines: [BillLine]
    /// Their sum.
    public let total: Credits

    /// A bill of nothing.
    public static let empty = Bill(lines: [], total: .zero)
}

/// The prices of one endpoint.
///
/// One function prices quote, hold and bill.
public struct PriceSheet: Sendable, Hashable, Codable {
    /// The lines.
    public let lines: [PriceLine]

    /// Makes a sheet.
    public init(lines: [PriceLine]) { self.lines = lines }

    /// The price of some usage.
    ///
    /// For each unit of the sheet the line with the most conditions that all hold is taken. A unit that only has
    /// conditional lines, none of which hold, is refused: nothing is ever free by accident.
    ///
    /// - Parameters:
    ///   - usage: What is used.
    ///   - rounding: `.up` for holds, `.halfToEven` for quotes and bills.
    /// - Returns: The bill.
    /// - Throws: `noPrice` when a line is missing or its quantity was not metered; `overflow`.
    public func bill(_ usage: MeteredUsage, rounding: ExactDecimal.Rounding) throws(LedgerRefusal) -> Bill {
        var seen: Set<PriceUnit> = []
        var billLines: [BillLine] = []
        var total = Credits.zero
        for unit in lines.map(\.unit) where seen.insert(unit).inserted {
            let matching = lines.filter { line in
                line.unit == unit && line.conditions.allSatisfy { usage.attributes[$0.key] == $0.value }
            }
            guard let line = matching.max(by: { $0.conditions.count < $1.conditions.count }),
                let quantity = usage.quantities[unit]
            else { throw .noPrice(unit: unit.rawValue) }
            let amount = try quantity.amount(at: line.price, rounding: rounding)
            total = try total.adding(amount)
            let why = line.conditions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            billLines.append(
                BillLine(
                    unit: unit,
                    quantity: quantity,
                    price: line.price,
                    amount: amount,
                    why: why.joined(separator: " ")
                )
            )
        }
        return Bill(lines: billLines, total: total)
    }
}
