package import Ledger

/// Why an endpoint has its place in a plan, to be kept with the job and told to whoever asks.
package struct RoutingReason: Sendable, Hashable, Codable {
    /// What gave it its place among those of equal standing.
    package enum Rule: String, Sendable, Codable, CaseIterable {
        /// The workspace's own keys come in the order in which they were added.
        case ownKey = "own_key"
        /// The request's `order` names it.
        case order
        /// It costs nothing.
        case free
        /// Drawn with its share by price.
        case balanced
        /// Sorted by price.
        case price
        /// Sorted by throughput.
        case throughput
        /// Sorted by latency.
        case latency
    }

    /// What holds it back behind others, or is to be known of it.
    package enum Mark: String, Sendable, Codable, CaseIterable {
        /// It misses a bound on throughput or latency.
        case missesPreference = "misses_preference"
        /// Its model is not the first of the request's list.
        case fallbackModel = "fallback_model"
        /// It uses a key that the workspace keeps as a fallback.
        case fallbackKey = "fallback_key"
        /// Its circuit is open.
        case circuitOpen = "circuit_open"
        /// It asked to be left alone.
        case paused
        /// The request's `order` does not name it.
        case notInOrder = "not_in_order"
        /// It would change parameters.
        case adjustsParameters = "adjusts_parameters"
        /// It failed in the last 30 seconds.
        case outage
        /// The job is the probe of a circuit that is half-open.
        case probe
        /// It was measured to be clearly worse than others.
        case measuredWorse = "measured_worse"
    }

    /// Its place in the plan, from 1.
    package var place: Int
    /// How many endpoints the plan has.
    package var count: Int
    /// What gave it its place among those of equal standing.
    package var rule: Rule
    /// How many are of equal standing, itself included.
    package var peers: Int
    /// What holds it back.
    package var marks: [Mark]
    /// What the request is expected to cost there.
    package var price: Credits
    /// Its share of the first draws among its peers, where it was drawn.
    package var share: Double?
    /// The median that it was sorted by, where it was measured.
    package var measured: Double?
    /// What its measurements did to its share, in words.
    package var note: String?

    /// Makes a reason.
    package init(
        place: Int,
        count: Int,
        rule: Rule,
        peers: Int,
        marks: [Mark] = [],
        price: Credits,
        share: Double? = nil,
        measured: Double? = nil,
        note: String? = nil
    ) {
        self.place = place
        self.count = count
        self.rule = rule
        self.peers = peers
        self.marks = marks
        self.price = price
        self.share = share
        self.measured = measured
        self.note = note
    }

    /// The reason in a sentence or two, safe for the client.
    package var words: String {
        let head = place == 1 ? "First choice" : "Choice \(place) of \(count)"
        let held = marks.filter { $0 != .probe && $0 != .measuredWorse }.map(Self.held)
        var text = "\(head): \(ruleInWords)."
        if !held.isEmpty { text += " Held back: \(held.joined(separator: "; "))." }
        if marks.contains(.probe) { text += " It was failing; this attempt finds out whether it is back." }
        if let note { text += " \(note)" }
        return text
    }

    private var ruleInWords: String {
        let dollars = Figures.dollars(price)
        switch rule {
        case .ownKey: return "the workspace's own keys are used in their order"
        case .order: return "the request asks for this provider in its order"
        case .free: return "it costs nothing"
        case .balanced:
            guard peers > 1, let share else { return "the only one of its standing, at \(dollars)" }
            return "drawn among \(peers) of equal standing by the inverse square of the price; "
                + "at \(dollars) its share is \(Figures.percent(share))"
        case .price: return "sorted by price, \(dollars)"
        case .throughput:
            return "sorted by throughput, "
                + (measured.map { "\(Figures.short($0)) per second in the middle" } ?? "not measured yet")
        case .latency:
            return "sorted by latency, "
                + (measured.map { "\(Figures.short($0)) s in the middle" } ?? "not measured yet")
        }
    }

    private static func held(_ mark: Mark) -> String {
        switch mark {
        case .missesPreference: "it misses the preferred throughput or latency"
        case .fallbackModel: "its model is a fallback"
        case .fallbackKey: "its key is a fallback"
        case .circuitOpen: "it fails again and again, and is left alone for now"
        case .paused: "it asked for a pause"
        case .notInOrder: "the request's order does not name it"
        case .adjustsParameters: "it would change parameters of the request"
        case .outage: "it failed in the last 30 seconds"
        case .probe: "it is being probed"
        case .measuredWorse: "it was measured to be worse"
        }
    }
}

/// Figures as they are told to people.
enum Figures {
    /// An amount with at least two places: `$0.40`.
    static func dollars(_ amount: Credits) -> String {
        var text = amount.description[...]
        while text.hasSuffix("0"), let point = text.firstIndex(of: "."), text[point...].count > 3 {
            text = text.dropLast()
        }
        return text.hasPrefix("-") ? "-$\(text.dropFirst())" : "$\(text)"
    }

    /// A share with one place: `73.5 %`.
    static func percent(_ share: Double) -> String { "\(places(share * 100, 10)) %" }

    /// A measured figure with at most two places.
    static func short(_ value: Double) -> String { abs(value) < 10 ? places(value, 100) : places(value, 10) }

    private static func places(_ value: Double, _ factor: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        let rounded = (value * factor).rounded() / factor
        return rounded == rounded.rounded() ? String(Int64(rounded)) : String(rounded)
    }
}
