import HTTPTransport
import JobCore
import JobEngine

/// Looks at everything that a service on this machine needs, and changes nothing.
struct Doctor {
    let settings: [String: String]
    let environment: EngineEnvironment

    /// What was found, in the order in which a person would mend it.
    func findings() async -> [Finding] {
        let configuration: Configuration
        do {
            configuration = try Configuration(environment: settings)
        } catch {
            // Without settings there is no telling which folder and port are meant.
            return [
                .fail("settings", Output.plain("\(error)"), hint: "the README lists what each may be")
            ] + machine()
        }
        let folder = DataFolderCheck(folder: configuration.dataFolder, now: environment.now())
        return [.ok("settings", "all are readable")] + folder.findings() + machine() + providers(configuration)
            + [await PortCheck(configuration: configuration, environment: environment).finding()]
            + [networks(configuration)]
    }

    private func machine() -> [Finding] {
        ToolCheck(settings: settings).findings() + MachineCheck(now: environment.now()).findings()
    }

    private func networks(_ configuration: Configuration) -> Finding {
        let allowed = configuration.allowNetworks.map(\.description)
        return .ok(
            "networks",
            allowed.isEmpty
                ? "clients may name public addresses alone"
                : "clients may name public addresses and \(allowed.joined(separator: ", ")) (MEDIARY_ALLOW_NETWORKS)"
        )
    }

    private func providers(_ configuration: Configuration) -> [Finding] {
        ProviderCheck(
            settings: settings,
            operatorFile: configuration.operatorFile,
            now: environment.now()
        ).findings()
    }
}
