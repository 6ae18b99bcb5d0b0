public import Generation

/// What a folder under `adapters/` registers.
///
/// One type of each folder says it; one line in the catalog names the type.
public protocol ProviderFolder {
    /// The folder's name.
    static var folder: String { get }
    /// The variables that switch it on, any of them.
    ///
    /// Defaults to none: a provider that needs no key.
    static var settings: [String] { get }
    /// Every model that it knows, whether it is switched on or not: what a client asks for that is not served is then
    /// told why.
    ///
    /// Defaults to none.
    static var models: [ModelCapabilities] { get }
    /// The keys that customers may hand in to be served with an account of their own.
    ///
    /// Each makes instances as the operator's settings would, at the operator's addresses. Defaults to none.
    static var customerKeys: [CustomerKeyForm] { get }
    /// The kind of the operator's own servers that it speaks to; nil for a folder of one vendor.
    ///
    /// Defaults to nil.
    static var serverKind: ServerKind? { get }
    /// The instances that the settings ask for: none, one, or one per account or server.
    static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter]
}

extension ProviderFolder {
    /// None.
    public static var settings: [String] { [] }
    /// None.
    public static var models: [ModelCapabilities] { [] }
    /// None.
    public static var customerKeys: [CustomerKeyForm] { [] }
    /// None.
    public static var serverKind: ServerKind? { nil }
}
