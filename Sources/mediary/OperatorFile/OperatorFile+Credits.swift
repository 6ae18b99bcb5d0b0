import Generation
import JobCore
import JobEngine
import Ledger

/// How credits are sold, and bounds on free models: `credits` and `free_models`.
extension OperatorFile {
    private static let secondsPerHour: Double = 3_600
    private static let secondsPerDay: Double = 86_400

    /// The section `credits`.
    ///
    /// - Throws: `RequestProblem` that names the place, the value and what is allowed.
    static func creditTerms(_ reader: inout FieldReader) throws(RequestProblem) -> CreditTerms {
        var terms = CreditTerms()
        guard var section = try reader.object("credits") else { return terms }
        if var fee = try section.object("purchase_fee") {
            let percent = try decimal("percent", &fee, most: ExactDecimal(100), "at most 100")
            let minimum = try dollars("minimum_usd", &fee)
            terms.purchaseFee = PurchaseFee(percent: percent ?? ExactDecimal(0), minimum: minimum ?? .zero)
            try fee.finish()
        }
        if let hours = try section.integer("refund_window_hours", in: 0...87_600) {
            terms.refundWindowSeconds = Double(hours) * secondsPerHour
        }
        if let days = try section.integer("purchases_expire_after_days", in: 1...36_500) {
            terms.purchaseLifeSeconds = Double(days) * secondsPerDay
        }
        try section.finish()
        return terms
    }

    /// The section `free_models`; nil when there is none.
    ///
    /// - Throws: `RequestProblem` that names the place, the value and what is allowed.
    static func freeModelLimits(_ reader: inout FieldReader) throws(RequestProblem) -> FreeModelLimits? {
        guard var section = try reader.object("free_models") else { return nil }
        let perDay = try section.integer("requests_per_day", in: 0...1_000_000_000)
        let limits = FreeModelLimits(
            perMinute: try section.integer("requests_per_minute", in: 0...1_000_000_000),
            perDay: perDay,
            perDayForPayers: try section.integer("requests_per_day_for_payers", in: 0...1_000_000_000) ?? perDay,
            enough: try dollars("payers_have_bought_usd", &section) ?? .zero
        )
        try section.finish()
        return limits
    }

    private static func dollars(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> Credits? {
        guard let value = reader.value(name) else { return nil }
        guard case .string(let text) = value, let amount = Credits(usd: text), amount >= .zero else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is \(RequestProblem.shown(value)); it must be US dollars as a decimal string in quotes, from 0 on, with at most nine places: \"0.80\"."
            )
        }
        return amount
    }

    private static func decimal(
        _ name: String,
        _ reader: inout FieldReader,
        most: ExactDecimal,
        _ bound: String
    ) throws(RequestProblem) -> ExactDecimal? {
        guard let value = reader.value(name) else { return nil }
        guard case .string(let text) = value, let number = ExactDecimal(text), number.mantissa >= 0,
            !number.exceeds(most)
        else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is \(RequestProblem.shown(value)); it must be a decimal string in quotes, from 0 on and \(bound): \"5.5\"."
            )
        }
        return number
    }
}
