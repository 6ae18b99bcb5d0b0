/// Counters over a window that rolls: a fixed number of slots of equal length, each with the same counters.
///
/// Its size never changes. A slot is emptied when its place is needed for a later time; what comes too late for the
/// window is dropped.
struct RollingCounts: Sendable, Hashable {
    private static let aheadMilliseconds: Int64 = 86_400_000

    private let slotMilliseconds: Int64
    private let slotCount: Int
    private let width: Int
    /// The number of the slot that each place holds; no memory is taken before the first count.
    private var numbers: [Int64] = []
    private var counts: [UInt32] = []

    init(slotMilliseconds: Int64, slotCount: Int, width: Int) {
        self.slotMilliseconds = slotMilliseconds
        self.slotCount = slotCount
        self.width = width
    }

    private func number(at milliseconds: Int64) -> Int64 {
        let quotient = milliseconds / slotMilliseconds
        return milliseconds % slotMilliseconds < 0 ? quotient - 1 : quotient
    }

    private func place(of number: Int64) -> Int {
        let rest = Int(number % Int64(slotCount))
        return rest < 0 ? rest + slotCount : rest
    }

    mutating func add(_ counter: Int, at milliseconds: Int64) {
        let now = number(at: milliseconds)
        if !numbers.isEmpty {
            // What is a day ahead was counted while the clock was wrong: it must not stay in the way until then.
            let place = place(of: now)
            let latest = now + Self.aheadMilliseconds / slotMilliseconds
            if numbers[place] > latest { numbers[place] = .min }
        }
        add(counter, 1, slot: now)
    }

    private mutating func add(_ counter: Int, _ amount: UInt32, slot number: Int64) {
        guard counter >= 0, counter < width else { return }
        if numbers.isEmpty {
            numbers = Array(repeating: .min, count: slotCount)
            counts = Array(repeating: 0, count: slotCount * width)
        }
        let place = place(of: number)
        guard numbers[place] <= number else { return }
        if numbers[place] < number {
            numbers[place] = number
            for index in place * width..<(place + 1) * width { counts[index] = 0 }
        }
        let (sum, overflow) = counts[place * width + counter].addingReportingOverflow(amount)
        counts[place * width + counter] = overflow ? .max : sum
    }

    /// The sums of all counters over the latest slots, the one that `milliseconds` is in included.
    func sums(latest slots: Int, at milliseconds: Int64) -> [Int] {
        var sums = Array(repeating: 0, count: width)
        guard !numbers.isEmpty else { return sums }
        let latest = number(at: milliseconds)
        for place in 0..<slotCount where numbers[place] <= latest && numbers[place] > latest - Int64(slots) {
            for counter in 0..<width { sums[counter] += Int(counts[place * width + counter]) }
        }
        return sums
    }

    /// Adds what another process counted of other attempts.
    mutating func merge(_ other: RollingCounts) {
        for (number, counter, amount) in other.entries { add(counter, amount, slot: number) }
    }

    /// All counts that are not zero.
    private var entries: [(number: Int64, counter: Int, amount: UInt32)] {
        var entries: [(number: Int64, counter: Int, amount: UInt32)] = []
        for place in numbers.indices where numbers[place] != .min {
            for counter in 0..<width where counts[place * width + counter] > 0 {
                entries.append((numbers[place], counter, counts[place * width + counter]))
            }
        }
        return entries
    }

    /// What is not zero, as numbers: slot, counter, amount, and so on.
    var packed: [Int64] { entries.flatMap { [$0.number, Int64($0.counter), Int64($0.amount)] } }

    /// Takes what was packed; what does not fit is left out.
    mutating func unpack(_ packed: [Int64]) {
        for start in stride(from: 0, to: packed.count - packed.count % 3, by: 3) {
            guard let counter = Int(exactly: packed[start + 1]), let amount = UInt32(exactly: packed[start + 2]) else {
                continue
            }
            add(counter, amount, slot: packed[start])
        }
    }
}
