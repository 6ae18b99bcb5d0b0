import Generation

/// Which model serves a command that names none.
enum ModelChoice {
    /// The provider whose models cost no key: what somebody who just tries things means.
    private static let preferred = "studio"

    /// The only model of a type, or else the first one of Studio.
    ///
    /// - Throws: `ClientFailure` with the models to choose from.
    static func choose(_ type: GenerationType, among catalog: JSONValue) throws -> String {
        let models = (catalog["data"]?.elements ?? []).filter { $0["type"]?.stringValue == type.rawValue }
        let slugs = models.compactMap { $0["slug"]?.stringValue }
        guard !slugs.isEmpty else { throw ClientFailure("The service has no \(type.rawValue) model.") }
        if slugs.count == 1 { return slugs[0] }
        guard let studio = models.first(where: { $0["provider"]?.stringValue == preferred })?["slug"]?.stringValue
        else {
            throw ClientFailure("Say which model with --model: \(slugs.map(Output.plain).joined(separator: ", ")).")
        }
        return studio
    }
}
