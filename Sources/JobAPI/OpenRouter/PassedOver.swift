import Generation

/// Collects what a request said in vain: accepted, not forwarded, and told to the client in the job's `adjustments`.
struct PassedOver {
    /// How many entries a job keeps: they are stored with it.
    private static let countMax = 256
    /// The longest value that is shown as it was sent.
    private static let shownCharactersMax = 100

    private(set) var adjustments: [Adjustment] = []

    /// Notes one parameter.
    ///
    /// - Throws: `unknownField` beyond what a job keeps.
    mutating func add(
        _ parameter: String,
        _ asked: JSONValue,
        _ reason: Adjustment.Reason,
        used: JSONValue = .null
    ) throws(RequestProblem) {
        guard adjustments.count < Self.countMax else {
            throw RequestProblem(
                .unknownField,
                field: parameter,
                "`\(RequestProblem.shortened(parameter))` is one of more than \(Self.countMax) fields that are unknown or have no use here; leave them out."
            )
        }
        adjustments.append(
            Adjustment(
                parameter: RequestProblem.shortened(parameter),
                asked: Self.shown(asked),
                used: used,
                reason: reason
            )
        )
    }

    /// Notes every member that nobody has read; null counts as absent.
    mutating func addUnread(_ reader: inout FieldReader) throws(RequestProblem) {
        for name in reader.unread {
            guard let value = reader.value(name) else { continue }
            try add(reader.path(of: name), value, .unknownField)
        }
    }

    /// Short values as they are; of all others, what they are.
    private static func shown(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .number: value
        case .string(let text):
            text.unicodeScalars.count <= shownCharactersMax ? value : .string(RequestProblem.shown(value))
        case .array, .object: .string(RequestProblem.shown(value))
        }
    }
}
