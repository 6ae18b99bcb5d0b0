/// What an endpoint's measured performance does to its share.
package struct EndpointMerit: Sendable, Hashable, Codable {
    /// What its weight is multiplied by: 1 unless it is clearly worse than others.
    package var multiplier: Double
    /// Why, in a sentence for the client; nil when it is 1.
    package var words: String?

    /// As good as any.
    package static let even = EndpointMerit(multiplier: 1)

    /// Makes a merit.
    package init(multiplier: Double, words: String? = nil) {
        self.multiplier = multiplier
        self.words = words
    }
}
