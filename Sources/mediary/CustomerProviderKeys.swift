import AdapterCatalog
import Foundation
import Generation
import JobEngine
import ProviderKit

/// What customers' own keys open: instances as the operator's settings make them, with the customer's key in the place of
/// the operator's.
///
/// Addresses and all else stay the operator's. Whose account it is never does: of a folder's variables all that name
/// the operator's keys and accounts are taken away first.
struct CustomerProviderKeys: Sendable {
    private struct Provider: Sendable {
        let form: CustomerKeyForm
        let folder: AdapterCatalog.Registration

        /// The operator's variables that a customer's key goes without.
        var hidden: Set<String> {
            Set(folder.settings + folder.customerKeys.flatMap { $0.parts.map(\.variable) + $0.accountVariables })
        }
    }

    private static let charactersMin = 8
    private static let charactersMax = 4_096

    private let providers: [Provider]
    private let settings: ProviderSettings

    /// Gathers the keys that all folders take.
    ///
    /// - Parameters:
    ///   - settings: The operator's.
    ///   - overrides: What the operator's file says about models: it holds here as well.
    init(_ settings: ProviderSettings, overrides: CatalogOverrides) {
        var settings = settings
        // What cannot be followed was refused at the start, for the providers that are on.
        settings.changeModels = { provider, own in (try? overrides.applied(to: own, of: provider).models) ?? own }
        self.settings = settings
        providers = AdapterCatalog.all.flatMap { folder in
            folder.customerKeys.map { Provider(form: $0, folder: folder) }
        }
    }

    /// The same for the engine.
    var customerProviders: CustomerProviders {
        CustomerProviders(
            slugs: providers.map(\.form.provider),
            shown: { slug, text in
                guard let form = providers.first(where: { $0.form.provider == slug })?.form,
                    let first = form.parts.first
                else { return "" }
                return try Self.read(text, as: form)[first.variable] ?? ""
            },
            adapters: adapters
        )
    }

    /// The instances that a key opens.
    private func adapters(_ slug: String, _ text: String) -> [any ProviderAdapter] {
        guard let provider = providers.first(where: { $0.form.provider == slug }),
            let values = try? Self.read(text, as: provider.form)
        else { return [] }
        let hidden = provider.hidden
        let kept = settings.environment.filter { !hidden.contains($0.key) }
        return provider.folder.instances(settings.with(environment: kept.merging(values) { $1 }))
    }

    /// The variables that a key is.
    ///
    /// - Throws: `RequestProblem`, which says nothing of the key itself.
    static func read(_ text: String, as form: CustomerKeyForm) throws(RequestProblem) -> [String: String] {
        guard form.parts.count != 1 else {
            return [form.parts[0].variable: try checked(text, "key")]
        }
        let members = form.parts.map(\.member)
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)),
            case .object(let found) = json, Set(found.keys) == Set(members)
        else {
            throw RequestProblem(
                .invalidValue,
                field: "key",
                "`key` for \(form.provider) must be a text that holds a JSON object of \(members.map { "\"\($0)\"" }.joined(separator: " and "))."
            )
        }
        var values: [String: String] = [:]
        for (member, variable) in form.parts {
            values[variable] = try checked(found[member]?.stringValue ?? "", "key.\(member)")
        }
        return values
    }

    /// A text that can stand in a header field.
    private static func checked(_ text: String, _ field: String) throws(RequestProblem) -> String {
        guard (charactersMin...charactersMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` must be \(charactersMin) to \(charactersMax) characters of ASCII without spaces."
            )
        }
        return text
    }
}
