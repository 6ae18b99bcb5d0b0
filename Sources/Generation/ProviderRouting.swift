/// Which providers may serve a request, and how to choose where several may: `provider` and `models` on the wire.
///
/// The fields are OpenRouter's (its guide "Provider Routing", read 2026-09-21), but `maxPrice.videoSecond` and
/// `allowContentFallbacks`, which are ours. A provider's slug stands for all its variants, `google` for `google/eu`.
public struct ProviderRouting: Sendable, Hashable, Codable {
    /// Only these; nil: all.
    public var only: [String]?
    /// None of these.
    public var ignore: [String]?
    /// These first, in this order; nil: by price and standing.
    public var order: [String]?
    /// Whether another endpoint may serve it when the first cannot.
    ///
    /// Defaults to true.
    public var allowFallbacks: Bool?
    /// What to choose by instead of the weights.
    public var sort: Sort?
    /// Endpoints with less throughput come last, in units of output per second.
    public var minThroughput: PercentileBounds?
    /// Endpoints that take longer come last, in seconds.
    public var maxLatency: PercentileBounds?
    /// Endpoints that cost more are left out.
    public var maxPrice: PriceBounds?
    /// Whether only those may serve it that take every parameter as it is.
    public var requireParameters: Bool?
    /// Whether those are left out that keep or train on what they are sent.
    public var refusesDataCollection: Bool?
    /// Whether those are left out that keep anything at all.
    public var requiresZeroRetention: Bool?
    /// Whether a refusal for its content may be tried at another provider.
    ///
    /// Defaults to false.
    public var allowContentFallbacks: Bool?
    /// Models to try in turn when the first one cannot serve it.
    public var fallbackModels: [String]?

    /// What to choose by.
    public struct Sort: Sendable, Hashable, Codable {
        /// A figure to choose by.
        public enum Figure: String, Sendable, Hashable, Codable, CaseIterable {
            /// The cheapest first.
            case price
            /// The one that delivers most per second first.
            case throughput
            /// The one that is done soonest first.
            case latency
        }

        /// Whether models are tried one after the other, or all their endpoints together.
        public enum Partition: String, Sendable, Hashable, Codable, CaseIterable {
            /// Model by model.
            case model
            /// All together.
            case none
        }

        /// The figure.
        public var by: Figure
        /// How several models are taken.
        public var partition: Partition

        /// Makes an order.
        public init(by: Figure, partition: Partition = .model) {
            self.by = by
            self.partition = partition
        }
    }

    /// Bounds on percentiles of a figure over the last five minutes; nil: no bound.
    public struct PercentileBounds: Sendable, Hashable, Codable {
        /// Of the median.
        public var p50: Double?
        /// Of the upper quarter.
        public var p75: Double?
        /// Of the upper tenth.
        public var p90: Double?
        /// Of the upper hundredth.
        public var p99: Double?

        /// Makes bounds.
        public init(p50: Double? = nil, p75: Double? = nil, p90: Double? = nil, p99: Double? = nil) {
            self.p50 = p50
            self.p75 = p75
            self.p90 = p90
            self.p99 = p99
        }
    }

    /// Bounds on prices, as decimals in US dollars; nil: no bound.
    public struct PriceBounds: Sendable, Hashable, Codable {
        /// Of the whole request.
        public var request: String?
        /// Of one image.
        public var image: String?
        /// Of one second of video.
        public var videoSecond: String?

        /// Makes bounds.
        public init(request: String? = nil, image: String? = nil, videoSecond: String? = nil) {
            self.request = request
            self.image = image
            self.videoSecond = videoSecond
        }
    }

    /// Makes preferences that prefer nothing.
    public init(only: [String]? = nil, order: [String]? = nil, fallbackModels: [String]? = nil) {
        self.only = only
        self.order = order
        self.fallbackModels = fallbackModels
    }

    /// Whether a slug that a client named stands for a provider: it is its own, or that of which it is a variant.
    public static func stands(_ slug: String, for provider: String) -> Bool {
        provider == slug || provider.hasPrefix(slug + "/")
    }

    /// These preferences with those of the house behind them.
    ///
    /// Where both name the allowed providers, both must allow one; what either ignores is ignored, and what either demands
    /// of a provider is demanded. In everything else what the request says wins.
    public func over(_ house: ProviderRouting) -> ProviderRouting {
        var both = self
        if let own = only, let theirs = house.only {
            // Of a provider and a variant of it, the variant.
            both.only =
                own.filter { slug in theirs.contains { Self.stands($0, for: slug) } }
                + theirs.filter { slug in own.contains { $0 != slug && Self.stands($0, for: slug) } }
        } else {
            both.only = only ?? house.only
        }
        if ignore != nil || house.ignore != nil { both.ignore = (ignore ?? []) + (house.ignore ?? []) }
        both.order = order ?? house.order
        both.allowFallbacks = allowFallbacks ?? house.allowFallbacks
        both.sort = sort ?? house.sort
        both.minThroughput = minThroughput ?? house.minThroughput
        both.maxLatency = maxLatency ?? house.maxLatency
        both.maxPrice = maxPrice ?? house.maxPrice
        both.requireParameters = requireParameters == true ? true : house.requireParameters ?? requireParameters
        both.refusesDataCollection =
            refusesDataCollection == true ? true : house.refusesDataCollection ?? refusesDataCollection
        both.requiresZeroRetention =
            requiresZeroRetention == true ? true : house.requiresZeroRetention ?? requiresZeroRetention
        both.allowContentFallbacks = allowContentFallbacks ?? house.allowContentFallbacks
        return both
    }
}
