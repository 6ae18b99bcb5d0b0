import Generation
import JobCore
import Ledger
import ProviderKit
import Routing

extension JobService {
    /// Finds who may serve a request, holds it against each model and provider, prices it there, and puts them in order.
    ///
    /// The workspace's own keys come first, then the operator's endpoints, then the own keys that are there for the case
    /// that none of those takes it (``RoutingPlan``). An endpoint that refuses the request, or may cost more than the
    /// client allows, is not in the plan.
    ///
    /// - Throws: The first problem of the endpoint that is preferred, when none takes it.
    func plan(_ submission: JobSubmission) throws(RequestProblem) -> SubmissionPlan {
        let now = environment.now()
        var preferences = submission.request.routing ?? ProviderRouting()
        if let houseRouting { preferences = preferences.over(houseRouting) }
        var asked = submission
        let variant =
            catalog.isUnknown(submission.request.model, at: now) ? ModelVariant(submission.request.model) : nil
        if let variant {
            preferences = variant.applied(to: preferences)
            var request = submission.request
            request.model = variant.base
            asked = submission.with(request)
        }
        var found: [(route: SubmissionPlan.Route, candidate: RoutingCandidate)] = []
        var problem: RequestProblem?
        for (rank, model) in unique([asked.request.model] + (preferences.fallbackModels ?? [])).enumerated() {
            do throws(RequestProblem) {
                try collect(asked, model: model, rank: rank, preferences, at: now, into: &found)
            } catch {
                // A model that does not exist is the client's mistake, also behind one that does.
                if rank > 0, error.kind == .unknownModel {
                    throw RequestProblem(.unknownModel, field: "models[\(rank - 1)]", error.message)
                }
                problem = problem ?? error
            }
        }
        guard !found.isEmpty else { throw problem ?? catalog.absence(of: asked.request.model, at: now) }
        var random = EnvironmentRandom(environment: environment)
        let choices = RoutingPlan.ordered(
            found.map(\.candidate),
            RoutingPreferences(preferences),
            random: &random
        ).prefix(SubmissionPlan.routesMax)
        let routes = choices.map { choice in
            var route = found[choice.index].route
            route.reason = choice.reason.words
            return route
        }
        guard let plan = SubmissionPlan(routes) else {
            if variant?.suffix == .free {
                throw RequestProblem(
                    .unknownModel,
                    field: "model",
                    "Nobody serves `\(asked.request.model)` for nothing here; leave `:free` out."
                )
            }
            throw Self.nothingLeft(found.map(\.candidate), preferences)
        }
        return plan
    }

    /// Adds the endpoints of one model that take the request.
    ///
    /// - Throws: The first problem, when none of them does.
    private func collect(
        _ submission: JobSubmission,
        model named: String,
        rank: Int,
        _ preferences: ProviderRouting,
        at now: Timestamp,
        into found: inout [(route: SubmissionPlan.Route, candidate: RoutingCandidate)]
    ) throws(RequestProblem) {
        var request = submission.request
        var adjustments = submission.adjustments
        request.model = named
        if let target = catalog.target(ofAlias: named, at: now) {
            adjustments.append(
                Adjustment(parameter: "model", asked: .string(named), used: .string(target), reason: .modelAlias)
            )
            request.model = target
        }
        let tiers = try tiers(for: request, preferences, submission.key, isFirst: rank == 0, at: now)
        let merits = endpointBoard.merits(
            of: request.model,
            catalog.endpoints(model: request.model, at: now).map(\.id),
            at: now
        )
        var problem: RequestProblem?
        var isTaken = false
        for (tier, endpoints) in tiers {
            for endpoint in endpoints {
                do throws(RequestProblem) {
                    let route = try route(request, at: endpoint, submission, preferences, adjustments)
                    isTaken = true
                    found.append(
                        (
                            route,
                            RoutingCandidate(
                                index: found.count,
                                provider: endpoint.id.provider,
                                model: endpoint.id.model,
                                tier: tier,
                                modelRank: rank,
                                price: route.bill.total,
                                isWithinMaxPrice: preferences.maxPrice?.allows(route) ?? true,
                                adjustments: route.adjustments.count { $0.isOfTheModel },
                                standing: endpointBoard.standing(of: endpoint.id, at: now),
                                merit: merits[endpoint.id] ?? .even
                            )
                        )
                    )
                } catch {
                    problem = problem ?? error
                }
            }
        }
        guard !isTaken else { return }
        throw problem ?? catalog.absence(of: request.model, at: now)
    }

    /// The request at one endpoint: as it is if the endpoint takes it so, else adjusted, unless the client is strict.
    private func route(
        _ request: GenerationRequest,
        at endpoint: Endpoint,
        _ submission: JobSubmission,
        _ preferences: ProviderRouting,
        _ adjustments: [Adjustment]
    ) throws(RequestProblem) -> SubmissionPlan.Route {
        var (request, adjustments) = (request, adjustments)
        for (slug, options) in request.providerOptions.sorted(by: { $0.key < $1.key })
        where slug != endpoint.id.provider {
            // Of another provider of the same model, which does not serve it this time.
            request.providerOptions[slug] = nil
            adjustments.append(
                Adjustment(
                    parameter: "provider.options.\(slug)",
                    asked: .string(RequestProblem.shown(options)),
                    used: .null,
                    reason: .notApplicable
                )
            )
        }
        let isStrict = submission.parameters.strict || preferences.requireParameters == true
        let resolved = try request.resolved(against: endpoint.model, strict: isStrict)
        try (endpoint.adapter as? any ValidatingAdapter)?.validate(resolved.request)
        let prices = endpoint.prices.with(fees.terms(at: endpoint.id, for: submission.key))
        let usage = prices.worstCase(of: resolved.request)
        let bill: Bill
        let hold: Credits
        do {
            bill = try prices.bill(usage, rounding: .halfToEven)
            hold = try prices.bill(usage, rounding: .up).total
        } catch {
            throw RequestProblem(
                .unsupportedValue,
                field: "model",
                "`\(endpoint.id.model)` has no price for this request, so it is refused."
            )
        }
        if let maxCost = submission.parameters.maxCost, hold > maxCost {
            throw RequestProblem(
                .invalidValue,
                field: "max_cost",
                "`max_cost` is \(maxCost) USD; this request can cost up to \(hold) USD."
            )
        }
        return SubmissionPlan.Route(
            endpoint: endpoint,
            request: resolved.request,
            adjustments: adjustments + resolved.adjustments,
            prices: prices,
            bill: bill,
            hold: hold
        )
    }

    // MARK: Who may serve it

    /// Who may serve a request, by whose key pays: those that the client's preferences leave.
    private func tiers(
        for request: GenerationRequest,
        _ preferences: ProviderRouting,
        _ key: APIKey,
        isFirst: Bool,
        at now: Timestamp
    ) throws(RequestProblem) -> [(KeyTier, [Endpoint])] {
        let all = candidates(model: request.model, key, at: now)
        let providers = unique(all.flatMap(\.1).map(\.id.provider))
        guard !providers.isEmpty else {
            guard catalog.endpoints(model: request.model, at: now).isEmpty else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: "model",
                    "`\(request.model)` is left to your own provider keys (is_required or is_byok_only), and none of them serves it."
                )
            }
            throw catalog.absence(of: request.model, at: now)
        }
        for slug in request.providerOptions.keys.sorted() where isFirst && !providers.contains(slug) {
            throw RequestProblem(
                .unsupportedParameter,
                field: "provider.options.\(slug)",
                "`provider.options.\(slug)`: \(request.model) is served by \(RequestProblem.list(providers)); allowed: \(RequestProblem.list(providers))."
            )
        }
        var left = all
        func keep(_ field: String, _ why: String, _ isKept: (Endpoint) -> Bool) throws(RequestProblem) {
            left = left.map { ($0.0, $0.1.filter(isKept)) }
            guard left.contains(where: { !$0.1.isEmpty }) else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: field,
                    "`\(field)` leaves no endpoint for `\(request.model)`\(why)"
                )
            }
        }
        let served = ", which is served by: \(RequestProblem.list(providers))."
        if let only = preferences.only {
            try keep("provider.only", served) { endpoint in
                only.contains { ProviderRouting.stands($0, for: endpoint.id.provider) }
            }
        }
        if let ignore = preferences.ignore {
            try keep("provider.ignore", served) { endpoint in
                !ignore.contains { ProviderRouting.stands($0, for: endpoint.id.provider) }
            }
        }
        let unpromised = ": no provider of it is known to promise that."
        if preferences.requiresZeroRetention == true {
            try keep("provider.zdr", unpromised) { $0.model.dataPolicy?.zeroRetention == true }
        }
        if preferences.refusesDataCollection == true {
            try keep("provider.data_collection", unpromised) { $0.model.dataPolicy?.keepsInputsToItself == true }
        }
        // Options of a provider are a wish for that provider.
        let wished = left.map { ($0.0, $0.1.filter { request.providerOptions[$0.id.provider] != nil }) }
        return (wished.contains { !$0.1.isEmpty } ? wished : left).filter { !$0.1.isEmpty }
    }

    /// All that may serve a model for an API key: the workspace's own keys, the operator's endpoints, and the own keys
    /// that come after those.
    private func candidates(model: String, _ key: APIKey, at now: Timestamp) -> [(KeyTier, [Endpoint])] {
        let shared = catalog.endpoints(model: model, at: now)
        let own = catalog.live.offered(to: key.workspace)
        guard !own.isEmpty else { return [(.shared, shared)] }
        func endpoints(_ isFallback: Bool) -> [Endpoint] {
            own.filter { $0.key.terms.isFallback == isFallback && $0.key.serves(model, for: key) }
                .flatMap { entry in entry.endpoints.compactMap { $0.id.model == model ? $0.offered(at: now) : nil } }
        }
        let replaced = own.filter { $0.key.replacesShared(for: model) }
            .flatMap { [$0.key.provider] + $0.endpoints.map(\.id.provider) }
        return [
            (.own, endpoints(false)), (.shared, shared.filter { !replaced.contains($0.id.provider) }),
            (.ownFallback, endpoints(true)),
        ]
    }

    /// Why preferences that were followed leave nothing.
    private static func nothingLeft(
        _ candidates: [RoutingCandidate],
        _ preferences: ProviderRouting
    ) -> RequestProblem {
        if let cheapest = candidates.filter({ !$0.isWithinMaxPrice }).map(\.price).min() {
            return RequestProblem(
                .unsupportedValue,
                field: "provider.max_price",
                "`provider.max_price` leaves no endpoint; the cheapest would cost \(cheapest) USD for this request."
            )
        }
        return RequestProblem(
            .unsupportedValue,
            field: "provider.order",
            "`provider.order` with `allow_fallbacks` false leaves no endpoint: none of \(RequestProblem.list(preferences.order ?? [])) serves this request."
        )
    }

    private func unique(_ slugs: [String]) -> [String] {
        var seen: Set<String> = []
        return slugs.filter { seen.insert($0).inserted }
    }
}

extension Adjustment {
    /// Whether it changes what is made: not the name by which the model was asked for, nor what only others understand.
    fileprivate var isOfTheModel: Bool {
        switch reason {
        case .modelAlias, .notApplicable, .unknownField: false
        case .unsupportedParameter, .nearestValue, .resized, .deliveredOtherwise: true
        }
    }
}

extension ProviderRouting.PriceBounds {
    /// Whether a route costs no more, by what this request is expected to cost there.
    fileprivate func allows(_ route: SubmissionPlan.Route) -> Bool {
        let usage = route.prices.worstCase(of: route.request)
        func isWithin(_ bound: String?, per unit: PriceUnit) -> Bool {
            guard let bound, let price = ExactDecimal(bound) else { return true }
            guard let quantity = usage.quantities[unit], quantity.mantissa > 0,
                let most = try? quantity.amount(at: price, rounding: .halfToEven)
            else { return true }
            return route.bill.total <= most
        }
        return isWithin(request, per: .request) && isWithin(image, per: .image)
            && isWithin(videoSecond, per: .second)
    }
}

extension RoutingPreferences {
    /// What a request says; who may serve it at all was decided before.
    fileprivate init(_ routing: ProviderRouting) {
        self.init(
            order: routing.order,
            allowFallbacks: routing.allowFallbacks,
            sort: routing.sort.map { sort in
                Sort(
                    by: Sort.Key(rawValue: sort.by.rawValue) ?? .price,
                    partition: Sort.Partition(rawValue: sort.partition.rawValue) ?? .model
                )
            },
            minThroughput: routing.minThroughput.map(PercentileBounds.init),
            maxLatency: routing.maxLatency.map(PercentileBounds.init),
            requireParameters: routing.requireParameters,
            allowsContentFallback: routing.allowContentFallbacks
        )
    }
}

extension PercentileBounds {
    fileprivate init(_ bounds: ProviderRouting.PercentileBounds) {
        self.init(p50: bounds.p50, p75: bounds.p75, p90: bounds.p90, p99: bounds.p99)
    }
}
