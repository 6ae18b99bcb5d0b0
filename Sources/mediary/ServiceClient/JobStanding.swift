import Generation

/// What the commands show of a job that is on its way.
struct JobStanding: Equatable {
    var id: String
    var model: String
    var status: String
    var phase: String?
    /// The provider's own figure, 0 to 1.
    var progress: Double?
    /// Seconds until it is probably done: an estimate.
    var etaSeconds: Int?
    /// How many jobs wait before it.
    var queuePosition: Int?

    init(_ job: JSONValue) {
        id = job["id"]?.stringValue ?? "?"
        model = job["model"]?.stringValue ?? "?"
        status = job["status"]?.stringValue ?? "?"
        phase = job["phase"]?.stringValue
        progress = job["progress"]?.doubleValue
        etaSeconds = job["eta_seconds"]?.doubleValue.map { Int($0.rounded(.up)) }
        queuePosition = job["queue_position"]?.doubleValue.map { Int($0) }
    }

    /// Whether nothing will change any more.
    var isOver: Bool { ["completed", "failed", "cancelled", "expired"].contains(status) }

    /// The phase in words.
    var words: String {
        switch phase {
        case nil: Output.plain(status).replacing("_", with: " ")
        case "waiting"?:
            switch queuePosition {
            case nil: "waiting"
            case 0?: "waiting, next in line"
            case 1?: "waiting, 1 job ahead"
            case .some(let count): "waiting, \(count) jobs ahead"
            }
        case "provider_queue"?: "in the provider's queue"
        case "verifying"?: "verifying whether the provider has it"
        case .some(let other): Output.plain(other.replacing("_", with: " "))
        }
    }
}

extension JSONValue {
    /// The number, whole or not; nil when this is none.
    var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// The elements; none when this is no array.
    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }
}
