import Foundation
import Generation
import ProviderKit

/// What is known of a task besides its id: which interface it is asked for at, and how long it was to be.
struct MiniMaxOperation {
    /// Which interface has it.
    let family: MiniMaxFamily
    /// The length that was ordered, in seconds: Hailuo is billed by it and does not repeat it.
    let seconds: Int?

    init(_ family: MiniMaxFamily, seconds: Int?) {
        self.family = family
        self.seconds = seconds
    }

    /// Reads what was stored; what cannot be read is a task of the newest interface.
    init(_ operation: ProviderOperation) {
        let payload = try? JSONDecoder().decode(JSONValue.self, from: Data(operation.payload.utf8))
        family = payload?["api"]?.stringValue.flatMap(MiniMaxFamily.init(rawValue:)) ?? .h3
        seconds = payload?["seconds"]?.wholeNumber.flatMap { (1...3_600).contains($0) ? Int($0) : nil }
    }

    /// The same for storage.
    func operation(_ id: String) -> ProviderOperation {
        var payload: [String: JSONValue] = ["api": .string(family.rawValue)]
        payload["seconds"] = seconds.map { .integer(Int64($0)) }
        return ProviderOperation(remoteID: id, payload: JSONValue.object(payload).canonicalText)
    }
}
