package import Generation
package import JobCore

/// Why a model is not there, in words that help: what took its place, or what switches it on.
extension EndpointCatalog {
    /// The problem of a request for a model that nobody serves now.
    package func absence(of slug: String, at now: Timestamp) -> RequestProblem {
        RequestProblem(.unknownModel, field: "model", words(for: slug, at: now))
    }

    private func words(for slug: String, at now: Timestamp) -> String {
        let ended = allEndpoints(model: slug).map(\.model).filter { !$0.isWithdrawn }
        let dormant = self.dormant[slug] ?? []
        let startable = dormant.filter { $0.model.isServed(at: now) }
        if !startable.isEmpty {
            let providers = Set(startable.map(\.provider)).sorted().joined(separator: " or ")
            let variables = unique(startable.flatMap(\.variables)).joined(separator: " or ")
            return "`\(slug)` is not served here: \(providers) has it, and \(variables) switches it on."
                + alternatives(to: startable.map(\.model), at: now)
        }
        let models = ended + dormant.map(\.model)
        guard let day = models.compactMap(\.availableUntil).max() else {
            let near = nearMatches(slug, at: now)
            let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
            return "There is no model \(RequestProblem.shown(.string(slug))).\(hint)"
        }
        return "`\(slug)` ended at its provider on \(day)." + alternatives(to: models, at: now)
    }

    /// What can be used instead: the successor if there is one, and else some models that make the same.
    private func alternatives(to models: [ModelCapabilities], at now: Timestamp) -> String {
        var seen: Set<String> = Set(models.map(\.slug))
        var next = models.compactMap(\.replacedBy).first
        // A successor may have a successor.
        while let successor = next, seen.insert(successor).inserted {
            if !endpoints(model: successor, at: now).isEmpty { return " `\(successor)` takes its place." }
            if let dormant = dormant[successor]?.first(where: { $0.model.isServed(at: now) }) {
                let variables = dormant.variables.joined(separator: " or ")
                return " `\(successor)` takes its place; \(variables) switches it on." + living(like: models, at: now)
            }
            next =
                (allEndpoints(model: successor).map(\.model) + (dormant[successor] ?? []).map(\.model))
                .compactMap(\.replacedBy).first
        }
        return living(like: models, at: now)
    }

    private func living(like models: [ModelCapabilities], at now: Timestamp) -> String {
        guard let model = models.first else { return "" }
        let author = model.slug.prefix { $0 != "/" }
        let slugs = unique(endpoints(at: now).filter { $0.model.type == model.type }.map(\.model.slug))
        let sorted =
            slugs.filter { $0.prefix { $0 != "/" } == author } + slugs.filter { $0.prefix { $0 != "/" } != author }
        guard !sorted.isEmpty else { return "" }
        return " Served here are, among others: \(sorted.prefix(4).joined(separator: ", "))."
    }

    private func unique(_ values: [String]) -> [String] {
        var seen: Set<String> = []
        return values.filter { seen.insert($0).inserted }
    }
}

extension ModelCapabilities {
    /// Whether its provider still serves it.
    fileprivate func isServed(at now: Timestamp) -> Bool {
        availableUntil.map { now.milliseconds < $0.startMilliseconds } ?? true
    }
}
