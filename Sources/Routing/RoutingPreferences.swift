/// What a client, or an account, asks of the choice of an endpoint.
///
/// The fields and their meaning are those of OpenRouter's `provider` object. Nil is "not said", so that an account's
/// defaults can fill it.
package struct RoutingPreferences: Sendable, Hashable, Codable {
    /// These providers first, in this order.
    package var order: [String]?
    /// Only these providers; an empty list allows none.
    package var only: [String]?
    /// None of these providers.
    package var ignore: [String]?
    /// Whether endpoints besides the first (or besides those in `order`) may be tried; nil: they may.
    package var allowFallbacks: Bool?
    /// What to sort by instead of balancing by price.
    package var sort: Sort?
    /// Endpoints with less throughput come last.
    package var minThroughput: PercentileBounds?
    /// Endpoints that take longer come last.
    package var maxLatency: PercentileBounds?
    /// Whether an endpoint that would change a parameter of the request is left out; nil: it is not.
    package var requireParameters: Bool?
    /// Whether what one provider's content filter refused may be tried at another; nil: it may not.
    package var allowsContentFallback: Bool?

    /// Makes preferences; without any argument those of a client that said nothing.
    package init(
        order: [String]? = nil,
        only: [String]? = nil,
        ignore: [String]? = nil,
        allowFallbacks: Bool? = nil,
        sort: Sort? = nil,
        minThroughput: PercentileBounds? = nil,
        maxLatency: PercentileBounds? = nil,
        requireParameters: Bool? = nil,
        allowsContentFallback: Bool? = nil
    ) {
        self.order = order
        self.only = only
        self.ignore = ignore
        self.allowFallbacks = allowFallbacks
        self.sort = sort
        self.minThroughput = minThroughput
        self.maxLatency = maxLatency
        self.requireParameters = requireParameters
        self.allowsContentFallback = allowsContentFallback
    }

    /// A strict order instead of shares.
    package struct Sort: Sendable, Hashable, Codable {
        /// What is compared.
        package enum Key: String, Sendable, Codable, CaseIterable {
            /// The expected bill of this request, lowest first.
            case price
            /// The median output per second, highest first.
            case throughput
            /// The median time from end to end, lowest first.
            case latency
        }

        /// Whether a list of models is sorted model by model.
        package enum Partition: String, Sendable, Codable, CaseIterable {
            /// Every endpoint of the first model comes before any of the second.
            case model
            /// All endpoints of all models are compared with each other.
            case none
        }

        /// What is compared.
        package var by: Key
        /// Whether models stay apart.
        package var partition: Partition

        /// Makes a sort order.
        package init(by: Key, partition: Partition = .model) {
            self.by = by
            self.partition = partition
        }
    }

    /// These preferences with an account's own behind them.
    ///
    /// Where both name the allowed providers, both must allow one; what either ignores is ignored. In everything else
    /// what the request says wins.
    package func over(_ account: RoutingPreferences) -> RoutingPreferences {
        var both = self
        both.order = order ?? account.order
        both.only = Self.intersection(only, account.only)
        both.ignore = (ignore ?? []) + (account.ignore ?? [])
        if both.ignore?.isEmpty ?? true { both.ignore = ignore ?? account.ignore }
        both.allowFallbacks = allowFallbacks ?? account.allowFallbacks
        both.sort = sort ?? account.sort
        both.minThroughput = minThroughput ?? account.minThroughput
        both.maxLatency = maxLatency ?? account.maxLatency
        both.requireParameters = requireParameters ?? account.requireParameters
        both.allowsContentFallback = allowsContentFallback ?? account.allowsContentFallback
        return both
    }

    /// What two lists of allowed providers allow together; nil allows all.
    private static func intersection(_ first: [String]?, _ second: [String]?) -> [String]? {
        guard let first, let second else { return first ?? second }
        let narrower = first.filter { slug in second.contains { ProviderSlug.isMeant(slug, by: $0) } }
        let others = second.filter { slug in
            !narrower.contains(slug) && first.contains { ProviderSlug.isMeant(slug, by: $0) }
        }
        return narrower + others
    }
}

/// Bounds on measured percentiles; all that are given must be met.
package struct PercentileBounds: Sendable, Hashable, Codable {
    /// On the median.
    package var p50: Double?
    /// On what 75 of 100 requests reach.
    package var p75: Double?
    /// On what 90 of 100 requests reach.
    package var p90: Double?
    /// On what 99 of 100 requests reach.
    package var p99: Double?

    /// Makes bounds.
    package init(p50: Double? = nil, p75: Double? = nil, p90: Double? = nil, p99: Double? = nil) {
        self.p50 = p50
        self.p75 = p75
        self.p90 = p90
        self.p99 = p99
    }

    /// Whether every bound is met from below, as a longest latency; what was never measured misses nothing.
    package func areMaxima(of measured: Percentiles?) -> Bool {
        areMet(by: measured) { $0 <= $1 }
    }

    /// Whether every bound is met from above, as a least throughput; what was never measured misses nothing.
    package func areMinima(of measured: Percentiles?) -> Bool {
        areMet(by: measured) { $0 >= $1 }
    }

    private func areMet(by measured: Percentiles?, _ meets: (Double, Double) -> Bool) -> Bool {
        guard let measured else { return true }
        return [(measured.p50, p50), (measured.p75, p75), (measured.p90, p90), (measured.p99, p99)].allSatisfy {
            guard let bound = $1 else { return true }
            return meets($0, bound)
        }
    }
}

/// How the slugs of providers are compared.
package enum ProviderSlug {
    /// Whether a preference for `slug` is one for `provider`: the same, or its base.
    ///
    /// `acme` means `acme`, `acme/turbo` and `acme/europe`; `acme/turbo` means only itself; `acme` does not mean
    /// `acme-two`.
    package static func isMeant(_ provider: String, by slug: String) -> Bool {
        guard provider.utf8.count > slug.utf8.count else { return provider == slug }
        return provider.hasPrefix(slug) && provider.utf8.dropFirst(slug.utf8.count).first == UInt8(ascii: "/")
    }
}
