import AdapterCatalog
import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// Which providers the settings switch on: told by the names of variables, never by their values.
struct ProviderCheck {
    let settings: [String: String]
    let now: @Sendable () -> Int64

    /// One line for each folder of the catalog.
    func findings() -> [Finding] {
        // A folder of its own: the service's may be in use.
        let work = FileManager.default.temporaryDirectory.path + "/mediary-doctor-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: work) }
        let given = ProviderSettings(
            environment: settings,
            workFolder: work,
            transport: UnavailableTransport(),
            processorCount: ProcessInfo.processInfo.activeProcessorCount,
            now: now
        )
        let counted = AdapterCatalog.all.map { registration in
            (registration, registration.instances(given).map { $0.models.count })
        }
        let findings = counted.map { registration, models in finding(registration, models) }
        guard counted.allSatisfy({ $0.1.isEmpty }) else { return findings }
        return findings + [.fail("providers", "none is on, so there is no model", hint: "set a provider's key")]
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
        return variables.isEmpty
            ? .warn(name, "off", hint: "the programs that it runs are missing")
            : .ok(name, "off; switched on by \(variables.joined(separator: ", "))")
    }
}
