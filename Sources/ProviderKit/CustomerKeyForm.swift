/// How a customer's own key of a provider is handed in, and which settings it takes the place of.
public struct CustomerKeyForm: Sendable {
    /// The slug that customers name the provider by.
    public let provider: String
    /// The variables that the key is, each with the member that it has in the key's JSON.
    ///
    /// With one, the key is its text; with several, it is an object of texts.
    public let parts: [(member: String, variable: String)]
    /// The operator's variables that say whose account it is: a customer's key goes without them.
    public let accountVariables: [String]

    /// Describes a key that is one text.
    public init(provider: String, variable: String, accountVariables: [String] = []) {
        self.init(provider: provider, parts: [("key", variable)], accountVariables: accountVariables)
    }

    /// Describes a key.
    public init(
        provider: String,
        parts: [(member: String, variable: String)],
        accountVariables: [String] = []
    ) {
        self.provider = provider
        self.parts = parts
        self.accountVariables = accountVariables
    }
}

extension ProviderSettings {
    /// The same settings with other variables.
    public func with(environment: [String: String]) -> ProviderSettings {
        var settings = ProviderSettings(
            environment: environment,
            workFolder: workFolder,
            transport: transport,
            processorCount: processorCount,
            now: now
        )
        settings.pictures = pictures
        settings.changeModels = changeModels
        settings.servers = servers
        return settings
    }
}
