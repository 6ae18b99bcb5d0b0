import AdapterCatalog
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import ProviderKit

/// Which providers the settings switch on, and what the operator's file makes of them: told by the names of variables,
/// never by their values.
struct ProviderCheck {
    let settings: [String: String]
    let operatorFile: String?
    let now: Timestamp

    /// How many days before a model ends it is worth a warning.
    private static let noticeDays: Int64 = 30

    /// One line for each folder of the catalog, and those about the file and about models that end.
    func findings() -> [Finding] {
        // A folder of its own: the service's may be in use.
        let work = FileManager.default.temporaryDirectory.path + "/mediary-doctor-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: work) }
        let given = ProviderSettings(
            environment: settings,
            workFolder: work,
            transport: UnavailableTransport(),
            processorCount: ProcessInfo.processInfo.activeProcessorCount,
            now: { [now] in now.milliseconds }
        )
        do {
            let file = try operatorFile.map { try OperatorFile(path: $0) } ?? OperatorFile()
            return findings(try ModelOffer(given, file: file)) + said(of: file)
        } catch {
            let bare = try? ModelOffer(given, file: OperatorFile())
            return (bare.map(findings) ?? [])
                + [.fail("config", Output.plain("\(error)"), hint: "the service does not start with it")]
        }
    }

    private func said(of file: OperatorFile) -> [Finding] {
        guard operatorFile != nil else { return [] }
        let (aliases, entries) = (file.aliases.count, file.overrides.entries.count)
        let servers = file.servers.isEmpty ? "" : ", \(file.servers.count) servers"
        return [.ok("config", "MEDIARY_CONFIG: \(aliases) aliases, \(entries) entries of models\(servers)")]
    }

    private func findings(_ offer: ModelOffer) -> [Finding] {
        let counted = offer.instances.map { ($0.registration, $0.adapters.map { $0.models.count }) }
        let findings = counted.map { registration, models in finding(registration, models) } + endings(offer)
        guard counted.allSatisfy({ $0.1.isEmpty }) else { return findings }
        return findings + [.fail("providers", "none is on, so there is no model", hint: "set a provider's key")]
    }

    /// The models that have ended, or soon will.
    private func endings(_ offer: ModelOffer) -> [Finding] {
        let soon = now.adding(seconds: Double(Self.noticeDays) * 86_400)
        return offer.catalog.endpoints.filter { !$0.isAvailable(at: soon) }.map { endpoint in
            let day = endpoint.model.availableUntil.map(\.description) ?? "soon"
            let verb = endpoint.isAvailable(at: now) ? "ends" : "ended"
            let hint = endpoint.model.replacedBy.map { "\($0) takes its place" }
            return .warn(
                "model \(endpoint.id.model)",
                "\(verb) at \(endpoint.id.provider) on \(day)",
                hint: hint ?? "name another model for it under model_aliases"
            )
        }
    }

    private func finding(_ registration: AdapterCatalog.Registration, _ models: [Int]) -> Finding {
        let name = "provider \(registration.folder)"
        let variables = registration.settings
        let given = variables.filter { settings[$0]?.isEmpty == false }
        guard models.isEmpty else {
            let count = models.reduce(0, +)
            let by = given.isEmpty ? "" : " by \(given.joined(separator: ", "))"
            return .ok(name, "on\(by), \(count) \(count == 1 ? "model" : "models")")
        }
        guard given.isEmpty else {
            return .warn(
                name,
                "off, though \(given.joined(separator: ", ")) is set",
                hint: "something else that it needs is missing or malformed"
            )
        }
        if let kind = registration.serverKind {
            return .ok(name, "off; switched on by servers of kind \(kind.name) in MEDIARY_CONFIG")
        }
        return variables.isEmpty
            ? .warn(name, "off", hint: "the programs that it runs are missing")
            : .ok(name, "off; switched on by \(variables.joined(separator: ", "))")
    }
}
