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
    /// A minute of audio: of what is listened to, or of what comes out.
    case audioMinute = "audio_minute"
    /// A second of audio, likewise.
    case audioSecond = "audio_second"
    /// A million pixels of pictures that are handed in.
    case inputMegapixel = "input_megapixel"
    /// A token of text that goes in.
    case inputTextToken = "input_text_token"
    /// A token of pictures that go in.
    case inputImageToken = "input_image_token"
    /// A token of sound that goes in.
    case inputAudioToken = "input_audio_token"
    /// A token of text that comes out.
    case outputTextToken = "output_text_token"
    /// A token of pictures that come out.
    case outputImageToken = "output_image_token"
    /// A token of sound that comes out.
    case outputAudioToken = "output_audio_token"
    /// A reference picture that is handed in.
    case referenceImage = "reference_image"
    /// The least that the whole costs: its price is a floor of the total, not of a quantity.
    case minimum

    /// Whether it is one of the kinds of tokens that a provider tells apart.
    public var isKindOfToken: Bool { mayBeNone || self == .outputImageToken || self == .outputAudioToken }

    /// Whether a provider may well report none of it, for something that was made.
    public var mayBeNone: Bool {
        switch self {
        case .inputTextToken, .inputImageToken, .inputAudioToken, .outputTextToken: true
        case .second, .image, .megapixel, .token, .character, .request, .audioMinute, .audioSecond, .inputMegapixel,
            .referenceImage, .outputImageToken, .outputAudioToken, .minimum:
            false
        }
    }
}

/// One line of a price sheet.
public struct PriceLine: Sendable, Hashable, Codable {
    /// What the price is per.
    public let unit: PriceUnit
    /// US dollars per unit.
    public let price: ExactDecimal
    /// What must hold for the line to count, by name; empty: always.
    public let conditions: [String: String]
    /// The line counts for what is above this quantity, up to that of the next tier; nil: from the first unit on.
    ///
    /// Lines of one unit and equal conditions are tiers of one price.
    public let above: ExactDecimal?
    /// When the line counts for new jobs; a job that was accepted keeps its prices.
    public let period: PricePeriod?

    /// Makes a line.
    public init(
        unit: PriceUnit,
        price: ExactDecimal,
        conditions: [String: String] = [:],
        above: ExactDecimal? = nil,
        period: PricePeriod? = nil
    ) {
        self.unit = unit
        self.price = price
        self.conditions = conditions
        self.above = above
        self.period = period
    }
}

/// The time in which a price counts, in milliseconds since 1970.
public struct PricePeriod: Sendable, Hashable, Codable {
    /// From this moment on; nil: since ever.
    public let from: Int64?
    /// Until just before this moment; nil: for ever.
    public let until: Int64?

    /// Makes a period; nil for one without an end, which is none.
    public init?(from: Int64?, until: Int64?) {
        guard from != nil || until != nil else { return nil }
        self.from = from
        self.until = until
    }

    /// Whether a moment is in it.
    public func contains(_ milliseconds: Int64) -> Bool {
        (from ?? .min) <= milliseconds && milliseconds < (until ?? .max)
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
    /// The conditions that chose the line, and what else explains the quantity: `resolution=720p`.
    ///
    /// Empty for an unconditional line that needs no words.
    public let why: String
}

extension MeteredUsage {
    /// The same, with no quantity above that of `bound`, and the units that were above it.
    ///
    /// Priced by one sheet, the result costs at most what `bound` does.
    public func bounded(by bound: MeteredUsage) -> (usage: MeteredUsage, cut: Set<PriceUnit>) {
        var usage = self
        var cut: Set<PriceUnit> = []
        for (unit, quantity) in quantities {
            guard let most = bound.quantities[unit], quantity.exceeds(most) else { continue }
            usage.quantities[unit] = most
            cut.insert(unit)
        }
        return (usage, cut)
    }
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
    public private(set) var lines: [PriceLine]
    /// How videos are counted; nil in the sheets of other types, and in snapshots from before there was a meter.
    public let videoMeter: VideoMeter?
    /// How much sound, and how many tokens, a job of another type takes at most; nil in older snapshots.
    public let mediaMeter: MediaMeter?

    /// Makes a sheet.
    public init(lines: [PriceLine], videoMeter: VideoMeter? = nil, mediaMeter: MediaMeter? = nil) {
        self.lines = lines
        self.videoMeter = videoMeter
        self.mediaMeter = mediaMeter
    }

    /// What a job may well have none of, without being free by accident.
    private static let maybeNone: Set<PriceUnit> = [.referenceImage, .inputMegapixel, .inputImageToken]

    /// The price of some usage.
    ///
    /// For each unit of the sheet the line with the most conditions that all hold is taken. A unit that only has
    /// conditional lines, none of which hold, is refused: nothing is ever free by accident. Pictures that are handed in are
    /// the exception when there are none, and a minimum whose conditions do not hold is no minimum.
    ///
    /// - Parameters:
    ///   - usage: What is used.
    ///   - rounding: `.up` for holds, `.halfToEven` for quotes and bills.
    ///   - notes: What to say besides about a unit's quantity.
    /// - Returns: The bill.
    /// - Throws: `noPrice` when a line is missing or its quantity was not metered; `overflow`.
    public func bill(
        _ usage: MeteredUsage,
        rounding: ExactDecimal.Rounding,
        notes: [PriceUnit: String] = [:]
    ) throws(LedgerRefusal) -> Bill {
        var seen: Set<PriceUnit> = [.minimum]
        var billLines: [BillLine] = []
        var total = Credits.zero
        for unit in lines.map(\.unit) where seen.insert(unit).inserted {
            let quantity = usage.quantities[unit]
            if Self.maybeNone.contains(unit), quantity?.mantissa == 0 { continue }
            guard let line = line(of: unit, for: usage), let quantity else { throw .noPrice(unit: unit.rawValue) }
            for (tier, part) in try parts(of: quantity, in: tiers(of: line)) {
                let amount = try part.amount(at: tier.price, rounding: rounding)
                total = try total.adding(amount)
                billLines.append(
                    BillLine(
                        unit: unit,
                        quantity: part,
                        price: tier.price,
                        amount: amount,
                        why: [tier.why, notes[unit] ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
                    )
                )
            }
        }
        if let floor = try self.floor(above: total, for: usage, rounding) {
            total = try total.adding(floor.amount)
            billLines.append(floor)
        }
        return Bill(lines: billLines, total: total)
    }

    /// What brings a total up to the minimum; nil when it is not below one.
    private func floor(
        above total: Credits,
        for usage: MeteredUsage,
        _ rounding: ExactDecimal.Rounding
    ) throws(LedgerRefusal) -> BillLine? {
        guard let line = line(of: .minimum, for: usage) else { return nil }
        let least = try ExactDecimal(1).amount(at: line.price, rounding: rounding)
        guard least > total else { return nil }
        let missing = try least.subtracting(total)
        guard let price = ExactDecimal(mantissa: missing.nanoUSD, scale: 9) else { throw .overflow }
        let words = "up to the minimum of \(line.price) USD"
        return BillLine(
            unit: .minimum,
            quantity: ExactDecimal(1),
            price: price,
            amount: missing,
            why: line.why.isEmpty ? words : "\(line.why); \(words)"
        )
    }

    /// The tiers of the price that a line is of, the first one first.
    private func tiers(of line: PriceLine) -> [PriceLine] {
        var tiers: [PriceLine] = []
        for tier in lines where tier.unit == line.unit && tier.conditions == line.conditions {
            // Of equal lines the first one counts.
            if !tiers.contains(where: { $0.above == tier.above }) { tiers.append(tier) }
        }
        guard tiers.count > 1 else { return tiers }
        return tiers.sorted { ($1.above ?? .zero).exceeds($0.above ?? .zero) }
    }

    /// What of a quantity falls into each tier: at least into the first one.
    private func parts(
        of quantity: ExactDecimal,
        in tiers: [PriceLine]
    ) throws(LedgerRefusal) -> [(tier: PriceLine, part: ExactDecimal)] {
        // What is below the first tier would be free by accident.
        guard let first = tiers.first, first.above == nil else {
            throw .noPrice(unit: tiers.first?.unit.rawValue ?? "")
        }
        var parts: [(tier: PriceLine, part: ExactDecimal)] = []
        for (index, tier) in tiers.enumerated() {
            let start = tier.above ?? .zero
            guard index == 0 || quantity.exceeds(start) else { break }
            let next = index + 1 < tiers.count ? tiers[index + 1].above : nil
            let end = next.flatMap { quantity.exceeds($0) ? $0 : nil } ?? quantity
            parts.append((tier, index == 0 ? end : try end.subtracting(start)))
        }
        return parts
    }

    /// The sheet with the lines that count for a job that comes now; without dates it is the same one.
    public func effective(atMilliseconds now: Int64) -> PriceSheet {
        guard lines.contains(where: { $0.period != nil }) else { return self }
        var sheet = self
        sheet.lines = lines.filter { $0.period?.contains(now) ?? true }
        return sheet
    }

    /// Whether it says what anything costs: more than a minimum, or what comes on top.
    public var hasPrice: Bool { lines.contains { $0.unit != .minimum && !Self.maybeNone.contains($0.unit) } }

    /// The line of a unit that counts for some usage; of several the one with the most conditions.
    private func line(of unit: PriceUnit, for usage: MeteredUsage) -> PriceLine? {
        lines.filter { line in
            line.unit == unit && line.conditions.allSatisfy { usage.attributes[$0.key] == $0.value }
        }.max { $0.conditions.count < $1.conditions.count }
    }
}

extension PriceLine {
    /// The conditions as text: `audio=true resolution=720p`; of a higher tier also above what it counts.
    fileprivate var why: String {
        let conditions = conditions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return (conditions + (above.map { ["above \($0)"] } ?? [])).joined(separator: " ")
    }
}
