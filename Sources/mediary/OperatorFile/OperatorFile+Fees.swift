import Generation
import JobEngine
import Ledger

/// What is charged besides the providers' prices.
extension OperatorFile {
    private static let percentMax = ExactDecimal(1_000)
    private static let percentPlacesMax = 6

    /// The section `fees`; no fees when there is none.
    static func fees(_ reader: inout FieldReader) throws(RequestProblem) -> FeeSchedule {
        var fees = FeeSchedule()
        guard var section = try reader.object("fees") else { return fees }
        fees.inferencePercent = try percent("inference_percent", &section) ?? ExactDecimal(0)
        for (element, path) in try section.array("markup", countMax: 10_000) ?? [] {
            var entry = try FieldReader(element, path: path)
            let markup = try markup(&entry)
            guard !fees.markups.contains(where: { $0.isForTheSame(as: markup) }) else {
                throw RequestProblem(
                    .contradiction,
                    field: path,
                    "`\(path)` is for the same model, workspace and key as an earlier entry."
                )
            }
            fees.markups.append(markup)
            try entry.finish()
        }
        if var byok = try section.object("byok") {
            fees.byok.feePercent = try percent("percent", &byok) ?? ExactDecimal(0)
            fees.byok.allowance = try dollars("allowance_usd", &byok) ?? .zero
            try byok.finish()
        }
        try section.finish()
        return fees
    }

    private static func markup(_ reader: inout FieldReader) throws(RequestProblem) -> FeeSchedule.Markup {
        guard let percent = try percent("percent", &reader) else {
            throw RequestProblem(
                .missingField,
                field: reader.path(of: "percent"),
                "`\(reader.path(of: "percent"))` is required: \(percentForm)."
            )
        }
        var markup = FeeSchedule.Markup(percent: percent)
        markup.model = try name("model", "the slug of a model, such as bytedance/seedance-2.0", &reader) { text in
            text.split(separator: "/", omittingEmptySubsequences: false).count == 2
        }
        markup.workspace = try name("workspace", "the name of a workspace", &reader) { _ in true }
        markup.keyHash = try name(
            "key",
            "the hash of a key, 64 hexadecimal digits as `mediary keys list` shows it",
            &reader
        ) {
            $0.utf8.count == 64 && $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        }
        return markup
    }

    private static func name(
        _ name: String,
        _ form: String,
        _ reader: inout FieldReader,
        _ isAllowed: (String) -> Bool
    ) throws(RequestProblem) -> String? {
        guard let text = try reader.string(name, charactersMax: 200) else { return nil }
        guard !text.isEmpty, isAllowed(text) else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is \(RequestProblem.shown(.string(text))); it must be \(form)."
            )
        }
        return text
    }

    private static let percentForm =
        "a whole number, or a decimal string in quotes, from 0 to 1000, with at most \(percentPlacesMax) places: \"5.5\""

    private static func percent(
        _ name: String,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> ExactDecimal? {
        guard let value = reader.value(name) else { return nil }
        guard let percent = decimal(value), percent.mantissa >= 0, !percent.exceeds(percentMax),
            percent.scale <= percentPlacesMax
        else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is \(RequestProblem.shown(value)); it must be \(percentForm)."
            )
        }
        return percent
    }

    private static func dollars(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> Credits? {
        guard let value = reader.value(name) else { return nil }
        guard let amount = decimal(value).flatMap({ Credits(usd: $0.description) }), amount >= .zero else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is \(RequestProblem.shown(value)); it must be US dollars, a whole number or a decimal string in quotes, from 0 on, with at most nine places: \"25000\"."
            )
        }
        return amount
    }

    /// Only what is exact: a binary fraction is not what its author wrote.
    private static func decimal(_ value: JSONValue) -> ExactDecimal? {
        switch value {
        case .string(let text): ExactDecimal(text)
        case .integer(let whole): ExactDecimal(whole)
        case .null, .bool, .number, .array, .object: nil
        }
    }
}
