/// How a job on its way reads: on one line of a terminal, or in a log.
enum ProgressText {
    private static let barLength = 24

    /// The line of a terminal, at most `width` characters long.
    ///
    /// The bar is there only when the provider gives a figure; what is left is marked as the estimate it is.
    static func bar(_ standing: JobStanding, seconds: Double, isSilent: Bool, width: Int) -> String {
        var parts = ["  " + standing.words]
        if let progress = standing.progress { parts.append(bar(progress)) }
        parts.append(time(seconds))
        if let eta = standing.etaSeconds { parts.append("about \(time(Double(eta))) left (estimate)") }
        if isSilent { parts.append("the service does not answer, trying again") }
        return String(parts.joined(separator: "  ").prefix(max(0, width)))
    }

    /// The line of a log, without what changes all the time.
    static func line(_ standing: JobStanding, isSilent: Bool) -> String {
        guard !isSilent else { return "\(standing.id): the service does not answer, trying again" }
        let share = standing.progress.map { ", \(percent($0)) %" } ?? ""
        return "\(standing.id): \(standing.words)\(share)"
    }

    /// What makes two moments of a job one line of a log: the phase, and each tenth of the way.
    static func step(_ standing: JobStanding, isSilent: Bool) -> String {
        let tenth = standing.progress.map { percent($0) / 10 } ?? -1
        return "\(standing.status) \(standing.phase ?? "") \(tenth) \(isSilent)"
    }

    /// Minutes and seconds, with hours if there are any: `0:07`, `1:02:03`.
    static func time(_ seconds: Double) -> String {
        let whole = Int(max(0, min(seconds, 1e9)))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minutes = whole / 60 % 60
        return whole < 3_600
            ? "\(minutes):\(two(whole % 60))" : "\(whole / 3_600):\(two(minutes)):\(two(whole % 60))"
    }

    private static func bar(_ progress: Double) -> String {
        let full = Int(min(1, max(0, progress)) * Double(barLength))
        let figure = "\(percent(progress))"
        let padding = String(repeating: " ", count: max(0, 3 - figure.count))
        return String(repeating: "█", count: full) + String(repeating: "░", count: barLength - full)
            + " \(padding)\(figure) %"
    }

    private static func percent(_ progress: Double) -> Int { Int(min(1, max(0, progress)) * 100) }
}
