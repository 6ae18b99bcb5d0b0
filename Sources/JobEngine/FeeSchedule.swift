import JobCore
package import Ledger

/// What the operator charges besides the providers' prices: nothing, unless the operator's file says so.
package struct FeeSchedule: Sendable, Hashable {
    /// What is added to the price of some jobs.
    package struct Markup: Sendable, Hashable {
        /// How much, in percent of the provider's price.
        package var percent: ExactDecimal
        /// Only for this model; nil for all.
        package var model: String?
        /// Only for this workspace; nil for all.
        package var workspace: String?
        /// Only for the key with this hash; nil for all.
        package var keyHash: String?

        package init(percent: ExactDecimal, model: String? = nil, workspace: String? = nil, keyHash: String? = nil) {
            self.percent = percent
            self.model = model
            self.workspace = workspace
            self.keyHash = keyHash
        }

        /// How specific it is: a key counts more than a workspace, and that more than a model.
        fileprivate var rank: Int { (keyHash == nil ? 0 : 4) + (workspace == nil ? 0 : 2) + (model == nil ? 0 : 1) }

        fileprivate func isFor(_ model: String, _ key: APIKey) -> Bool {
            (self.model ?? model) == model && (workspace ?? key.workspace) == key.workspace
                && (keyHash ?? key.hash) == key.hash
        }

        /// Whether it is for the same jobs as another one.
        package func isForTheSame(as other: Markup) -> Bool {
            model == other.model && workspace == other.workspace && keyHash == other.keyHash
        }
    }

    /// The platform's fee, in percent of the price with its markup.
    ///
    /// Defaults to 0.
    package var inferencePercent = ExactDecimal(0)
    /// What is added to prices: of those that are for a job, the most specific one.
    package var markups: [Markup] = []
    /// What jobs by a client's own key cost.
    package var byok = BYOKTerms()

    package init() {}

    /// The terms of a job: part of its price snapshot, so that what is changed later is for later jobs.
    ///
    /// - Parameters:
    ///   - endpoint: Who serves it.
    ///   - key: Who posts it.
    /// - Returns: The terms; nil for the provider's prices alone.
    func terms(at endpoint: EndpointID, for key: APIKey) -> PriceTerms? {
        if endpoint.customerKeyID != nil { return PriceTerms(byok: byok) }
        let markup = markups.filter { $0.isFor(endpoint.model, key) }.max { $0.rank < $1.rank }
        let terms = PriceTerms(markupPercent: markup?.percent ?? ExactDecimal(0), feePercent: inferencePercent)
        return terms.areEmpty ? nil : terms
    }
}
