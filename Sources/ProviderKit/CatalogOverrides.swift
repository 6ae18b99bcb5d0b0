public import Generation

/// What the operator's file says about models: data that changes, adds to and takes from what adapters offer.
public struct CatalogOverrides: Sendable {
    /// What one entry says.
    public struct Entry: Sendable {
        /// Where it stands in the file, for messages: `models[0]`.
        public var path: String
        /// The provider instance that it is about.
        public var provider: String
        /// The model's slug.
        public var model: String
        /// The slug of the model that a new one is made like; nil: the entry changes one that is there.
        public var like: String?
        /// Whether the model is taken away.
        public var isDisabled = false
        /// What to set, the rest stays as it is.
        public var change = ModelChange()

        /// Makes an entry that changes nothing yet.
        public init(path: String, provider: String, model: String) {
            self.path = path
            self.provider = provider
            self.model = model
        }
    }

    /// The entries, in the order of the file.
    public var entries: [Entry] = []

    /// Makes an empty list.
    public init() {}

    /// What an instance offers, as the file changes it: first what is there, then what is new.
    ///
    /// A provider may have several instances, each with models of its own: an entry about a model that this one does not
    /// have is passed over.
    ///
    /// - Parameters:
    ///   - own: What it offers by itself.
    ///   - provider: The instance.
    /// - Returns: What is left of it, with what is new; and the places of the entries that were followed.
    /// - Throws: `CatalogOverrideProblem` for the first entry that cannot be followed.
    public func applied(
        to own: [ModelCapabilities],
        of provider: ProviderID
    ) throws(CatalogOverrideProblem) -> (models: [ModelCapabilities], followed: Set<Int>) {
        var models = own
        var followed: Set<Int> = []
        for (number, entry) in entries.enumerated() where entry.provider == provider.slug {
            if let like = entry.like {
                guard var model = own.first(where: { $0.slug == like }) else { continue }
                guard !models.contains(where: { $0.slug == entry.model }) else {
                    throw CatalogOverrideProblem(
                        "`\(entry.path).model` is \"\(entry.model)\", which \(provider) offers already; leave `like` out to change it."
                    )
                }
                model.slug = entry.model
                try entry.change.apply(to: &model, at: entry.path)
                models.append(model)
            } else {
                guard let index = models.firstIndex(where: { $0.slug == entry.model }) else { continue }
                if entry.isDisabled {
                    models[index].isWithdrawn = true
                } else {
                    try entry.change.apply(to: &models[index], at: entry.path)
                }
            }
            followed.insert(number)
        }
        return (models, followed)
    }
}

/// What cannot be followed in the operator's file, as a sentence that names the place, the value and what is allowed.
public struct CatalogOverrideProblem: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// Makes a problem.
    public init(_ description: String) { self.description = description }
}

extension CatalogOverrides.Entry {
    /// The problem of an entry that nobody follows.
    ///
    /// - Parameter known: The slugs that its provider offers.
    /// - Returns: What to tell the operator.
    public func notFollowed(known: [String]) -> CatalogOverrideProblem {
        let (field, slug) = like.map { ("like", $0) } ?? ("model", model)
        let hint = like == nil ? " To add one, name the model that it is like in `like`." : ""
        return CatalogOverrideProblem(
            "`\(path).\(field)` is \"\(slug)\", which \(provider) does not offer; allowed: \(RequestProblem.list(known)).\(hint)"
        )
    }
}

/// Facts about a model to be set over those that are there; nil leaves one as it is.
public struct ModelChange: Sendable {
    /// The name for people.
    public var name: String?
    /// One sentence for people.
    public var summary: String?
    /// The provider's own name of the model.
    public var providerModel: String?
    /// The whole price list.
    public var prices: [ListPrice]?
    /// How many jobs may be at the provider at once.
    public var slots: Int?
    /// How many submits may start in a minute.
    public var submitsPerMinute: Int?
    /// How many submits may start in a second.
    public var submitsPerSecond: Int?
    /// The name under which several models share their limits.
    public var sharedBy: String?
    /// What a job usually takes, in seconds.
    public var typicalSeconds: Double?
    /// After how many seconds a job expires.
    public var deadlineSeconds: Int64?
    /// The time-out of one submit, in seconds.
    public var sendTimeoutSeconds: Int64?
    /// The shortest time between two polls, in seconds.
    public var pollIntervalSeconds: Double?
    /// The day on which the provider stops serving it.
    public var availableUntil: CalendarDate?
    /// Whether it has no such day.
    public var isAvailableWithoutEnd = false
    /// The model that takes its place.
    public var replacedBy: String?
    /// The longest prompt, in Unicode scalars.
    public var promptCharactersMax: Int?
    /// What the provider does with what it is sent.
    public var dataPolicy: DataPolicy?
    /// Of a video model: the resolutions that are left.
    public var resolutions: [String]?
    /// Of a video model: the aspect ratios that are left.
    public var aspectRatios: [String]?
    /// Of a video model: the lengths that are left.
    public var durations: [Int]?
    /// Of a video model: the length when none is asked for.
    public var defaultDuration: Int?
    /// Of a video model: how many reference pictures are taken.
    public var referencesMax: Int?

    /// Makes a change of nothing.
    public init() {}

    /// Whether it says anything about videos.
    private var isAboutVideo: Bool {
        resolutions != nil || aspectRatios != nil || durations != nil || defaultDuration != nil || referencesMax != nil
    }

    /// Sets what is to be set.
    ///
    /// - Throws: `CatalogOverrideProblem` for what the model cannot do, or what contradicts the rest of it.
    public func apply(to model: inout ModelCapabilities, at path: String) throws(CatalogOverrideProblem) {
        model.name = name ?? model.name
        model.summary = summary ?? model.summary
        model.providerModel = providerModel ?? model.providerModel
        if let prices {
            try check(prices, of: model, at: path)
            model.prices = prices
            model.source += "; prices: the operator's file"
        }
        model.limits = EndpointLimits(
            slots: slots ?? model.limits.slots,
            submitsPerMinute: submitsPerMinute ?? model.limits.submitsPerMinute,
            submitsPerSecond: submitsPerSecond ?? model.limits.submitsPerSecond,
            sharedBy: sharedBy ?? model.limits.sharedBy
        )
        model.timing = EndpointTiming(
            typicalSeconds: typicalSeconds ?? model.timing.typicalSeconds,
            deadlineSeconds: deadlineSeconds ?? model.timing.deadlineSeconds,
            sendTimeoutSeconds: sendTimeoutSeconds ?? model.timing.sendTimeoutSeconds,
            pollIntervalSeconds: pollIntervalSeconds ?? model.timing.pollIntervalSeconds
        )
        guard Double(model.timing.deadlineSeconds) > model.timing.typicalSeconds else {
            throw CatalogOverrideProblem(
                "`\(path).timing.deadline_seconds` is \(model.timing.deadlineSeconds); it must be above `typical_seconds`, which is \(model.timing.typicalSeconds)."
            )
        }
        if isAvailableWithoutEnd { model.availableUntil = nil }
        model.availableUntil = availableUntil ?? model.availableUntil
        model.replacedBy = replacedBy ?? model.replacedBy
        model.promptCharactersMax = promptCharactersMax ?? model.promptCharactersMax
        model.dataPolicy = dataPolicy ?? model.dataPolicy
        guard isAboutVideo else { return }
        guard case .video(var video) = model.parameters else {
            throw CatalogOverrideProblem("`\(path).video` is there, but `\(model.slug)` makes \(model.type.rawValue).")
        }
        try narrow(&video, of: model.slug, at: "\(path).video")
        model.parameters = .video(video)
    }

    /// Takes away what is not to be offered; nothing that the model cannot do is added.
    private func narrow(
        _ video: inout VideoParameters,
        of slug: String,
        at path: String
    ) throws(CatalogOverrideProblem) {
        func checked<Value: Equatable & CustomStringConvertible>(
            _ name: String,
            _ asked: [Value],
            _ offered: [Value]
        ) throws(CatalogOverrideProblem) {
            if let odd = asked.first(where: { !offered.contains($0) }) {
                throw CatalogOverrideProblem(
                    "`\(path).\(name)` has \(odd), which `\(slug)` does not offer; allowed: \(RequestProblem.list(offered))."
                )
            }
        }
        if let resolutions {
            try checked("resolutions", resolutions, unique(video.sizes.map(\.resolution)))
            video.sizes = resolutions.flatMap { resolution in video.sizes.filter { $0.resolution == resolution } }
        }
        if let aspectRatios {
            try checked("aspect_ratios", aspectRatios, unique(video.sizes.map(\.aspectRatio)))
            video.sizes = video.sizes.filter { aspectRatios.contains($0.aspectRatio) }
        }
        if let durations {
            try checked("durations", durations, video.durations)
            video.durations = durations
            video.automaticDuration = false
            if !durations.contains(video.defaultDuration) { video.defaultDuration = durations[0] }
        }
        if let defaultDuration {
            try checked("default_duration", [defaultDuration], video.durations)
            video.defaultDuration = defaultDuration
        }
        if let referencesMax {
            guard (0...video.referencesMax).contains(referencesMax) else {
                throw CatalogOverrideProblem(
                    "`\(path).references_max` is \(referencesMax); `\(slug)` takes 0 to \(video.referencesMax)."
                )
            }
            video.referencesMax = referencesMax
        }
    }

    /// A price list that has no line for some request would refuse it at the time: what can be seen before is said now.
    private func check(
        _ prices: [ListPrice],
        of model: ModelCapabilities,
        at path: String
    ) throws(CatalogOverrideProblem) {
        if model.videoTokens == nil, case .video = model.parameters,
            let index = prices.firstIndex(where: { $0.unit == "token" })
        {
            throw CatalogOverrideProblem(
                "`\(path).prices[\(index)].unit` is \"token\", but it is not known how `\(model.slug)` counts tokens; use second."
            )
        }
    }

    private func unique(_ values: [String]) -> [String] {
        var seen: Set<String> = []
        return values.filter { seen.insert($0).inserted }
    }
}
