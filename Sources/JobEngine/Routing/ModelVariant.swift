package import Generation

/// A model's slug with one of OpenRouter's suffixes that choose among its endpoints.
package struct ModelVariant: Sendable, Equatable {
    /// What the suffix asks for.
    package enum Suffix: String, Sendable, CaseIterable {
        /// The endpoint with the most throughput.
        case nitro
        /// The cheapest endpoint.
        case floor
        /// Endpoints that cost nothing.
        case free
    }

    /// The slug without the suffix.
    package let base: String
    /// The suffix.
    package let suffix: Suffix

    /// Reads a slug; nil for one without such a suffix.
    package init?(_ slug: String) {
        let parts = slug.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let base = parts.first, !base.isEmpty, let word = parts.last,
            let suffix = Suffix(rawValue: String(word))
        else { return nil }
        self.base = String(base)
        self.suffix = suffix
    }

    /// The preferences with what the suffix asks for; an order that the client gives itself stands.
    package func applied(to preferences: ProviderRouting) -> ProviderRouting {
        var preferences = preferences
        switch suffix {
        case .nitro: preferences.sort = preferences.sort ?? .init(by: .throughput)
        case .floor: preferences.sort = preferences.sort ?? .init(by: .price)
        case .free:
            var bounds = preferences.maxPrice ?? .init()
            bounds.request = "0"
            preferences.maxPrice = bounds
        }
        return preferences
    }
}
