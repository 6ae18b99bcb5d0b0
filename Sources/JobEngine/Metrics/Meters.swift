import Synchronization

/// A count that only grows, or a level that goes up and down; adding to it is one atomic operation.
package final class Meter: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    /// What was counted.
    package var count: Int { value.load(ordering: .relaxed) }

    /// Adds, or with a negative number takes away.
    package func add(_ number: Int = 1) { value.wrappingAdd(number, ordering: .relaxed) }
}

/// How often a duration fell below each of some bounds, in the way of Prometheus.
package final class Histogram: Sendable {
    /// What was observed so far.
    package struct Snapshot: Sendable, Equatable {
        /// How many fell into each bound and no lower one; the last is above all bounds.
        package var counts: [Int]
        /// The sum of all.
        package var sum = 0.0
    }

    /// The upper bounds, ascending; what equals a bound is within it.
    package let bounds: [Double]
    private let state: Mutex<Snapshot>

    package init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// What was observed so far.
    package var snapshot: Snapshot { state.withLock { $0 } }

    /// Adds one duration in seconds; a clock that was set back counts as none.
    package func observe(_ seconds: Double) {
        let seconds = max(0, seconds)
        let index = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += seconds
        }
    }
}

/// Meters or histograms of one kind, told apart by the values of their labels.
///
/// Values come from closed sets (states, providers, route templates), never from a client, so that there are few.
package final class Family<Member: Sendable>: Sendable {
    /// The names of the labels.
    package let labels: [String]
    private let make: @Sendable () -> Member
    private let table = Mutex<[[String]: Member]>([:])

    package init(_ labels: [String], make: @escaping @Sendable () -> Member) {
        self.labels = labels
        self.make = make
    }

    /// The member with these values, made when it is asked for the first time.
    package subscript(_ values: String...) -> Member {
        precondition(values.count == labels.count, "a value is needed for each label")
        return table.withLock { table in
            if let member = table[values] { return member }
            let member = make()
            table[values] = member
            return member
        }
    }

    /// All members with their values, in the order of these.
    package var members: [(values: [String], member: Member)] {
        table.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }
}
