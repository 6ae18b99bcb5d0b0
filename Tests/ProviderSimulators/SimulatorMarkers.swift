import Foundation
import Generation

/// Faults that a prompt asks for, so that many jobs with different faults can run at the same time.
///
/// `[[fault:poll:status:503*5]]` plays five answers of 503 to questions for the very task of this prompt, and
/// `[[fault:submit:status:429:7]]` refuses its submit once with `Retry-After: 7`. The words are those of the admin route.
/// Prompts with the same markers share them, unless another marker such as `[[job:17]]` follows at once.
struct SimulatorMarkers {
    private struct Marked {
        let operation: SimulatedOperation
        let fault: SimulatedFault
        var times: Int
    }

    /// By prompt.
    private var marked: [String: [Marked]] = [:]

    /// Whether any prompt ever had a marker.
    var isUsed: Bool { !marked.isEmpty }

    /// Notes what a prompt asks for, once.
    mutating func note(_ prompt: String) {
        guard marked[prompt] == nil else { return }
        marked[prompt] = prompt.components(between: "[[fault:", and: "]]").compactMap(Self.read)
    }

    /// The next fault for an operation upon the task of a prompt.
    mutating func take(_ operation: SimulatedOperation, of prompt: String) -> SimulatedFault? {
        guard let index = marked[prompt]?.firstIndex(where: { $0.operation == operation && $0.times > 0 }) else {
            return nil
        }
        marked[prompt]?[index].times -= 1
        return marked[prompt]?[index].fault
    }

    /// How many faults are left for an operation upon the task of a prompt.
    func left(_ operation: SimulatedOperation, of prompt: String) -> Int {
        (marked[prompt] ?? []).filter { $0.operation == operation }.reduce(0) { $0 + $1.times }
    }

    private static func read(_ text: String) -> Marked? {
        let halves = text.split(separator: "*", maxSplits: 1).map(String.init)
        guard let first = halves.first else { return nil }
        let parts = first.split(separator: ":").map(String.init)
        guard parts.count >= 2, let operation = SimulatedOperation(rawValue: parts[0]) else { return nil }
        var fields: [String: JSONValue] = ["fault": .string(parts[1])]
        fields["status"] = parts.count > 2 ? Int64(parts[2]).map(JSONValue.integer) : nil
        fields["bytes_per_second"] = fields["status"]
        fields["retry_after"] = parts.count > 3 ? Int64(parts[3]).map(JSONValue.integer) : nil
        guard let fault = SimulatedFault(json: .object(fields)) else { return nil }
        return Marked(operation: operation, fault: fault, times: halves.count > 1 ? Int(halves[1]) ?? 1 : 1)
    }

    /// The markers that follow each other without a gap, from the first one that asks for a fault: what a prompt is known
    /// by, in a request as in its task.
    static func part(of text: String) -> String? {
        guard let start = text.firstRange(of: "[[fault:") else { return nil }
        var end = start.lowerBound
        while text[end...].hasPrefix("[["), let closing = text[end...].firstRange(of: "]]") { end = closing.upperBound }
        return end > start.lowerBound ? String(text[start.lowerBound..<end]) : nil
    }
}

extension String {
    /// What stands between each pair of marks.
    fileprivate func components(between start: String, and end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let opening = rest.firstRange(of: start),
            let closing = rest[opening.upperBound...].firstRange(of: end)
        {
            found.append(String(rest[opening.upperBound..<closing.lowerBound]))
            rest = rest[closing.upperBound...]
        }
        return found
    }
}

extension SimulatedTask {
    /// Whether a request names this task, by its id or by another name that the wire gave it.
    func isNamed(in request: SimulatedRequest) -> Bool {
        let names =
            [id] + fields.values.compactMap(\.stringValue).filter { $0.utf8.count >= 8 && $0.utf8.count <= 200 }
        let place = request.path.removingPercentEncoding ?? request.path
        return names.contains { name in
            place.contains(name) || request.query.contains { $0.value.contains(name) }
                || (request.method == "POST" && request.bodyBytes < 100_000 && request.text.contains(name))
        }
    }
}
