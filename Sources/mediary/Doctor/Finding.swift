/// One line of `mediary doctor`.
struct Finding: Encodable, Equatable {
    enum Level: String, Encodable {
        case ok, warn, fail
    }

    /// What was looked at.
    let name: String
    let level: Level
    /// What was found.
    let message: String
    /// What to do about it.
    let hint: String?

    static func ok(_ name: String, _ message: String) -> Finding {
        Finding(name: name, level: .ok, message: message, hint: nil)
    }

    static func warn(_ name: String, _ message: String, hint: String) -> Finding {
        Finding(name: name, level: .warn, message: message, hint: hint)
    }

    static func fail(_ name: String, _ message: String, hint: String) -> Finding {
        Finding(name: name, level: .fail, message: message, hint: hint)
    }

    /// The lines for people.
    static func lines(_ findings: [Finding]) -> [String] {
        Output.lines(
            findings.map { [$0.level.rawValue, $0.name, $0.message + ($0.hint.map { "; \($0)" } ?? "")] }
        )
    }
}
