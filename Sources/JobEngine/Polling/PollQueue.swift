/// Polls that wait for their turn, the most pressing first.
///
/// A provider's callback goes before everything; then the poll that was wanted the longest ago. Since a job wants its next
/// look when an end that nobody has seen becomes likely, that is the one with the most to lose, and none waits for ever.
/// Each operation costs the logarithm of the number that wait.
struct PollQueue: Sendable {
    private struct Entry {
        let isUrgent: Bool
        let wantedAt: Double
        let ticket: UInt64

        func goesBefore(_ other: Entry) -> Bool {
            if isUrgent != other.isUrgent { return isUrgent }
            return (wantedAt, ticket) < (other.wantedAt, other.ticket)
        }
    }

    /// A binary heap; entries that are no longer waited for are skipped when they surface.
    private var heap: [Entry] = []
    private var live: Set<UInt64> = []

    /// How many wait.
    var count: Int { live.count }
    /// Whether nobody waits.
    var isEmpty: Bool { live.isEmpty }

    /// The first in line.
    var first: (ticket: UInt64, isUrgent: Bool)? {
        mutating get {
            while let entry = heap.first, !live.contains(entry.ticket) { removeFirst() }
            return heap.first.map { ($0.ticket, $0.isUrgent) }
        }
    }

    /// Adds one.
    mutating func add(_ ticket: UInt64, wantedAt: Double, isUrgent: Bool) {
        live.insert(ticket)
        heap.append(Entry(isUrgent: isUrgent, wantedAt: wantedAt, ticket: ticket))
        var child = heap.count - 1
        while child > 0, heap[child].goesBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the first out.
    mutating func popFirst() -> UInt64? {
        guard let ticket = first?.ticket else { return nil }
        removeFirst()
        live.remove(ticket)
        return ticket
    }

    /// One does not wait any more.
    mutating func remove(_ ticket: UInt64) {
        live.remove(ticket)
        if live.isEmpty { heap.removeAll(keepingCapacity: true) }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].goesBefore(heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
